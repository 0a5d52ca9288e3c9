"""Numbers as spreadsheets and ledgers write them: decimal marks, thousands separators, brackets, currency signs.

What belongs here: the readings of a number, and the decimal mark of a column. What does not: the list of columns.
Read more in docs/sales_files.md.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from sales_files.forms import MOST, DecimalMark
from sales_files.readings import first_conflict, first_difference, shared_forms

MARKS: Final[tuple[DecimalMark, DecimalMark]] = (".", ",")
_OTHER_SIGNS: Final = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-")
    | dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'")
    | dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f", " ")
)
_MONEY: Final = (
    r"(?:(?:US|AU|NZ|CA|HK|SG|MX|A|C|S|R)?[$£€¥₹₽₺₩₪₫฿₴₦¤]"
    r"|AED|AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|NOK|NZD|PHP|PLN|RON|SAR|SEK|SGD"
    r"|THB|TRY|USD|ZAR|kr\.?|zł|Kč|Fr\.|Rs\.?)?"
)
_WRITTEN: Final = re.compile(
    rf"(?P<outer>\()? ?{_MONEY} ?(?P<lead>[-+])? ?{_MONEY} ?(?P<inner>\()? ?"
    rf"(?P<digits>[\d.,'](?:[\d.,' ]*[\d.,'])?)(?P<power>e[-+]?\d+)? ?"
    rf"(?(inner)\)) ?{_MONEY} ?(?P<trail>-)? ?{_MONEY} ?(?(outer)\))",
    re.IGNORECASE | re.ASCII,
)
_WHOLE: Final = {
    mark: re.compile(
        rf"\d+|\d{{1,3}}(?:(?P<apart>[{grouping}' ])\d{{3}})(?:(?P=apart)\d{{3}})*|\d{{1,2}}(?:,\d\d)+,\d{{3}}"
    )
    for mark, grouping in ((".", ","), (",", "."))
}
_GROUPED: Final = r"^[-+]?[1-9]\d{0,2}\.\d{3}$"


def read_number(text: str) -> dict[str, float]:
    """The numbers that a text can be, by decimal mark; empty if it is no number.

    >>> read_number("1,500"), read_number("(2.50)"), read_number("1'234,5-"), read_number("1e400")
    ({'.': 1500.0, ',': 1.5}, {'.': -2.5}, {',': -1234.5}, {})
    """
    found = _WRITTEN.fullmatch(" ".join(text.translate(_OTHER_SIGNS).split()))
    if found is None:
        return {}
    signs = [sign for sign in (found["outer"], found["lead"], found["inner"], found["trail"]) if sign]
    if len(signs) > 1:
        return {}
    sign = -1.0 if signs and signs != ["+"] else 1.0
    return {
        mark: sign * size for mark in MARKS if (size := _size(found["digits"], found["power"] or "", mark)) is not None
    }


def _size(digits: str, power: str, mark: DecimalMark) -> float | None:
    """The size of unsigned digits with this decimal mark; None if they are no number."""
    whole, _, part = digits.partition(mark)
    if not (part.isdigit() or not part) or not (whole or part):
        return None
    if whole and not _WHOLE[mark].fullmatch(whole):
        return None
    if len(whole) > 1 and whole[0] == "0" and not whole.isdigit():
        return None
    plain = "".join(character for character in whole if character.isdigit())
    size = float(f"{plain or '0'}.{part or '0'}{power}")
    return size if math.isfinite(size) and size <= MOST else None


@dataclass(frozen=True)
class NumberColumn:
    """The numbers that a column of texts can hold, by decimal mark.

    `values` has them if only one reading is possible. Otherwise `readings` are those of `texts`, the distinct texts in
    the order of the file.
    """

    values: pl.Series | None
    marks: tuple[str, ...]
    texts: tuple[str, ...] = ()
    readings: tuple[Mapping[str, float], ...] = ()

    @property
    def conflict(self) -> str | None:
        """The first text that rules out every decimal mark; None if there is none."""
        return None if self.marks else self.texts[first_conflict(self.readings, MARKS)]

    @property
    def difference(self) -> str | None:
        """The first text with two different readings; None if there is none."""
        position = first_difference(self.readings, self.marks) if len(self.marks) > 1 else None
        return None if position is None else self.texts[position]

    def is_number(self, text: str) -> bool:
        """Whether a text is a number with either mark."""
        return bool(self.readings_of(text))

    def readings_of(self, text: str) -> Mapping[str, float]:
        """The numbers that a text of the column can be."""
        return self.readings[self.texts.index(text)]

    def read(self, column: pl.Series, mark: str) -> pl.Series:
        """The column's numbers with this decimal mark."""
        if self.values is not None:
            return self.values
        numbers = [reading[mark] for reading in self.readings]
        return column.replace_strict(list(self.texts), numbers, default=None, return_dtype=pl.Float64)


def read_numbers(column: pl.Series, decimal: DecimalMark | None) -> NumberColumn:
    """The numbers that a column of trimmed texts can hold, with any decimal mark or only the given one."""
    plain = column.cast(pl.Float64, strict=False)
    is_plain = plain.null_count() == column.null_count() and bool((plain.is_finite() & (plain.abs() <= MOST)).all())
    has_point = bool(column.str.contains(".", literal=True).any())
    if is_plain and not has_point:
        return NumberColumn(plain, MARKS if decimal is None else (decimal,))
    if is_plain and decimal != "," and (decimal == "." or not column.str.contains(_GROUPED).any()):
        return NumberColumn(plain, (".",))
    texts = column.drop_nulls().unique(maintain_order=True).to_list()
    readings = [read_number(text) for text in texts]
    marks = shared_forms(readings, MARKS if decimal is None else (decimal,))
    return NumberColumn(None, tuple(marks), tuple(texts), tuple(readings))
