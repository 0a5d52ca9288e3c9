"""What all tests have: two stores (PostgreSQL lives as long as the session), the judge of every sandbox, an order."""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from pipelines.store.engine import Store, open_store
from tests.running import (
    MEASURED,
    begin_with_the_longest,
    is_left_unread,
    leave_out,
    mark_fast,
    tell_what_was_measured,
)
from tests.xero_sandbox.judging import contract, judged_sandboxes

__all__ = ["contract", "judged_sandboxes"]  # fixtures

POSTGRES_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
_NUMBERS = itertools.count(1)
# Nobody can be asked in a test who decides.
os.environ.setdefault("STOCKTRIM_USER", "a buyer")
# A machine that does other work is slow, and that is no fault of the code under test.
hypothesis.settings.register_profile("stocktrim", deadline=None)
hypothesis.settings.load_profile("stocktrim")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if is_left_unread(collection_path, config) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_fast(items)
    begin_with_the_longest(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tell_what_was_measured(terminalreporter)


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Tell in a sentence, at the end of the run, what a test measured."""
    return lambda sentence: record_property(MEASURED, sentence)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server without databases of ours, such as `127.0.0.1:54321`."""
    programs = shutil.which("pg_ctl") or POSTGRES_PROGRAMS / "pg_ctl"
    if not Path(programs).exists():
        leave_out("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="stocktrim-postgres-", dir="/tmp"))  # a socket's name must be short
    user = _unprivileged(folder)
    initdb, pg_ctl = (str(Path(programs).with_name(name)) for name in ("initdb", "pg_ctl"))
    data, port = str(folder / "data"), _free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    make = [initdb, "-D", data, "-U", "stocktrim", "-A", "trust", "--no-sync", "--locale=C.UTF-8"]
    _run([*user, *make], folder)
    _run([*user, pg_ctl, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start"], folder)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        _run([*user, pg_ctl, "-D", data, "-m", "immediate", "stop"], folder)
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stocktrim.sqlite'}"
    server, name = request.getfixturevalue("postgres_server"), f"store_{next(_NUMBERS)}"
    with psycopg.connect(f"postgresql://stocktrim@{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return f"postgresql+psycopg://stocktrim@{server}/{name}"


@pytest.fixture
def opened(store_url: str) -> Iterator[Callable[..., Store]]:
    """Open the store, with options, as often as wanted."""
    stores: list[Store] = []

    def open_it(**options: float) -> Store:
        stores.append(open_store(store_url, **options))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[..., Store]) -> Store:
    """A store at the present schema, of either kind."""
    return opened()


def _unprivileged(folder: Path) -> list[str]:
    """What stands before a command, since PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)  # noqa: S603, our own
    assert done.returncode == 0, f"{done.stderr}\n{(folder / 'log').read_text() if (folder / 'log').exists() else ''}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
