"""What people read is one whole snapshot, the old one or the new one, whenever the run that publishes is killed."""

import multiprocessing
import os
import shutil
import signal
import sys
from datetime import UTC, date, datetime, timedelta

import duckdb
import polars as pl
import pytest

from pipelines.errors import is_disk_full
from pipelines.storage.snapshots import (
    SNAPSHOTS_KEPT,
    DamagedSnapshotError,
    NothingPublishedError,
    column_meanings,
    publish,
    published_folder,
    read_published,
    snapshot_name,
)
from pipelines.storage.tables import DEMAND_DAILY, ORGANISATION_KEY, PRODUCTS, PUBLISHED, PURCHASE_ORDER_DRAFTS
from pipelines.storage.warehouse import duckdb_type, open_warehouse
from tests.disks import a_disk_of, filled_up

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["duckdb", "pipelines.storage.snapshots"])
MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)
STEPS = {"open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "shutil.rmtree", "os.scandir",
         "os.listdir"}  # fmt: skip
MOST_STEPS = 400


def named(day):
    return snapshot_name(MORNING + timedelta(days=day), "run")


def sold(folder, day):
    """A day on which each of a hundred products was sold as often as the day says, in two tables that agree on it."""
    demand = ", ".join(f"{name} {duckdb_type(dtype)}" for name, dtype in DEMAND_DAILY.schema.items())
    with open_warehouse(folder) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(f"create or replace table marts.demand_daily ({demand})")
        connection.execute(
            "insert into marts.demand_daily by name select 'P-' || i as product_code, ? as demand_date, "
            "?::double as quantity from range(100) as t(i)",
            [date(2026, 3, 2), day],
        )


def publish_day(folder, day):
    sold(folder, day)
    publish(folder, snapshot_id=named(day))


def publish_until_killed(folder, day, event, ending, skipped):
    """Publish, and be killed by the operating system just before something is done to a file or a folder."""
    sold(folder, day)
    count = 0

    def step(done, arguments):
        nonlocal count
        if done in STEPS and event in {done, ""} and str(arguments[0]).endswith(ending):
            count += 1
            if count > skipped:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)
    publish(folder, snapshot_id=named(day))


def quantities(snapshot):
    """The day of each row of a snapshot, from its Parquet file and from its DuckDB file."""
    parquet = pl.read_parquet(snapshot / "demand_daily.parquet")["quantity"].to_list()
    with duckdb.connect(snapshot / "stocktrim.duckdb", read_only=True) as connection:
        rows = connection.execute("select quantity from demand_daily").fetchall()
    return parquet, [quantity for (quantity,) in rows]


def is_whole(snapshot, day):
    return quantities(snapshot) == ([float(day)] * 100, [float(day)] * 100)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "acme"
    made.mkdir()
    return made


def test_before_anything_is_published_the_error_says_what_to_do(folder):
    with pytest.raises(NothingPublishedError, match="run `stocktrim load`"):
        published_folder(folder)


def test_every_published_table_is_in_the_duckdb_file_and_a_parquet_file_of_its_own(folder):
    sold(folder, 1)
    rows = publish(folder, snapshot_id=named(1))
    snapshot = published_folder(folder)
    assert snapshot == (folder / "snapshots" / named(1)).resolve()
    assert rows == {table.name: 100 if table == DEMAND_DAILY else 0 for table in PUBLISHED}
    with duckdb.connect(snapshot / "stocktrim.duckdb", read_only=True) as connection:
        tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    assert tables == {table.name for table in PUBLISHED}
    assert {path.name for path in snapshot.iterdir()} == {"stocktrim.duckdb", "meanings.json"} | {
        f"{name}.parquet" for name in tables
    }


def test_meanings_of_columns_are_read_without_the_database_and_in_it_for_a_snapshot_of_an_earlier_version(folder):
    sold(folder, 1)
    with open_warehouse(folder) as connection:
        connection.execute("comment on column marts.demand_daily.quantity is ' Units sold. '")
    publish(folder, snapshot_id=named(1))
    snapshot = published_folder(folder)
    of_file = column_meanings(snapshot, DEMAND_DAILY)
    (snapshot / "meanings.json").unlink()
    in_database = column_meanings(snapshot, DEMAND_DAILY)
    assert of_file == {"quantity": "Units sold."}
    assert in_database.pop(ORGANISATION_KEY)
    assert in_database == of_file


