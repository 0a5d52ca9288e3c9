"""A process that has imported everything; Dagster's processes and its runs are forks of it, so that none imports anew.

What belongs here: forking, and the socket at which a run is started, stopped or looked at. What does not: when Dagster
starts a run (`run_launcher.py`), and which parts are served (`stocktrim serve`).
The forks share the memory of what was imported. A fork takes no threads along, so nothing here may start one: no store
and no warehouse is open while this process forks.
Read more in docs/operations.md.
"""

import gc
import importlib
import importlib.metadata
import json
import os
import signal
import socket
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Final, Self

from pipelines.settings import Settings

LINK: Final = "warm_process"
_CODE: Final = Path(__file__).resolve().parents[2]
# what a daily run imports while it works, beside the code location itself
_IMPORTED_BY_RUNS: Final = ("great_expectations", "scipy.stats", "sklearn.ensemble")
_ACCEPT_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 20.0
_STOPPING_SECONDS: Final = 15


class RunState(StrEnum):
    """What the warm process knows of a run."""

    RUNNING = "running"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Fork(ForkProcess):
    """A command in a fork of this process; `poll`, `terminate` and `kill` as of `subprocess.Popen`."""

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self.exitcode


class WarmProcess:
    """Starts commands as forks of this process, and runs at the request of Dagster's launcher."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        """Import everything and listen in the folder, whose path must be short: a socket's has a hundred letters."""
        self._code = code_changed_at()
        _import_everything()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / LINK))
        self._socket.listen()
        self._socket.settimeout(_ACCEPT_SECONDS)
        self._runs: dict[str, Fork] = {}
        self._link = settings.dagster_home / LINK
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(folder / LINK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Interrupt the runs, which then fail."""
        self._link.unlink(missing_ok=True)
        self._socket.close()
        for run in self._runs.values():
            run.terminate()
        for run in self._runs.values():
            run.join(_STOPPING_SECONDS)
            run.kill()

    def start(self, *command: str) -> Fork:
        """A console script of this environment, such as `dagster-daemon run`, in a fork of this process."""
        fork = Fork(target=self._become, args=command, name=command[0])
        fork.start()
        return fork

    def answer(self) -> None:
        """Wait a second for a request of Dagster's launcher and answer it."""
        with suppress(TimeoutError):
            connection, _ = self._socket.accept()
            # a caller that died says nothing more
            with connection, connection.makefile("r") as lines, suppress(OSError, ValueError):
                connection.settimeout(_ANSWER_SECONDS)
                request = json.loads(lines.readline())
                connection.sendall(f"{self._state(**request)}\n".encode())

    def _state(self, action: str, run: str, command: Sequence[str]) -> RunState:
        """Do what is asked for a run; what is known of it then."""
        if action == "start" and code_changed_at() == self._code:
            self._runs[run] = self.start(*command)
        if run not in self._runs:
            return RunState.UNKNOWN
        if self._runs[run].poll() is not None:
            return RunState.ENDED
        if action == "stop":
            self._runs[run].terminate()
        return RunState.RUNNING

    def _become(self, *command: str) -> None:
        """Run the command as if a new interpreter had been started for it."""
        self._socket.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with suppress(OSError):
            Path("/proc/self/comm").write_text(command[0])
        sys.argv = list(command)
        sys.exit(_script(command[0]).load()())


def ask_warm_process(settings: Settings, action: str, run: str, command: Sequence[str] = ()) -> RunState:
    """Start, stop or look at a run in the warm process of this home; unknown if there is none.

    Raises:
        OSError: it took the request and did not answer in time.
        ValueError: it ended before it answered.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_SECONDS)
        try:
            connection.connect(str((settings.dagster_home / LINK).readlink()))
        except OSError:
            return RunState.UNKNOWN
        request = json.dumps({"action": action, "run": run, "command": command})
        connection.sendall(f"{request}\n".encode())
        return RunState(connection.makefile("r").readline().strip())


def code_changed_at() -> int:
    """When the code that a run uses was last changed, or a package installed, in nanoseconds since 1970."""
    return max(path.stat().st_mtime_ns for path in code_files())


def code_files() -> Iterator[Path]:
    """Our modules, dbt's manifest, and the folder of what is installed, which changes with each installation."""
    for package in ("pipelines", "stocktrim_assets"):
        yield from (_CODE / package).rglob("*.py")
    yield _CODE / "dbt_project" / "target" / "manifest.json"
    yield Path(sysconfig.get_path("purelib"))


def _import_everything() -> None:
    """Import what the forks use, and resolve the definitions, so that they share it."""
    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    for module in _IMPORTED_BY_RUNS:
        importlib.import_module(module)
    for name in ("dagster", "dagster-daemon", "dagster-webserver", "stocktrim"):
        _script(name).load()
    from stocktrim_assets.definitions import defs  # noqa: PLC0415, the launcher imports this module without it

    defs.get_repository_def().load_all_definitions()
    # what is here already is never looked through by a fork's collector, which would copy it
    gc.collect()
    gc.freeze()


def _script(name: str) -> importlib.metadata.EntryPoint:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name=name)
    return script
