"""The lines on the screen as a file for a spreadsheet.

What belongs here: the file's form. What does not: which lines (`plan_lines_shown.py`).
No text of Xero is taken for a formula; numbers stay numbers, also negative ones.
"""

from typing import Final

from pipelines.spreadsheets.formulas import all_guarded
from planner.shown.plan_columns import ALWAYS, COLUMNS, CURRENCY
from planner.shown.plan_lines_shown import PlanLines

_MARK: Final = b"\xef\xbb\xbf"  # so that Excel reads UTF-8


def plan_csv(found: PlanLines) -> bytes:
    """All lines found, not only the page's, with the columns shown and the currency of the money."""
    shown = [column.name for column in found.columns if column.kind != "picture"]
    names = list(dict.fromkeys([*ALWAYS, *shown, CURRENCY]))
    lines = all_guarded(found.now.lines.select(names)[found.rows])
    return _MARK + lines.rename({name: COLUMNS[name].heading for name in names}).write_csv().encode()
