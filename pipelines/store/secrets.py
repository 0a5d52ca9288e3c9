"""Credentials and tokens, encrypted with a key that only its owner can read.

What belongs here: the key and its file, encrypting, decrypting. What does not: where ciphertext is kept.
Read more in SECURITY.md.
"""

import os
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from pipelines.errors import DataError


class SecretKeyError(DataError):
    """The key cannot be used."""


class Secrets:
    """Encrypts and decrypts with one key; the key never shows."""

    def __init__(self, key: bytes) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise SecretKeyError(
                "The secret key is no key: STOCKTRIM_SECRET_KEY must be 32 bytes in URL-safe base64."
            ) from None

    def encrypt(self, text: str) -> bytes:
        """The text, unreadable without the key."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, ciphertext: bytes) -> str:
        """The text again.

        Raises:
            SecretKeyError: it was encrypted with another key.
        """
        try:
            return self._fernet.decrypt(ciphertext).decode()
        except InvalidToken:
            raise SecretKeyError(
                "The stored credentials were encrypted with another key: restore the old secret key, or connect again "
                "with `stocktrim connect`."
            ) from None


def open_secrets(key: str | None, key_file: Path) -> Secrets:
    """Secrets with the given key, else with the key file's, which is made at the first use.

    Raises:
        SecretKeyError: the file is a link, somebody else's, or readable for others.
    """
    if key is not None:
        return Secrets(key.encode())
    _make_key_file(key_file)
    _refuse_unsafe(key_file)
    return Secrets(key_file.read_bytes().strip())


def _make_key_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key())


def _refuse_unsafe(path: Path) -> None:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise SecretKeyError(f"{path} is a link; put the key itself there.")
    if found.st_uid != os.getuid():
        raise SecretKeyError(f"{path} belongs to somebody else; make it yours.")
    if found.st_mode & 0o077:
        raise SecretKeyError(f"{path} can be read by others; run `chmod 600 {path}`.")
