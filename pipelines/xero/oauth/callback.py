"""The callback of a sign-in: an address of this machine to which the browser returns, open only while we wait.

What belongs here: listening, and the page that the person sees. What does not: judging the answer
(`authorization.py`). The address holds a code, so nothing is logged, and the page forbids the browser to store it.
Read more in docs/connecting.md.
"""

import errno
import hmac
import logging
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from pipelines.errors import SignInError, UsageError
from pipelines.xero.oauth.authorization import CALLBACK_PATH, CALLBACK_PORT

log = logging.getLogger(__name__)

_ADDRESSES: Final = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))  # localhost is either
_IDLE_SECONDS: Final = 10
_MINUTE: Final = 60
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Connection": "close",
}


@dataclass
class Callback:
    """The open address, waiting for the answer to the sign-in of this `state`."""

    state: str
    ignored: int = 0
    _answers: "queue.Queue[Mapping[str, str]]" = field(default_factory=queue.Queue)

    def wait(self, seconds: float) -> Mapping[str, str]:
        """The answer from the browser, once it comes.

        Raises:
            SignInError: no answer came in time.
        """
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            hint = " Answers to other sign-ins came and were ignored: use the page that it opens."
            raise SignInError(
                f"Nobody allowed access in the browser within {_spoken(seconds)}, so nothing was connected; run "
                f"`stocktrim connect` again.{hint if self.ignored else ''}"
            ) from None

    def receive(self, answer: Mapping[str, str]) -> bool:
        """Accept an answer if it belongs to this sign-in; whether it does.

        Any page can send a browser here, so answers with another state, also errors, are ignored.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), self.state.encode()):
            self.ignored += 1
            log.warning(
                "An answer to another sign-in came and was ignored; still waiting for the answer to this sign-in."
            )
            return False
        self._answers.put(answer)
        return True


@contextmanager
def open_callback(state: str) -> Iterator[Callback]:
    """Listen for the answer to a sign-in, for the length of a block.

    Raises:
        UsageError: another program uses the port.
    """
    callback = Callback(state)
    handler = type("Handler", (_Handler,), {"callback": callback})
    with ExitStack() as stack:
        for family, address in _ADDRESSES:
            server = _server(family, address, handler)
            if server is not None:
                stack.callback(server.server_close)
                threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
                stack.callback(server.shutdown)
        yield callback


def _server(family: int, address: str, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer | None:
    """A server at an address; None if this machine has no such address."""
    server_class = type("Server", (ThreadingHTTPServer,), {"address_family": family, "daemon_threads": True})
    try:
        server: ThreadingHTTPServer = server_class((address, CALLBACK_PORT), handler)
    except OSError as refused:
        if refused.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} and family == socket.AF_INET6:
            return None
        raise UsageError(
            f"Port {CALLBACK_PORT} cannot be used ({refused.strerror}), and Xero answers only there; stop the other "
            f"program (perhaps another `stocktrim connect`), then connect again."
        ) from None
    return server


class _Handler(BaseHTTPRequestHandler):
    """Answers the browser; `callback` is where the answer goes."""

    callback: Callback
    timeout = _IDLE_SECONDS  # browsers open connections before they need them

    def do_GET(self) -> None:
        try:
            parts = urlsplit(self.path)
            answer = dict(parse_qsl(parts.query))
        except ValueError:
            parts, answer = urlsplit(""), {}
        if parts.path != CALLBACK_PATH or not answer.keys() & {"code", "error"}:
            self._reply(404, "There is nothing here", "This address waits for Xero's answer only.")
            return
        if not self.callback.receive(answer):
            self._reply(
                400, "This belongs to another sign-in", "Nothing was connected. Use the page that the terminal names."
            )
        elif "error" in answer:
            self._reply(200, "Access was not allowed", "Nothing was connected. You can close this page.")
        else:
            self._reply(200, "Xero's answer has arrived", "Go on in the terminal. You can close this page.")

    def log_message(self, *_: object) -> None:
        """Log nothing: the address holds the code."""

    def _reply(self, status: int, title: str, sentence: str) -> None:
        body = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f'<body style="font: 1.1rem/1.5 system-ui; max-width: 32rem; margin: 15vh auto; padding: 0 1rem">'
            f"<main><h1>{title}</h1><p>{sentence}</p></main></body></html>"
        ).encode()
        self.send_response_only(status)
        for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _spoken(seconds: float) -> str:
    return f"{seconds / _MINUTE:.0f} minutes" if seconds >= 2 * _MINUTE else f"{seconds:.0f} seconds"
