"""The doctor names the place that is not right."""

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.errors import DataError
from pipelines.settings import Settings, read_settings
from pipelines.storage.permissions import keep_private
from pipelines.storage.run_locks import organisation_lock
from pipelines.storage.snapshots import publish
from pipelines.storage.tables import DEMAND_FORECAST
from pipelines.storage.warehouse import open_warehouse
from pipelines.store.engine import HEAD, open_store
from stocktrim_cli import doctor, examining

NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, for pytest's own are private."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_nobody(check: Callable[[Settings, str], str], home: Path) -> str:
    """The finding of a check for a user who owns nothing; root may write everywhere."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            finding = check(read_settings({"STOCKTRIM_HOME": str(home)}), "demo")
        except DataError as trouble:
            finding = str(trouble)
        os.write(writing, json.dumps(finding).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        return str(json.load(answer))


def test_a_read_only_home_is_named(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    assert f"{open_folder} cannot be written" in as_nobody(doctor._home, open_folder / "home")


def test_an_organisations_file_of_another_owner_is_named(open_folder: Path) -> None:
    folder = open_folder / "organisations" / "demo"
    folder.mkdir(parents=True)
    warehouse = folder / "warehouse.duckdb"
    warehouse.touch(mode=0o600)
    for path in (folder, folder.parent):
        path.chmod(0o777)
    warehouse.chmod(0o400)
    assert f"{warehouse} cannot be written" in as_nobody(doctor._folder, open_folder)


MOUNTS = """disk / ext4 rw 0 0
server:/srv /srv nfs4 rw 0 0
//server/office /mnt/the\\040office cifs rw 0 0
disk2 /srv/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("home", "kind"),
    [("/srv/stocktrim", "nfs4"), ("/mnt/the office/stocktrim", "cifs"), ("/srv/local/x", ""), ("/home/stocktrim", "")],
)
def test_a_home_on_a_network_drive_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str, kind: str
) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    monkeypatch.setattr(doctor, "_MOUNTS", tmp_path / "mounts")
    assert doctor._network_drive(Path(home)) == kind


def test_a_home_on_a_local_drive_is_not_warned_of(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path / "home")})
    assert doctor._home(settings, "demo") == str(tmp_path / "home")


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    folder = settings.organisation_folder("demo")
    folder.mkdir(parents=True)
    (folder / "published").symlink_to("snapshots/gone")
    with pytest.raises(DataError, match="published leads nowhere: run `stocktrim load"):
        examining.published(settings, "demo")


@pytest.fixture
def published_home(tmp_path: Path) -> Settings:
    """A home in which a warehouse and a snapshot hold some rows."""
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path / "home")})
    open_store(settings.database_url).close()
    folder = settings.organisation_folder("demo")
    with open_warehouse(folder) as connection:
        connection.execute(
            f"insert into {DEMAND_FORECAST.path} (product_code) select 'P-' || i from range(50000) as t(i)"
        )
    publish(folder, snapshot_id="20260301T060500-00000000")
    keep_private(settings.home)
    return settings


def test_a_healthy_private_home_passes_every_check(published_home: Settings) -> None:
    assert examining.warehouse(published_home, "demo") == "50,000 rows, all readable"
    assert examining.published(published_home, "demo") == "20260301T060500-00000000, all readable"
    assert examining.permissions(published_home, "demo") == "only the owner"
    assert examining.store_schema(published_home, "demo") == f"version {HEAD}"


def test_a_new_home_has_nothing_to_examine(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path / "home")})
    for check in (examining.warehouse, examining.published):
        assert check(settings, "demo") == "none yet"
    assert examining.permissions(settings, "demo") == "only the owner"
    assert not settings.home.exists()


def test_a_damaged_warehouse_is_found_with_how_to_restore_it(published_home: Settings) -> None:
    path = published_home.organisation_folder("demo") / "warehouse.duckdb"
    whole = path.read_bytes()
    for damage in (whole[: len(whole) // 2], b"", b"no database", whole[:20000] + bytes(8192) + whole[28192:]):
        path.write_bytes(damage)
        with pytest.raises(DataError, match=r"is damaged or not a DuckDB database.*Restore it from a backup, or `mv "):
            examining.warehouse(published_home, "demo")
        assert path.read_bytes() == damage


def test_a_warehouse_that_a_run_works_on_is_left_to_it(published_home: Settings) -> None:
    folder = published_home.organisation_folder("demo")
    with organisation_lock(folder, holder="the run 1", waiting=pytest.fail):
        result = examining.warehouse(published_home, "demo")
    assert result.startswith("not examined: the run 1 (process ")


@pytest.mark.parametrize("name", ["stocktrim.duckdb", "demand_forecast.parquet"])
def test_a_damaged_published_file_is_found(published_home: Settings, name: str) -> None:
    folder = published_home.organisation_folder("demo")
    path = (folder / "published").resolve() / name
    whole = path.read_bytes()
    for damage in (b"", whole[: len(whole) // 2], None):
        path.unlink() if damage is None else path.write_bytes(damage)
        with pytest.raises(DataError, match=rf"{name} is damaged .*: `stocktrim load --organisation demo` publishes"):
            examining.published(published_home, "demo")


def test_a_file_that_others_can_read_is_named(published_home: Settings) -> None:
    path = published_home.organisation_folder("demo") / "warehouse.duckdb"
    path.chmod(0o644)
    with pytest.raises(DataError, match=rf"Other users can reach 1 files and folders .*such as {path}"):
        examining.permissions(published_home, "demo")


def test_a_store_of_an_older_version_is_upgraded_and_reported(published_home: Settings) -> None:
    with closing(sqlite3.connect(published_home.home / "stocktrim.sqlite")) as database:
        database.execute("update alembic_version set version_num = '0001'")
        database.commit()
    result = examining.store_schema(published_home, "demo")
    assert result == f"version 0001, upgraded to {HEAD} now; a copy of the old store is kept beside it"
