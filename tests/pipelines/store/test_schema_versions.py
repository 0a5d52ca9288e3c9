"""The store's schema: made, upgraded with a way back, and never touched by a version that does not know it."""

import contextlib
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from pipelines.errors import DiskFullError
from pipelines.secret import Secret
from pipelines.store import schema
from pipelines.store.connected_organisations import list_organisations
from pipelines.store.engine import HEAD, Store, StoreError, open_store, stored_version
from pipelines.store.secrets import Secrets
from pipelines.store.setting_ledger.setting_changes import SettingChange, set_settings, setting_history
from pipelines.store.sign_ins import sign_in_of
from tests.disks import a_disk_of, filled_up

MIGRATIONS = Path(__file__).parents[3] / "pipelines" / "store" / "migrations"
SECRETS = Secrets(Secret("a" * 43 + "="), source="the test")


def scratch(path: Path, at: int, count: int) -> bytes:
    """Overwrite some bytes of a file; what it is then."""
    file = path.read_bytes()
    path.write_bytes(file[:at] + b"?" * count + file[at + count :])
    return path.read_bytes()


def a_change(number: int) -> SettingChange:
    reason = f"{number}" * 1000
    return SettingChange(
        "global", "", "lead_time_days", str(number), "a buyer", datetime(2026, 6, 1, tzinfo=UTC), reason
    )


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


def test_a_newer_schema_is_refused_with_what_to_do_and_left_alone(store: Store, store_url: str) -> None:
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


def test_an_sqlite_store_is_backed_up_before_its_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "stocktrim.sqlite"
    engine = made_at(f"sqlite:///{path}", "0001")
    connect_an_organisation_of_the_first_version(engine)
    open_store(f"sqlite:///{path}").close()
    backup = tmp_path / "stocktrim.sqlite.before-upgrade-from-0001"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as kept:
        assert kept.execute('select key, "grant" from organisation').fetchall() == [("acme", "custom")]
    open_store(f"sqlite:///{path}").close()
    assert sorted(path.name for path in tmp_path.glob("*before*")) == [backup.name]


@pytest.mark.parametrize(("at", "count"), [(0, 100), (100, 4000)], ids=["the header", "the schema"])
def test_a_damaged_sqlite_store_is_named_with_what_to_do_and_left_as_it_is(tmp_path: Path, at: int, count: int) -> None:
    path = tmp_path / "stocktrim.sqlite"
    open_store(f"sqlite:///{path}").close()
    damaged = scratch(path, at, count)
    with pytest.raises(StoreError, match=rf"{path} is damaged .* `mv {path} .*cp -p BACKUP {path}`"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == damaged


def test_damage_within_an_sqlite_store_is_found_by_who_reads_it_and_by_who_examines_it(tmp_path: Path) -> None:
    path = tmp_path / "stocktrim.sqlite"
    store = open_store(f"sqlite:///{path}")
    set_settings(store, "acme", [a_change(1)])
    store.examine()
    with store.reading() as connection:
        pages = connection.execute(sa.text("select rootpage from sqlite_master where name = 'setting_change'"))
        root: int = pages.scalar_one()
    scratch(path, (root - 1) * 4096, 4096)
    for look in (lambda: setting_history(store, "acme"), store.examine):
        with pytest.raises(StoreError, match=f"{path} is damaged"):
            look()
    store.close()


def set_until_full(store: Store) -> list[SettingChange]:
    """Change a setting until the disk is full; the changes that the store took."""
    taken = []
    with contextlib.suppress(DiskFullError):
        for number in range(1000):
            set_settings(store, "acme", [a_change(number)])
            taken.append(a_change(number))
    return taken


def test_a_full_disk_loses_nothing_that_an_sqlite_store_took(tmp_path: Path) -> None:
    with a_disk_of(2, tmp_path / "disk") as disk:
        store = open_store(f"sqlite:///{disk / 'stocktrim.sqlite'}")
        with filled_up(disk, but_for=200_000):
            taken = set_until_full(store)
        assert 0 < len(taken) < 1000
        store.examine()
        assert [replace(change, batch=0) for change in setting_history(store, "acme")] == taken
        set_settings(store, "acme", [a_change(1000)])
        assert len(setting_history(store, "acme")) == len(taken) + 1
        store.close()


@pytest.mark.parametrize("left", ["nothing", "no bytes", "a database without tables"])
def test_a_store_of_nothing_beside_an_organisations_data_is_refused_and_not_made_anew(
    left: str, tmp_path: Path
) -> None:
    path, warehouse = tmp_path / "stocktrim.sqlite", tmp_path / "organisations" / "acme" / "warehouse.duckdb"
    warehouse.parent.mkdir(parents=True)
    warehouse.touch()
    if left == "no bytes":
        path.touch()
    elif left == "a database without tables":
        with closing(sqlite3.connect(path)) as database:
            database.execute("vacuum")
    before = path.read_bytes() if path.exists() else None
    for _ in range(2):
        with pytest.raises(StoreError, match=r"is empty or gone, though .*/organisations holds the data.*cp -p BACKUP"):
            open_store(f"sqlite:///{path}")
    assert (path.read_bytes() if path.exists() else None) == before or left == "a database without tables"
    warehouse.unlink()
    open_store(f"sqlite:///{path}").close()


def test_the_version_of_a_store_can_be_asked_for_without_an_upgrade(store_url: str) -> None:
    assert stored_version(store_url) is None
    made_at(store_url, "0002")
    assert [stored_version(store_url), stored_version(store_url)] == ["0002", "0002"]
