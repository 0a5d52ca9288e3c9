"""A TCP proxy that behaves badly with some of the connections it takes, and well with the rest."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

DRIP_SECONDS: Final = 0.2


@dataclass
class Chaos:
    """What happens to the connections to come, in order: reset, garbage, truncate, drip or blackhole; then nothing."""

    target: tuple[str, int]
    planned: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    is_over: bool = False
    address: str = ""

    def take(self) -> str:
        if not self.planned:
            return "pass"
        self.done.append(self.planned.pop(0))
        return self.done[-1]


@contextmanager
def chaos_before(url: str) -> Iterator[Chaos]:
    """A proxy in front of a plain http address; each request through it has a connection of its own."""
    host, _, port = url.removeprefix("http://").partition(":")
    chaos = Chaos((host, int(port)))
    listener = socket.create_server(("127.0.0.1", 0))
    chaos.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(target=_serve, args=(listener, chaos), daemon=True)
    thread.start()
    try:
        yield chaos
    finally:
        chaos.is_over = True
        with suppress(OSError):
            socket.create_connection(listener.getsockname()).close()
        thread.join(timeout=5)
        listener.close()


def _serve(listener: socket.socket, chaos: Chaos) -> None:
    while not chaos.is_over:
        client, _ = listener.accept()
        threading.Thread(target=_connection, args=(client, chaos), daemon=True).start()


def _connection(client: socket.socket, chaos: Chaos) -> None:
    with client, suppress(OSError):
        client.settimeout(10)
        request = client.recv(65_536)
        if not request:
            return
        behaviour = chaos.take()
        if behaviour == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif behaviour == "garbage":
            client.sendall(b"\x00\xff\x16\x03 not a word of HTTP\r\n" * 3)
        elif behaviour == "blackhole":
            while not chaos.is_over and client.recv(1) != b"":
                pass
        else:
            _send(client, _answer(request, chaos), behaviour, chaos)


def _answer(request: bytes, chaos: Chaos) -> bytes:
    head, _, rest = request.partition(b"\r\n")
    with socket.create_connection(chaos.target, timeout=10) as server:
        server.sendall(head + b"\r\nConnection: close\r\n" + rest)
        answer = b""
        while part := server.recv(65_536):
            answer += part
    return answer


def _send(client: socket.socket, answer: bytes, behaviour: str, chaos: Chaos) -> None:
    if behaviour == "truncate":
        client.sendall(answer[: len(answer) * 2 // 3])
    elif behaviour == "drip":
        for byte in answer:
            if chaos.is_over:
                return
            client.sendall(bytes([byte]))
            time.sleep(DRIP_SECONDS)
    else:
        client.sendall(answer)
