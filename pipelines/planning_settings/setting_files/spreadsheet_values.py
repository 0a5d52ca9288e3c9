"""Values as spreadsheets write them, as a person would type them: decimal commas, 95%, 31/03/2026, WAHR, 05:00:00.

A value that can be read in two ways is read as the rest of the file decides, or not at all.
What belongs here: the cells of one file. What does not: rows and columns (`setting_csv.py`), allowed values
(`setting_values.py`).
Read more in docs/buyer/settings.md.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar, cast

import polars as pl

from pipelines.planning_settings.decimals import plain
from pipelines.planning_settings.setting_values import NUMBERS, ValueKind
from sales_files.dates import ORDERS, read_date, without_clock
from sales_files.forms import LATEST_YEAR, DateOrder, DecimalMark
from sales_files.numbers import MARKS, read_number

Value = TypeVar("Value")
Form = TypeVar("Form", bound=str)

_TRUE: Final = (
    "true", "yes", "y", "1", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "sant", "sand", "sann",
    "prawda", "tosi", "ja", "oui",
)  # fmt: skip
_FALSE: Final = (
    "false", "no", "n", "0", "falsch", "faux", "falso", "falskt", "falsk",  # codespell:ignore falso,falsk
    "onwaar", "usann", "fałsz", "epätosi", "nein", "non",
)  # fmt: skip
_FLAGS: Final = dict.fromkeys(_TRUE, "true") | dict.fromkeys(_FALSE, "false")
_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d\d)(?:[:.]00)?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)
_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?%?", re.ASCII)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?E[+-]\d+", re.IGNORECASE | re.ASCII)
_NOON: Final = 12


class AmbiguousCellError(Exception):
    """A value can be read in two ways, and nothing in the file decides; the message is a sentence."""


@dataclass(frozen=True)
class CellReader:
    """How the values of one file are read: the decimal mark and the order of dates that it shows, if any."""

    decimal: DecimalMark | None
    date_order: DateOrder | None
    is_point_usual: bool

    def typed(self, text: str, kind: ValueKind) -> str:
        """A value as a person would type it; what is no such value stays as it is.

        >>> reader = CellReader(decimal=",", date_order="dmy", is_point_usual=False)
        >>> reader.typed("1,5", "number"), reader.typed("95,5 %", "percentage"), reader.typed("3/4/2026", "date")
        ('1.5', '95.5%', '2026-04-03')

        Raises:
            AmbiguousCellError: it can be read in two ways.
        """
        if kind in NUMBERS:
            return self._number(text)
        if kind == "date":
            return self._date(text)
        if kind == "flag":
            return _FLAGS.get(text.casefold(), text)
        if kind == "time":
            return _time(text)
        if _SHORTENED.fullmatch(text):
            raise AmbiguousCellError(f"{text} is a number that a spreadsheet has shortened: write it in full.")
        return text

    def _number(self, text: str) -> str:
        if text.isdecimal():
            return text
        readings = read_number(_without_percent(text))
        if not readings:
            return text
        mark = self.decimal if self.decimal in readings else None
        if mark is None and self.is_point_usual and _PLAIN.fullmatch(text):
            mark = "."
        value = _agreed(readings, mark)
        if value is None:
            written = " or ".join(_plain(reading) for reading in readings.values())
            raise AmbiguousCellError(f"{text} can be {written}: write it as a plain number, or give --decimal.")
        return _plain(value) + ("%" if text.endswith("%") else "")

    def _date(self, text: str) -> str:
        if _ISO.fullmatch(text):
            return text
        readings = _days(text)
        if not readings:
            return text
        day = _agreed(readings, self.date_order)
        if day is None:
            written = " or ".join(dict.fromkeys(reading.isoformat() for reading in readings.values()))
            raise AmbiguousCellError(f"{text} can be {written}: write it as {written[:10]}, or give --date-order.")
        return day.isoformat()


def cell_reader(
    cells: Iterable[tuple[str, ValueKind]],
    *,
    separator: str,
    decimal: DecimalMark | None = None,
    date_order: DateOrder | None = None,
) -> CellReader:
    """The reader of a file with these values, each with its kind; a given mark or order is the file's.

    Values with one reading show the forms of the file. A file with commas between its fields has points in numbers.
    """
    distinct = dict.fromkeys(cells)
    numbers = [read_number(_without_percent(text)) for text, kind in distinct if kind in NUMBERS]
    days = [_days(text) for text, kind in distinct if kind == "date"]
    order = date_order or cast("DateOrder | None", _shown(days, ORDERS))
    return CellReader(decimal or _shown(numbers, MARKS), order, is_point_usual=separator == ",")


def _shown(readings: Iterable[Mapping[str, object]], forms: Iterable[Form]) -> Form | None:
    """The one form that the values show that can be read in one form only; None if they show none or several."""
    sure = {next(iter(reading)) for reading in readings if len(reading) == 1}
    found = [form for form in forms if form in sure]
    return found[0] if len(found) == 1 else None


def _agreed(readings: Mapping[str, Value], form: str | None) -> Value | None:
    """The value in a form, else the one on which all forms agree; None if they differ."""
    if form is not None and form in readings:
        return readings[form]
    values = set(readings.values())
    return values.pop() if len(values) == 1 else None


def _days(text: str) -> Mapping[str, date]:
    return read_date(without_clock(pl.Series([text]))[0], latest_year=LATEST_YEAR)


def _time(text: str) -> str:
    """05:00:00 and 5:00 PM as 05:00 and 17:00."""
    found = _CLOCK.fullmatch(text)
    if not found:
        return text
    hour, half = int(found[1]), (found[3] or "").lower()
    if half and 1 <= hour <= _NOON:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    return f"{hour:02}:{found[2]}"


def _without_percent(text: str) -> str:
    return text.removesuffix("%").strip()


def _plain(value: float) -> str:
    """A number without an exponent and without needless zeros."""
    return plain(Decimal(repr(value)))
