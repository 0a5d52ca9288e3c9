"""The stock that follows from a line of the plan: open orders by their expected day, and stock week by week.

What belongs here: what arrives when, and what is left. What does not: the stock-out risk, which the plan computes along
demand paths (`pipelines/replenishment/decision/stock_projection.py`).
Read more in docs/maths.md.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.forecasting.protection_intervals import protection_intervals
from pipelines.replenishment.decision.decision_inputs import arrivals_on_order
from pipelines.replenishment.explain.records import PlanLine, ProjectedWeek

WEEK: Final = timedelta(days=7)


def open_orders(plan: pl.DataFrame, stock_on_order: pl.DataFrame, lead_times: pl.DataFrame) -> pl.DataFrame:
    """Open order lines of planned products, and as `reckoned_arrival_date` the day on which the plan expects each.

    The frames have the shapes of `plan.order_plan`, `marts.stock_on_order` and `parameters.lead_times`. An order that
    does not count has no such day.
    """
    as_of = plan["as_of_date"][0]
    settings = plan.select("product_code", "order_frequency_days", "forecast_period_days")
    intervals = protection_intervals(settings, lead_times)
    expected = pl.lit(as_of) + pl.duration(days="arrival_day")
    lines = arrivals_on_order(stock_on_order, intervals, as_of=as_of)
    return lines.select(*stock_on_order.columns, reckoned_arrival_date=pl.when("is_counted").then(expected))


def projected_stock(
    line: PlanLine, weeks: Iterable[tuple[date, float]], arrivals: Iterable[tuple[date, float]]
) -> list[ProjectedWeek]:
    """Stock at the end of each coming week if demand is as expected, with open orders and today's order.

    `weeks` are the starts of the weeks with their expected demand, `arrivals` the expected days and quantities of the
    open orders. Demand that finds no stock is not served later.
    """
    today = (line.as_of_date + timedelta(days=line.expected_lead_time_days), line.order_quantity)
    due = [*arrivals, today]
    stock, projected = line.available_stock, []
    for start, demand in weeks:
        arrived = sum(quantity for day, quantity in due if start <= day < start + WEEK)
        stock = max(0.0, stock + arrived - demand)
        projected.append(ProjectedWeek(start, arrived, demand, stock))
    return projected
