"""The sandbox for a test: on a thread, on a free port, gone at the end of the block.

What belongs here: starting, stopping and looking inside. What does not: what is in the organisations.
Read more in docs/sandbox.md.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from xero_sandbox.app.admin import PREFIX
from xero_sandbox.app.sandbox import Judge, Sandbox
from xero_sandbox.app.server import address, listening_socket, quiet_config
from xero_sandbox.behaviour.edits import Edit
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.core.answers import Answer, Call
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.documents import World
from xero_sandbox.core.state import opened_state
from xero_sandbox.core.switches import Switches
from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers at `url`."""

    url: str
    sandbox: Sandbox

    @property
    def client_id(self) -> str:
        """The one app's id."""
        return self.sandbox.client_id

    @property
    def client_secret(self) -> str:
        """The one app's secret."""
        return self.sandbox.client_secret

    @property
    def clock(self) -> Clock:
        """The sandbox's time, to be moved at will."""
        return self.sandbox.clock

    @property
    def worlds(self) -> list[World]:
        """What the organisations hold, as it changes."""
        return self.sandbox.worlds

    def edit(self, *edits: Edit) -> list[dict[str, Any]]:
        """Let someone edit in Xero's own pages: a `status` and a `body` for each edit, a refused one included."""
        answer: list[dict[str, Any]] = self._ask("POST", "edits", list(edits))
        return answer

    def books(self, tenant_id: str = "") -> dict[str, list[dict[str, Any]]]:
        """All that an organisation holds, as Xero's records by list (`Items`, `Invoices` ...)."""
        answer: dict[str, list[dict[str, Any]]] = self._ask("GET", f"books?organisation={tenant_id}")
        return answer

    def unjudged(self) -> None:
        """From now on nobody looks at answers; for tests whose books hold what Xero's own document does not know."""
        self.sandbox.judge = None

    def fault(self, *faults: Fault) -> None:
        """Plan faults."""
        self._ask("POST", "faults", list(faults))

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask over HTTP, so that everything happens on the sandbox's own thread."""
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        try:
            connection.request(method, f"{PREFIX}{path}", None if body is None else msgspec.json.encode(body))
            answer = connection.getresponse()
            body_read = answer.read()
        finally:
            connection.close()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise ValueError(body_read.decode())
        return msgspec.json.decode(body_read) if body_read else None

    def stats(self) -> dict[str, Any]:
        """Every request so far, as `/_admin/stats` lists it."""
        return self.sandbox.log.stats()


class Judging:
    """Who looks at every answer of every sandbox that a test starts, unless the test names another; nobody at first."""

    usual: Judge | None = None


@contextmanager
def running_sandbox(
    worlds: list[World],
    *,
    client_id: str = DEFAULT_CLIENT_ID,
    client_secret: str = DEFAULT_CLIENT_SECRET,
    clock: Clock | None = None,
    limits: Limits | None = None,
    switches: Switches | None = None,
    state_directory: Path | None = None,
) -> Iterator[RunningSandbox]:
    """A sandbox of these organisations for the length of a block.

    Raises:
        AssertionError: at the end of the block, what the usual judge first found wrong with an answer.
    """
    verdicts = _Verdicts(Judging.usual)
    sandbox = Sandbox(
        worlds,
        client_id=client_id,
        client_secret=client_secret,
        clock=clock or Clock(),
        limits=limits or Limits(),
        switches=switches or Switches(),
        state=opened_state(worlds, state_directory),
        judge=verdicts,
    )
    listener = listening_socket(0)
    server = _Server(quiet_config(sandbox))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield RunningSandbox(address(listener), sandbox)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        if sandbox.state is not None:
            sandbox.state.close()
    verdicts.raise_first()


class _Verdicts:
    """A judge whose objections wait until the test's own thread asks for them."""

    def __init__(self, judge: Judge | None) -> None:
        self._judge = judge
        self._objections: list[Exception] = []

    def __call__(self, call: Call, answer: Answer) -> None:
        if self._judge is not None:
            try:
                self._judge(call, answer)
            except Exception as objection:  # noqa: BLE001, raised later
                self._objections.append(objection)

    def raise_first(self) -> None:
        if self._objections:
            message = f"{self._objections[0]} (call `unjudged` where the books are strange on purpose)"
            raise AssertionError(message) from self._objections[0]


class _Server(uvicorn.Server):
    """A server that stops at once, since a test has no client left to wait for."""

    async def main_loop(self) -> None:
        while not self.should_exit:  # noqa: ASYNC110, another thread says so by this flag
            await asyncio.sleep(0.005)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("The sandbox did not start.")
        time.sleep(0.005)
