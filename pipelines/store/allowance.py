"""The calls to each organisation's Xero, counted for all processes, and the pauses that Xero asked for.

What belongs here: the rows. What does not: the rule of how many calls may run (`pipelines.xero.pace`).
Read more in docs/loading.md.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.xero.pace import LONGEST_CALL, Pause, Running, next_free


@dataclass(frozen=True)
class StoredAllowance:
    """The calls of one organisation."""

    store: Store
    key: str

    def enter(self, now: datetime) -> str | Pause:
        """Count a call and give it a name, or say until when there is no place for it."""
        call, table = uuid.uuid4().hex, schema.xero_call
        with self.store.writing() as connection:
            if self.store.engine.dialect.name == "postgresql":
                connection.execute(
                    sa.text("select pg_advisory_xact_lock(hashtext(:key))"), {"key": f"calls {self.key}"}
                )
            pause = _pause(connection, self.key)
            if pause is not None and pause.until > now:
                return pause
            old = table.c.started_at <= now - LONGEST_CALL
            connection.execute(sa.delete(table).where(table.c.organisation_key == self.key, old))
            free_at = next_free(_running(connection, self.key), now)
            if free_at is not None:
                return Pause(free_at, "minute")
            row = {"call_id": call, "organisation_key": self.key, "started_at": now, "is_over": False}
            connection.execute(sa.insert(table).values(row))
        return call

    def leave(self, call: str) -> None:
        """The call has ended."""
        table = schema.xero_call
        with self.store.writing() as connection:
            connection.execute(sa.update(table).where(table.c.call_id == call).values(is_over=True))

    def pause(self, pause: Pause) -> None:
        """No calls before this instant, unless a longer pause is asked for already."""
        table = schema.xero_pause
        with self.store.writing() as connection:
            there = _pause(connection, self.key)
            if there is None or there.until < pause.until:
                connection.execute(sa.delete(table).where(table.c.organisation_key == self.key))
                row = {"organisation_key": self.key, "until": pause.until, "problem": pause.problem}
                connection.execute(sa.insert(table).values(row))


def _pause(connection: sa.Connection, key: str) -> Pause | None:
    table = schema.xero_pause
    row = connection.execute(sa.select(table.c.until, table.c.problem).where(table.c.organisation_key == key)).first()
    return None if row is None else Pause(row.until, row.problem)


def _running(connection: sa.Connection, key: str) -> list[Running]:
    table = schema.xero_call
    rows = connection.execute(sa.select(table.c.started_at, table.c.is_over).where(table.c.organisation_key == key))
    return [Running(row.started_at, row.is_over) for row in rows]
