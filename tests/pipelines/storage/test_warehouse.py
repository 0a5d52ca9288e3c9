"""The warehouse's file: it keeps up with new versions, and what is wrong with it is one sentence."""

import functools
import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.errors import DiskFullError, is_disk_full
from pipelines.landing.endpoints import ENDPOINTS, Entity
from pipelines.landing.load_plan import plan_load
from pipelines.storage.tables import (
    ENTITY_LOADS,
    KPI_DAILY,
    LEAD_TIMES,
    PLAN_HISTORY,
    PRODUCTS,
    TABLES,
    XERO_ITEMS,
    empty,
)
from pipelines.storage.warehouse import (
    FILE_NAME,
    WarehouseError,
    insert_rows,
    open_warehouse,
    read_table,
    replace_table,
)
from tests.disks import a_disk_of, filled_up

PROCESSES = multiprocessing.get_context("forkserver")
MANY = 300_000


def open_and_close(folder: Path) -> None:
    with open_warehouse(folder):
        pass


def read_items(folder: Path) -> pl.DataFrame:
    with open_warehouse(folder) as warehouse:
        return read_table(warehouse, XERO_ITEMS)


def items(count: int) -> pl.DataFrame:
    """Items whose text does not compress."""
    codes = pl.Series("code", range(count)).hash(seed=1).cast(pl.String)
    return pl.concat([empty(XERO_ITEMS), pl.DataFrame({"code": codes})], how="diagonal")


def write_and_be_killed(folder: Path) -> None:
    with open_warehouse(folder) as warehouse:
        replace_table(warehouse, XERO_ITEMS, items(1000))
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_warehouse_of_an_earlier_version_gets_the_tables_and_columns_that_came_since(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / FILE_NAME) as earlier:
        for schema in ("plan", "marts"):
            earlier.execute(f"create schema {schema}")
        earlier.execute("create table plan.plan_history as select 'MUG' as product_code, 'first' as plan_id")
        earlier.execute("create table marts.products as select 'MUG' as product_code, 'gone since' as colour")
    with open_warehouse(tmp_path) as warehouse:
        insert_rows(warehouse, PLAN_HISTORY.path, pl.DataFrame({"plan_id": ["second"], "currency": ["GBP"]}))
        kept, products = read_table(warehouse, PLAN_HISTORY), read_table(warehouse, PRODUCTS)
        assert read_table(warehouse, KPI_DAILY).is_empty()
    assert kept.schema == PLAN_HISTORY.schema
    assert kept.select("product_code", "plan_id", "currency").rows() == [
        ("MUG", "first", None),
        (None, "second", "GBP"),
    ]
    assert products.select("product_code", "product_name").rows() == [("MUG", None)]


def test_nothing_but_our_own_words_is_written_to_standard_output(tmp_path: Path) -> None:
    """A query of two seconds would draw its progress there, between the lines of --json."""
    with open_warehouse(tmp_path) as warehouse:
        (shown,) = warehouse.execute("select current_setting('enable_progress_bar')").fetchone() or (None,)
    assert shown is False


def test_a_table_that_moved_to_another_stage_takes_its_rows_along(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / FILE_NAME) as earlier:
        earlier.execute("create schema plan")
        earlier.execute(
            "create table plan.lead_times as select 'MUG' as product_code, 14 as lead_time_days, 1.0 as weight"
        )
    for _ in range(2):
        with open_warehouse(tmp_path) as warehouse:
            assert read_table(warehouse, LEAD_TIMES).rows() == [("MUG", 14, 1.0)]
            assert (
                warehouse.execute(
                    "from duckdb_tables() where table_name = 'lead_times' and schema_name = 'plan'"
                ).fetchall()
                == []
            )


def test_every_table_of_ours_can_be_made_of_its_first_column(tmp_path: Path) -> None:
    owned = [table for table in TABLES if table.stage != "marts"]
    with duckdb.connect(tmp_path / FILE_NAME) as earlier:
        for stage in {table.stage for table in owned}:
            earlier.execute(f"create schema {stage}")
        for table in owned:
            earlier.execute(f"create table {table.path} ({next(iter(table.columns))} varchar)")
    with open_warehouse(tmp_path) as warehouse:
        assert [read_table(warehouse, table).columns for table in owned] == [list(table.columns) for table in owned]


