"""The lines of the plan as the spreadsheet page takes them: a few columns, each as one list.

What belongs here: which columns, and their values for a program. What does not: how a cell looks (`plan_grid.js`).
"""

from typing import Any, Final

import msgspec
import polars as pl

from pipelines.replenishment.plan.plan_progress import PLANNED
from planner.frame.rendered_pages import STATUSES
from planner.shown.plan_columns import COLUMNS, CURRENCY
from planner.shown.plan_lines_shown import PlanLines

# By the name that the page's script uses: the column of the plan, and the heading if it is another than the plan's.
GRID_COLUMNS: Final = {
    "code": ("product_code", ""),
    "name": ("product_name", ""),
    "supplier": ("supplier_name", ""),
    "status": ("status", ""),
    "stock": ("stock_on_hand", ""),
    "on_order": ("stock_on_order", ""),
    "days_left": ("days_to_stock_out", ""),
    "planned": (PLANNED, "Plan's order"),
    "order": ("order_quantity", ""),
    "value": ("order_value", ""),
}
_MEANT: Final = {
    "planned": "What the plan orders, whatever people changed since.",
    "order": "What will be ordered: type, paste or fill down here. It goes to the draft order that has the product.",
}
_QUANTITIES: Final = ("stock_on_hand", "stock_on_order", PLANNED, "order_quantity")
_DECIMALS: Final = 4


def grid_lines(found: PlanLines) -> dict[str, Any]:
    """All lines found in their order, column by column; currencies only if there are several.

    Each column is made JSON by itself: 30,000 lines as Python's objects would hold 20 MiB at once.
    """
    names = {name: column for name, (column, _) in GRID_COLUMNS.items()}
    if len(found.currencies) > 1:
        names["currency"] = CURRENCY
    values = [_value(column).alias(name) for name, column in names.items()]
    lines = found.now.lines.select(values)[found.rows]
    columns = {column.name: msgspec.Raw(msgspec.json.encode(column.to_list())) for column in lines.iter_columns()}
    return {
        "values": columns,
        "headings": {name: heading or COLUMNS[column].heading for name, (column, heading) in GRID_COLUMNS.items()},
        "meanings": {name: _MEANT.get(name) or _meaning(found, column) for name, (column, _) in GRID_COLUMNS.items()},
        "statuses": {name: word for name, (word, _) in STATUSES.items()},
    }  # fmt: skip


def _meaning(found: PlanLines, column: str) -> str:
    return found.meaning(COLUMNS[column])


def _value(column: str) -> pl.Expr:
    if column in _QUANTITIES:
        return pl.col(column).round(_DECIMALS)
    return pl.col(column).cast(pl.Float64) if column == "order_value" else pl.col(column)
