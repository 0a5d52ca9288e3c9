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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from pipelines.xero.errors import DayLimitError, RateLimitError

log = logging.getLogger(__name__)

CALLS_AT_ONCE: Final = 4
CALLS_PER_MINUTE: Final = 55
LONGEST_WAIT: Final = timedelta(seconds=60)
MINUTE: Final = timedelta(seconds=60)
LONGEST_CALL: Final = timedelta(minutes=5)
"""A call that is noted as running for longer than this belongs to a process that died."""
POLL: Final = timedelta(seconds=0.1)


@dataclass(frozen=True)
class Pause:
    """Xero asked for no calls before an instant; `problem` is the limit that was met: minute, day, ..."""

    until: datetime
    problem: str


@dataclass(frozen=True)
class Running:
    """A call as it is counted: when it left, and whether its answer came."""

    started_at: datetime
    is_over: bool


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


def next_free(calls: Sequence[Running], now: datetime) -> datetime | None:
    """When the next call may leave, given the calls of the last minutes; None where it may leave now.

    >>> second = timedelta(seconds=1)
    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    >>> next_free([Running(noon, is_over=True)] * 54, noon) is None
    True
    >>> next_free([Running(noon - 20 * second, is_over=True)] * 55, noon).isoformat()
    '2026-01-05T12:00:40+00:00'
    """
    if sum(not call.is_over and call.started_at > now - LONGEST_CALL for call in calls) >= CALLS_AT_ONCE:
        return now + POLL
    recent = sorted(call.started_at for call in calls if call.started_at > now - MINUTE)
    return recent[-CALLS_PER_MINUTE] + MINUTE if len(recent) >= CALLS_PER_MINUTE else None


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
        self._allowance.pause(Pause(self._now() + timedelta(seconds=seconds), problem))

    def _entered(self) -> str:
        is_told = False
        while True:
            now = self._now()
            place = self._allowance.enter(now)
            if isinstance(place, str):
                return place
            wait = place.until - now
            if place.problem == "day" or wait > LONGEST_WAIT:
                raise _told(place, wait)
            if not is_told and wait > timedelta(seconds=1):
                log.info("Waiting %.0f s: Xero allows so many calls a minute.", wait.total_seconds())
                is_told = True
            self._sleep(max(wait.total_seconds(), 0.001))


def _told(pause: Pause, wait: timedelta) -> RateLimitError:
    until = f"{pause.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    seconds = max(int(wait.total_seconds()), 1)
    if pause.problem == "day":
        return DayLimitError(
            f"Xero's allowance of calls for today is used up; load again after {until}. What was read so far is kept.",
            retry_after_seconds=seconds,
        )
    return DayLimitError(f"Xero asks for a pause; load again after {until}.", retry_after_seconds=seconds)
