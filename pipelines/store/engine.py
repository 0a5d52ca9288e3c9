"""Open the transactional store: SQLite with every commit on the disk, or Postgres, at the schema this version knows.

What belongs here: connecting and upgrading. What does not: queries.
Read more in docs/operations.md.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from shlex import quote
from threading import Timer
from typing import Any, ClassVar, Final

import sqlalchemy as sa

from pipelines.errors import DataError, DiskFullError, PlannerError, UsageError, is_disk_full

log = logging.getLogger(__name__)

HEAD: Final = "0006"
BUSY_SECONDS: Final = 30
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK_NOT_AVAILABLE: Final = "55P03"


class StoreError(DataError):
    """The store cannot be opened."""


class StoreBusyError(PlannerError):
    """Another process kept a lock for longer than this one would wait."""

    is_passing: ClassVar[bool] = True


class Store:
    """The store: `reading` and `writing` give a connection for one transaction."""

    def __init__(self, engine: sa.Engine, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.engine = engine
        self._busy_seconds = busy_seconds

    @property
    def longest_wait(self) -> str:
        """How long a change waits for another process at the most, in words."""
        return f"{self._busy_seconds:.0f} s at most"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to look things up.

        Raises:
            StoreError: its file is damaged.
            DiskFullError: no space is left for it.
        """
        with _told_plainly(self.engine.url), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection for one change; on SQLite the only writer from its first moment.

        Raises:
            StoreBusyError: another process is writing, and did not end in time.
            StoreError: its file is damaged.
            DiskFullError: no space is left for it.
        """
        try:
            with _told_plainly(self.engine.url), self.engine.connect() as connection:
                if self.engine.dialect.name == "sqlite":
                    with said_if_long(f"another process that writes to the store, {self.longest_wait}"):
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
                f"stays so, look for a `stocktrim` or Dagster process that hangs."
            ) from None

    def examine(self) -> None:
        """Look through all of a file for damage; a server looks after itself.

        Raises:
            StoreError: its file is damaged.
            DiskFullError: no space is left for it.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with self.reading() as connection:
            found = connection.exec_driver_sql("pragma quick_check(1)").scalar()
        if found != "ok":
            raise StoreError(_damaged(self.engine.url))

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_store(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Store:
    """The store at a URL, its schema brought up to this version's.

    Raises:
        StoreError: it cannot be reached, a newer version of this project has upgraded it, or it is gone or empty while
            the folders of organisations beside it hold data.
    """
    address = _address(url)
    if (path := _file(address)) is not None:
        if not path.exists() or not path.stat().st_size:
            _refuse_beside_data(path)
        _make_private_file(path)
    # A connection lives as long as its transaction: runs come and go, and idle ones would hold Postgres's few places.
    engine = sa.create_engine(address, hide_parameters=True, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", partial(_configure_sqlite, busy_seconds=busy_seconds))
    try:
        with _told_plainly(address):
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
def said_if_long(what: str, *, after_seconds: float = 1) -> Iterator[None]:
    """Say that we wait, and for what, where the block has not ended after a second."""
    timer = Timer(after_seconds, log.info, ["Waiting for %s.", what])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _told_plainly(url: sa.URL) -> Iterator[None]:
    """What befell an SQLite file, in a sentence."""
    try:
        yield
    except sa.exc.DatabaseError as trouble:
        code = trouble.orig.sqlite_errorcode & 0xFF if isinstance(trouble.orig, sqlite3.Error) else None
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise StoreError(_damaged(url)) from None
        if url.get_backend_name() == "sqlite" and is_disk_full(trouble, at=Path(str(url.database)).parent):
            raise DiskFullError from None
        raise


def stored_version(url: str) -> str | None:
    """The schema that the store is at, None before its first use; nothing is changed."""
    address = _address(url)
    path = _file(address)
    if path is not None and (not path.exists() or not path.stat().st_size):
        return None
    engine = sa.create_engine(address, hide_parameters=True, poolclass=sa.NullPool)
    with _told_plainly(address), engine.connect() as connection:
        return _version(connection)


def _file(address: sa.URL) -> Path | None:
    """Where an SQLite store lies; None for one on a server or in memory."""
    is_file = address.get_backend_name() == "sqlite" and address.database not in {None, "", ":memory:"}
    return Path(str(address.database)) if is_file else None


def _refuse_beside_data(path: Path) -> None:
    """A store of nothing is a new one only where there was nothing: elsewhere what people decided was lost."""
    folders = path.parent / "organisations"
    if next(folders.glob("*/warehouse.duckdb"), None) is None:
        return
    raise StoreError(
        f"{path} is empty or gone, though {folders} holds the data of organisations: what people decided here, orders "
        f"and credentials among it, is missing, and nothing was made in its place. {_how_to_restore(str(path))} "
        f"To begin anew instead, move {folders} away."
    )


def _damaged(url: sa.URL) -> str:
    path = str(url.database)
    return f"{path} is damaged or no SQLite database, and was left as it is. {_how_to_restore(path)}"


def _how_to_restore(path: str) -> str:
    file, aside, wal, shm = (quote(f"{path}{ending}") for ending in ("", ".damaged", "-wal", "-shm"))
    return f"Stop whatever runs, then restore a backup: `mv {file} {aside}; rm -f {wal} {shm}; cp -p BACKUP {file}`."


def _is_lock(trouble: sa.exc.OperationalError) -> bool:
    """Whether a lock of another process was in the way."""
    if isinstance(trouble.orig, sqlite3.Error):
        return trouble.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(trouble.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _address(url: str) -> sa.URL:
    """The URL taken apart; it may hold a password, so it is never told."""
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
    """Make the file before SQLite does, so that nobody else can read it."""
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


def _configure_sqlite(connection: Any, _: Any, *, busy_seconds: float) -> None:
    connection.isolation_level = None
    busy = f"busy_timeout={busy_seconds * 1000:.0f}"
    for pragma in (busy, "journal_mode=wal", "synchronous=full", "foreign_keys=on"):
        connection.execute(f"pragma {pragma}").close()


def _upgrade(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        version = _version(connection)
    if version == HEAD:
        return
    if version is None and (path := _file(engine.url)) is not None:
        _refuse_beside_data(path)
    if version is not None and version > HEAD:
        raise StoreError(
            f"The store is at schema {version}, made by a newer version of this project (this one knows {HEAD}): "
            f"install that version again; nothing was changed."
        )
    _migrate(engine)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("select version_num from alembic_version")).scalar()


def _migrate(engine: sa.Engine) -> None:
    """Run Alembic, one process at a time; importing it takes a while, so only an upgrade pays for it."""
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection:
        with said_if_long("another process that upgrades the store, until it has ended"):
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
    """Keep the store as it was before an upgrade beside it, for the way back; it is whole or it is not there."""
    kept = path.with_name(f"{path.name}.before-upgrade-from-{version}")
    fresh = kept.with_name(f"{kept.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(fresh)) as target:
        source.backup(target)
    fresh.replace(kept)
