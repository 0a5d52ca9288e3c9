"""Landing: the rows that were read replace those in `raw`, in one transaction.

What belongs here: holding a pass aside until it is complete and checked, then landing it in `raw`.
What does not: reading it (`concurrent_reads.py`), checking it (`pipelines.expectations`).
A list that was read in full replaces the stored list. Changes replace the records that they name, with all lines.
Of an unreadable record the stored version stays.
Read more in docs/loading.md.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb
import polars as pl

from pipelines.call_limits import CALLS_AT_ONCE
from pipelines.landing.changes import LoadChanges, changes_of
from pipelines.landing.concurrent_reads import Gathered, LoadPlan, gather
from pipelines.landing.endpoints import ENDPOINTS, Endpoint, Entity, organisation_columns
from pipelines.landing.extract import PAGE_SIZE, ListRead, Reader, read_kept
from pipelines.landing.load_log import rows_of_loads
from pipelines.landing.page_archive import KeptLoad, answers_behind
from pipelines.landing.pages import Page, frame_of
from pipelines.landing.quarantine import (
    Unreadable,
    forget_list,
    forget_read,
    is_as_new,
    newer,
    newest,
    quarantine,
    versions_of,
)
from pipelines.storage.tables import ENTITY_LOADS, LOADS, QUARANTINED_RECORDS, XERO_ORGANISATION, Table
from pipelines.storage.warehouse import describe_table, insert_rows, row_count, transaction
from pipelines.xero.client import XeroClient

_PAGE_ORDER = "page_order"
_NEVER = "'0001-01-01'::timestamptz"
_MEMORY_LIMIT = "256MB"
"""The memory of a pass; the rest waits in the folder `spill`, so that a large list needs no more memory."""


@dataclass(frozen=True)
class Pass:
    """A pass over Xero's lists, held aside in temporary tables of the connection that it was read on."""

    load_id: str
    organisation: pl.DataFrame | None
    lists: tuple[ListRead, ...]
    loads: pl.DataFrame
    is_quiescent: bool
    unreadable: tuple[Unreadable, ...]

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The lists that were read."""
        return tuple(dict.fromkeys(read.reading.endpoint for read in self.lists))

    @property
    def next_watermarks(self) -> dict[str, datetime]:
        """For each list the instant from which to read next, once this pass is landed."""
        marks: dict[str, datetime] = {}
        for read in self.lists:
            if read.reading.status is None:
                name, mark = read.reading.endpoint.name, read.next_modified_since
                marks[name] = min(marks.get(name, mark), mark)
        return marks

    def is_full(self, endpoint: Endpoint) -> bool:
        """Whether the whole of a list came."""
        return any(read.reading.is_full for read in self.lists if read.reading.endpoint is endpoint)


@dataclass(frozen=True)
class Landed:
    """What a load made of the stored tables: the rows of each afterwards, and what changed."""

    rows: dict[Table, int]
    changes: LoadChanges


def read_pass(
    connection: duckdb.DuckDBPyConnection,
    client: XeroClient,
    kept: KeptLoad,
    plan: LoadPlan,
    *,
    day: date,
    at_once: int = CALLS_AT_ONCE,
    page_size: int = PAGE_SIZE,
) -> Pass:
    """The pass of a plan, read and held aside; `day` is the organisation's."""
    held = _Aside(connection)
    held.open([reading.endpoint for reading in plan.readings])
    reader = Reader(client, kept, held.add, page_size=page_size)
    found = gather(reader, plan, known=held.known, at_once=at_once)
    organisation = None
    if found.organisation is not None:
        organisation = frame_of(organisation_columns(found.organisation.record), XERO_ORGANISATION)
    return Pass(
        load_id=kept.load_id,
        organisation=organisation,
        lists=found.lists,
        loads=rows_of_loads(kept.load_id, found, day=day),
        is_quiescent=found.is_quiescent,
        unreadable=held.unreadable(),
    )


