"""The sandbox's own time, so that an hour can pass in a test and a token can grow old.

What belongs here: what time it is for everything in the sandbox. What does not: what follows from it.
Read more in docs/sandbox.md.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970, as Xero writes its instants."""
    return (instant - EPOCH) // _MILLISECOND


class Clock:
    """Real time, shifted by the seconds given; or standing still.

    >>> clock = Clock(datetime(2026, 1, 5, tzinfo=UTC))
    >>> clock.advance(90)
    >>> clock.now().isoformat()
    '2026-01-05T00:01:30+00:00'
    """

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen_at = frozen_at
        self._shift = timedelta()
        self.answer_skew = timedelta()
        self.header_skew = timedelta()

    def now(self) -> datetime:
        """The sandbox's instant, to the millisecond, as Xero keeps it."""
        instant = self._frozen_at or datetime.fromtimestamp(time.time(), tz=UTC) + self._shift
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)

    def shown(self) -> datetime:
        """The instant that an answer's DateTimeUTC shows: now, unless a fault skews it."""
        return self.now() + self.answer_skew

    def header(self) -> datetime:
        """The instant that an answer's Date header shows: now, unless a fault skews it."""
        return self.now() + self.header_skew

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        step = timedelta(seconds=seconds)
        if self._frozen_at is not None:
            self._frozen_at += step
        else:
            self._shift += step

    def freeze(self, instant: datetime | None = None) -> None:
        """Stand still, at this instant or the present one."""
        self._frozen_at = instant or self.now()

    def run(self) -> None:
        """Go on from where the clock stands."""
        if self._frozen_at is not None:
            self._shift = self._frozen_at - datetime.fromtimestamp(time.time(), tz=UTC)
            self._frozen_at = None