def test_what_was_landed_without_a_column_is_read_from_xero_again(tmp_path: Path) -> None:
    today, known = (
        datetime(2026, 3, 1, tzinfo=UTC),
        {endpoint.name: datetime(2026, 2, 28, tzinfo=UTC) for endpoint in ENDPOINTS},
    )

    def read_in_full() -> set[Entity]:
        with open_warehouse(tmp_path) as warehouse:
            readings = plan_load(warehouse, known, day=today.date()).readings
            return {reading.endpoint.entity for reading in readings if reading.is_full}

    with open_warehouse(tmp_path) as warehouse:
        replace_table(warehouse, XERO_ITEMS, items(1))
        loaded = pl.DataFrame([(entity, today) for entity in Entity], schema=ENTITY_LOADS.schema, orient="row")
        replace_table(warehouse, ENTITY_LOADS, loaded)
    assert read_in_full() == {Entity.PRODUCTS}  # one list without pages, always read whole
    with open_warehouse(tmp_path) as warehouse:
        warehouse.execute(f"alter table {XERO_ITEMS.path} drop column name")
    assert read_in_full() == set(Entity)


def cut_short(file: bytes) -> bytes:
    return file[: len(file) // 2]


def overwritten(file: bytes) -> bytes:
    return b"?" * len(file)


def scratched(file: bytes) -> bytes:
    middle = len(file) // 2
    return file[:middle] + b"?" * 100 + file[middle + 100 :]


@pytest.mark.parametrize("damage", [cut_short, overwritten, scratched])
def test_a_damaged_warehouse_is_named_with_what_to_do_and_left_as_it_is(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    with open_warehouse(tmp_path) as warehouse:
        replace_table(warehouse, XERO_ITEMS, items(MANY))
    path = tmp_path / FILE_NAME
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(WarehouseError, match=rf"{path} is damaged .*`mv {path} .*`stocktrim load --organisation"):
        read_items(tmp_path)
    assert path.read_bytes() == damaged


def test_a_damaged_log_of_the_warehouse_is_named_and_what_it_lost_is_loaded_again(tmp_path: Path) -> None:
    open_and_close(tmp_path)
    killed = PROCESSES.Process(target=write_and_be_killed, args=(tmp_path,))
    killed.start()
    killed.join()
    log = tmp_path / f"{FILE_NAME}.wal"
    log.write_bytes(scratched(log.read_bytes()))
    with pytest.raises(WarehouseError, match=rf"{log} is damaged .*`mv {log} .*--refresh products .*--refresh supp"):
        open_and_close(tmp_path)
    log.rename(log.with_suffix(".damaged"))
    assert read_items(tmp_path).is_empty()


def test_a_warehouse_of_a_newer_duckdb_is_refused_with_what_to_do_and_left_alone(tmp_path: Path) -> None:
    open_and_close(tmp_path)
    path = tmp_path / FILE_NAME
    header = bytearray(path.read_bytes()[8:4096])
    header[4:12] = (4242).to_bytes(8, "little")
    newer = checksum(bytes(header)).to_bytes(8, "little") + header + path.read_bytes()[4096:]
    path.write_bytes(newer)
    with pytest.raises(WarehouseError, match=r"written by a newer DuckDB .*: install the newer version again"):
        open_and_close(tmp_path)
    assert path.read_bytes() == newer


def checksum(header: bytes) -> int:
    """DuckDB's, over words of eight bytes; the header has it first, and its storage version four bytes later."""
    words = (int.from_bytes(header[at : at + 8], "little") for at in range(0, len(header), 8))
    return functools.reduce(lambda sum_, word: sum_ ^ (word * 0xBF58476D1CE4E5B9 % 2**64), words, 5381)


def test_a_full_disk_leaves_the_warehouse_as_it_was(tmp_path: Path) -> None:
    with a_disk_of(8, tmp_path / "disk") as disk:
        with open_warehouse(disk) as warehouse:
            replace_table(warehouse, XERO_ITEMS, items(1000))
        with filled_up(disk, but_for=1_000_000), pytest.raises(duckdb.Error) as trouble, open_warehouse(disk) as opened:
            replace_table(opened, XERO_ITEMS, items(MANY))
        assert is_disk_full(trouble.value)
        assert read_items(disk).equals(items(1000))
        with filled_up(disk), pytest.raises(DiskFullError):
            open_and_close(disk / "another")
