"""How connections to the store are made and kept: SQLite's settings, and Postgres's small pool.

What belongs here: connections. What does not: the schema, and transactions (`engine.py`).
On Postgres a connection costs a process of the server and several round trips, so a few are kept for the next call;
each is tried before it is used, since the server may have been restarted. Nothing of a session outlives its
transaction: settings are `set local`, and advisory locks are `pg_advisory_xact_lock`.
Read more in docs/operations.md.
"""

import atexit
import os
import weakref
from functools import cache, partial
from threading import Timer
from time import monotonic
from typing import Any, Final

import sqlalchemy as sa

KEPT_CONNECTIONS: Final = 4
KEPT_SECONDS: Final = 30.0


def create_engine(address: sa.URL, *, busy_seconds: float, kept_seconds: float = KEPT_SECONDS) -> sa.Engine:
    """An engine for a process: on Postgres it keeps connections for a while, on SQLite none."""
    if address.get_backend_name() == "sqlite":
        engine = sa.create_engine(address, hide_parameters=True, poolclass=sa.NullPool)
        sa.event.listen(engine, "connect", partial(_configure_sqlite, busy_seconds=busy_seconds))
        return engine
    engine = sa.create_engine(
        address,
        hide_parameters=True,
        pool_size=KEPT_CONNECTIONS,
        max_overflow=-1,  # a call that is made inside of another never waits for it
        pool_pre_ping=True,
        pool_use_lifo=True,
        # a statement's plan is not kept: a newer version may change the schema, a pooler may stand in between
        connect_args={"prepare_threshold": None},
    )
    sa.event.listen(engine, "do_connect", _connect)
    _Idleness(engine, kept_seconds)
    _POOLED.add(engine)
    return engine


def _connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
    return _connection_class().connect(*arguments, **named)


@cache
def _connection_class() -> Any:
    """A connection that ends once nobody holds it any more, as when a command ends without closing its store."""
    # imported here, since SQLite needs none of it
    import psycopg  # noqa: PLC0415, see above

    class Connection(psycopg.Connection[Any]):
        process = 0

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.process = os.getpid()

        def __del__(self, *_: Any) -> None:
            # a fork has the same socket, and leaves it to the process that made it
            if self.process == os.getpid() and not self.closed:
                self.close()

    return Connection


class _Idleness:
    """Closes what a pool keeps once nobody has used it for a while: many processes share a server's connections."""

    def __init__(self, engine: sa.Engine, kept_seconds: float) -> None:
        self._engine = weakref.ref(engine)
        self._kept_seconds = kept_seconds
        self._used_at = monotonic()
        self._timer: Timer | None = None
        sa.event.listen(engine, "checkin", self._note)
        sa.event.listen(engine, "engine_disposed", self._stop)

    def _note(self, *_: Any) -> None:
        """A connection came back to the pool."""
        self._used_at = monotonic()
        if self._timer is None:
            self._look_in(self._kept_seconds)

    def _look_in(self, seconds: float) -> None:
        self._timer = Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        engine = self._engine()
        if engine is None:
            return
        left = self._used_at + self._kept_seconds - monotonic()
        if left > 0 or _is_in_use(engine.pool):
            self._look_in(max(left, 1))
        else:
            engine.dispose()

    def _stop(self, _: sa.Engine) -> None:
        timer, self._timer = self._timer, None
        # a fork has none of its parent's threads
        if timer is not None and timer.is_alive():
            timer.cancel()


def _is_in_use(pool: sa.Pool) -> bool:
    return isinstance(pool, sa.QueuePool) and pool.checkedout() > 0


def _close_all() -> None:
    """At the end of the process: connections end while all that closing them needs is still there."""
    for engine in list(_POOLED):
        engine.dispose()


def _leave_to_the_parent() -> None:
    """In a fork: connections that there are belong to the process that made them; they are neither used nor closed."""
    for engine in list(_POOLED):
        _OF_PARENTS.append(engine.pool)
        engine.dispose(close=False)


_POOLED: Final["weakref.WeakSet[sa.Engine]"] = weakref.WeakSet()
_OF_PARENTS: Final[list[sa.Pool]] = []
os.register_at_fork(after_in_child=_leave_to_the_parent)
atexit.register(_close_all)


def _configure_sqlite(connection: Any, _: Any, *, busy_seconds: float) -> None:
    connection.isolation_level = None
    busy = f"busy_timeout={busy_seconds * 1000:.0f}"
    for pragma in (busy, "journal_mode=wal", "synchronous=full", "foreign_keys=on"):
        connection.execute(f"pragma {pragma}").close()
