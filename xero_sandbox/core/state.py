"""A sandbox's state on disk, so that a restart, or a crash, loses nothing that a client was answered.

What belongs here: one SQLite file with each document as a blob, written through before the answer leaves.
What does not: what the documents mean, and HTTP.
Read more in docs/sandbox.md.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Final

import msgspec

from xero_sandbox.core.books import Change, Kept
from xero_sandbox.core.documents import Contact, Document, Item, Organisation, World

FILE_NAME: Final = "sandbox.sqlite3"
_KINDS: Final[dict[str, type[Kept]]] = {
    "items": Item,
    "contacts": Contact,
    "invoices": Document,
    "credit_notes": Document,
    "purchase_orders": Document,
}
_SCHEMA: Final = """
create table organisations (tenant_id text primary key, body blob not null);
create table kept (
    position integer primary key, tenant_id text not null, collection text not null, key text not null,
    body blob not null, unique (tenant_id, collection, key)
);
create table memory (name text primary key, body blob not null);
"""
_SELECT: Final = "select tenant_id, collection, key, body from kept"
_INSERT: Final = "insert into kept (tenant_id, collection, key, body) values (?, ?, ?, ?)"
_UPSERT: Final = f"{_INSERT} on conflict (tenant_id, collection, key) do update set body = excluded.body"
_DELETE: Final = "delete from kept where tenant_id = ? and collection = ? and key = ?"


def save_worlds(worlds: list[World], state_directory: Path) -> None:
    """Store these organisations in place of whatever the directory held; the old state stays until all is written."""
    state_directory.mkdir(parents=True, exist_ok=True)
    fresh = state_directory / f"{FILE_NAME}.new"
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as database:
        database.executescript(_SCHEMA)
        with database:
            for world in worlds:
                organisation = world.organisation
                row = (organisation.tenant_id, msgspec.msgpack.encode(organisation))
                database.execute("insert into organisations values (?, ?)", row)
                database.executemany(_INSERT, _rows(world))
    for leftover in ("-wal", "-shm"):
        (state_directory / f"{FILE_NAME}{leftover}").unlink(missing_ok=True)
    os.replace(fresh, state_directory / FILE_NAME)  # noqa: PTH105, one atomic step


def load_worlds(state_directory: Path) -> list[World] | None:
    """The organisations as they were last stored, None where none are."""
    path = state_directory / FILE_NAME
    if not path.exists():
        return None
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("select body from organisations order by rowid").fetchall()
        worlds = {}
        for (body,) in rows:
            organisation = msgspec.msgpack.decode(body, type=Organisation)
            worlds[organisation.tenant_id] = World(organisation=organisation)
        _fill(worlds, database)
    return list(worlds.values())


class StateDatabase:
    """The open state of a running sandbox; each write is one transaction."""

    def __init__(self, state_directory: Path) -> None:
        self._database = sqlite3.connect(state_directory / FILE_NAME, isolation_level=None, check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")

    def write(self, tenant_id: str, changes: Iterable[Change], memory: Iterable[tuple[str, object]] = ()) -> None:
        """Store changes of the books and what must be remembered beside them, all or nothing."""
        self._database.execute("begin immediate")
        for change in changes:
            where = (tenant_id, change.collection, change.key)
            if change.value is None:
                self._database.execute(_DELETE, where)
            else:
                self._database.execute(_UPSERT, (*where, msgspec.msgpack.encode(change.value)))
        for name, value in memory:
            self._database.execute("replace into memory values (?, ?)", (name, msgspec.msgpack.encode(value)))
        self._database.execute("commit")

    def remembered(self, prefix: str) -> list[bytes]:
        """What was last remembered under the names that begin so, as msgpack."""
        rows = self._database.execute("select body from memory where substr(name, 1, ?) = ?", (len(prefix), prefix))
        return [body for (body,) in rows.fetchall()]

    def forget(self, prefix: str) -> None:
        """Remember nothing more under the names that begin so."""
        self._database.execute("delete from memory where substr(name, 1, ?) = ?", (len(prefix), prefix))

    def close(self) -> None:
        """Close the file; what was written is in it."""
        self._database.close()


def opened_state(worlds: list[World], state_directory: Path | None) -> StateDatabase | None:
    """The state to write to, None where there is no directory; organisations that differ from it are stored first."""
    if state_directory is None:
        return None
    if not _is_stored(worlds, state_directory):
        save_worlds(worlds, state_directory)
    return StateDatabase(state_directory)


def _is_stored(worlds: list[World], state_directory: Path) -> bool:
    """Whether the directory holds these organisations, every document alike."""
    path = state_directory / FILE_NAME
    if not path.exists():
        return False
    given = (row for world in worlds for row in _rows(world))
    with closing(sqlite3.connect(path)) as database:
        organisations = [body for (body,) in database.execute("select body from organisations order by rowid")]
        if organisations != [msgspec.msgpack.encode(world.organisation) for world in worlds]:
            return False
        stored = database.execute(f"{_SELECT} order by position")
        return all(row == known for row, known in zip_longest(given, stored))


def _rows(world: World) -> Iterator[tuple[str, str, str, bytes]]:
    encoder = msgspec.msgpack.Encoder()
    for collection in _KINDS:
        for key, value in getattr(world, collection).items():
            yield world.organisation.tenant_id, collection, key, encoder.encode(value)


def _fill(worlds: dict[str, World], database: sqlite3.Connection) -> None:
    decoders = {name: msgspec.msgpack.Decoder(record_type) for name, record_type in _KINDS.items()}
    shared = _Shared()
    for tenant_id, collection, key, body in database.execute(f"{_SELECT} order by position"):
        value = decoders[collection].decode(body)
        if isinstance(value, Document):
            shared.take(value)
        getattr(worlds[tenant_id], collection)[key] = value


class _Shared:
    """Equal texts and numbers of lines as one object each: a million lines then take half the memory.

    Numbers are distinguished as written, so that 5 and 5.00 are stored again as they were.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._numbers: dict[str, Decimal] = {}

    def take(self, document: Document) -> None:
        document.contact_id = self._texts.setdefault(document.contact_id, document.contact_id)
        for line in document.lines:
            line.item_code = self._texts.setdefault(line.item_code, line.item_code)
            line.description = self._texts.setdefault(line.description, line.description)
            line.quantity = self._numbers.setdefault(str(line.quantity), line.quantity)
            line.unit_amount = self._numbers.setdefault(str(line.unit_amount), line.unit_amount)
