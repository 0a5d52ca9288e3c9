"""What the tables of what people changed have in common: rows in the order of the changes, and one writer at a time.

What belongs here: reading such rows, and waiting for others. What does not: what a change means (`setting_changes.py`,
`group_ledger.py`, `exception_decisions.py`, `demand_decisions`).
Read more in docs/operations.md.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import sqlalchemy as sa

from pipelines.store.engine import Store


class ChangeLock(IntEnum):
    """What one process at a time changes; with whose it is, the name of a lock in Postgres."""

    SETTINGS = 816
    GROUPS = 817
    EXCEPTIONS = 818
    SESSIONS = 819
    ROLES = 820
    EVENTS = 822


def change_rows(store: Store, table: sa.Table, key: str, names: Sequence[str]) -> Sequence[sa.Row[Any]]:
    """These columns of every change of an organisation, the oldest first."""
    query = sa.select(*(table.c[name] for name in names)).where(table.c.organisation_key == key)
    with store.reading() as connection:
        return connection.execute(query.order_by(table.c.id)).all()


def last_batch_in(connection: sa.Connection, table: sa.Table, key: str) -> int:
    """The number of the last batch of changes of an organisation, without reading them; 0 if there is none."""
    found = connection.execute(sa.select(sa.func.max(table.c.batch)).where(table.c.organisation_key == key)).scalar()
    return int(found or 0)


def wait_for_others(connection: sa.Connection, lock: ChangeLock, key: str) -> None:
    """Let one process at a time make these changes for an organisation or a person; SQLite has one that writes."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock.value, sa.func.hashtext(key))))
