"""How fast an organisation's Xero may be asked: Xero allows 5 calls at once and 60 a minute; we stay below both.

What belongs here: waiting for a free place, and stopping where the wait would be long.
What does not: where the calls of all processes are counted (`pipelines.store.allowance`), and the calls themselves.
Read more in docs/loading.md.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from pipelines.xero.errors import DayLimitError, RateLimitError

log = logging.getLogger(__name__)

CALLS_AT_ONCE: Final = 4
CALLS_PER_MINUTE: Final = 55
LONGEST_WAIT: Final = timedelta(seconds=60)
MINUTE: Final = timedelta(seconds=60)
LONGEST_CALL: Final = timedelta(minutes=5)
"""A call that is noted as running for longer than this is over, wherever its process is and whatever became of it."""
LONGEST_PAUSE: Final = timedelta(hours=24)
"""Xero's longest allowance is a day's: no pause is longer."""
AHEAD: Final = timedelta(seconds=5)
"""So far may the clocks of two machines differ; what is noted later than this was noted by a clock that was wrong."""
POLL: Final = timedelta(seconds=0.1)
TOLD_AFTER: Final = timedelta(seconds=1)
TOLD_EVERY: Final = timedelta(seconds=60)
_WHY: Final = {
    "minute": f"Xero allows so many calls a minute, and {CALLS_PER_MINUTE} of this organisation have left",
    "concurrent": f"{CALLS_AT_ONCE} calls of this organisation are under way, as many as may be at once",
}


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


class Allowance(Protocol):
    """The calls of one organisation, counted for all processes together."""

    def enter(self, now: datetime) -> str | Pause:
        """Count a call and give it a name, or say until when there is no place for it."""
        ...

    def leave(self, call: str) -> None:
        """The call has ended."""
        ...

    def pause(self, pause: Pause) -> None:
        """No calls before this instant."""
        ...


class OnlyPauses:
    """For the few calls before an organisation is connected: nothing is counted, but a pause is kept."""

    def __init__(self) -> None:
        self._pause: Pause | None = None

    def enter(self, now: datetime) -> str | Pause:
        """There is a place, unless Xero asked for a pause."""
        return self._pause if self._pause is not None and self._pause.until > now else ""

    def leave(self, call: str) -> None:
        """Nothing was counted."""

    def pause(self, pause: Pause) -> None:
        """No calls before this instant."""
        self._pause = pause


def is_noted_rightly(noted_at: datetime, now: datetime) -> bool:
    """Whether an instant was noted by a clock that agrees with ours: nothing has happened later than now."""
    return noted_at <= now + AHEAD


def next_free(calls: Sequence[Running], now: datetime) -> Pause | None:
    """Until when the next call must wait, given the calls of the last minutes; None if it may leave now.

    A call that was noted by a clock that was ahead counts only while its process is known to make it.

    >>> second = timedelta(seconds=1)
    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
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


class Pace:
    """Lets calls leave when there is a place for them."""

    def __init__(
        self,
        allowance: Allowance,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._allowance = allowance
        self._sleep = sleep
        self._now = now
        self._places = threading.BoundedSemaphore(CALLS_AT_ONCE)

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call, for the length of the block.

        Raises:
            RateLimitError: Xero asked for a longer pause than a run should wait.
        """
        with self._places:
            name = self._entered()
            try:
                yield
            finally:
                self._allowance.leave(name)

    def pause(self, seconds: float, problem: str) -> None:
        """Hold every call of this organisation back for so long."""
        now = self._now()
        self._allowance.pause(Pause(now + min(timedelta(seconds=seconds), LONGEST_PAUSE), problem, now))

    def _entered(self) -> str:
        waited, told_at = timedelta(), timedelta()
        while True:
            now = self._now()
            place = self._allowance.enter(now)
            if isinstance(place, str):
                return place
            wait = max(place.until - now, timedelta(milliseconds=1))
            if place.problem == "day" or wait > LONGEST_WAIT:
                raise _told(place, wait)
            waited += wait
            if waited > TOLD_AFTER and (not told_at or waited - told_at >= TOLD_EVERY):
                log.info("%s", _waiting(place, wait))
                told_at = waited
            self._sleep(wait.total_seconds())


def _waiting(pause: Pause, wait: timedelta) -> str:
    """For what a call waits, and for how long.

    >>> _waiting(Pause(datetime(2026, 1, 5, tzinfo=UTC), "minute"), timedelta(seconds=20))
    'Waiting 20 s: Xero allows so many calls a minute, and 55 of this organisation have left.'
    """
    why = _WHY.get(pause.problem, f"Xero asked for a pause ({pause.problem})")
    if pause.problem == "concurrent" and wait <= POLL:
        most = int(LONGEST_CALL.total_seconds() // 60)
        return f"Waiting until a call ends, {most} minutes at most: {why}."
    return f"Waiting {wait.total_seconds():.0f} s: {why}."


def _told(pause: Pause, wait: timedelta) -> RateLimitError:
    until = f"{pause.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    seconds = max(int(wait.total_seconds()), 1)
    if pause.problem == "day":
        return DayLimitError(
            f"Xero's allowance of calls for today is used up; try again after {until}. What was read so far is kept.",
            retry_after_seconds=seconds,
        )
    return DayLimitError(f"Xero asks for a pause; try again after {until}.", retry_after_seconds=seconds)