def test_tables_of_several_organisations_are_put_together_by_the_key_that_every_row_carries(tmp_path):
    for key, units in (("acme", 1), ("o'brien", 2)):
        sold(tmp_path / key, units)
        publish(tmp_path / key, snapshot_id=named(1))
    files = [str(published_folder(tmp_path / key) / "demand_daily.parquet") for key in ("acme", "o'brien")]
    counted = "select organisation_key, count(*), sum(quantity) from {} group by all order by all"
    with duckdb.connect() as connection:
        together = connection.execute(counted.format("read_parquet(?)"), [files])
        assert together.fetchall() == [("acme", 100, 100.0), ("o'brien", 100, 200.0)]
    with duckdb.connect(published_folder(tmp_path / "acme") / "stocktrim.duckdb", read_only=True) as connection:
        for table in PUBLISHED:
            found = connection.execute(f"select * from {table.name} limit 0").description
            assert [name for name, *_ in found] == table.published_columns


def test_a_table_that_was_not_made_yet_is_published_empty_in_its_declared_shape(folder):
    publish_day(folder, 1)
    products, drafts = read_published(folder, PRODUCTS, PURCHASE_ORDER_DRAFTS)
    assert (products.schema, drafts.schema) == (PRODUCTS.schema, PURCHASE_ORDER_DRAFTS.schema)
    assert products.is_empty()
    assert drafts.is_empty()


def test_a_reader_that_looked_where_to_read_once_reads_one_snapshot_to_its_end(folder):
    publish_day(folder, 1)
    reading = published_folder(folder)
    with duckdb.connect(reading / "stocktrim.duckdb", read_only=True) as opened:
        for day in (2, 3):
            publish_day(folder, day)
        assert opened.execute("select distinct quantity from demand_daily").fetchall() == [(1.0,)]
    assert is_whole(reading, 1)
    assert is_whole(published_folder(folder), 3)


def test_the_last_three_are_kept(folder):
    for day in range(1, 5):
        publish_day(folder, day)
    assert sorted(path.name for path in (folder / "snapshots").iterdir()) == [named(day) for day in (2, 3, 4)]


def test_one_run_may_publish_twice_within_a_second_and_the_later_snapshot_counts(folder):
    sold(folder, 1)
    for microsecond in (0, 1):
        publish(folder, snapshot_id=snapshot_name(MORNING + timedelta(microseconds=microsecond), "run"))
    newest = max((folder / "snapshots").iterdir())
    assert published_folder(folder) == newest.resolve()
    assert len(list((folder / "snapshots").iterdir())) == 2


def test_what_a_killed_run_left_is_no_snapshot_and_is_cleared_by_the_next(folder):
    publish_day(folder, 1)
    shutil.copytree(folder / "snapshots" / named(1), folder / "snapshots" / f"{named(0)}.tmp")
    (folder / "published.new").symlink_to("snapshots/nowhere")
    assert is_whole(published_folder(folder), 1)
    publish_day(folder, 2)
    assert sorted(path.name for path in (folder / "snapshots").iterdir()) == [named(1), named(2)]
    assert not (folder / "published.new").is_symlink()


def test_a_link_that_leads_nowhere_is_passed_by_for_the_newest_whole_snapshot(folder):
    for day in (1, 2, 3):
        publish_day(folder, day)
    shutil.rmtree(folder / "snapshots" / named(3))
    shutil.copytree(folder / "snapshots" / named(1), folder / "snapshots" / f"{named(4)}.tmp")
    assert published_folder(folder).name == named(2)
    publish_day(folder, 5)
    assert is_whole(folder / "published", 5)


def test_a_damaged_file_of_a_snapshot_is_named_with_what_to_do(folder):
    publish_day(folder, 1)
    path = published_folder(folder) / "products.parquet"
    damaged = path.read_bytes()[:100]
    path.write_bytes(damaged)
    with pytest.raises(DamagedSnapshotError, match=rf"{path} is damaged .*`stocktrim load --organisation acme`"):
        read_published(folder, PRODUCTS)
    assert path.read_bytes() == damaged
    publish_day(folder, 2)
    assert read_published(folder, PRODUCTS)[0].is_empty()


