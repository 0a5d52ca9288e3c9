"""How often products were in stock, week by week, from the stock that the documents in Xero show.

What belongs here: counting weeks without a stock-out. What does not: what they should be (`price_list.py`).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.replenishment.plan.statuses import NOT_PLANNED
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

A_YEAR: Final = 52
A_QUARTER: Final = 13


@dataclass(frozen=True)
class ServiceWeek:
    """A week: its first day, how many planned products there were, and how many had a day without stock."""

    week_start: date
    products: int
    out: int

    @property
    def share(self) -> float:
        """The share of products that had stock on every day of the week."""
        return 1 - self.out / self.products


def service_by_week(view: PublishedView) -> list[ServiceWeek]:
    """The last year by week, the oldest first; weeks end on the day before the plan's; none without a plan."""
    found: list[ServiceWeek] = view.once("service by week", lambda: _service_by_week(view))
    return found


def share_in_stock(weeks: list[ServiceWeek]) -> float | None:
    """The share of product weeks without a stock-out over several weeks; None without any."""
    products = sum(week.products for week in weeks)
    return 1 - sum(week.out for week in weeks) / products if products else None


def target_level(view: PublishedView) -> float | None:
    """The service level that is planned with, averaged over the planned products; None without a plan."""
    mean = view.order_plan.filter(pl.col("status") != NOT_PLANNED)["service_level"].mean()
    return float(mean) if isinstance(mean, float) else None


def _service_by_week(view: PublishedView) -> list[ServiceWeek]:
    today = view.as_of
    if today is None:
        return []
    planned = view.order_plan.filter(pl.col("status") != NOT_PLANNED).select("product_code")
    sold_since = view.rows(tables.PRODUCTS, columns=["product_code", "first_sale_date"])
    since = planned.join(sold_since, on="product_code", how="left")["first_sale_date"]
    begin = today - timedelta(weeks=A_YEAR)
    is_out = pl.col("is_stocked_out") & pl.col("demand_date").is_between(begin, today, closed="left")
    days = view.rows(tables.DEMAND_DAILY, is_out, columns=["product_code", "demand_date"])
    week = (pl.lit(today) - pl.col("demand_date")).dt.total_days().sub(1) // 7
    outs = days.join(planned, on="product_code", how="semi").select("product_code", week=week).unique()
    counted = dict(outs.group_by("week").len().iter_rows())
    weeks = []
    for ago in range(A_YEAR - 1, -1, -1):
        start = today - timedelta(weeks=ago + 1)
        products = since.len() - int((since >= start).sum())
        if products:
            weeks.append(ServiceWeek(start, products, min(products, counted.get(ago, 0))))
    return weeks
