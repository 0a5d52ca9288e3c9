"""The transactional store, opened: SQLite with durable commits, or Postgres, at the schema of this version.

What belongs here: connecting and upgrading. What does not: queries.
Read more in docs/operations.md.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shlex import quote
from threading import Timer
from typing import ClassVar, Final

import sqlalchemy as sa

from pipelines.errors import DataError, DiskFullError, PlannerError, UsageError, is_disk_full
from pipelines.store.connections import create_engine

log = logging.getLogger(__name__)

HEAD: Final = "0014"
BUSY_SECONDS: Final = 30
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK_NOT_AVAILABLE: Final = "55P03"
# of Postgres's states: no connection, no connection left, shut down or starting
_LOST: Final = ("08", "53300", "57P0")


class StoreError(DataError):
    """The store cannot be opened."""


class StoreBusyError(PlannerError):
    """Another process kept a lock for longer than this process waits."""

    is_passing: ClassVar[bool] = True


class StoreLostError(PlannerError):
    """The server of the store cannot be reached, or ended a connection while it was used."""

    is_passing: ClassVar[bool] = True


class Store:
    """The store: `reading` and `writing` give a connection for one transaction, to any number of threads."""

    def __init__(self, engine: sa.Engine, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.engine = engine
        self._busy_seconds = busy_seconds

    @property
    def longest_wait(self) -> str:
        """The longest wait of a change for another process, in words."""
        return f"{self._busy_seconds:.0f} s at most"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with.

        Raises:
            StoreError: the file is damaged.
            StoreLostError: the server does not answer.
            DiskFullError: no space is left.
        """
        with _plain_errors(self.engine.url), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection for one change; on SQLite the only writer from its first moment.

        Raises:
            StoreBusyError: another process is writing, and did not end in time.
            StoreError: the file is damaged.
            StoreLostError: the server does not answer; whether the change was kept is not known.
            DiskFullError: no space is left.
        """
        try:
            with _plain_errors(self.engine.url), self.engine.connect() as connection:
                if self.engine.dialect.name == "sqlite":
                    with waiting_logged(f"another process that writes to the store, {self.longest_wait}"):
                        connection.exec_driver_sql("begin immediate")
                else:
                    connection.exec_driver_sql(f"set local lock_timeout = '{self._busy_seconds:.0f}s'")
                yield connection
                connection.commit()
        except sa.exc.OperationalError as trouble:
            if not _is_lock(trouble):
                raise
            raise StoreBusyError(
                f"Another process has kept the store locked for {self._busy_seconds:.0f} seconds; try again. If it "
                f"happens again, look for a `stocktrim` or Dagster process that hangs."
            ) from None

    def examine(self) -> None:
        """Check the whole of an SQLite file for damage; nothing is checked on a server.

        Raises:
            StoreError: the file is damaged.
            DiskFullError: no space is left.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with self.reading() as connection:
            found = connection.exec_driver_sql("pragma quick_check(1)").scalar()
        if found != "ok":
            raise StoreError(_damaged(self.engine.url))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_store(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Store:
    """The store at a URL, its schema upgraded to that of this version.

    Raises:
        StoreError: the store cannot be reached, a newer version of this project has upgraded it, or it is gone or
            empty while the folders of organisations beside it hold data.
    """
    address = _address(url)
    if (path := _file(address)) is not None:
        if not path.exists() or not path.stat().st_size:
            _refuse_beside_data(path)
        _make_private_file(path)
    engine = create_engine(address, busy_seconds=busy_seconds)
    try:
        with _plain_errors(address):
            _upgrade(engine)
    except PlannerError:
        engine.dispose()
        raise
    except sa.exc.DatabaseError as trouble:
        engine.dispose()
        raise StoreError(
            f"The store {address.render_as_string(hide_password=True)} cannot be opened ({trouble.orig}); "
            f"check STOCKTRIM_DATABASE_URL and STOCKTRIM_HOME."
        ) from None
    return Store(engine, busy_seconds=busy_seconds)


@contextmanager
def waiting_logged(cause: str, *, after_seconds: float = 1) -> Iterator[None]:
    """Log what the block waits for, if it has not ended after a second."""
    timer = Timer(after_seconds, log.info, ["Waiting for %s.", cause])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _plain_errors(url: sa.URL) -> Iterator[None]:
    """Turn a damaged file, a full disk or a server that does not answer into an error for a person."""
    try:
        yield
    except sa.exc.DatabaseError as trouble:
        code = trouble.orig.sqlite_errorcode & 0xFF if isinstance(trouble.orig, sqlite3.Error) else None
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise StoreError(_damaged(url)) from None
        if url.get_backend_name() == "sqlite" and is_disk_full(trouble, at=Path(str(url.database)).parent):
            raise DiskFullError from None
        if url.get_backend_name() == "postgresql" and _is_lost(trouble):
            raise StoreLostError(
                f"The server of the store does not answer, or ended the connection "
                f"({' '.join(str(trouble.orig).split())}). Look whether what you changed is there, then try again."
            ) from None
        raise


def stored_version(url: str) -> str | None:
    """The schema version of the store; None before its first use. Changes nothing."""
    address = _address(url)
    path = _file(address)
    if path is not None and (not path.exists() or not path.stat().st_size):
        return None
    engine = sa.create_engine(address, hide_parameters=True, poolclass=sa.NullPool)
    with _plain_errors(address), engine.connect() as connection:
        return _version(connection)


def _file(address: sa.URL) -> Path | None:
    """The path of an SQLite store; None for a store on a server or in memory."""
    is_file = address.get_backend_name() == "sqlite" and address.database not in {None, "", ":memory:"}
    return Path(str(address.database)) if is_file else None


def _refuse_beside_data(path: Path) -> None:
    """Refuse an empty store beside the data of organisations: what people decided was lost."""
    folders = path.parent / "organisations"
    if next(folders.glob("*/warehouse.duckdb"), None) is None:
        return
    raise StoreError(
        f"{path} is empty or gone, though {folders} holds the data of organisations: what people decided, including "
        f"orders and credentials, is missing. Nothing was created in its place. {_how_to_restore(str(path))} "
        f"To start from nothing instead, move {folders} away."
    )


def _damaged(url: sa.URL) -> str:
    path = str(url.database)
    return f"{path} is damaged or not an SQLite database. It was not changed. {_how_to_restore(path)}"


def _how_to_restore(path: str) -> str:
    file, aside, wal, shm = (quote(f"{path}{ending}") for ending in ("", ".damaged", "-wal", "-shm"))
    return f"Stop all runs, then restore a backup: `mv {file} {aside}; rm -f {wal} {shm}; cp -p BACKUP {file}`."


def _is_lock(trouble: sa.exc.OperationalError) -> bool:
    """Whether the error is a lock that another process holds."""
    if isinstance(trouble.orig, sqlite3.Error):
        return trouble.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(trouble.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _is_lost(trouble: sa.exc.DatabaseError) -> bool:
    """Whether the server could not be reached, has no connection left, or is shutting down."""
    state = getattr(trouble.orig, "sqlstate", None)
    if trouble.connection_invalidated or (state is None and isinstance(trouble, sa.exc.OperationalError)):
        return True
    return state is not None and state.startswith(_LOST)


def _address(url: str) -> sa.URL:
    """The URL in its parts; it may hold a password, so no message shows it."""
    try:
        address = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        address = None
    if address is None or address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UsageError(
            "STOCKTRIM_DATABASE_URL cannot be used: write postgresql+psycopg://user:password@host/database, "
            "or sqlite:////folder/stocktrim.sqlite."
        )
    return address.set(drivername="postgresql+psycopg") if address.drivername == "postgresql" else address


def _make_private_file(path: Path) -> None:
    """Create the file before SQLite does, so that nobody else can read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        found = path.stat()
        if found.st_mode & 0o077 and found.st_uid == os.getuid():
            path.chmod(found.st_mode & 0o700)
    except OSError as refused:
        raise StoreError(
            f"{refused.filename} cannot be written ({refused.strerror}); make it writable for you, or set "
            f"STOCKTRIM_HOME to a folder that is."
        ) from None


def _upgrade(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        version = _version(connection)
    if version == HEAD:
        return
    if version is None and (path := _file(engine.url)) is not None:
        _refuse_beside_data(path)
    if version is not None and version > HEAD:
        raise StoreError(
            f"The store is at schema {version}, made by a newer version of this project (this version knows {HEAD}): "
            f"install that version again; nothing was changed."
        )
    _migrate(engine)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("select version_num from alembic_version")).scalar()


def _migrate(engine: sa.Engine) -> None:
    """Run Alembic, one process at a time."""
    # imported here, since it takes a while and only an upgrade needs it
    from alembic import command  # noqa: PLC0415, see above
    from alembic.config import Config  # noqa: PLC0415, see above

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection:
        with waiting_logged("another process that upgrades the store, until it has ended"):
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("begin immediate")
            else:
                connection.execute(sa.text("select pg_advisory_xact_lock(815)"))
        version = _version(connection)
        if version != HEAD:
            if version is not None and engine.dialect.name == "sqlite":
                _back_up(Path(str(engine.url.database)), version)
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
        connection.commit()


def _back_up(path: Path, version: str) -> None:
    """Copy the store before an upgrade, so that the way back is open; the copy is whole or absent."""
    kept = path.with_name(f"{path.name}.before-upgrade-from-{version}")
    fresh = kept.with_name(f"{kept.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(fresh)) as target:
        source.backup(target)
    fresh.replace(kept)
