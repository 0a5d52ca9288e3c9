"""The store's schema: made, upgraded with a way back, and never touched by a version that does not know it."""

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from pipelines.secret import Secret
from pipelines.store import schema
from pipelines.store.engine import HEAD, Store, StoreError, open_store
from pipelines.store.organisations import list_organisations
from pipelines.store.secrets import Secrets
from pipelines.store.sign_ins import sign_in_of

MIGRATIONS = Path(__file__).parents[3] / "pipelines" / "store" / "migrations"
SECRETS = Secrets(Secret("a" * 43 + "="), source="the test")


def made_at(url: str, version: str) -> sa.Engine:
    """A store as an older version of the project left it."""
    engine = sa.create_engine(url)
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, version)
    engine.dispose()
    return engine


def connect_an_organisation_of_the_first_version(engine: sa.Engine) -> None:
    credentials = SECRETS.encrypt(Secret('{"client_id": "ID", "client_secret": "hunter2"}'))
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into organisation values ('acme', 't-1', 'Acme', 'NZD', '', :no, 'https://api', 'https://id', "
                "'custom', :credentials, '2026-11-01 00:00:00')"
            ),
            {"credentials": credentials, "no": False},
        )
    engine.dispose()


def test_the_tables_are_those_that_the_code_speaks_of(store: Store) -> None:
    inspected = sa.inspect(store.engine)
    for name, table in schema.metadata.tables.items():
        assert {column["name"] for column in inspected.get_columns(name)} == set(table.columns.keys())
    assert set(inspected.get_table_names()) == {*schema.metadata.tables, "alembic_version"}


def test_opening_twice_changes_nothing(opened: Callable[..., Store]) -> None:
    assert [list_organisations(opened()), list_organisations(opened())] == [[], []]


def test_fault_74_a_newer_schema_is_refused_with_what_to_do_and_left_alone(store: Store, store_url: str) -> None:
    with store.writing() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match=f"schema 9999, made by a newer version .* knows {HEAD}.*install that version"):
        open_store(store_url)
    with store.reading() as connection:
        assert connection.execute(sa.text("select version_num from alembic_version")).scalar() == "9999"


def test_an_older_store_is_upgraded_with_what_is_in_it(store_url: str, opened: Callable[..., Store]) -> None:
    connect_an_organisation_of_the_first_version(made_at(store_url, "0001"))
    store = opened()
    (organisation,) = list_organisations(store)
    assert (organisation.key, organisation.tenant_id, organisation.name) == ("acme", "t-1", "Acme")
    sign_in = sign_in_of(store, "acme", SECRETS)
    assert (sign_in.grant, sign_in.app.identity_url, sign_in.app.client_id) == ("custom", "https://id", "ID")
    assert sign_in.app.client_secret == Secret("hunter2")


def test_fault_74_an_sqlite_store_is_backed_up_before_its_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "stocktrim.sqlite"
    engine = made_at(f"sqlite:///{path}", "0001")
    connect_an_organisation_of_the_first_version(engine)
    open_store(f"sqlite:///{path}").close()
    backup = tmp_path / "stocktrim.sqlite.before-upgrade-from-0001"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as kept:
        assert kept.execute('select key, "grant" from organisation').fetchall() == [("acme", "custom")]
    open_store(f"sqlite:///{path}").close()
    assert sorted(one.name for one in tmp_path.glob("*before*")) == [backup.name]