def test_a_full_disk_leaves_the_old_snapshot(tmp_path):
    with a_disk_of(24, tmp_path / "acme") as folder:
        publish_day(folder, 1)
        sold(folder, 2)
        with filled_up(folder, but_for=200_000), pytest.raises(duckdb.Error) as trouble:
            publish(folder, snapshot_id=named(2))
        assert is_disk_full(trouble.value)
        assert is_whole(published_folder(folder), 1)
        publish(folder, snapshot_id=named(2))
        assert is_whole(published_folder(folder), 2)


def test_a_snapshot_of_an_earlier_version_is_read_in_the_shape_of_this_one(folder):
    publish_day(folder, 1)
    pl.DataFrame({"product_code": ["MUG"], "gone_since": [1]}).write_parquet(
        published_folder(folder) / "products.parquet"
    )
    (products,) = read_published(folder, PRODUCTS)
    assert products.schema == PRODUCTS.schema
    assert products.select("product_code", "product_name").rows() == [("MUG", None)]


def test_a_publication_that_fails_leaves_the_old_snapshot(folder):
    publish_day(folder, 1)
    with open_warehouse(folder) as connection:
        connection.execute("create or replace table marts.demand_daily as select 'yesterday' as demand_date")
    with pytest.raises(duckdb.Error):
        publish(folder, snapshot_id=named(2))
    assert is_whole(published_folder(folder), 1)


@pytest.fixture(scope="module")
def three_days(tmp_path_factory):
    """An organisation of which three days were published. Whoever changes it changes a copy."""
    made = tmp_path_factory.mktemp("three days") / "acme"
    made.mkdir()
    for day in (1, 2, 3):
        publish_day(made, day)
    return made


def publish_the_fourth_day(three_days, folder, event="", ending="", skipped=0):
    """Publish a fourth day in a process that is killed; what a reader sees then, and whether it was killed."""
    shutil.copytree(three_days, folder, symlinks=True)
    worker = PROCESSES.Process(target=publish_until_killed, args=(folder, 4, event, ending, skipped))
    worker.start()
    worker.join(60)
    seen = int(quantities(published_folder(folder))[0][0])
    assert is_whole(published_folder(folder), seen)
    return seen, worker.exitcode == -signal.SIGKILL


def assert_the_next_run_puts_everything_in_order(folder):
    publish_day(folder, 5)
    kept = {path.name for path in (folder / "snapshots").iterdir()}
    assert len(kept) == SNAPSHOTS_KEPT
    assert all(is_whole(folder / "snapshots" / named(day), day) for day in range(1, 6) if named(day) in kept)
    assert kept <= {named(day) for day in range(1, 6)}


@pytest.mark.parametrize(
    ("moment", "seen"),
    [
        (("os.mkdir", ".tmp"), 3),
        (("os.listdir", ".tmp"), 3),
        (("open", "order_plan.parquet"), 3),
        (("os.rename", ".tmp"), 3),
        (("os.symlink", named(4)), 3),
        (("os.rename", "published.new"), 3),
        (("open", "acme"), 4),
        (("os.rename", named(1)), 4),
        (("shutil.rmtree", ".tmp"), 4),
        (("os.remove", "order_plan.parquet"), 4),
        (("os.rmdir", ".tmp"), 4),
    ],
    ids=[
        "before the new one is begun", "once its tables are written", "while it is brought to the disk",
        "before it is whole", "before the link is made", "before the link is swapped", "after the link is swapped",
        "before the oldest goes", "while the oldest goes", "when half of the oldest is gone", "when it is all but gone",
    ],
)  # fmt: skip
def test_a_run_killed_while_it_publishes_leaves_the_old_snapshot_or_the_new(three_days, tmp_path, moment, seen):
    folder = tmp_path / "acme"
    assert publish_the_fourth_day(three_days, folder, *moment) == (seen, True)
    assert_the_next_run_puts_everything_in_order(folder)


@pytest.mark.soak
def test_a_run_killed_at_any_of_its_steps_leaves_the_old_snapshot_or_the_new(three_days, tmp_path):
    seen = []
    for skipped in range(MOST_STEPS):
        folder = tmp_path / str(skipped)
        day, is_killed = publish_the_fourth_day(three_days, folder, skipped=skipped)
        if not is_killed:
            break
        seen.append(day)
        assert_the_next_run_puts_everything_in_order(folder)
    assert seen == sorted(seen)
    assert set(seen) == {3, 4}
    assert len(seen) > 2 * len(PUBLISHED)
