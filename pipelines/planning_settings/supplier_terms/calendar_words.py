"""A supplier's calendar as people write it: "mon,thu", "1st and 15th", "2026-12-24..2027-01-02".

What belongs here: reading and writing order days and shutdowns. What does not: what follows for an order
(`supplier_calendar.py`).
Read more in docs/buyer/supplier-terms.md.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from pipelines.planning_settings.mornings import DAYS, parse_weekdays

ALLOWED_ORDER_DAYS: Final = "days of the week such as mon,thu, or dates of the month such as 1st,15th"
ALLOWED_SHUTDOWNS: Final = "periods from a first to a last day, such as 2026-12-24..2027-01-02; 2027-08-02..2027-08-20"
MOST_SHUTDOWNS: Final = 40
LONGEST_SHUTDOWN_DAYS: Final = 366
_LAST: Final = 31
_DAY: Final = timedelta(days=1)
_ANY: Final = ("", "none", "any", "any day", "all", "every day", "daily")
_FILLING: Final = re.compile(r"\b(?:and|every|on|the|of|each|month|monthly|weekly)\b|[&+;]")
_DATE: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_BETWEEN: Final = re.compile(r"\s*\.{2,}\s*|\s+(?:to|until|till)\s+")

Period = tuple[date, date]
"""A first and a last day."""


def parse_order_days(text: str) -> str:
    """Order days as the stored text; empty for any day.

    A date that a month does not have is its last day.

    >>> parse_order_days("Mondays and Thursdays"), parse_order_days("1, 15"), parse_order_days("the 1st and last")
    ('mon,thu', '1st,15th', '1st,31st')

    Raises:
        ValueError: it names no such days; the message says what is allowed.
    """
    words = text.strip().lower()
    if words in _ANY:
        return ""
    parts = [part for part in re.split(r"[,\s]+", _FILLING.sub(",", re.sub(r"\s*-\s*", "-", words))) if part]
    if parts and all(_DATE.fullmatch(part) or part == "last" for part in parts):
        return ",".join(_ordinal(number) for number in sorted({_date_of_month(part) for part in parts}))
    try:
        return parse_weekdays(",".join(_singular(part) for part in parts))
    except ValueError:
        raise ValueError(ALLOWED_ORDER_DAYS) from None


def weekdays_in(order_days: str) -> list[int]:
    """The weekdays of stored order days, Monday is 0; empty if they are dates.

    >>> weekdays_in("mon,thu"), weekdays_in("1st,15th")
    ([0, 3], [])
    """
    return [DAYS.index(part) for part in order_days.split(",") if part in DAYS]


def dates_in(order_days: str) -> list[int]:
    """The dates of the month of stored order days; empty if they are weekdays.

    >>> dates_in("1st,15th")
    [1, 15]
    """
    return [int(part[:-2]) for part in order_days.split(",") if part[:1].isdigit()]


def parse_shutdowns(text: str) -> str:
    """Shutdowns as the stored text, in order; those that overlap or touch are one.

    >>> parse_shutdowns("2027-08-02 to 2027-08-20; 2026-12-24..2027-01-02")
    '2026-12-24..2027-01-02; 2027-08-02..2027-08-20'

    Raises:
        ValueError: a period cannot be read, ends before it begins or is too long; the message says what is allowed.
    """
    if text.strip().lower() in {"", "none"}:
        return ""
    periods = [_period(part) for part in re.split(r"[;\n]", text) if part.strip()]
    if not periods:
        raise ValueError(ALLOWED_SHUTDOWNS)
    if any(until < begin for begin, until in periods):
        raise ValueError("periods that do not end before they begin, such as 2026-12-24..2027-01-02")
    joined = joined_periods(periods)
    if any((until - begin).days >= LONGEST_SHUTDOWN_DAYS for begin, until in joined):
        raise ValueError(
            f"periods of at most {LONGEST_SHUTDOWN_DAYS} days; products of a supplier that is shut for longer need "
            "another preferred_supplier"
        )
    if len(joined) > MOST_SHUTDOWNS:
        raise ValueError(f"at most {MOST_SHUTDOWNS} periods, without those that are over")
    return written_periods(joined)


def periods_in(shutdowns: str) -> list[Period]:
    """The periods of stored shutdowns, in order."""
    return [_period(part) for part in shutdowns.split(";") if part.strip()]


def written_periods(periods: Iterable[Period]) -> str:
    """Periods as the stored text."""
    return "; ".join(f"{begin.isoformat()}..{until.isoformat()}" for begin, until in periods)


def joined_periods(periods: Iterable[Period]) -> list[Period]:
    """The periods in order; those that overlap or follow each other without a day between them are one."""
    joined: list[Period] = []
    for begin, until in sorted(periods):
        if joined and begin <= min(joined[-1][1], date.max - _DAY) + _DAY:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((begin, until))
    return joined


def _period(text: str) -> Period:
    begin, *rest = _BETWEEN.split(text.strip().lower().removeprefix("from "))
    if len(rest) > 1:
        raise ValueError(ALLOWED_SHUTDOWNS)
    try:
        first = date.fromisoformat(begin)
        return first, date.fromisoformat(rest[0]) if rest else first
    except ValueError:
        raise ValueError(ALLOWED_SHUTDOWNS) from None


def _date_of_month(part: str) -> int:
    number = _LAST if part == "last" else int(part.rstrip("stndrh"))
    if not 1 <= number <= _LAST:
        raise ValueError(ALLOWED_ORDER_DAYS)
    return number


def _ordinal(number: int) -> str:
    """A date of the month in letters too, so that no spreadsheet takes several for one number.

    >>> [_ordinal(number) for number in (1, 2, 3, 11, 22, 31)]
    ['1st', '2nd', '3rd', '11th', '22nd', '31st']
    """
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number in {11, 12, 13} else endings.get(number % 10, 'th')}"


def _singular(part: str) -> str:
    return part.replace("days", "day") if part != "weekdays" else part
