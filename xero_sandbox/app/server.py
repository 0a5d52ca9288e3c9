"""The sandbox on a socket: HTTP in, HTTP out.

What belongs here: reading requests, writing answers, noting both. What does not: what is answered (`sandbox.py`).
Read more in docs/sandbox.md.
"""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from xero_sandbox.app.admin import PREFIX, admin_answer
from xero_sandbox.app.request_log import Entry
from xero_sandbox.app.sandbox import Sandbox
from xero_sandbox.behaviour.faults import Due
from xero_sandbox.core.answers import Answer, Call

_GZIP_LEVEL: Final = 1
_GZIP_MAGIC: Final = b"\x1f\x8b"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """The sandbox as an ASGI application; everything happens on one thread, so nothing needs a lock."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.connections: dict[tuple[str, int], asyncio.Transport] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do to it what a fault says."""
        call = await _read(scope, receive)
        if call.path.startswith(PREFIX):
            answer = admin_answer(call, self._sandbox)
            await self._begin(send, answer, len(answer.body), is_gzip=False)
            await send({"type": "http.response.body", "body": answer.body})
            return
        due = self._sandbox.faults.take(call, scope["query_string"].decode())
        if due.of("drop_before"):
            self._note(scope, call, Answer(0), 0)
            await self._drop(scope, receive)
            return
        async with self._sandbox.answering(call, due) as answer:
            body = self._encoded(call, answer)[: due.cut_at()]
            is_dropped = bool(due.of("drop_after"))
            self._note(scope, call, answer, 0 if is_dropped else len(body))
            if not is_dropped:
                await self._send(scope, send, answer, body, due)
        if is_dropped or due.cut_at() is not None:
            await self._drop(scope, receive)

    async def _drop(self, scope: Scope, receive: Receive) -> None:
        """End the connection; what was sent before still arrives."""
        self.connections[tuple(scope["client"])].close()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _encoded(self, call: Call, answer: Answer) -> bytes:
        """The body as it goes over the wire, compressed if that is switched on and requested."""
        is_asked = "gzip" in call.headers.get("accept-encoding", "")
        if not (self._sandbox.switches.is_gzip_on and is_asked):
            return answer.body
        return gzip.compress(answer.body, _GZIP_LEVEL)

    async def _send(self, scope: Scope, send: Send, answer: Answer, body: bytes, due: Due) -> None:
        """Send head and body, in chunks if they drip; a cut answer ends before its promised length."""
        is_cut = due.cut_at() is not None
        promised = len(answer.body) if is_cut else len(body)
        await self._begin(send, answer, promised, is_gzip=body[:2] == _GZIP_MAGIC)
        for chunk, seconds in due.chunks(body):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(seconds)
            if tuple(scope["client"]) not in self.connections:
                return
        if not is_cut:
            await send({"type": "http.response.body", "body": b""})

    async def _begin(self, send: Send, answer: Answer, size: int, *, is_gzip: bool) -> None:
        headers = {
            "Content-Type": answer.media_type,
            "Content-Length": str(size),
            "Date": format_datetime(self._sandbox.clock.header(), usegmt=True),
            **answer.headers,
        }
        if is_gzip:
            headers["Content-Encoding"] = "gzip"
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})

    def _note(self, scope: Scope, call: Call, answer: Answer, size: int) -> None:
        entry = Entry(
            method=call.method,
            path=call.path,
            query=scope["query_string"].decode(),
            if_modified_since=call.headers.get("if-modified-since"),
            status=answer.status,
            raw_bytes=len(answer.body),
            wire_bytes=size,
            accept_encoding=call.headers.get("accept-encoding"),
            idempotency_key=call.headers.get("idempotency-key"),
            client=call.headers.get("user-agent"),
            at=self._sandbox.clock.now().isoformat(),
        )
        self._sandbox.log.add(entry)


class _Protocol(H11Protocol):
    """HTTP with its connections within a fault's reach."""

    # uvicorn narrows asyncio's type in the same way
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._application.connections[transport.get_extra_info("peername")] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._application.connections.pop(self.transport.get_extra_info("peername"), None)
        super().connection_lost(exc)

    @property
    def _application(self) -> Application:
        return cast("Application", self.config.app)


async def _read(scope: Scope, receive: Receive) -> Call:
    body = b""
    is_more = True
    while is_more:
        message = await receive()
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


def listening_socket(port: int) -> socket.socket:
    """A socket of this machine only that already takes connections; port 0 takes a free one."""
    # the protocol is named since asyncio sets TCP_NODELAY only then; without it every answer waits 40 ms
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
        found.listen(128)
    except OSError:
        found.close()
        raise
    return found


def address(listener: socket.socket) -> str:
    """The address that clients use."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def quiet_config(sandbox: Sandbox) -> uvicorn.Config:
    """A server's settings: it says nothing and keeps no access log."""
    return uvicorn.Config(
        Application(sandbox),
        http=_Protocol,
        proxy_headers=False,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_level="critical",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=2,
    )
