"""Dagster's own SQLite files, read and written through connections that stay open.

What belongs here: connections. What does not: what Dagster stores, and where; the files and their tables are Dagster's
own, so a home may go back to Dagster's `sqlite` storage at any time.
Dagster's own storage opens a connection for each of a run's thousand reads and writes, and syncs the disk twice for
each: once for the commit, once for the close. Here SQLite syncs when it moves its log into the file. A power cut may
then lose the last seconds of the history of runs, but leaves no file damaged.
Read more in docs/operations.md.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import dagster as dg
import sqlalchemy as sa
from dagster._config import StringSource
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClass, ConfigurableClassData

_MOST_OPEN: Final = 8


class OpenDatabases:
    """Connections to SQLite files that stay open; of the files used last, since each run has one of its own."""

    def __init__(self) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def begin(self, address: str) -> Iterator[sa.Connection]:
        """A connection in a transaction, which the end of the block commits."""
        with self._engine(address).begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            while self._engines:
                self._engines.popitem()[1].dispose()

    def _engine(self, address: str) -> sa.Engine:
        with self._lock:
            if address not in self._engines:
                engine = sa.create_engine(address, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
                sa.event.listen(engine, "connect", _sync_at_checkpoints)
                self._engines[address] = engine
            self._engines.move_to_end(address)
            if len(self._engines) > _MOST_OPEN:
                self._engines.popitem(last=False)[1].dispose()
            return self._engines[address]


class OpenRunStorage(SqliteRunStorage):
    """Dagster's records of runs."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(conn_string, inst_data)
        self._address, self._open = conn_string, OpenDatabases()

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """A connection in a transaction."""
        with self._open.begin(self._address) as connection:
            yield connection

    def dispose(self) -> None:
        """Close the connections."""
        super().dispose()
        self._open.close()


class OpenEventLogStorage(SqliteEventLogStorage):
    """Dagster's events of runs: a file for each run, and one for what is asked of all."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._open, self._made = OpenDatabases(), set[str]()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def run_connection(self, run_id: str | None = None) -> Iterator[sa.Connection]:
        """A connection to the events of a run, in a transaction."""
        shard = str(run_id)
        if shard not in self._made:
            # Dagster makes the file at the first use
            with super().run_connection(shard):
                self._made.add(shard)
        with self._open.begin(self.conn_string_for_shard(shard)) as connection:
            yield connection

    @contextmanager
    def index_connection(self) -> Iterator[sa.Connection]:
        """A connection to what is asked of all runs, in a transaction."""
        with self.run_connection("index") as connection:
            yield connection

    def dispose(self) -> None:
        """Close the connections, and stop what watches the files."""
        super().dispose()
        self._open.close()


class OpenSqliteStorage(DagsterStorage[dg.DagsterInstance], ConfigurableClass):
    """Dagster's storage in SQLite below a folder; `storage: custom` of dagster.yaml."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        history = Path(base_dir) / "history"
        self._run_storage = OpenRunStorage.from_local(str(history))
        self._event_log_storage = OpenEventLogStorage(str(history / "runs"))
        self._schedule_storage = SqliteScheduleStorage.from_local(str(Path(base_dir) / "schedules"))
        # what it inherits has no types
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """What dagster.yaml says of this storage."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """The folder."""
        return {"base_dir": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """The storage that dagster.yaml asks for."""
        return cls(inst_data=inst_data, **config_value)

    @property
    def run_storage(self) -> OpenRunStorage:
        """The records of runs."""
        return self._run_storage

    @property
    def event_log_storage(self) -> OpenEventLogStorage:
        """The events of runs."""
        return self._event_log_storage

    @property
    def schedule_storage(self) -> SqliteScheduleStorage:
        """The state of schedules and sensors."""
        return self._schedule_storage

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """Tell each storage whose it is."""
        super().register_instance(instance)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            if not storage.has_instance:
                storage.register_instance(instance)


def _sync_at_checkpoints(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