def replay_pass(connection: duckdb.DuckDBPyConnection, loads: Sequence[KeptLoad], *, day: date) -> Pass:
    """The pass that restores `raw` as it was after the last of these loads, from stored answers, without any call.

    Lists that none of the loads holds in full stay as they are.
    """
    answers = {endpoint: list(answers_behind(loads, endpoint.name)) for endpoint in ENDPOINTS}
    held = _Aside(connection)
    held.open([endpoint for endpoint, found in answers.items() if found])
    lists = tuple(
        read_kept(endpoint, iter(found), sink=held.add) for endpoint, found in answers.items() if found
    )  # fmt: skip
    gathered = Gathered(organisation=None, lists=lists, counts=(), is_quiescent=True)
    load_id = loads[-1].load_id
    return Pass(
        load_id=load_id,
        organisation=None,
        lists=lists,
        loads=rows_of_loads(load_id, gathered, day=day, extent="replayed"),
        is_quiescent=True,
        unreadable=held.unreadable(),
    )


def note_refused(connection: duckdb.DuckDBPyConnection, read: Pass) -> None:
    """Store the unreadable records for which a pass was refused; no other row changes."""
    with transaction(connection):
        for endpoint in read.endpoints:
            vital = [record for record in _newest_unreadable(connection, read, endpoint) if record.is_vital]
            quarantine(connection, endpoint, vital, load_id=read.load_id)


def aside(table: Table) -> str:
    """The name of the temporary table that holds a pass's rows of a table."""
    return f"temp.incoming_{table.name}"


def land(connection: duckdb.DuckDBPyConnection, read: Pass) -> Landed:
    """Land all of a pass or nothing."""
    changes = LoadChanges()
    with transaction(connection):
        if read.organisation is not None:
            connection.execute(f"delete from {XERO_ORGANISATION.path}")
            insert_rows(connection, XERO_ORGANISATION.path, read.organisation)
        for endpoint in read.endpoints:
            changes += _land_list(connection, read, endpoint)
        _replace_rows(connection, ENTITY_LOADS, _entity_loads(read), key="entity")
        _replace_rows(connection, LOADS, read.loads, key="load_id")
    rows = {table: row_count(connection, table) for endpoint in read.endpoints for table in _tables(endpoint)}
    return Landed(rows, changes)


@dataclass
class _Aside:
    """The temporary tables of a pass; takes pages in the order in which they come, from any thread."""

    connection: duckdb.DuckDBPyConnection
    _pages: int = 0
    _unreadable: dict[tuple[str, str], Unreadable] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def open(self, endpoints: Sequence[Endpoint]) -> None:
        """Create the temporary tables of these lists."""
        self.connection.execute(f"set memory_limit = '{_MEMORY_LIMIT}'")
        for table in (table for endpoint in dict.fromkeys(endpoints) for table in _tables(endpoint)):
            columns = f"{describe_table(table)}, {_PAGE_ORDER} INTEGER"
            self.connection.execute(f"create or replace temp table incoming_{table.name} ({columns})")

    def add(self, endpoint: Endpoint, page: Page) -> None:
        """Hold a page; the page of a list that is never paged replaces its former page."""
        with self._guard:
            self._pages += 1
            order = pl.lit(self._pages).alias(_PAGE_ORDER)
            if not endpoint.is_paged:
                self.connection.execute(f"delete from {aside(endpoint.table)}")
            for table, rows in ((endpoint.table, page.records), (endpoint.lines, page.lines)):
                if table is not None and rows is not None and not rows.is_empty():
                    insert_rows(self.connection, aside(table), rows.with_columns(order))
            for identity, stamp in page.records.select(endpoint.key, "updated_at").rows() if self._unreadable else ():
                before = self._unreadable.get((endpoint.name, identity))
                if before is not None and is_as_new(stamp, before):
                    del self._unreadable[endpoint.name, identity]
            for record in page.unreadable:
                key = (endpoint.name, record.record_id)
                self._unreadable[key] = newer(record, self._unreadable.get(key))

    def known(self, endpoint: Endpoint) -> int:
        """The number of records that a list will have once the pass is landed."""
        unreadable = [identity for name, identity in self._unreadable if name == endpoint.name]
        query = (
            f"select count(*) from (select {endpoint.key} from {endpoint.table.path} "
            f"union select {endpoint.key} from {aside(endpoint.table)} "
            f"union select record_id from {QUARANTINED_RECORDS.path} where list = ? union select unnest(?::varchar[]))"
        )
        with self._guard:
            return int(self.connection.execute(query, [endpoint.name, unreadable]).fetchall()[0][0])

    def unreadable(self) -> tuple[Unreadable, ...]:
        """The records whose newest state could not be read."""
        return tuple(self._unreadable.values())


