"""Snapshots: read-only copies of the published tables, swapped in whole at the end of a run.

What belongs here: writing `snapshots/<id>/`, pointing `published` at it, keeping the last three, opening it to read.
What does not: the warehouse that the snapshot is taken from (`warehouse.py`).
A reader that resolves `published` once sees the whole old snapshot or the whole new snapshot, never a mixture.
Read more in docs/bi.md.
"""

import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.errors import DataError
from pipelines.storage.fingerprints import value_fingerprint
from pipelines.storage.permissions import open_to_readers
from pipelines.storage.tables import ORGANISATION_KEY, PUBLISHED, Table, empty
from pipelines.storage.warehouse import (
    describe_table,
    open_warehouse,
    quoted,
    read_through,
    select_declared,
    transaction,
)

if TYPE_CHECKING:
    import duckdb

SNAPSHOT_FILE: Final = "stocktrim.duckdb"
MEANINGS_FILE: Final = "meanings.json"
SNAPSHOTS_KEPT: Final = 3
_KEY_COMMENT: Final = "The key of the organisation that the row belongs to."
# Every DuckDB since 1.0 opens a file of this storage version; the default version opens in 2.0 alone.
STORAGE_VERSION: Final = "v1.0.0"


class NothingPublishedError(DataError):
    """No snapshot was published for this organisation yet."""


class DamagedSnapshotError(DataError):
    """A file of the published snapshot cannot be read."""


def snapshot_name(at: datetime, run_id: str) -> str:
    """A snapshot's name: the microsecond and the run in which it was taken, so that names are unique and sort by age.

    >>> snapshot_name(datetime(2026, 3, 1, 6, 5), "3f2a9c41-aaaa")
    '20260301T060500000000-3f2a9c41'
    """
    return f"{at:%Y%m%dT%H%M%S%f}-{run_id[:8]}"


def publish(folder: Path, *, snapshot_id: str, group: int | None = None) -> dict[str, int]:
    """Publish every table that people read; the number of rows of each.

    `folder` is the organisation's and has its key as name; every row of every table carries the key, so that tables of
    several organisations can be put together. `group`, if given, may read the snapshot. Tables that do not exist yet
    are published empty. Readers who have the former snapshot open can go on reading it.
    """
    snapshots = folder / "snapshots"
    unfinished = snapshots / f"{snapshot_id}.tmp"
    _clear_unfinished(snapshots)
    unfinished.mkdir(parents=True)
    rows = _write_tables(folder, unfinished)
    _sync(unfinished)
    unfinished.rename(snapshots / snapshot_id)
    _sync_entry(snapshots)
    if group is not None:
        open_to_readers(snapshots / snapshot_id, folder.parent, group=group)
    _point(folder / "published", Path("snapshots") / snapshot_id)
    _forget_old(snapshots, current=snapshot_id)
    return rows


def published_fingerprint(folder: Path) -> str:
    """The fingerprint of the published snapshot's files: their names, sizes and times of change; empty without one."""
    link = folder / "published"
    if not link.is_dir():
        return ""
    files = [(path.name, (found := path.stat()).st_size, found.st_mtime_ns) for path in sorted(link.iterdir())]
    return value_fingerprint([str(link.readlink()), files])


def published_folder(folder: Path) -> Path:
    """The folder of the published snapshot, resolved once; the newest whole snapshot if the link leads nowhere.

    Raises:
        NothingPublishedError: nothing was published yet.
    """
    link = folder / "published"
    if link.exists():
        return link.resolve()
    whole = _whole_snapshots(folder / "snapshots")
    if not whole:
        raise NothingPublishedError(
            f"Nothing is published for the organisation {folder.name!r} yet: run `stocktrim load` "
            f"and `stocktrim plan` first."
        )
    return whole[-1].resolve()


def _whole_snapshots(snapshots: Path) -> list[Path]:
    """The snapshots that are neither being written nor deleted, the oldest first: names sort by age."""
    return sorted(path for path in snapshots.glob("*") if path.suffix != ".tmp")


