"""The rate limit of calls to Xero, which allows 5 at once and 60 a minute: calls wait, and long waits stop the run.

What belongs here: waiting until a call may start, and giving up if the wait would be long. What does not: the limits
(`pipelines.call_limits`), and counting the calls of all processes (`pipelines.store.allowance`).
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
LOG_AFTER: Final = timedelta(seconds=1)
LOG_EVERY: Final = timedelta(seconds=60)
_WHY: Final = {
    "minute": f"Xero limits calls a minute, and {CALLS_PER_MINUTE} of this organisation have started",
    "concurrent": f"{CALLS_AT_ONCE} calls of this organisation are running, the most at once",
}


class Allowance(Protocol):
    """The counter of an organisation's calls, for all processes together."""

    def enter(self, now: datetime) -> str | Pause:
        """Count a call: its name, or the pause until it may start."""
        ...

    def leave(self, call: str) -> None:
        """Record that a call has ended."""
        ...

    def pause(self, pause: Pause) -> None:
        """Record a pause for every call."""
        ...


class OnlyPauses:
    """The counter for the few calls before an organisation is connected: it counts nothing, but obeys pauses."""

    def __init__(self) -> None:
        self._pause: Pause | None = None

    def enter(self, now: datetime) -> str | Pause:
        """An empty name, or the pause that Xero requested."""
        return self._pause if self._pause is not None and self._pause.until > now else ""

    def leave(self, call: str) -> None:
        """Do nothing: no call was counted."""

    def pause(self, pause: Pause) -> None:
        """Record a pause for every call."""
        self._pause = pause


class Pace:
    """Starts each call when the limits allow it."""

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
        """Hold a place for a call during the block.

        Raises:
            RateLimitError: Xero requested a longer pause than a run waits.
        """
        with self._places:
            name = self._entered()
            try:
                yield
            finally:
                self._allowance.leave(name)

    def pause(self, seconds: float, problem: str) -> None:
        """Let no call of this organisation start for so many seconds."""
        now = self._now()
        self._allowance.pause(Pause(now + min(timedelta(seconds=seconds), LONGEST_PAUSE), problem, now))

    def _entered(self) -> str:
        waited, logged_at = timedelta(), timedelta()
        while True:
            now = self._now()
            place = self._allowance.enter(now)
            if isinstance(place, str):
                return place
            wait = max(place.until - now, timedelta(milliseconds=1))
            if place.problem == "day" or wait > LONGEST_WAIT:
                raise _limit_error(place, wait)
            waited += wait
            if waited > LOG_AFTER and (not logged_at or waited - logged_at >= LOG_EVERY):
                log.info("%s", _waiting(place, wait))
                logged_at = waited
            self._sleep(wait.total_seconds())


def _waiting(pause: Pause, wait: timedelta) -> str:
    """The log line of a waiting call: the reason and the time.

    >>> _waiting(Pause(datetime(2026, 1, 5, tzinfo=UTC), "minute"), timedelta(seconds=20))
    'Waiting 20 s: Xero limits calls a minute, and 55 of this organisation have started.'
    """
    why = _WHY.get(pause.problem, f"Xero requested a pause ({pause.problem})")
    if pause.problem == "concurrent" and wait <= POLL:
        most = int(LONGEST_CALL.total_seconds() // 60)
        return f"Waiting until a call ends, {most} minutes at most: {why}."
    return f"Waiting {wait.total_seconds():.0f} s: {why}."


def _limit_error(pause: Pause, wait: timedelta) -> RateLimitError:
    until = f"{pause.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    seconds = max(int(wait.total_seconds()), 1)
    if pause.problem == "day":
        return DayLimitError(
            f"Xero's limit of calls for today is reached; try again after {until}. What was read so far is kept.",
            retry_after_seconds=seconds,
        )
    return DayLimitError(f"Xero requests a pause; try again after {until}.", retry_after_seconds=seconds)
