"""Open the store: SQLite with every commit on the disk, or Postgres, at the schema this version knows.

What belongs here: connecting and upgrading. What does not: queries.
Read more in docs/operations.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from pipelines.errors import DataError, UsageError

HEAD: Final = "0002"
BUSY_SECONDS: Final = 30
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


class StoreError(DataError):
    """The store cannot be opened."""


class Store:
    """The store: `reading` and `writing` give a connection for one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to look things up."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection for one change; on SQLite the only writer from its first moment."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("begin immediate")
            yield connection
            connection.commit()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """The store at a URL, its schema brought up to this version's.

    Raises:
        StoreError: it cannot be reached, or a newer version of this project has upgraded it.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite" and address.database:
        _make_private_file(Path(address.database))
    engine = sa.create_engine(address)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _configure_sqlite)
    try:
        _upgrade(engine)
    except sa.exc.DatabaseError as trouble:
        raise StoreError(
            f"The store {address.render_as_string(hide_password=True)} cannot be opened ({trouble.orig}); "
            f"check STOCKTRIM_DATABASE_URL and STOCKTRIM_HOME."
        ) from None
    return Store(engine)


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
    except OSError as refused:
        raise StoreError(
            f"{refused.filename} cannot be written ({refused.strerror}); make it writable for you, or set "
            f"STOCKTRIM_HOME to a folder that is."
        ) from None


def _configure_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"pragma {pragma}").close()


def _upgrade(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        version = _version(connection)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise StoreError(f"The store was upgraded by a newer version ({version}); install that version again.")
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
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("begin immediate")
        else:
            connection.execute(sa.text("select pg_advisory_xact_lock(815)"))
        if _version(connection) != HEAD:
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
        connection.commit()
