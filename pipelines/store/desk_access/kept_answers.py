"""Answers to writes that bear a key: a write that is sent again is not done again, in any process, for a day.

    claim -> None: the write is ours to do -> keep its answer, or release the key if nothing was done
          -> what is known of the first: its answer, or that it has none yet

What belongs here: keys, and what was answered to them. What does not: what a key protects (`planner/frame`).
Read more in docs/desk.md.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from pipelines.store import schema
from pipelines.store.engine import Store

KEPT_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Claim:
    """A key of a person, and a digest of the write that it stands for."""

    person: str
    key: str
    request_digest: str


@dataclass(frozen=True)
class KeptAnswer:
    """What is known of a write: since when it is done, and its answer; `status` is None until there is one."""

    request_digest: str
    begun_at: datetime
    status: int | None = None
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


def claim(store: Store, wanted: Claim, *, at: datetime) -> KeptAnswer | None:
    """Take a key for a write that begins now; what is known of the first write if the key is taken.

    Raises:
        StoreBusyError: another process kept the store locked.
    """
    try:
        return _claim(store, wanted, at=at)
    except sa.exc.IntegrityError:  # another process of a Postgres store was first by a moment
        return _claim(store, wanted, at=at)


def keep_answer(store: Store, of: Claim, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
    """Keep the answer to a write."""
    values = {"status": status, "headers": json.dumps(list(headers)), "body": body}
    with store.writing() as connection:
        connection.execute(sa.update(schema.kept_answer).where(_is(of)).values(values))


def release(store: Store, of: Claim) -> None:
    """Give a key back: nothing was done, so the write may be sent again."""
    with store.writing() as connection:
        connection.execute(sa.delete(schema.kept_answer).where(_is(of)))


def _claim(store: Store, wanted: Claim, *, at: datetime) -> KeptAnswer | None:
    table = schema.kept_answer
    with store.writing() as connection:
        connection.execute(sa.delete(table).where(table.c.begun_at < at - KEPT_FOR))
        found = connection.execute(sa.select(table).where(_is(wanted))).one_or_none()
        if found is not None:
            return _answer(found)
        row = {"headers": "[]", "body": b"", "begun_at": at, **vars(wanted)}
        connection.execute(sa.insert(table).values(row))
    return None


def _is(wanted: Claim) -> sa.ColumnElement[bool]:
    table = schema.kept_answer
    return sa.and_(table.c.person == wanted.person, table.c.key == wanted.key)


def _answer(row: sa.Row[Any]) -> KeptAnswer:
    headers = [(str(name), str(value)) for name, value in json.loads(row.headers)]
    return KeptAnswer(row.request_digest, row.begun_at, row.status, headers, bytes(row.body))
