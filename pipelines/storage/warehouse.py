"""The warehouse: an organisation's DuckDB file, opened for one call.

What belongs here: opening it, reading and writing whole tables in one transaction.
What does not: what the tables mean (`tables/`, dbt), what people read (`snapshots.py`), who may write
(`run_locks.py`).
Only one process may have the file open, readers included, so a connection lasts for one call.
Read more in docs/operations.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.errors import DataError, DiskFullError, is_disk_full
from pipelines.storage.tables import ENTITY_LOADS, LEAD_TIMES, PLAN_SETTINGS, TABLES, Table, type_of

if TYPE_CHECKING:
    import duckdb

FILE_NAME: Final = "warehouse.duckdb"
MEMORY_LIMIT: Final = "2GB"
XERO_LISTS: Final = "xero_"
_DAMAGE: Final = ("Corrupt", "Could not read enough bytes")
# Without its log the warehouse lacks the last load, and the next load would continue after it.
_REFRESH: Final = " --refresh products --refresh sales-orders --refresh purchase-orders --refresh suppliers"
# The schema in which an earlier version kept a table.
_FORMER_STAGES: Final = {PLAN_SETTINGS: "plan", LEAD_TIMES: "plan"}
_DUCKDB_TYPES: Final[dict[type_of, str]] = {
    pl.String: "VARCHAR",
    pl.Int64: "BIGINT",
    pl.Int32: "INTEGER",
    pl.Float64: "DOUBLE",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
}


class WarehouseError(DataError):
    """The warehouse cannot be opened or written; the message says why and what to do."""


@contextmanager
def open_warehouse(folder: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    """The organisation's warehouse with every table that Python owns, closed at the end of the block.

    A warehouse of an earlier version gets the tables and columns that are new since then.

    Raises:
        WarehouseError: another process has it open, the folder cannot be written, or the file is damaged.
    """
    import duckdb  # noqa: PLC0415, 45 MiB that readers of a snapshot do not hold

    connection = _connect(folder)
    try:
        _bring_to_shape(connection)
        yield connection
    except duckdb.Error as trouble:
        if not _is_damage(str(trouble)):
            raise
        raise WarehouseError(_why(folder / FILE_NAME, str(trouble))) from trouble
    finally:
        connection.close()


def examine(folder: Path) -> int:
    """The number of rows of a warehouse, after reading every value, so that damage shows; 0 if there is none yet.

    Raises:
        WarehouseError: the file is damaged, or cannot be opened.
    """
    import duckdb  # noqa: PLC0415, as above

    path = folder / FILE_NAME
    if not path.exists():
        return 0
    connection = _connect(folder)
    try:
        return read_through(connection)
    except duckdb.Error as trouble:
        raise WarehouseError(_why(path, str(trouble))) from trouble
    finally:
        connection.close()


def read_through(connection: "duckdb.DuckDBPyConnection") -> int:
    """The number of rows of a database, after reading every value of every table."""
    tables = connection.execute(
        "select format('{}.{}', schema_name, table_name) from duckdb_tables() where database_name = current_database()"
    ).fetchall()
    counted = [
        connection.execute(f"select count(*), bit_xor(hash(every)) from {table} as every").fetchall()[0][0]
        for (table,) in tables
    ]
    return sum(counted)


def read_table(
    connection: "duckdb.DuckDBPyConnection", table: Table, *, where: str = "true", values: Sequence[object] = ()
) -> pl.DataFrame:
    """A whole table as a frame of its declared shape, or its rows that meet a condition; no rows if it does not exist.

    `where` is SQL; each question mark in it stands for one of the `values`.
    """
    query = f"from ({select_declared(connection, table)}) where {where}"
    rows: pl.DataFrame = connection.sql(query, params=list(values)).pl()
    return rows.cast(table.schema)


def select_declared(connection: "duckdb.DuckDBPyConnection", table: Table) -> str:
    """A query for a table's declared columns; columns that dbt has not made yet are null."""
    found = connection.execute(
        "select column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [table.stage, table.name],
    ).fetchall()
    there = {name for (name,) in found}
    columns = (
        name if name in there else f"null::{duckdb_type(type_)} as {name}" for name, type_ in table.columns.items()
    )
    return f"select {', '.join(columns)} {f'from {table.path}' if there else 'where false'}"


def replace_table(connection: "duckdb.DuckDBPyConnection", table: Table, frame: pl.DataFrame) -> None:
    """Replace a table's rows by a frame, in one transaction."""
    with transaction(connection):
        put_table(connection, table, frame)


def put_tables(connection: "duckdb.DuckDBPyConnection", frames: Mapping[Table, pl.DataFrame]) -> None:
    """Replace the rows of each table by its frame, in the caller's transaction."""
    for table, frame in frames.items():
        put_table(connection, table, frame)


def put_table(connection: "duckdb.DuckDBPyConnection", table: Table, frame: pl.DataFrame) -> None:
    """Replace a table's rows by a frame, in the caller's transaction."""
    connection.execute(f"delete from {table.path}")
    insert_rows(connection, table.path, frame.select(list(table.columns)))


def put_rows(connection: "duckdb.DuckDBPyConnection", table: Table, frame: pl.DataFrame, *, key: str) -> None:
    """Replace the rows that have a key of a frame by the frame, in the caller's transaction."""
    connection.register("incoming", frame.select(list(table.columns)).to_arrow())
    connection.execute(f"delete from {table.path} where {key} in (select {key} from incoming)")
    connection.execute(f"insert into {table.path} by name select * from incoming")
    connection.unregister("incoming")