def read_published(folder: Path, *tables: Table) -> tuple[pl.DataFrame, ...]:
    """Published tables as frames, all of one snapshot.

    A table or a column is empty if an earlier version, which did not have it, published the snapshot.
    The organisation's key, which `folder` says already, is left out.

    Raises:
        NothingPublishedError: nothing was published yet.
        DamagedSnapshotError: a file of the snapshot cannot be read.
    """
    snapshot = published_folder(folder)
    return tuple(read_snapshot(snapshot, table) for table in tables)


def read_snapshot(
    snapshot: Path,
    table: Table,
    *conditions: pl.Expr,
    product_codes: Collection[str] | None = None,
    columns: Collection[str] | None = None,
) -> pl.DataFrame:
    """The rows of one snapshot's table that meet every condition, of all products or of these, in all or some columns.

    `snapshot` is what `published_folder` gave; nothing else is kept in memory. A table or a column is empty if an
    earlier version, which did not have it, published the snapshot.

    Raises:
        DamagedSnapshotError: a file of the snapshot cannot be read.
    """
    path = snapshot / f"{table.name}.parquet"
    if not path.exists():
        return empty(table)
    try:
        lazy = pl.scan_parquet(path, glob=False)  # brackets in a path are not a pattern
        there = lazy.collect_schema()
        declared = [pl.col(name) if name in there else pl.lit(None).alias(name) for name in table.columns]
        rows = lazy.select(declared).cast(table.schema).filter(*conditions)
        rows = rows if product_codes is None else _of_products(rows, product_codes)
        return rows.select(columns or list(table.columns)).collect()
    except (pl.exceptions.PolarsError, OSError) as trouble:
        raise DamagedSnapshotError(_damaged(path, trouble)) from trouble


def _of_products(rows: pl.LazyFrame, product_codes: Collection[str]) -> pl.LazyFrame:
    """The rows of these products.

    Tables are sorted by product: between the first and the last code only some of a file is read. A join takes a
    fortieth of the time of `is_in`, which polars 2.1 compares with every code while it reads.
    """
    wanted = pl.LazyFrame({"product_code": sorted(product_codes)}, schema={"product_code": pl.String})
    if product_codes:
        between = pl.lit(min(product_codes)), pl.lit(max(product_codes))
        rows = rows.filter(pl.col("product_code").is_between(*between))
    return rows.join(wanted, on="product_code", how="semi", maintain_order="left")


def column_meanings(snapshot: Path, table: Table) -> dict[str, str]:
    """What each column of a published table means, in the words of dbt; none if the snapshot has none.

    Raises:
        DamagedSnapshotError: a file of the snapshot cannot be read.
    """
    path = snapshot / MEANINGS_FILE
    if not path.exists():
        return _meanings_in_database(snapshot, table)
    try:
        found: dict[str, dict[str, str]] = json.loads(path.read_bytes())
        return found.get(table.name, {})
    except (ValueError, OSError) as trouble:
        raise DamagedSnapshotError(_damaged(path, trouble)) from trouble


def _meanings_in_database(snapshot: Path, table: Table) -> dict[str, str]:
    """The meanings in a snapshot that an earlier version published: in the database alone."""
    if not (snapshot / SNAPSHOT_FILE).exists():
        return {}
    with _database_of(snapshot) as connection:
        found = connection.execute(
            "select column_name, comment from duckdb_columns() where table_name = ? and comment is not null",
            [table.name],
        ).fetchall()
    return {str(column): str(comment).strip() for column, comment in found}


