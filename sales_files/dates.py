"""Dates as spreadsheets and ledgers write them, each read as the calendar day that is written.

A time of day and a time zone after a date are ignored: the zone is the local one, and so is the day.
What belongs here: one date's readings, and one order of day and month for a column. What does not: the columns.
Read more in docs/sales_files.md.
"""

import re
from datetime import date, timedelta
from typing import Final

import polars as pl

from sales_files.forms import EARLIEST_YEAR

ORDERS: Final = ("dmy", "mdy", "ymd")
ORDER_NAMES: Final = {"dmy": "day-month-year", "mdy": "month-day-year", "ymd": "year-month-day"}
SERIAL_ORIGIN: Final = date(1899, 12, 30)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_CLOCK: Final = (
    r"(?i)(?:[T ]\s*|,\s+)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?\s*"
    r"(?:[a-z]{1,5})?(?:[-+]\d\d(?::?\d\d)?)?(?:\s*\[?[a-z]+/[a-z_/]+\]?)?$"
)
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_WEEKDAY: Final = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? ", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"(\d{1,2}|\d{4}) ?([-/. ]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{1,2})\.?", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[.,]0+)?", re.ASCII)
_SERIAL: Final = re.compile(r"(\d{5})(?:[.,]\d+)?", re.ASCII)
_DAY_NAME_YEAR: Final = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?[-/., ]*{_MONTH}[-/., ]*(\d{{4}}|\d\d)", re.IGNORECASE)
_NAME_DAY_YEAR: Final = re.compile(
    rf"{_MONTH}[-/. ]*(\d{{1,2}})(?:st|nd|rd|th)?(?:[-/.,] ?| )(\d{{4}}|\d\d)", re.IGNORECASE
)
_YEAR_NAME_DAY: Final = re.compile(rf"(\d{{4}})[-/., ]*{_MONTH}[-/., ]*(\d{{1,2}})", re.IGNORECASE)


def without_clock(column: pl.Series) -> pl.Series:
    """The texts without the time of day and the zone after the date."""
    if not column.str.contains(":", literal=True).any():
        return column
    return column.str.replace(_CLOCK, "").str.strip_chars()


def is_serial(text: str) -> bool:
    """Whether a text is a spreadsheet's day number: 45658 is 2025-01-01."""
    return _SERIAL.fullmatch(text) is not None


def read_date(text: str, *, latest_year: int) -> dict[str, date]:
    """The days that a text without a time can be, by order of day, month and year; empty if it is no date.

    >>> read_date("3/4/2025", latest_year=2030)
    {'dmy': datetime.date(2025, 4, 3), 'mdy': datetime.date(2025, 3, 4)}
    >>> read_date("45658", latest_year=2030)["dmy"], read_date("2095-01-01", latest_year=2030)
    (datetime.date(2025, 1, 1), {})
    """
    plain = _WEEKDAY.sub("", " ".join(text.translate(_DASHES).split()), count=1)
    if found := _NUMBERS.fullmatch(plain):
        return _by_order(found[1], found[3], found[4], latest_year)
    day = _of_one_order(plain, latest_year)
    return {} if day is None else dict.fromkeys(ORDERS, day)


def _by_order(first: str, second: str, third: str, latest_year: int) -> dict[str, date]:
    """The days that three numbers can be; after a leading year comes the month, in every order."""
    if len(first) == len("2025"):
        day = _day(first, second, third, latest_year)
        return {} if day is None or len(third) > len("31") else dict.fromkeys(ORDERS, day)
    parts = {"dmy": (third, second, first), "mdy": (third, first, second), "ymd": (first, second, third)}
    if len(third) == len("2025"):
        parts.pop("ymd")
    days = {
        order: _day(year, month, number, latest_year) for order, (year, month, number) in parts.items() if len(year) > 1
    }
    return {order: day for order, day in days.items() if day is not None}


def _of_one_order(text: str, latest_year: int) -> date | None:
    """The day of a text in which day, month and year are unambiguous."""
    if found := _COMPACT.fullmatch(text):
        return _day(found[1], found[2], found[3], latest_year)
    if found := _SERIAL.fullmatch(text):
        day = SERIAL_ORIGIN + timedelta(days=int(found[1]))
        return day if EARLIEST_YEAR <= day.year <= latest_year else None
    if found := _DAY_NAME_YEAR.fullmatch(text):
        return _day(found[3], _number_of(found[2]), found[1], latest_year)
    if found := _NAME_DAY_YEAR.fullmatch(text):
        return _day(found[3], _number_of(found[1]), found[2], latest_year)
    if found := _YEAR_NAME_DAY.fullmatch(text):
        return _day(found[1], _number_of(found[2]), found[3], latest_year)
    return None


def _number_of(month: str) -> str:
    return str(_MONTHS.index(month[:3].lower()) + 1)


def _day(year: str, month: str, number: str, latest_year: int) -> date | None:
    """The day, None if it does not exist or its year cannot have sales; two digits mean the latest possible year."""
    full = int(year)
    if len(year) == len("25"):
        full += 2000 if full + 2000 <= latest_year else 1900
    if not EARLIEST_YEAR <= full <= latest_year:
        return None
    try:
        return date(full, int(month), int(number))
    except ValueError:
        return None
