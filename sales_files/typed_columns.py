"""The typed columns of lines: names, numbers with one decimal mark, days in one order, yes and no.

What belongs here: whole columns. What does not: the readings of a single text (`numbers.py`, `dates.py`).
Read more in docs/sales_files.md.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import polars as pl

from sales_files.dates import ORDER_NAMES, ORDERS, is_serial, read_date, without_clock
from sales_files.forms import EARLIEST_YEAR, MOST, Forms
from sales_files.numbers import NumberColumn, read_numbers
from sales_files.raw_lines import RawLines
from sales_files.readings import first_conflict, first_difference, shared_forms
from sales_files.sales_file_error import SalesFileError

NAMES: Final = ("invoice_number", "product_code", "description", "customer", "document_type", "status")
NUMBERS: Final = ("quantity", "unit_price", "unit_cost", "lead_time_days", "batch_size", "minimum_order_quantity")
_CODES: Final = ("invoice_number", "product_code")
MONTHS_A_YEAR: Final = 12
_YES: Final = ("true", "yes", "y", "1", "1.0")
_NO: Final = ("false", "no", "n", "0", "0.0")
_MARK_NAMES: Final = {",": "comma", ".": "point"}


def names_of(raw: RawLines) -> list[pl.Series]:
    """The columns of names. Whole numbers are names too; a line break within a code is refused."""
    columns = []
    for name in NAMES:
        if name not in raw.headings:
            continue
        column = raw.rows[name]
        if column.dtype.is_float() and bool((column == column.round()).all()):
            column = column.cast(pl.Int64, strict=False)
        if not (column.dtype in (pl.String, pl.Null) or column.dtype.is_integer()):
            raise SalesFileError(
                f"{raw.table.path}: {raw.headings[name]} must hold text or whole numbers, not {column.dtype}."
            )
        texts = column.cast(pl.String)
        if name in _CODES and (is_broken := texts.str.contains("[\r\n]").fill_null(value=False)).any():
            raw.refuse(name, is_broken, "no line break (is a quotation mark not closed?)")
        columns.append(texts)
    return columns


def numbers_of(raw: RawLines, forms: Forms) -> tuple[list[pl.Series], list[str]]:
    """The columns of numbers, and notes on how they were read.

    A column that can be read with either decimal mark follows the other columns, if those decide.

    Raises:
        SalesFileError: a value is no number, or the decimal mark is not clear.
    """
    typed, texts = [], {}
    for name in (name for name in NUMBERS if name in raw.headings):
        column = raw.rows[name]
        if column.dtype == pl.String:
            if name == "quantity" and (is_empty := column.is_null()).any():
                raw.refuse(name, is_empty, "numbers")
            texts[name] = read_numbers(column, forms.decimal)
        elif column.dtype.is_numeric() or column.dtype == pl.Null:
            typed.append(column.cast(pl.Float64))
        else:
            raise SalesFileError(f"{raw.table.path}: {raw.headings[name]} must hold numbers, not {column.dtype}.")
    for name, numbers in texts.items():
        if numbers.conflict is not None:
            _refuse_number(raw, name, numbers, forms)
    clear = {column.marks[0] for column in texts.values() if len(column.marks) == 1}
    chosen = {name: _mark_of(raw, name, column, clear) for name, column in texts.items()}
    read = [column.read(raw.rows[name], chosen[name]).alias(name) for name, column in texts.items()]
    has_comma = forms.decimal is None and clear and "," in chosen.values()
    return [*typed, *read], ["Numbers are read with a decimal comma."] if has_comma else []


def _refuse_number(raw: RawLines, name: str, column: NumberColumn, forms: Forms) -> None:
    text = column.conflict
    must_hold = (
        "numbers up to 10^12" if forms.decimal is None else f"numbers with a decimal {_MARK_NAMES[forms.decimal]}"
    )
    if forms.decimal is None and text is not None and column.is_number(text):
        must_hold = "numbers with one decimal mark (other lines have the other)"
    raw.refuse(name, (raw.rows[name] == text).fill_null(value=False), must_hold)


def _mark_of(raw: RawLines, name: str, column: NumberColumn, clear: set[str]) -> str:
    """The decimal mark of a column: its own, or that of the other columns, or any if both read the same."""
    if len(column.marks) == 1:
        return column.marks[0]
    if len(clear) == 1:
        return next(iter(clear))
    text = column.difference
    if text is None:
        return column.marks[0]
    apart, point = (f"{column.readings_of(text)[mark]:g}" for mark in (".", ","))
    raise SalesFileError(
        f"{raw.place_of(name, text)}: {raw.headings[name]} {text!r} can be {apart} or {point}: give the decimal mark, "
        f"--decimal . or --decimal ,"
    )


def days_of(raw: RawLines, forms: Forms) -> tuple[pl.Series, list[str]]:
    """The days of the lines, and notes on how they were read; an instant is the day of its own time zone.

    Raises:
        SalesFileError: a value is no date in a year that sales can have, or the order of day and month is not clear.
    """
    column = raw.rows["date"]
    if (is_empty := column.is_null()).any():
        raw.refuse("date", is_empty, _dates(forms))
    if column.dtype == pl.Date:
        return column, []
    if isinstance(column.dtype, pl.Datetime):
        return column.dt.date(), []
    if not (column.dtype.is_numeric() or column.dtype in (pl.String, pl.Null)):
        raise SalesFileError(f"{raw.table.path}: {raw.headings['date']} must hold {_dates(forms)}, not {column.dtype}.")
    texts = without_clock(column.cast(pl.String))
    different = texts.unique(maintain_order=True).to_list()
    readings = [read_date(text, latest_year=forms.latest_year) for text in different]
    wanted = ORDERS if forms.date_order is None else (forms.date_order,)
    orders = shared_forms(readings, wanted)
    if not orders:
        position = first_conflict(readings, wanted)
        raw.refuse("date", texts == different[position], _dates(forms, is_date=bool(readings[position])))
    unclear = first_difference(readings, orders)
    if unclear is not None:
        at = int((texts == different[unclear]).arg_true()[0])
        raise SalesFileError(_two_orders(raw.place(at), raw.rows["date"][at], readings[unclear], orders))
    if forms.date_order is None and (swapped := _half_swapped(different, readings)) is not None:
        raise SalesFileError(_swapped(raw.place(int((texts == swapped).arg_true()[0])), swapped))
    days = [reading[orders[0]] for reading in readings]
    notes = _notes_on_days(different, readings, orders[0], forms)
    return texts.replace_strict(different, days, return_dtype=pl.Date).alias("date"), notes


def _half_swapped(texts: list[str], readings: Sequence[Mapping[str, date]]) -> str | None:
    """A date whose day and month a spreadsheet may have swapped; None if there is none.

    A spreadsheet swaps them if that gives a date, and leaves the rest as text. Then all texts have a day above 12, and
    all dates in an unambiguous form have a day of 12 or below.
    """
    of_order = [reading for reading in readings if 0 < len(reading) < len(ORDERS)]
    sure = [(text, reading) for text, reading in zip(texts, readings, strict=True) if len(reading) == len(ORDERS)]
    if not of_order or not sure or any(len(reading) > 1 for reading in of_order):
        return None
    days = [reading[ORDERS[0]].day for _, reading in sure]
    return sure[0][0] if max(days) <= MONTHS_A_YEAR and any(day != 1 for day in days) else None


def _swapped(place: str, text: str) -> str:
    return (
        f"{place}: day and month of {text!r} may be swapped, as a spreadsheet does: all dates with a day above 12 are "
        f"written in another form. Export the dates as text such as 2026-03-31; or, if they are right, give their "
        f"order, --date-order dmy or --date-order mdy."
    )


def _dates(forms: Forms, *, is_date: bool = False) -> str:
    if forms.date_order is not None and is_date:
        return f"dates in the order {ORDER_NAMES[forms.date_order]}"
    if is_date:
        return "dates in one order of day and month (other lines have another)"
    return f"dates such as 2026-03-31 of the years {EARLIEST_YEAR} to {forms.latest_year}"


def _two_orders(place: str, text: str, reading: Mapping[str, date], orders: list[str]) -> str:
    days = " or ".join(f"{reading[order]}" for order in orders)
    options = " or ".join(f"--date-order {order}" for order in orders)
    return f"{place}: the date {text!r} can be {days}: give the order of dates, {options}."


def _notes_on_days(texts: list[str], readings: Sequence[Mapping[str, date]], order: str, forms: Forms) -> list[str]:
    """Notes on how dates were read, unless the file writes year-month-day."""
    notes = []
    if forms.date_order is None and any(len(reading) < len(ORDERS) for reading in readings):
        notes.append(f"Dates are read as {ORDER_NAMES[order]}.")
    serial = next((position for position, text in enumerate(texts) if is_serial(text)), None)
    if serial is not None:
        notes.append(f"Dates are spreadsheet day numbers: {texts[serial]} is {readings[serial][order]}.")
    return notes


def flags_of(raw: RawLines) -> list[pl.Series]:
    """The column of stock-outs, if the file has one as text."""
    if "is_stocked_out" not in raw.headings or raw.rows.schema["is_stocked_out"] != pl.String:
        return []
    texts = raw.rows["is_stocked_out"].str.to_lowercase()
    if (is_wrong := ~texts.is_in([*_YES, *_NO]).fill_null(value=True)).any():
        raw.refuse("is_stocked_out", is_wrong, "yes or no")
    return [texts.is_in(list(_YES)).alias("is_stocked_out")]


def is_number(column: pl.Series) -> pl.Series:
    """Whether each value is a finite number that sales can have."""
    return (column.is_finite() & (column.abs() <= MOST)).fill_null(value=False)
