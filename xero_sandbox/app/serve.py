"""The sandbox in the foreground, until it is stopped.

What belongs here: running one server on the main thread. What does not: what it answers (`sandbox.py`).
Read more in docs/sandbox.md.
"""

import gc
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from xero_sandbox.app.sandbox import Sandbox
from xero_sandbox.app.server import address, listening_socket, quiet_config
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.core.documents import World
from xero_sandbox.core.state import opened_state


def serve(
    worlds: list[World],
    *,
    port: int,
    client_id: str,
    client_secret: str,
    state_directory: Path | None = None,
    limits: Limits | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve these organisations on this machine until SIGTERM or SIGINT.

    The first organisation is the one that client credentials get. With a state directory, whatever clients write is
    stored there before it is answered.

    Raises:
        OSError: the port is taken.
    """
    listener = listening_socket(port)
    state = opened_state(worlds, state_directory)
    sandbox = Sandbox(worlds, client_id=client_id, client_secret=client_secret, limits=limits or Limits(), state=state)
    server = uvicorn.Server(quiet_config(sandbox))
    gc.freeze()  # a million lines are not looked at again by every full collection

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        if on_ready is not None:
            on_ready(address(listener))
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
        if state is not None:
            state.close()
