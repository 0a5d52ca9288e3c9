"""The limits of calls to an organisation's Xero, 5 at once and 60 a minute, less a margin.

What belongs here: the limits, a call as it is counted, for how long, and when the next call may start, pure.
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
"""A call that was recorded as running for longer than this counts as over, whatever became of its process."""
LONGEST_PAUSE: Final = timedelta(hours=24)
"""Xero's longest limit is that of a day: no pause is longer."""
AHEAD: Final = timedelta(seconds=5)
"""The most by which clocks of two machines differ; an instant further ahead was recorded by a wrong clock."""
POLL: Final = timedelta(seconds=0.1)


@dataclass(frozen=True)
class Pause:
    """No calls before an instant; `problem` is the limit that was met: minute, day, concurrent, ...

    `asked_at`: when Xero requested the pause, by our clock.
    """

    until: datetime
    problem: str
    asked_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class CountedCall:
    """A call as it is counted: when it started, whether it is over, and whether its process is known to be alive."""

    started_at: datetime
    is_over: bool
    is_alive: bool = False


def is_plausible(recorded_at: datetime, now: datetime) -> bool:
    """Whether an instant was recorded by a clock that agrees with ours: it is not in the future."""
    return recorded_at <= now + AHEAD


def is_forgotten(call: CountedCall, now: datetime) -> bool:
    """Whether a recorded call counts neither now nor later: it is too old, or a clock ahead of ours recorded it.

    Its record must go, or it would count once our clock gets there. A call whose process is alive is not forgotten.
    """
    if call.started_at <= now - LONGEST_CALL:
        return True
    return not call.is_alive and not is_plausible(call.started_at, now)


def pause_needed(calls: Sequence[CountedCall], now: datetime) -> Pause | None:
    """Until when the next call must wait, given the calls of the last minutes; None if it may start now.

    A call that a clock ahead of ours recorded counts only while its process is known to be alive.

    >>> second, noon = timedelta(seconds=1), datetime.fromisoformat("2026-01-05T12:00:00Z")
    >>> pause_needed([CountedCall(noon, is_over=True)] * 54, noon) is None
    True
    >>> pause_needed([CountedCall(noon - 20 * second, is_over=True)] * 55, noon).until.isoformat()
    '2026-01-05T12:00:40+00:00'
    >>> pause_needed([CountedCall(noon + 3600 * second, is_over=True)] * 55, noon) is None
    True
    """
    if sum(not call.is_over and not is_forgotten(call, now) for call in calls) >= CALLS_AT_ONCE:
        return Pause(now + POLL, "concurrent")
    recent = sorted(call.started_at for call in calls if now - MINUTE < call.started_at <= now + AHEAD)
    if len(recent) < CALLS_PER_MINUTE:
        return None
    return Pause(min(recent[-CALLS_PER_MINUTE], now) + MINUTE, "minute")
