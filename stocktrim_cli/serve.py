"""`stocktrim serve`: the sandbox, Dagster's web server and its daemon on this machine, until stopped.

Read more in docs/operations.md.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stocktrim_cli.output import out, say

if TYPE_CHECKING:
    import dagster as dg

    from pipelines.settings import Settings

WORKSPACE: Final = Path(__file__).resolve().parents[1] / "workspace.yaml"
PATIENCE_SECONDS: Final = 120
STOPPING_SECONDS: Final = 15
LOOK_SECONDS: Final = 60


def serve(
    *,
    sandbox_port: Annotated[int, typer.Option(help="The sandbox's port.")] = 8765,
    dagster_port: Annotated[int, typer.Option(help="The port of Dagster's web pages.")] = 3000,
    sandbox: Annotated[bool, typer.Option("--sandbox/--no-sandbox", help="Serve the demo organisation too.")] = True,
) -> None:
    """Serve the demo organisation's sandbox, Dagster's web pages and its daemon until Ctrl-C.

    Everything listens on this machine only; for others, put a proxy with a login in front.

    Example: `stocktrim serve --dagster-port 3001 --no-sandbox`
    """
    from pipelines.settings import read_settings
    from stocktrim_assets.home import dagster_instance

    settings = read_settings()
    ports = [dagster_port, *([sandbox_port] if sandbox else [])]
    _refuse_taken(ports)
    if sandbox:
        _point_demo_at(settings, sandbox_port)
    command = sandbox_command(settings, port=sandbox_port) if sandbox else None
    with dagster_instance(settings) as instance:
        look = _look_for_dead_runs(instance, settings)
        sys.exit(_run_until_stopped(command, ports=ports, dagster_port=dagster_port, look=look))


def sandbox_command(settings: "Settings", *, port: int) -> list[str]:
    """How the demo organisation's sandbox is started, with its state in the home."""
    state = str(settings.sandbox_folder)
    return [sys.executable, "-m", "stocktrim_cli.main", "sandbox", "--port", str(port), "--state", state]


def start_sandbox(command: list[str]) -> subprocess.Popen[bytes]:
    """The sandbox in a process of its own, with its usual client: XERO_CLIENT_ID may be there for the real Xero."""
    from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

    usual = {"XERO_CLIENT_ID": DEFAULT_CLIENT_ID, "XERO_CLIENT_SECRET": DEFAULT_CLIENT_SECRET}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **usual})  # noqa: S603, our own


def wait_for_port(
    port: int, processes: Mapping[str, subprocess.Popen[bytes]], *, patience_seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until something answers on the port; `processes`, by name, must keep running until then.

    Raises:
        UsageError: a process ended, or nothing answered for too long.
    """
    from pipelines.errors import UsageError

    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        if _is_taken(port):
            return
        for name, process in processes.items():
            if process.poll() is not None:
                raise UsageError(
                    f"{name[0].upper()}{name[1:]} ended with {process.returncode} before it answered; see what was "
                    f"printed above."
                )
        time.sleep(0.1)
    raise UsageError(f"Nothing answers on port {port}; see what was printed above.")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process that we started."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port(wanted: int) -> int:
    """The wanted port, or a free one if it is taken."""
    if not _is_taken(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _dagster_commands(port: int) -> dict[str, list[str]]:
    workspace = ["-w", str(WORKSPACE)]
    web = [sys.executable, "-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(port), *workspace]
    daemon = [str(Path(sys.executable).with_name("dagster-daemon")), "run", *workspace]
    return {"Dagster's web pages": web, "Dagster's daemon": daemon}


def _look_for_dead_runs(instance: "dg.DagsterInstance", settings: "Settings") -> Iterator[None]:
    """Once a minute, mark runs whose process has died as failed in Dagster; a step waits in between."""
    from stocktrim_assets.dead_runs import fail_dead_runs

    suspects: set[str] = set()
    while True:
        began = time.monotonic()
        suspects = fail_dead_runs(instance, settings, suspects=suspects)
        while time.monotonic() - began < LOOK_SECONDS:
            yield


def _run_until_stopped(sandbox: list[str] | None, *, ports: list[int], dagster_port: int, look: Iterator[None]) -> int:
    _stop_at_signals()
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        if sandbox is not None:
            running["the sandbox"] = start_sandbox(sandbox)
        for name, command in _dagster_commands(dagster_port).items():
            running[name] = subprocess.Popen(command, env=environment, cwd=WORKSPACE.parent)  # noqa: S603, our own
        for port in ports:
            wait_for_port(port, running)
        out.print(f"Dagster: http://127.0.0.1:{dagster_port}   (Ctrl-C stops everything)", markup=False)
        return _watch(running, look)
    except KeyboardInterrupt:
        say("Stopping ...")
        return 0
    finally:
        for process in reversed(running.values()):
            stop(process)


def _stop_at_signals() -> None:
    """Stop at Ctrl-C and at SIGTERM, even if a background shell made its children ignore Ctrl-C.

    Processes started here inherit it: Dagster cancels a run by the signal that such a shell ignores.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _watch(running: dict[str, subprocess.Popen[bytes]], look: Iterator[None]) -> int:
    """Wait until a process ends, which none should; return the exit code."""
    while True:
        for name, process in running.items():
            if process.poll() is not None:
                say(f"{name} ended with {process.returncode}; stopping the rest.")
                return 1
        next(look)
        time.sleep(1)


def _refuse_taken(ports: list[int]) -> None:
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
