"""The lines on the screen as a file for a spreadsheet.

What belongs here: the files' form. What does not: which lines (`plan_lines_shown.py`).
No text of Xero is taken for a formula; numbers stay numbers, also negative ones, and days are days.
"""

import io
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines.spreadsheets.formulas import all_guarded
from planner.shown.plan_columns import ALWAYS, COLUMNS, CURRENCY, PlanColumn
from planner.shown.plan_lines_shown import PlanLines

_MARK: Final = b"\xef\xbb\xbf"  # so that Excel reads UTF-8
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A text is written as a text, whatever it begins with.
_AS_TEXT: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_LONGEST_TEXT: Final = 32_767
_FORMATS: Final = {
    "money": "#,##0.00", "price": "#,##0.00##", "share": "0.0#%", "day": "yyyy-mm-dd", "quantity": "#,##0.####",
    "demand": "#,##0.00", "count": "#,##0",
}  # fmt: skip
_WIDTHS: Final = {"product_name": 36, "supplier_name": 24, "reason": 24}


def plan_csv(found: PlanLines) -> bytes:
    """All lines found, not only the page's, with the columns shown and the currency of the money."""
    lines = all_guarded(_lines(found))
    return _MARK + lines.rename({name: COLUMNS[name].heading for name in lines.columns}).write_csv().encode()


def plan_xlsx(found: PlanLines) -> bytes:
    """The same as a workbook: numbers and days in their formats, the headings and the products stay in sight."""
    import xlsxwriter  # noqa: PLC0415, only who downloads pays for it

    lines, file = _lines(found), io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True, **_AS_TEXT}) as book:
        sheet, bold = book.add_worksheet("Plan"), book.add_format({"bold": True, "bottom": 1})
        sheet.freeze_panes(1, 1)
        for at, name in enumerate(lines.columns):
            pattern = _FORMATS.get(COLUMNS[name].kind)
            sheet.set_column(at, at, _WIDTHS.get(name, 14), book.add_format({"num_format": pattern} if pattern else {}))
        for at, name in enumerate(lines.columns):
            sheet.write_string(0, at, COLUMNS[name].heading, bold)
        sheet.autofilter(0, 0, max(1, lines.height), lines.width - 1)
        days = book.add_format({"num_format": _FORMATS["day"]})
        for number, row in enumerate(lines.iter_rows(), start=1):
            _write_row(sheet, number, row, days)
    return file.getvalue()


def _write_row(sheet: Any, number: int, row: Iterable[Any], days: Any) -> None:
    for at, value in enumerate(row):
        if value is None:
            continue
        if isinstance(value, bool):
            sheet.write_boolean(number, at, value)
        elif isinstance(value, str):
            sheet.write_string(number, at, value[:_LONGEST_TEXT])
        elif isinstance(value, date):
            sheet.write_datetime(number, at, value, days)
        else:
            sheet.write_number(number, at, float(value))


def _lines(found: PlanLines) -> pl.DataFrame:
    """The columns shown of all lines found."""
    shown = [column.name for column in found.columns if not _is_picture(column)]
    names = list(dict.fromkeys([*ALWAYS, *shown, CURRENCY]))
    return found.now.lines.select(names)[found.rows]


def _is_picture(column: PlanColumn) -> bool:
    return column.kind == "picture"