def insert_rows(connection: "duckdb.DuckDBPyConnection", target: str, frame: pl.DataFrame) -> None:
    """Append a frame's rows to a table, by column name."""
    connection.register("incoming", frame.to_arrow())
    connection.execute(f"insert into {target} by name select * from incoming")
    connection.unregister("incoming")


@contextmanager
def transaction(connection: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    """Make all of the block's changes, or none."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def duckdb_type(dtype: type_of) -> str:
    """The DuckDB type of a column.

    >>> duckdb_type(pl.Decimal(18, 2))
    'DECIMAL(18,2)'
    """
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision},{dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return "TIMESTAMPTZ"
    return _DUCKDB_TYPES[dtype]


def quoted(text: str | Path) -> str:
    """A text or a path as an SQL literal.

    >>> quoted(Path("/home/O'Brien/published"))
    "'/home/O''Brien/published'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def describe_table(table: Table) -> str:
    """A table's columns with their DuckDB types, for `create table`."""
    return ", ".join(f"{name} {duckdb_type(dtype)}" for name, dtype in table.columns.items())


def _connect(folder: Path) -> "duckdb.DuckDBPyConnection":
    import duckdb  # noqa: PLC0415, as above

    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(
            str(path),
            config={
                "autoinstall_known_extensions": "false",
                "memory_limit": MEMORY_LIMIT,
                "threads": 2,
                "temp_directory": str(folder / "spill"),
            },
        )
    except OSError as refused:
        raise WarehouseError(f"{refused.filename} cannot be written ({refused.strerror}); make it yours.") from None
    except duckdb.Error as trouble:
        if is_disk_full(trouble):
            raise DiskFullError from trouble
        raise WarehouseError(_why(path, str(trouble))) from trouble
    connection.execute("set TimeZone = 'UTC'")
    # DuckDB would draw it on standard output, which programs read, whenever a query takes two seconds
    connection.execute("set enable_progress_bar = false")
    return connection


def _is_damage(message: str) -> bool:
    return any(word in message for word in _DAMAGE)


def _why(path: Path, message: str) -> str:
    if "Conflicting lock" in message:
        return (
            f"{path} is open in another program; close it (readers should open the published snapshot) and try again."
        )
    if "Permission denied" in message or "Read-only" in message or "read-only" in message:
        return f"{path} cannot be written: its folder is read-only or belongs to somebody else."
    if "version number" in message:
        return (
            f"{path} was written by a newer DuckDB than that of this version: install the newer version again; "
            f"nothing was changed."
        )
    damaged, refresh = (path.with_name(f"{path.name}.wal"), _REFRESH) if "WAL" in message else (path, "")
    return (
        f"{damaged} is damaged or not a DuckDB database; what is published stays. Restore it from a backup, or "
        f"`mv {quote(str(damaged))} {quote(f'{damaged}.damaged')}` and load everything again: "
        f"`stocktrim load --organisation {path.parent.name}{refresh}`."
    )


def _bring_to_shape(connection: "duckdb.DuckDBPyConnection") -> None:
    """Create the missing tables and columns that Python owns; a new column is null in existing rows.

    Rows of Xero's lists that were landed without a column are read again: no entity counts as loaded any more, so the
    next load reads everything, and until then the data count as stale.
    """
    there = _columns(connection)
    owned, is_lacking = [table for table in TABLES if table.stage != "marts"], False
    for stage in sorted({table.stage for table in owned}):
        connection.execute(f"create schema if not exists {stage}")
    for table in owned:
        if table.path not in there:
            with transaction(connection):
                connection.execute(f"create table {table.path} ({describe_table(table)})")
                _take_over(connection, table, there)
            continue
        added = [name for name in table.columns if name not in there[table.path]]
        for name in added:
            connection.execute(f"alter table {table.path} add column {name} {duckdb_type(table.columns[name])}")
        is_lacking |= bool(added and table.name.startswith(XERO_LISTS) and row_count(connection, table))
    if is_lacking:
        connection.execute(f"delete from {ENTITY_LOADS.path}")


def _take_over(connection: "duckdb.DuckDBPyConnection", table: Table, there: Mapping[str, object]) -> None:
    """Move the rows of a table from the schema in which an earlier version kept it."""
    former = f"{_FORMER_STAGES.get(table)}.{table.name}"
    if former in there:
        connection.execute(f"insert into {table.path} by name from {former}")
        connection.execute(f"drop table {former}")


def _columns(connection: "duckdb.DuckDBPyConnection") -> dict[str, set[str]]:
    """The names of the columns of each existing table."""
    found = connection.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and not internal"
    ).fetchall()
    columns: dict[str, set[str]] = {}
    for path, name in found:
        columns.setdefault(path, set()).add(name)
    return columns


def table_exists(connection: "duckdb.DuckDBPyConnection", table: Table) -> bool:
    """Whether a table exists: dbt makes the marts at the first load."""
    found = connection.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?",
        [table.stage, table.name],
    ).fetchall()
    return bool(found[0][0])


def row_count(connection: "duckdb.DuckDBPyConnection", table: Table) -> int:
    """The number of rows of a table."""
    return int(connection.execute(f"select count(*) from {table.path}").fetchall()[0][0])
