"""Sessions that were ended before their time: one of them, or all of a person at once.

What belongs here: what was ended when, for every process of a desk. What does not: cookies (`planner/security`).
Read more in docs/desk.md.
"""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.setting_ledger.change_rows import ChangeLock, wait_for_others

LONGEST_SESSION: Final = timedelta(days=7)


def end_sessions(store: Store, subject: str, *, at: datetime) -> None:
    """End a session, or all of a person that have begun by now; what no session can be as old as is forgotten."""
    table = schema.ended_session
    with store.writing() as connection:
        wait_for_others(connection, ChangeLock.SESSIONS, subject)
        forgotten = table.c.ended_at < at - LONGEST_SESSION - timedelta(days=1)
        connection.execute(sa.delete(table).where(sa.or_(table.c.subject == subject, forgotten)))
        connection.execute(sa.insert(table).values(subject=subject, ended_at=at))


def spend_once(store: Store, subject: str, *, at: datetime) -> bool:
    """Whether something that is good once was not used before; now it is."""
    table = schema.ended_session
    with store.writing() as connection:
        wait_for_others(connection, ChangeLock.SESSIONS, subject)
        if connection.execute(sa.select(table.c.subject).where(table.c.subject == subject)).first():
            return False
        connection.execute(sa.insert(table).values(subject=subject, ended_at=at))
    return True


def ends(store: Store) -> dict[str, datetime]:
    """What was ended before its time, and when."""
    with store.reading() as connection:
        rows = connection.execute(sa.select(schema.ended_session))
        return {row.subject: row.ended_at for row in rows}