def _tables(endpoint: Endpoint) -> tuple[Table, ...]:
    return (endpoint.table,) if endpoint.lines is None else (endpoint.table, endpoint.lines)


def _land_list(connection: duckdb.DuckDBPyConnection, read: Pass, endpoint: Endpoint) -> LoadChanges:
    """What the landing of a list has changed."""
    is_full = read.is_full(endpoint)
    if not is_full and not any(
        list_read.distinct for list_read in read.lists if list_read.reading.endpoint is endpoint
    ):
        return LoadChanges()
    if is_full:
        forget_list(connection, endpoint)
    unreadable = _newest_unreadable(connection, read, endpoint)
    _choose_latest(connection, endpoint, is_full=is_full)
    _keep_back(connection, endpoint, unreadable)
    key = endpoint.key
    replaced = f"{key} {'not in (select id from temp.kept_back)' if is_full else f'in (select {key} from temp.latest)'}"

    def incoming(table: Table) -> str:
        return (
            f"select {', '.join(f'incoming.{name}' for name in table.columns)} from {aside(table)} as incoming "
            f"inner join temp.latest as latest "
            f"on incoming.{key} = latest.{key} and incoming.{_PAGE_ORDER} = latest.{_PAGE_ORDER}"
        )

    changes = changes_of(connection, endpoint, incoming=incoming, replaced=replaced)
    for table in _tables(endpoint):
        connection.execute(f"delete from {table.path} where {replaced}")
        connection.execute(f"insert into {table.path} by name {incoming(table)}")
    forget_read(connection, endpoint, "temp.latest")
    quarantine(connection, endpoint, unreadable, load_id=read.load_id)
    return changes


def _keep_back(connection: duckdb.DuckDBPyConnection, endpoint: Endpoint, unreadable: Sequence[Unreadable]) -> None:
    """Leave the stored versions of records as they are whose newest version could not be read."""
    kept_back = [record.record_id for record in unreadable]
    connection.execute("create or replace temp table kept_back as select unnest(?::varchar[]) as id", [kept_back])
    connection.execute(f"delete from temp.latest where {endpoint.key} in (select id from temp.kept_back)")


def _newest_unreadable(connection: duckdb.DuckDBPyConnection, read: Pass, endpoint: Endpoint) -> list[Unreadable]:
    """The records of a list whose newest version could not be read."""
    unreadable = [record for record in read.unreadable if record.endpoint == endpoint.name]
    stored = () if read.is_full(endpoint) else (endpoint.table.path,)
    return newest(connection, unreadable, versions=versions_of(endpoint, aside(endpoint.table), *stored))


def _choose_latest(connection: duckdb.DuckDBPyConnection, endpoint: Endpoint, *, is_full: bool) -> None:
    """Choose for each record the page with its newest version; a stored version that is newer stays."""
    query = (
        f"select {endpoint.key}, arg_max({_PAGE_ORDER}, (coalesce(updated_at, {_NEVER}), {_PAGE_ORDER})) "
        f"as {_PAGE_ORDER}, max(updated_at) as updated_at, max({endpoint.number}) as number "
        f"from {aside(endpoint.table)} group by {endpoint.key}"
    )
    if not is_full:
        query = (
            f"select incoming.* from ({query}) as incoming anti join {endpoint.table.path} as stored "
            f"on incoming.{endpoint.key} = stored.{endpoint.key} and incoming.updated_at < stored.updated_at"
        )
    connection.execute(f"create or replace temp table latest as {query}")


def _replace_rows(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame, *, key: str) -> None:
    keys = frame[key].unique().to_list()
    connection.execute(f"delete from {table.path} where {key} in (select unnest(?::varchar[]))", [keys])
    insert_rows(connection, table.path, frame)


def _entity_loads(read: Pass) -> pl.DataFrame:
    """The start of each entity's load: that of the earliest of its lists."""
    started: dict[Entity, datetime] = {}
    for list_read in read.lists:
        if list_read.reading.status is None:
            entity = list_read.reading.endpoint.entity
            started[entity] = min(started.get(entity, list_read.started_at), list_read.started_at)
    rows = [(entity.value, at.replace(microsecond=0)) for entity, at in started.items()]
    return pl.DataFrame(rows, schema=ENTITY_LOADS.schema, orient="row")
