"""Encryption of credentials and tokens, with a key that only its owner can read.

What belongs here: the key and its file, encrypting, decrypting. What does not: where ciphertext is stored.
Read more in SECURITY.md.
"""

import errno
import os
import stat
import tempfile
from pathlib import Path
from shlex import quote

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from pipelines.errors import DataError
from pipelines.secret import Secret


class SecretKeyError(DataError):
    """The key cannot be used."""


class Secrets:
    """Encrypts with the present key, and decrypts with it or, while keys change, with the next; shows neither."""

    def __init__(self, key: Secret, *next_keys: Secret, source: str) -> None:
        self._source = source
        try:
            self._fernet = MultiFernet([Fernet(known_key.reveal().encode()) for known_key in (key, *next_keys)])
        except ValueError:
            raise SecretKeyError(
                f"{source} holds no secret key: it must be 32 bytes in URL-safe base64. Restore it; if it is lost, "
                f"delete it and connect again with `stocktrim connect`."
            ) from None

    def encrypt(self, secret: Secret) -> bytes:
        """The text, encrypted."""
        return self._fernet.encrypt(secret.reveal().encode())

    def decrypt(self, ciphertext: bytes) -> Secret:
        """The text, decrypted.

        Raises:
            SecretKeyError: it was encrypted with a different key.
        """
        try:
            return Secret(self._fernet.decrypt(bytes(ciphertext)).decode())
        except InvalidToken:
            raise SecretKeyError(
                f"The stored credentials were encrypted with another key than that of {self._source}: restore the "
                f"old key, or connect again with `stocktrim connect`."
            ) from None


def open_secrets(key: Secret | None, key_file: Path) -> Secrets:
    """The encryption with the given key, else with the key of a file, which is created at the first use.

    Raises:
        SecretKeyError: the file cannot be read or created, is a link, belongs to somebody else, or others can read it.
    """
    if key is not None:
        return Secrets(key, source="STOCKTRIM_SECRET_KEY")
    try:
        _make_key_file(key_file)
        next_file = _next(key_file)
        coming = [_key_in(next_file)] if os.path.lexists(next_file) else []
        return Secrets(_key_in(key_file), *coming, source=str(key_file))
    except OSError as refused:
        if refused.errno == errno.ELOOP:
            raise SecretKeyError(f"{key_file} is a link; put the key itself there.") from None
        raise SecretKeyError(f"The key file {key_file} cannot be used ({refused.strerror}); make it yours.") from None


def next_secrets(key_file: Path) -> Secrets:
    """The encryption with the next key, which is created beside the present key unless it exists.

    While it exists, both keys decrypt: a change of keys that is interrupted loses nothing.
    """
    _make_key_file(_next(key_file))
    return Secrets(_key_in(_next(key_file)), source=str(_next(key_file)))


def take_next_key(key_file: Path) -> None:
    """Replace the present key by the next key; the present key is gone then."""
    _next(key_file).replace(key_file)


def _next(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.next")


def _make_key_file(path: Path) -> None:
    """Create a file with a new key, whole from its first moment, unless the path exists."""
    if os.path.lexists(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        return  # another process was first
    finally:
        Path(fresh).unlink()


def _key_in(path: Path) -> Secret:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise SecretKeyError(f"{path} is not a file; put the key itself there.")
        if found.st_uid != os.getuid():
            raise SecretKeyError(f"{path} belongs to somebody else; make it yours.")
        if found.st_mode & 0o077:
            raise SecretKeyError(f"{path} can be read by others; run `chmod 600 {quote(str(path))}`.")
        return Secret(file.read().decode("ascii", "replace").strip())
