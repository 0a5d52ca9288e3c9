"""`stocktrim serve`: the desk, the sandbox, Dagster's code server, web server and daemon on this machine.

Read more in docs/operations.md.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import typer

from stocktrim_cli.output import out, say

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from stocktrim_assets.instance.warm_process import WarmProcess

PROJECT: Final = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS: Final = 120
STOPPING_SECONDS: Final = 15
_WORKSPACE: Final = """\
load_from:
  - grpc_server:
      socket: {socket}
      location_name: {location}
"""


class Started(Protocol):
    """A process that we started: `subprocess.Popen`, or a fork of ours."""

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


def serve(
    *,
    sandbox_port: Annotated[int, typer.Option(help="The sandbox's port.")] = 8765,
    dagster_port: Annotated[int, typer.Option(help="The port of Dagster's web pages.")] = 3000,
    desk_port: Annotated[int, typer.Option(help="The port of the buyer's desk.")] = 8500,
    sandbox: Annotated[bool, typer.Option("--sandbox/--no-sandbox", help="Serve the demo organisation too.")] = True,
    desk: Annotated[bool, typer.Option("--desk/--no-desk", help="Serve the buyer's desk too.")] = True,
) -> None:
    """Serve the buyer's desk, the demo organisation's sandbox, Dagster's web pages and its daemon until Ctrl-C.

    The desk's address is printed; it signs you in once.

    Everything listens on this machine only; for others, put a proxy with a login in front.

    Example: `stocktrim serve --dagster-port 3001 --no-sandbox`
    """
    from pipelines.settings import read_settings

    settings = read_settings()
    ports = [dagster_port, *([sandbox_port] if sandbox else [])]
    who = _person_at_the_desk() if desk else ""
    refuse_taken([*ports, *([desk_port] if who else [])])
    if sandbox:
        _point_demo_at(settings, sandbox_port)
    _prepare_dagster(settings)
    stop_at_signals()
    running: dict[str, Started] = {}
    with tempfile.TemporaryDirectory(prefix="stocktrim-", ignore_cleanup_errors=True) as folder:
        try:
            if sandbox:
                running["the sandbox"] = start_sandbox(sandbox_command(settings, port=sandbox_port))
            if who:
                command = _desk_command(who, desk_port, sandbox_port=sandbox_port if sandbox else None)
                running["the desk"] = _start_desk(command, dagster=f"http://127.0.0.1:{dagster_port}")
            sys.exit(_serve_dagster(settings, running, folder=Path(folder), ports=ports))
        except KeyboardInterrupt:
            say("Stopping ...")
        finally:
            for process in reversed(running.values()):
                stop(process)


def sandbox_command(settings: "Settings", *, port: int) -> list[str]:
    """How the demo organisation's sandbox is started, with its state in the home."""
    state = str(settings.sandbox_folder)
    return [sys.executable, "-m", "stocktrim_cli.main", "sandbox", "--port", str(port), "--state", state]


def start_sandbox(command: list[str]) -> subprocess.Popen[bytes]:
    """The sandbox in a process of its own, with its usual client: XERO_CLIENT_ID may be there for the real Xero."""
    from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

    usual = {"XERO_CLIENT_ID": DEFAULT_CLIENT_ID, "XERO_CLIENT_SECRET": DEFAULT_CLIENT_SECRET}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **usual})  # noqa: S603, our own


def _person_at_the_desk() -> str:
    """The name of who signs in by the printed address; empty, which is said, if none is known."""
    from pipelines.errors import UsageError
    from stocktrim_cli.who import person

    try:
        return person("")
    except UsageError as unknown:
        say(f"The desk is not served. {str(unknown).replace('add --by NAME, or set', 'set')}")
        return ""


def _desk_command(who: str, port: int, *, sandbox_port: int | None) -> list[str]:
    command = [sys.executable, "-m", "stocktrim_cli.main", "planner", "--port", str(port), "--no-browser", "--by", who]
    return [*command, "--demo-xero", f"http://127.0.0.1:{sandbox_port}"] if sandbox_port else command


def _start_desk(command: list[str], *, dagster: str) -> subprocess.Popen[bytes]:
    """The desk in a process of its own, which stays small; Ctrl-C reaches it through this one."""
    environment = {**os.environ, "STOCKTRIM_DAGSTER_URL": dagster}
    return subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603, our own


