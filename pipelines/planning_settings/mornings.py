"""When an organisation's daily run is due, in its own time zone.

What belongs here: the hour and the weekdays as a person writes them, and the calendar of a time zone.
What does not: clocks, and whether that morning's run was made already (`stocktrim_assets.schedules`).
Read more in docs/operations.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

OFF: Final = "off"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY: Final = ",".join(DAYS)
_SHORT: Final = {"all": EVERY_DAY, "daily": EVERY_DAY, "weekdays": "mon-fri", "weekends": "sat,sun"}
ALLOWED_TIME: Final = "a time of the day from 00:00 to 23:59, such as 05:00, or off"
ALLOWED_WEEKDAYS: Final = "days of the week, such as mon,tue,wed,thu,fri or mon-fri, or all"
_TIME: Final = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


@dataclass(frozen=True)
class Morning:
    """A morning that is due: the organisation's own day, and the instant at which it began."""

    day: date
    at: datetime


def parse_time(text: str) -> str:
    """An hour of the day as the stored text, or "off".

    >>> parse_time("5:30"), parse_time("Off")
    ('05:30', 'off')

    Raises:
        ValueError: it is neither; the message says what is allowed.
    """
    words = text.strip().lower()
    if words == OFF:
        return OFF
    found = _TIME.fullmatch(words)
    if not found:
        raise ValueError(ALLOWED_TIME)
    return f"{int(found[1]):02}:{found[2]}"


def parse_weekdays(text: str) -> str:
    """Days of the week as the stored text, in the order of the week.

    >>> parse_weekdays("Friday, mon-wed"), parse_weekdays("weekdays")
    ('mon,tue,wed,fri', 'mon,tue,wed,thu,fri')

    Raises:
        ValueError: a word is not a day; the message says what is allowed.
    """
    words = text.strip().lower()
    parts = [part for part in re.split(r"[,;\s]+", _SHORT.get(words, re.sub(r"\s*-\s*", "-", words))) if part]
    days = {day for part in parts for day in _days(part)}
    if not days:
        raise ValueError(ALLOWED_WEEKDAYS)
    return ",".join(DAYS[day] for day in sorted(days))


def due_morning(now: datetime, zone: ZoneInfo, *, at: str, weekdays: str) -> Morning | None:
    """The latest morning that has begun by an instant; none if mornings are off.

    `at` and `weekdays` are results of `parse_time` and `parse_weekdays`. If the clock is put forward over the hour, the
    morning begins as long after midnight as on other days; if it is put back, at the first of the two.

    >>> due_morning(datetime(2026, 3, 1, 17, 0, tzinfo=UTC), ZoneInfo("Pacific/Auckland"), at="05:00", weekdays="mon")
    Morning(day=datetime.date(2026, 3, 2), at=datetime.datetime(2026, 3, 1, 16, 0, tzinfo=datetime.timezone.utc))
    """
    if at == OFF:
        return None
    today = now.astimezone(zone).date()
    chosen = [DAYS.index(day) for day in weekdays.split(",")]
    mornings = _mornings(today, zone, at=time.fromisoformat(at), weekdays=chosen)
    return next((morning for morning in mornings if morning.at <= now), None)


_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _days(part: str) -> list[int]:
    """The days of a word such as "tuesday" or "sat-mon", by their place in the week."""
    first, dash, last = part.partition("-")
    begin, end = _day(first), _day(last if dash else first)
    return [day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1)]


def _day(word: str) -> int:
    for place, name in enumerate(_NAMES):
        if word.startswith(DAYS[place]) and name.startswith(word):
            return place
    raise ValueError(ALLOWED_WEEKDAYS)


def _mornings(today: date, zone: ZoneInfo, *, at: time, weekdays: Sequence[int]) -> list[Morning]:
    """The mornings of today and of the week before, the latest first."""
    days = (today - timedelta(days=ago) for ago in range(8))
    return [
        Morning(day, datetime.combine(day, at, tzinfo=zone).astimezone(UTC))
        for day in days
        if day.weekday() in weekdays
    ]
