"""The transport: xero-python's client on connections with a deadline for the whole answer.

What belongs here: making the client, and the deadline. What does not: calls (`client.py`).
A read timeout counts from byte to byte, so a slow answer could last for ever. Here the whole answer, from the first
byte of its head to the last of its body, has one deadline.
Read more in docs/loading.md.
"""

import http.client
import io
import socket
import time
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token


@dataclass(frozen=True)
class Timeouts:
    """The longest seconds of a call: to connect, between two bytes, and for the whole answer."""

    connect: int = 5
    read: int = 60
    total: float = 180.0


def new_api_client(timeouts: Timeouts | None = None) -> ApiClient:
    """xero-python's client, without its retries and its token handling."""
    Configuration.set_default(None)
    client = ApiClient(Configuration())
    client.configuration.oauth2_token = _NoToken()
    manager = client.rest_client.pool_manager
    manager.connection_pool_kw["retries"] = urllib3.Retry(total=False)
    manager.pool_classes_by_scheme = _pool_classes((timeouts or Timeouts()).total)
    client.set_default_header("Accept-Encoding", "gzip")
    return client


class _NoToken(OAuth2Token):  # type: ignore[misc]  # xero-python has no types
    """No token: ours is a default header, since processes share a token that the store keeps."""

    def get_auth_settings(self) -> None:
        return None


def _pool_classes(total_seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    """The connection pools, by scheme, whose answers have a deadline."""

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
            # http.client needs no more of a socket than `makefile`
            super().__init__(_Timed(sock, total_seconds), *arguments, **options)  # type: ignore[arg-type]

    class Plain(HTTPConnection):
        response_class = Response

    class Secure(HTTPSConnection):
        response_class = Response

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _Timed:
    """A socket as http.client reads it: a file that ends at the deadline."""

    def __init__(self, sock: socket.socket, total_seconds: float) -> None:
        self._sock = sock
        self._until = time.monotonic() + total_seconds

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._until, mode))


class _TimedReader(io.RawIOBase):
    """A socket's raw file; each read lasts no longer than the time left until the deadline."""

    def __init__(self, sock: socket.socket, until: float, mode: str) -> None:
        self._sock = sock
        self._file = sock.makefile(mode, buffering=0)  # type: ignore[call-overload]  # the mode is http.client's: rb
        self._until = until
        self._between_bytes = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        usual = self._between_bytes
        self._sock.settimeout(left if usual is None else min(left, usual))
        read: int | None = self._file.readinto(buffer)
        return read

    def close(self) -> None:
        self._file.close()
        super().close()
