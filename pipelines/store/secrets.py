"""Credentials and tokens, encrypted with a key that only its owner can read.

What belongs here: the key and its file, encrypting, decrypting. What does not: where ciphertext is kept.
Read more in SECURITY.md.
"""

import errno
import os
import stat
import tempfile
from pathlib import Path
from shlex import quote

from cryptography.fernet import Fernet, InvalidToken

from pipelines.errors import DataError
from pipelines.secret import Secret


class SecretKeyError(DataError):
    """The key cannot be used."""


class Secrets:
    """Encrypts and decrypts with one key; the key never shows."""

    def __init__(self, key: Secret, *, source: str) -> None:
        self._source = source
        try:
            self._fernet = Fernet(key.reveal().encode())
        except ValueError:
            raise SecretKeyError(
                f"{source} holds no secret key: it must be 32 bytes in URL-safe base64. Restore it; where it is lost, "
                f"take it away and connect again with `stocktrim connect`."
            ) from None

    def encrypt(self, secret: Secret) -> bytes:
        """The text, unreadable without the key."""
        return self._fernet.encrypt(secret.reveal().encode())

    def decrypt(self, ciphertext: bytes) -> Secret:
        """The text again.

        Raises:
            SecretKeyError: it was encrypted with another key.
        """
        try:
            return Secret(self._fernet.decrypt(bytes(ciphertext)).decode())
        except InvalidToken:
            raise SecretKeyError(
                f"The stored credentials were encrypted with another key than {self._source}: restore the old key, "
                f"or connect again with `stocktrim connect`."
            ) from None


def open_secrets(key: Secret | None, key_file: Path) -> Secrets:
    """Secrets with the given key, else with the key file's, which is made at the first use.

    Raises:
        SecretKeyError: the file cannot be read or made, or is a link, somebody else's, or readable for others.
    """
    if key is not None:
        return Secrets(key, source="STOCKTRIM_SECRET_KEY")
    try:
        _make_key_file(key_file)
        return Secrets(_key_in(key_file), source=str(key_file))
    except OSError as refused:
        if refused.errno == errno.ELOOP:
            raise SecretKeyError(f"{key_file} is a link; put the key itself there.") from None
        raise SecretKeyError(f"The key file {key_file} cannot be used ({refused.strerror}); make it yours.") from None


def _make_key_file(path: Path) -> None:
    """Put a new key there, whole from its first moment, unless there is something already."""
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
            raise SecretKeyError(f"{path} is no file; put the key itself there.")
        if found.st_uid != os.getuid():
            raise SecretKeyError(f"{path} belongs to somebody else; make it yours.")
        if found.st_mode & 0o077:
            raise SecretKeyError(f"{path} can be read by others; run `chmod 600 {quote(str(path))}`.")
        return Secret(file.read().decode("ascii", "replace").strip())
