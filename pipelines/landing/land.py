"""Put what was read in the place of what was there, in one transaction.

What belongs here: holding a pass aside until it is whole and looked at, then landing it in `raw`.
What does not: reading it (`extract.py`), judging it (`pipelines.expectations`).
A list that was read in full replaces what was stored; changes replace the records they name, lines as a set.
Read more in docs/operations.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from pipelines.landing.endpoints import Endpoint, Entity, organisation_row
from pipelines.landing.extract import ListRead, Reading, read_list
from pipelines.landing.pages import Page, Unreadable, frame_of, read_organisation
from pipelines.tables import ENTITY_LOADS, XERO_ORGANISATION, Table
from pipelines.warehouse import describe_table, insert_rows, row_count, transaction
from pipelines.xero.client import XeroClient

_PAGE_ORDER = "page_order"


@dataclass(frozen=True)
class Pass:
    """One pass over Xero's lists, held aside in temporary tables of the connection that it was read on."""

    organisation: pl.DataFrame
    lists: tuple[ListRead, ...]

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The records that could not be read, of all lists."""
        return tuple(record for read in self.lists for record in read.unreadable)

    @property
    def next_watermarks(self) -> dict[str, datetime]:
        """Where each list's next reading starts, once this pass is landed."""
        return {read.reading.endpoint.name: read.next_modified_since for read in self.lists}


def read_pass(connection: duckdb.DuckDBPyConnection, client: XeroClient, readings: Sequence[Reading]) -> Pass:
    """Read the organisation and the lists, one after the other, and hold them aside."""
    organisation = read_organisation(client.organisation())
    for reading in readings:
        _make_aside(connection, reading.endpoint)
    pages = _Aside(connection)
    return Pass(
        organisation=frame_of([organisation_row(organisation)], XERO_ORGANISATION),
        lists=tuple(read_list(client, reading, sink=pages.add) for reading in readings),
    )


def aside(table: Table) -> str:
    """The name of the temporary table that holds a pass's rows of a table."""
    return f"temp.incoming_{table.name}"


def land(connection: duckdb.DuckDBPyConnection, read: Pass) -> dict[Table, int]:
    """Land a pass: all of it or nothing. The number of rows that each table holds afterwards."""
    with transaction(connection):
        _replace(connection, XERO_ORGANISATION, read.organisation)
        for one in read.lists:
            _land_list(connection, one.reading)
        loads = _entity_loads(read)
        connection.execute(
            f"delete from {ENTITY_LOADS.path} where entity in (select unnest(?))", [loads["entity"].to_list()]
        )
        insert_rows(connection, ENTITY_LOADS.path, loads)
    return {table: row_count(connection, table) for one in read.lists for table in _tables(one.reading.endpoint)}


class _Aside:
    """Takes pages in the order in which they come."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._pages = 0

    def add(self, endpoint: Endpoint, page: Page) -> None:
        self._pages += 1
        order = pl.lit(self._pages).alias(_PAGE_ORDER)
        insert_rows(self._connection, aside(endpoint.table), page.records.with_columns(order))
        if endpoint.lines is not None and page.lines is not None:
            insert_rows(self._connection, aside(endpoint.lines), page.lines.with_columns(order))


def _tables(endpoint: Endpoint) -> tuple[Table, ...]:
    return (endpoint.table,) if endpoint.lines is None else (endpoint.table, endpoint.lines)


def _make_aside(connection: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> None:
    for table in _tables(endpoint):
        connection.execute(
            f"create or replace temp table incoming_{table.name} ({describe_table(table)}, {_PAGE_ORDER} INTEGER)"
        )


def _land_list(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    endpoint = reading.endpoint
    for table in _tables(endpoint):
        _forget(connection, table, endpoint, is_full=reading.is_full)
        columns = ", ".join(f"incoming.{name}" for name in table.columns)
        connection.execute(f"""
            insert into {table.path} by name
            select {columns}
            from {aside(table)} as incoming
            inner join ({_latest(endpoint)}) as latest
                on incoming.{endpoint.key} = latest.{endpoint.key} and incoming.{_PAGE_ORDER} = latest.{_PAGE_ORDER}
        """)


def _latest(endpoint: Endpoint) -> str:
    """For each record the page that showed it in its newest state: a record can come twice in one pass."""
    return (
        f"select {endpoint.key}, arg_max({_PAGE_ORDER}, (updated_at, {_PAGE_ORDER})) as {_PAGE_ORDER} "
        f"from {aside(endpoint.table)} group by {endpoint.key}"
    )


def _forget(connection: duckdb.DuckDBPyConnection, table: Table, endpoint: Endpoint, *, is_full: bool) -> None:
    stale = "" if is_full else f" where {endpoint.key} in (select {endpoint.key} from {aside(endpoint.table)})"
    connection.execute(f"delete from {table.path}{stale}")


def _replace(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> None:
    connection.execute(f"delete from {table.path}")
    insert_rows(connection, table.path, frame)


def _entity_loads(read: Pass) -> pl.DataFrame:
    """When each entity's load began: that of the earliest of its lists."""
    started: dict[Entity, list[ListRead]] = {}
    for one in read.lists:
        started.setdefault(one.reading.endpoint.entity, []).append(one)
    rows = [(entity.value, min(one.started_at for one in lists)) for entity, lists in started.items()]
    return pl.DataFrame(rows, schema=ENTITY_LOADS.schema, orient="row")
