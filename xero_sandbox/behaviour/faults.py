"""Faults on demand: what Xero and the wire do on a bad day, planned by a test for chosen requests.

What belongs here: which faults are due for a request, and what each does to an answer.
What does not: carrying them out on a connection (`server.py`).
Read more in docs/sandbox.md.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from xero_sandbox.behaviour.edits import Edit
from xero_sandbox.core.answers import TEXT, Answer, Call
from xero_sandbox.core.books import ReadFault

Kind = Literal[
    "latency",
    "drop_before",
    "drop_after",
    "answer",
    "rate_limit",
    "truncate",
    "rewrite",
    "expire_tokens",
    "edit",
    "stale_read",
    "short_page",
    "repeat_rows",
    "drip",
]


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, eq=False):
    """One fault: for which requests, how often, and what happens.

    It meets requests whose method is `method` (any, if empty) and whose path with query matches the pattern `path`,
    after the first `skip` of them, `times` times (0: until the reset).

    `latency`: the answer comes `seconds` later. `drop_before`, `drop_after`: the connection ends without an answer,
    and the request was not, or was, carried out. `answer`: `status`, `body` and `headers` instead of Xero's, with
    `is_after_commit` once the request was carried out. `rate_limit`: a 429 of `problem` with the headers of such a
    limit; those of a minute and a day say when it ends, in `retry_after` seconds where that is given.
    `truncate`: only the first `keep_bytes` of the body; with `is_cut` the connection ends there, else the answer
    pretends to be whole. `rewrite`: the text `pattern` in the body becomes `replacement`, `count` times (0: always).
    `expire_tokens`: every access token ends before the request. `edit`: once the request was answered, someone else
    makes these `edits`, in the same organisation unless they name another. `stale_read`: a read shows the books as they
    were `seconds` ago, an hour at most. `short_page`: each page has `rows` fewer than asked for, and there are more
    pages. `repeat_rows`: each page but the first begins with the last `rows` of the page before. `drip`: the body comes
    in chunks of `piece_bytes`, with `seconds` between them.
    """

    kind: Kind
    method: str = ""
    path: str = ""
    skip: int = 0
    times: int = 1
    seconds: float = 0.0
    status: int = 500
    body: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    is_after_commit: bool = False
    problem: Literal["minute", "day", "concurrent", "appminute"] = "minute"
    retry_after: int | None = None
    keep_bytes: int = 0
    is_cut: bool = False
    pattern: str = ""
    replacement: str = ""
    count: int = 0
    rows: int = 1
    piece_bytes: int = 1
    edits: list[Edit] = msgspec.field(default_factory=list)


@dataclass(frozen=True)
class Due:
    """The faults of one request."""

    faults: tuple[Fault, ...] = ()

    def of(self, kind: Kind) -> list[Fault]:
        """Those of one kind."""
        return [fault for fault in self.faults if fault.kind == kind]

    @property
    def delay_seconds(self) -> float:
        """How much later the answer comes."""
        return sum(fault.seconds for fault in self.of("latency"))

    def instead(self, *, is_after_commit: bool) -> Answer | None:
        """An answer in place of Xero's, before or after the request was carried out."""
        for fault in self.of("answer"):
            if fault.is_after_commit == is_after_commit:
                return Answer(fault.status, fault.body.encode(), TEXT, fault.headers)
        return None

    def reading(self, now: datetime) -> ReadFault:
        """What happens to a read of the books."""
        stale = [now - timedelta(seconds=fault.seconds) for fault in self.of("stale_read")]
        return ReadFault(
            as_of=min(stale, default=None),
            missing_rows=sum(fault.rows for fault in self.of("short_page")),
            repeated_rows=sum(fault.rows for fault in self.of("repeat_rows")),
        )

    def spoilt(self, answer: Answer) -> Answer:
        """An answer after what happens to its bytes."""
        for fault in self.of("rewrite"):
            body = re.sub(fault.pattern.encode(), fault.replacement.encode(), answer.body, count=fault.count)
            answer = replace(answer, body=body)
        for fault in self.of("truncate"):
            if not fault.is_cut:
                answer = replace(answer, body=answer.body[: fault.keep_bytes])
        return answer

    def chunks(self, body: bytes) -> Iterator[tuple[bytes, float]]:
        """The body as it is sent, with the seconds after each chunk."""
        for fault in self.of("drip"):
            for at in range(0, len(body), fault.piece_bytes):
                yield body[at : at + fault.piece_bytes], fault.seconds
            return
        yield body, 0.0

    def cut_at(self) -> int | None:
        """After how many bytes the connection ends."""
        return next((fault.keep_bytes for fault in self.of("truncate") if fault.is_cut), None)


@dataclass
class Faults:
    """The plan of faults, in the order in which they were asked for."""

    planned: list[Fault] = field(default_factory=list)

    def plan(self, faults: list[Fault]) -> None:
        """Add faults."""
        for fault in faults:
            re.compile(fault.path)
            re.compile(fault.pattern.encode())
        self.planned.extend(faults)

    def reset(self) -> None:
        """No more faults."""
        self.planned.clear()

    def take(self, call: Call, query: str) -> Due:
        """The faults that this request meets; each is one time less to come."""
        address = f"{call.path}?{query}" if query else call.path
        met = [f for f in self.planned if f.method in {"", call.method} and re.search(f.path, address)]
        due = tuple(fault for fault in met if fault.skip == 0)
        for fault in met:
            fault.skip = max(fault.skip - 1, 0)
        for fault in due:
            fault.times -= 1
        self.planned = [fault for fault in self.planned if fault not in due or fault.times != 0]
        return Due(due)
