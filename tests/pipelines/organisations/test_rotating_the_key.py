"""The key of all credentials can be changed: all of them or none, and nothing is lost when it is cut off."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from pipelines.errors import UsageError
from pipelines.organisations import connecting
from pipelines.organisations.connecting import connect, rotate_key, sign_in_custom
from pipelines.organisations.open_organisation import open_organisation
from pipelines.secret import Secret
from pipelines.settings import Settings
from pipelines.store import schema
from pipelines.store.engine import open_store
from pipelines.store.secrets import SecretKeyError
from pipelines.xero.organisation_record import read_organisation
from tests.pipelines.organisations.conftest import HARBOUR
from xero_sandbox.app.testing import RunningSandbox


def connected(settings: Settings) -> Settings:
    allowed = sign_in_custom(settings)
    connect(
        settings,
        allowed,
        [organisation for organisation in allowed.organisations if organisation.name == HARBOUR],
        key="harbour",
    )
    return settings


def lets_us_in(settings: Settings, sandbox: RunningSandbox) -> bool:
    """Whether the stored credentials still bring a new token, and that an answer."""
    sandbox.sandbox.identity.expire_access_tokens()
    opened = open_organisation(settings, "harbour")
    try:
        return read_organisation(opened.client().organisation()).name == HARBOUR
    finally:
        opened.store.close()


def sealed(settings: Settings) -> list[bytes]:
    store = open_store(settings.database_url)
    with store.reading() as connection:
        rows = connection.execute(sa.select(schema.sign_in.c.credentials, schema.sign_in.c.access_token)).all()
    store.close()
    return [bytes(value) for row in rows for value in row]


def opens(key: bytes | str, what: list[bytes]) -> bool:
    try:
        return bool([Fernet(key).decrypt(value) for value in what])
    except Exception:  # noqa: BLE001, any error means that it does not open
        return False


def test_after_a_change_of_the_key_file_only_the_new_key_opens_what_is_stored(
    either: Settings, sandbox: RunningSandbox
) -> None:
    settings = connected(either)
    old = settings.secret_key_file.read_bytes()
    assert opens(old, sealed(settings))
    assert rotate_key(settings) == 1
    new = settings.secret_key_file.read_bytes()
    assert (new != old, opens(old, sealed(settings)), opens(new, sealed(settings))) == (True, False, True)
    assert sorted(path.name for path in settings.home.glob("secret*")) == ["secret.key"]
    assert settings.secret_key_file.stat().st_mode & 0o777 == 0o600
    assert lets_us_in(settings, sandbox)


@pytest.mark.parametrize("step", ["encrypt_again", "take_next_key"])
def test_a_change_of_keys_that_is_cut_off_loses_nothing_and_is_finished_by_the_next(
    settings: Settings, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    connected(settings)

    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(connecting, step, cut_off)
        with pytest.raises(KeyboardInterrupt):
            rotate_key(settings)
    assert lets_us_in(settings, sandbox)
    coming = settings.secret_key_file.with_name("secret.key.next").read_bytes()
    rotate_key(settings)
    assert settings.secret_key_file.read_bytes() == coming
    assert opens(coming, sealed(settings))
    assert lets_us_in(settings, sandbox)


def test_a_key_of_the_environment_is_changed_for_another_of_the_environment(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    old, new = (Secret(Fernet.generate_key().decode()) for _ in range(2))
    present = connected(replace(settings, secret_key=old))
    with pytest.raises(UsageError, match="set STOCKTRIM_NEW_SECRET_KEY to the new key"):
        rotate_key(present)
    assert rotate_key(replace(present, new_secret_key=new)) == 1
    assert lets_us_in(replace(settings, secret_key=new), sandbox)
    with pytest.raises(SecretKeyError, match="encrypted with another key"):
        lets_us_in(present, sandbox)
    assert not list(Path(settings.home).glob("secret*"))


def test_where_one_sign_in_cannot_be_opened_none_is_changed(settings: Settings) -> None:
    connected(settings)
    store = open_store(settings.database_url)
    stranger = Fernet(Fernet.generate_key()).encrypt(b"what another key has sealed")
    with store.writing() as connection:
        row = connection.execute(sa.select(schema.sign_in)).mappings().one()
        connection.execute(sa.insert(schema.sign_in).values({**row, "id": "zzz", "credentials": stranger}))
    store.close()
    before = sealed(settings)
    with pytest.raises(SecretKeyError):
        rotate_key(settings)
    assert sealed(settings) == before
