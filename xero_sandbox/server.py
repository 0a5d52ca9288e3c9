"""The sandbox on a socket: HTTP in, HTTP out.

What belongs here: reading requests, writing answers, noting both. What does not: what is answered (`sandbox.py`).
Read more in docs/sandbox.md.
"""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from xero_sandbox.admin import PREFIX, admin_answer
from xero_sandbox.answers import Answer, Call
from xero_sandbox.request_log import Entry
from xero_sandbox.sandbox import Sandbox

_GZIP_LEVEL: Final = 1

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
            await self._send(send, admin_answer(call, self._sandbox))
            return
        due = self._sandbox.faults.take(call, scope["query_string"].decode())
        if due.of("drop_before"):
            self._note(scope, call, Answer(0), 0)
            await self._drop(scope, receive)
            return
        async with self._sandbox.answering(call, due) as answer:
            if due.of("drop_after"):
                self._note(scope, call, answer, 0)
                await self._drop(scope, receive)
                return
            size = await self._send(send, answer, is_zipped=self._is_zipped(call), cut_at=due.cut_at())
            self._note(scope, call, answer, size)
        if due.cut_at() is not None:
            await self._drop(scope, receive)

    async def _drop(self, scope: Scope, receive: Receive) -> None:
        """End the connection; what was sent before still arrives."""
        self.connections[tuple(scope["client"])].close()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _is_zipped(self, call: Call) -> bool:
        return self._sandbox.switches.is_gzip_on and "gzip" in call.headers.get("accept-encoding", "")

    async def _send(self, send: Send, answer: Answer, *, is_zipped: bool = False, cut_at: int | None = None) -> int:
        body = gzip.compress(answer.body, _GZIP_LEVEL) if is_zipped else answer.body
        headers = {
            "Content-Type": answer.media_type,
            "Content-Length": str(len(body)),
            "Date": format_datetime(self._sandbox.clock.header(), usegmt=True),
            **answer.headers,
        }
        if is_zipped:
            headers["Content-Encoding"] = "gzip"
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": body[:cut_at], "more_body": cut_at is not None})
        return len(body[:cut_at])

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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._application.connections[transport.get_extra_info("peername")] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._application.connections.pop(self.transport.get_extra_info("peername"), None)
        super().connection_lost(exc)

    @property
    def _application(self) -> Application:
        application: Application = self.config.app  # type: ignore[assignment]
        return application


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
    found.bind(("127.0.0.1", port))
    found.listen(128)
    return found


def address(listener: socket.socket) -> str:
    """The address that clients use."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def new_server(sandbox: Sandbox) -> uvicorn.Server:
    """A server that says nothing and keeps no access log."""
    config = uvicorn.Config(
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
    return uvicorn.Server(config)