@contextmanager
def _database_of(snapshot: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    """A connection that reads a snapshot's database, and draws nothing on standard output.

    Raises:
        DamagedSnapshotError: it cannot be read.
    """
    import duckdb  # noqa: PLC0415, readers of a snapshot do not hold it

    database = snapshot / SNAPSHOT_FILE
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute("set enable_progress_bar = false")
            yield connection
    except duckdb.Error as trouble:
        raise DamagedSnapshotError(_damaged(database, trouble)) from trouble


def published_or_empty(folder: Path, table: Table) -> pl.DataFrame:
    """A published table as a frame; empty if nothing was published yet.

    Raises:
        DamagedSnapshotError: a file of the snapshot cannot be read.
    """
    try:
        (frame,) = read_published(folder, table)
    except NothingPublishedError:
        return empty(table)
    return frame


def examine_published(folder: Path) -> Path:
    """The folder of the published snapshot, after reading each of its files to the end.

    Raises:
        NothingPublishedError: nothing was published yet.
        DamagedSnapshotError: a file of the snapshot cannot be read, or is gone.
    """
    snapshot = published_folder(folder)
    with _database_of(snapshot) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        read_through(connection)
    for name in names:
        _read_file(snapshot / f"{name}.parquet")
    column_meanings(snapshot, PUBLISHED[0])
    return snapshot


def _damaged(path: Path, trouble: Exception) -> str:
    reason = str(trouble).partition("\n")[0]
    key = path.parent.parent.parent.name
    return f"{path} is damaged ({reason}): `stocktrim load --organisation {key}` publishes a new snapshot."


def _read_file(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)  # brackets in a path are not a pattern
    except (pl.exceptions.PolarsError, OSError) as trouble:
        raise DamagedSnapshotError(_damaged(path, trouble)) from trouble


def _write_tables(folder: Path, target: Path) -> dict[str, int]:
    rows, meanings = {}, {}
    with open_warehouse(folder) as connection:
        file, declared = quoted(target / SNAPSHOT_FILE), partial(select_declared, connection)
        connection.execute(f"attach {file} as published (storage_version '{STORAGE_VERSION}')")
        with transaction(connection):  # a thousand comments, each of which would be brought to the disk alone
            for table in PUBLISHED:
                columns = f"{describe_table(table)}, {ORGANISATION_KEY} varchar"
                connection.execute(f"create table published.{table.name} ({columns})")
                rows_with_key = f"select *, {quoted(folder.name)} as {ORGANISATION_KEY} from ({declared(table)})"
                connection.execute(f"insert into published.{table.name} by name {rows_with_key}")
                meanings[table.name] = _copy_comments(connection, table)
                rows[table.name] = _count(connection, f"published.{table.name}")
                parquet = quoted(target / f"{table.name}.parquet")
                connection.execute(
                    f"copy (from published.{table.name}) to {parquet} (format parquet, compression zstd)"
                )
        connection.execute("detach published")
    (target / MEANINGS_FILE).write_text(json.dumps(meanings, ensure_ascii=False), encoding="utf-8")
    return rows


def _count(connection: "duckdb.DuckDBPyConnection", table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _copy_comments(connection: "duckdb.DuckDBPyConnection", table: Table) -> dict[str, str]:
    """Give a published table the comments of its columns; they are returned by the columns' names."""
    found = connection.execute(
        "select column_name, comment from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ? and comment is not null",
        [table.stage, table.name],
    ).fetchall()
    _comment(connection, f"table published.{table.name}", table.grain)
    _comment(connection, f"column published.{table.name}.{ORGANISATION_KEY}", _KEY_COMMENT)
    meanings = {str(column): str(comment) for column, comment in found if column in table.columns}
    for column, comment in meanings.items():
        _comment(connection, f"column published.{table.name}.{column}", comment)
    return {column: comment.strip() for column, comment in meanings.items()}


def _comment(connection: "duckdb.DuckDBPyConnection", what: str, text: str) -> None:
    connection.execute(f"comment on {what} is {quoted(text)}")


def _sync(folder: Path) -> None:
    """Make a finished folder durable before the link points at it."""
    for path in [*folder.iterdir(), folder]:
        _sync_entry(path)


def _sync_entry(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _point(link: Path, target: Path) -> None:
    beside = link.with_name("published.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target, target_is_directory=True)
    beside.replace(link)
    _sync_entry(link.parent)


def _clear_unfinished(snapshots: Path) -> None:
    for left in snapshots.glob("*.tmp"):
        shutil.rmtree(left)


def _forget_old(snapshots: Path, *, current: str) -> None:
    """Delete all but the newest; each is renamed to `.tmp` first, so that a half of it never counts as a snapshot."""
    former = [path for path in _whole_snapshots(snapshots) if path.name != current]
    for old in former[: -(SNAPSHOTS_KEPT - 1)]:
        shutil.rmtree(old.rename(old.with_name(f"{old.name}.tmp")))
