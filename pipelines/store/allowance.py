"""The calls to each organisation's Xero, counted for all processes, and the pauses that Xero requested.

What belongs here: the rows. What does not: how many calls may run (`pipelines.call_limits`).
Read more in docs/loading.md.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pipelines.call_limits import LONGEST_PAUSE, CountedCall, Pause, is_forgotten, is_plausible, pause_needed
from pipelines.storage.processes import has_ended, this_process
from pipelines.store import schema
from pipelines.store.engine import Store, waiting_logged


@dataclass(frozen=True)
class StoredAllowance:
    """The calls of one organisation."""

    store: Store
    key: str

    def enter(self, now: datetime) -> str | Pause:
        """Count a call: its name, or the pause until it may start."""
        call, table = uuid.uuid4().hex, schema.xero_call
        with self.store.writing() as connection:
            if self.store.engine.dialect.name == "postgresql":
                with waiting_logged(f"another process that counts its call to Xero, {self.store.longest_wait}"):
                    connection.execute(
                        sa.text("select pg_advisory_xact_lock(hashtext(:key))"), {"key": f"calls {self.key}"}
                    )
            pause = _pause(connection, self.key, now)
            if pause is not None and pause.until > now:
                return pause
            pause = pause_needed(_counted(connection, self.key, now), now)
            if pause is not None:
                return pause
            row = {
                "call_id": call, "organisation_key": self.key, "started_at": now, "is_over": False,
                "process": this_process(),
            }  # fmt: skip
            connection.execute(sa.insert(table).values(row))
        return call

    def leave(self, call: str) -> None:
        """Record that a call has ended."""
        table = schema.xero_call
        with self.store.writing() as connection:
            connection.execute(sa.update(table).where(table.c.call_id == call).values(is_over=True))

    def pause(self, pause: Pause) -> None:
        """Record that no call may start before an instant, unless a longer pause is recorded."""
        table = schema.xero_pause
        with self.store.writing() as connection:
            there = _pause(connection, self.key, pause.asked_at)
            if there is None or there.until < pause.until:
                connection.execute(sa.delete(table).where(table.c.organisation_key == self.key))
                connection.execute(sa.insert(table).values(organisation_key=self.key, **vars(pause)))


def _pause(connection: sa.Connection, key: str, now: datetime | None) -> Pause | None:
    """The recorded pause; None if a clock ahead of ours recorded it, or it is longer than any."""
    table = schema.xero_pause
    columns = (table.c.until, table.c.problem, table.c.asked_at)
    row = connection.execute(sa.select(*columns).where(table.c.organisation_key == key)).first()
    if row is None or (now is not None and not _holds(row.until, row.asked_at, now)):
        return None
    return Pause(row.until, row.problem, row.asked_at)


def _holds(until: datetime, asked_at: datetime | None, now: datetime) -> bool:
    return until <= now + LONGEST_PAUSE and (asked_at is None or is_plausible(asked_at, now))


def _counted(connection: sa.Connection, key: str, now: datetime) -> list[CountedCall]:
    """The recorded calls that count; the others are deleted. A call of a process that has ended is over."""
    table, calls, forgotten = schema.xero_call, [], []
    columns = (table.c.call_id, table.c.started_at, table.c.is_over, table.c.process)
    for row in connection.execute(sa.select(*columns).where(table.c.organisation_key == key)):
        ended = None if row.is_over else has_ended(row.process)
        call = CountedCall(row.started_at, is_over=row.is_over or ended is True, is_alive=ended is False)
        if is_forgotten(call, now):
            forgotten.append(row.call_id)
        else:
            calls.append(call)
    if forgotten:
        connection.execute(sa.delete(table).where(table.c.call_id.in_(forgotten)))
    return calls
