"""How fast an organisation's Xero may be asked: Xero allows 5 calls at once and 60 a minute; we stay below both.

What belongs here: waiting for a free place, and stopping where the wait would be long.
What does not: where the calls of all processes are counted (`pipelines.store.allowance`), and the calls themselves.
Read more in docs/loading.md.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from pipelines.call_limits import CALLS_AT_ONCE, CALLS_PER_MINUTE, LONGEST_CALL, LONGEST_PAUSE, POLL, Pause
from pipelines.xero.xero_errors import DayLimitError, RateLimitError

log = logging.getLogger(__name__)

LONGEST_WAIT: Final = timedelta(seconds=60)
TOLD_AFTER: Final = timedelta(seconds=1)
TOLD_EVERY: Final = timedelta(seconds=60)
_WHY: Final = {
    "minute": f"Xero allows so many calls a minute, and {CALLS_PER_MINUTE} of this organisation have left",
    "concurrent": f"{CALLS_AT_ONCE} calls of this organisation are under way, as many as may be at once",
}


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