def wait_for_port(port: int, processes: Mapping[str, Started], *, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something answers on the port; `processes`, by name, must keep running until then.

    Raises:
        UsageError: a process ended, or nothing answered for too long.
    """
    _wait_for(f"port {port}", lambda: _is_taken(port), processes, patience_seconds=patience_seconds)


def stop(process: Started) -> None:
    """Stop a process that we started."""
    process.terminate()
    deadline = time.monotonic() + STOPPING_SECONDS
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.02)


def free_port(wanted: int) -> int:
    """The wanted port, or a free one if it is taken."""
    if not _is_taken(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _prepare_dagster(settings: "Settings") -> None:
    """Make the home of Dagster's instance, and say what its own configuration lacks."""
    from stocktrim_assets.home import CONFIGURATION, dagster_instance
    from stocktrim_assets.instance.run_launcher import WarmRunLauncher

    with dagster_instance(settings) as instance:
        if not isinstance(instance.run_launcher, WarmRunLauncher):
            say(
                f"{settings.dagster_home / CONFIGURATION.name} lacks our run_launcher, so runs start slowly and dead "
                f"runs are found late: take it over from {CONFIGURATION}."
            )


def _serve_dagster(settings: "Settings", running: dict[str, Started], *, folder: Path, ports: list[int]) -> int:
    """Start Dagster's processes as forks of this one, then watch all that run; the exit code once one has ended."""
    from stocktrim_assets.instance.terminal_runs import CODE_LOCATION
    from stocktrim_assets.instance.warm_process import WarmProcess

    os.chdir(PROJECT)
    code_server, workspace = folder / "code_server", folder / "workspace.yaml"
    workspace.write_text(_WORKSPACE.format(socket=code_server, location=CODE_LOCATION))
    module = ("-m", "stocktrim_assets.definitions", "--location-name", CODE_LOCATION)
    with WarmProcess(settings, folder) as warm:
        running["Dagster's code server"] = warm.start("dagster", "api", "grpc", "--socket", str(code_server), *module)
        _wait_for("the code server's socket", code_server.exists, running, patience_seconds=PATIENCE_SECONDS)
        web = ("dagster-webserver", "-h", "127.0.0.1", "-p", str(ports[0]), "-w", str(workspace))
        running["Dagster's web pages"] = warm.start(*web)
        for port in ports:
            wait_for_port(port, running)
        running["Dagster's daemon"] = warm.start("dagster-daemon", "run", "-w", str(workspace))
        out.print(f"Dagster: http://127.0.0.1:{ports[0]}   (Ctrl-C stops everything)", markup=False)
        return _watch(running, warm)


def _wait_for(
    what: str, is_there: Callable[[], bool], processes: Mapping[str, Started], *, patience_seconds: float
) -> None:
    from pipelines.errors import UsageError

    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        if is_there():
            return
        for name, process in processes.items():
            if (code := process.poll()) is not None:
                raise UsageError(
                    f"{name[0].upper()}{name[1:]} ended with {code} before it answered; see what was printed above."
                )
        time.sleep(0.1)
    raise UsageError(f"Nothing answers on {what}; see what was printed above.")


def stop_at_signals() -> None:
    """Stop at Ctrl-C and at SIGTERM, even if a background shell made its children ignore Ctrl-C.

    Processes started here inherit it: Dagster cancels a run by the signal that such a shell ignores.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _watch(running: Mapping[str, Started], warm: "WarmProcess") -> int:
    """Start runs until a process ends, which none should; return the exit code."""
    while True:
        for name, process in running.items():
            if (code := process.poll()) is not None:
                say(f"{name} ended with {code}; stopping the rest.")
                return 1
        warm.answer()


def refuse_taken(ports: list[int]) -> None:
    """Refuse to start if something else listens on a port.

    Raises:
        UsageError: a port is taken.
    """
    from pipelines.errors import UsageError

    for port in ports:
        if _is_taken(port):
            raise UsageError(f"Port {port} is taken; stop what listens there, or choose another port (see --help).")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _point_demo_at(settings: "Settings", port: int) -> None:
    """Point the demo organisation, if it is connected, at the sandbox on this port."""
    from pipelines.organisations.open_organisation import repoint_demo

    repoint_demo(settings, address=f"http://127.0.0.1:{port}")
