"""How many calls Xero allows an organisation, and when the next may leave: 5 at once and 60 a minute, less a margin.

What belongs here: the limits, a call as it is counted, and the rule of when the next may leave, pure.
What does not: where the calls of all processes are counted (`pipelines.store.allowance`), and waiting
(`pipelines.xero.rate_limit`).
Read more in docs/loading.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

CALLS_AT_ONCE: Final = 4
CALLS_PER_MINUTE: Final = 55
MINUTE: Final = timedelta(seconds=60)
LONGEST_CALL: Final = timedelta(minutes=5)
"""A call that is noted as running for longer than this is over, wherever its process is and whatever became of it."""
LONGEST_PAUSE: Final = timedelta(hours=24)
"""Xero's longest allowance is a day's: no pause is longer."""
AHEAD: Final = timedelta(seconds=5)
"""So far may the clocks of two machines differ; what is noted later than this was noted by a clock that was wrong."""
POLL: Final = timedelta(seconds=0.1)


@dataclass(frozen=True)
class Pause:
    """No calls before an instant; `problem` is the limit that was met: minute, day, concurrent, ...

    `asked_at`: when Xero asked for it, by our clock.
    """

    until: datetime
    problem: str
    asked_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Running:
    """A call as it is counted: when it left, whether it is over, and whether its process is known to live."""

    started_at: datetime
    is_over: bool
    is_alive: bool = False


def is_noted_rightly(noted_at: datetime, now: datetime) -> bool:
    """Whether an instant was noted by a clock that agrees with ours: nothing has happened later than now."""
    return noted_at <= now + AHEAD


def next_free(calls: Sequence[Running], now: datetime) -> Pause | None:
    """Until when the next call must wait, given the calls of the last minutes; None if it may leave now.

    A call that was noted by a clock that was ahead counts only while its process is known to make it.

    >>> second, noon = timedelta(seconds=1), datetime.fromisoformat("2026-01-05T12:00:00Z")
    >>> next_free([Running(noon, is_over=True)] * 54, noon) is None
    True
    >>> next_free([Running(noon - 20 * second, is_over=True)] * 55, noon).until.isoformat()
    '2026-01-05T12:00:40+00:00'
    >>> next_free([Running(noon + 3600 * second, is_over=True)] * 55, noon) is None
    True
    """
    if sum(_is_under_way(call, now) for call in calls) >= CALLS_AT_ONCE:
        return Pause(now + POLL, "concurrent")
    recent = sorted(call.started_at for call in calls if now - MINUTE < call.started_at <= now + AHEAD)
    if len(recent) < CALLS_PER_MINUTE:
        return None
    return Pause(min(recent[-CALLS_PER_MINUTE], now) + MINUTE, "minute")


def _is_under_way(call: Running, now: datetime) -> bool:
    if call.is_over or call.started_at <= now - LONGEST_CALL:
        return False
    return call.is_alive or is_noted_rightly(call.started_at, now)
