"""The lines on the screen as a file for a spreadsheet.

What belongs here: the file's form. What does not: which lines (`plan_lines_shown.py`).
No text of Xero is taken for a formula; numbers stay numbers, also negative ones.
"""

from typing import Final

import polars as pl

from planner.shown.plan_columns import ALWAYS, COLUMNS, CURRENCY
from planner.shown.plan_lines_shown import PlanLines

_MARK: Final = b"\xef\xbb\xbf"  # so that Excel reads UTF-8


def plan_csv(found: PlanLines) -> bytes:
    """All lines found, not only the page's, with the columns shown and the currency of the money."""
    shown = [column.name for column in found.columns if column.kind != "picture"]
    names = [*ALWAYS, *shown, CURRENCY]
    lines = found.view.order_plan.select(list(dict.fromkeys(names)))[found.rows]
    texts = [_safe(lines[name]) for name, dtype in lines.schema.items() if dtype == pl.String]
    headed = lines.with_columns(texts).rename({name: COLUMNS[name].heading for name in lines.columns})
    return _MARK + headed.write_csv().encode()


def _safe(texts: pl.Series) -> pl.Series:
    """The texts, each guarded; a name that stands in many lines is looked at once."""
    from pipelines.planning_settings.setting_csv import guarded  # noqa: PLC0415, it brings pyarrow: 10 MiB

    odd = {text: guard for text in texts.drop_nulls().unique() if (guard := guarded(text)) != text}
    return texts.replace(odd) if odd else texts
