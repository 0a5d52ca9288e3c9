"""The key that encrypts credentials: made once, readable by its owner only."""

import os
import stat
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from pipelines.secret import Secret
from pipelines.store.secrets import SecretKeyError, open_secrets

NOBODY = 65534


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret.key"
    open_secrets(None, path)
    return path


def test_the_key_file_is_made_at_the_first_use_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"
    sealed = open_secrets(None, path).encrypt(Secret("hunter2"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_secrets(None, path).decrypt(sealed) == Secret("hunter2")
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_processes_that_make_the_key_at_once_agree(tmp_path: Path) -> None:
    def sealed_by_another(number: int) -> bytes:
        path = tmp_path / f"{number // 4}" / "secret.key"
        return open_secrets(None, path).encrypt(Secret(str(number)))

    with ThreadPoolExecutor(8) as many:
        sealed = list(many.map(sealed_by_another, range(40)))
    opened = [
        open_secrets(None, tmp_path / f"{n // 4}" / "secret.key").decrypt(ciphertext)
        for n, ciphertext in enumerate(sealed)
    ]
    assert opened == [Secret(str(number)) for number in range(40)]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_file_that_others_may_read_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(SecretKeyError, match=f"can be read by others; run `chmod 600 {key_file}`"):
        open_secrets(None, key_file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_another_owner_is_refused(key_file: Path) -> None:
    os.chown(key_file, NOBODY, NOBODY)
    with pytest.raises(SecretKeyError, match="belongs to somebody else"):
        open_secrets(None, key_file)


@pytest.mark.parametrize("is_dangling", [False, True])
def test_a_key_file_that_is_a_link_is_refused(key_file: Path, *, is_dangling: bool) -> None:
    link = key_file.with_name("link.key")
    link.symlink_to(key_file.with_name("nowhere") if is_dangling else key_file)
    with pytest.raises(SecretKeyError, match="is a link"):
        open_secrets(None, link)


def test_a_key_that_does_not_fit_is_reported_without_the_ciphertext(key_file: Path) -> None:
    sealed = open_secrets(None, key_file).encrypt(Secret("hunter2"))
    key_file.write_bytes(Fernet.generate_key())
    with pytest.raises(
        SecretKeyError, match=r"another key than .*secret.key: restore the old key, or connect"
    ) as refused:
        open_secrets(None, key_file).decrypt(sealed)
    shown = "".join(traceback.format_exception(refused.value))
    assert sealed.decode() not in shown
    assert "InvalidToken" not in shown


@pytest.mark.parametrize("text", ["", "no key", "a" * 43, "\x00\xff"])
def test_a_damaged_key_is_named_and_not_shown(key_file: Path, text: str) -> None:
    key_file.write_text(text)
    with pytest.raises(SecretKeyError, match=r"secret.key holds no secret key") as refused:
        open_secrets(None, key_file)
    assert not text or text not in str(refused.value)


def test_a_wrong_key_of_the_environment_is_named() -> None:
    with pytest.raises(SecretKeyError, match="STOCKTRIM_SECRET_KEY holds no secret key"):
        open_secrets(Secret("hunter2"), Path("/nowhere"))


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {secret!s:>20}"
    for look in (vars, __import__("pickle").dumps, __import__("json").dumps, __import__("copy").deepcopy):
        with pytest.raises(TypeError):
            look(secret)
