"""Every request the sandbox has had, so that a test can count calls and bytes.

What belongs here: one entry a request, and sums of them. What does not: answering requests.
Read more in docs/sandbox.md.
"""

import threading
from collections import Counter
from typing import Any

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came, and how it was answered."""

    method: str
    path: str
    query: str
    if_modified_since: str | None
    status: int
    raw_bytes: int
    wire_bytes: int
    accept_encoding: str | None
    idempotency_key: str | None
    client: str | None
    at: str


class RequestLog:
    """The requests since the start or the last reset; read and written from several threads."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._guard = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Note a request."""
        with self._guard:
            self._entries.append(entry)

    def reset(self) -> None:
        """Forget all requests."""
        with self._guard:
            self._entries.clear()

    def stats(self) -> dict[str, Any]:
        """Each request in order, and counts by method and path, with bytes in all."""
        with self._guard:
            entries = list(self._entries)
        by_call = Counter(f"{entry.method} {entry.path}" for entry in entries)
        by_status = Counter(str(entry.status) for entry in entries)
        counts = {
            "requests": len(entries),
            "accounting_requests": sum(entry.path.startswith("/api.xro/") for entry in entries),
            "raw_bytes": sum(entry.raw_bytes for entry in entries),
            "wire_bytes": sum(entry.wire_bytes for entry in entries),
            "by_call": dict(by_call),
            "by_status": dict(by_status),
        }
        return {"requests": [msgspec.to_builtins(entry) for entry in entries], "counts": counts}
