"""What the stock was worth, week by week, at today's unit costs: a trend from the first load on.

What belongs here: the stock of each week in money. What does not: today's stock value, which the plan states.
"""

from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.replenishment.plan.plan_summary import unit_cost_in_base
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

WEEKS: Final = 52
_COLUMNS: Final = ["product_code", "stock_date", "until_date", "stock_on_hand"]


def stock_value_by_week(view: PublishedView) -> list[tuple[date, float]]:
    """The value of the stock at the end of each of the last weeks, the oldest first, in base currency.

    The last is that of the plan's day. Stock without a known cost counts nothing. Without documents that move stock
    the days with a plan are shown instead.
    """
    found: list[tuple[date, float]] = view.once("stock value by week", lambda: _rebuilt(view) or _of_plans(view))
    return found


def _rebuilt(view: PublishedView) -> list[tuple[date, float]]:
    today = view.as_of
    if today is None:
        return []
    ends = [today - timedelta(weeks=ago) for ago in range(WEEKS, -1, -1)]
    levels = view.rows(tables.STOCK_DAILY, pl.col("until_date") >= ends[0], columns=_COLUMNS)
    if levels.is_empty():
        return []
    costs = view.rows(tables.PRODUCTS, columns=["product_code", "unit_cost", "currency_rate"]).select(
        "product_code", cost=unit_cost_in_base()
    )
    valued = levels.join(costs, on="product_code").with_columns(value=pl.col("stock_on_hand") * pl.col("cost"))
    return [(end, value) for end, value in ((end, _at(valued, end)) for end in ends) if value is not None]


def _at(levels: pl.DataFrame, day: date) -> float | None:
    there = levels.filter((pl.col("stock_date") <= day) & (pl.col("until_date") >= day))["value"]
    return float(there.sum()) if there.len() else None


def _of_plans(view: PublishedView) -> list[tuple[date, float]]:
    days = view.rows(tables.KPI_DAILY).sort("as_of_date").select("as_of_date", "stock_value")
    return [(day, float(value)) for day, value in days.rows() if value is not None]
