"""The stock that follows from a line of the plan: open orders by their expected day, and stock week by week.

What belongs here: what arrives when, and what is left. What does not: the stock-out risk, which the plan computes along
demand paths (`pipelines/replenishment/decision/stock_projection.py`).
Read more in docs/maths.md.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.planning_settings.supplier_terms.supplier_calendar import calendars_by_supplier
from pipelines.replenishment.decision.decision_inputs import arrivals_on_order
from pipelines.replenishment.explain.records import PlanLine, ProjectedWeek

WEEK: Final = timedelta(days=7)


def open_orders(
    stock_on_order: pl.DataFrame, intervals: pl.DataFrame, calendars: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """Open order lines of planned products, and as `estimated_arrival_date` the day on which the plan expects each.

    The frames have the shapes of `marts.stock_on_order`, `parameters.protection_intervals` and
    `parameters.supplier_calendars`. An order that does not count has no such day.
    """
    expected = pl.lit(as_of) + pl.duration(days="arrival_day")
    by_supplier = calendars_by_supplier(calendars, as_of=as_of)
    lines = arrivals_on_order(stock_on_order, intervals, as_of=as_of, calendars=by_supplier)
    return lines.select(*stock_on_order.columns, estimated_arrival_date=pl.when("is_counted").then(expected))


def projected_stock(
    line: PlanLine, weeks: Iterable[tuple[date, float]], arrivals: Iterable[tuple[date, float]]
) -> list[ProjectedWeek]:
    """Stock at the end of each coming week if demand is as expected, with open orders and today's order.

    `weeks` are the starts of the weeks with their expected demand, `arrivals` the expected days and quantities of the
    open orders. Demand that finds no stock is not served later.
    """
    today = (line.as_of_date + timedelta(days=line.days_to_arrival), line.order_quantity + line.assembly_quantity)
    due = [*arrivals, today]
    stock, projected = line.available_stock, []
    for start, demand in weeks:
        arrived = sum(quantity for day, quantity in due if start <= day < start + WEEK)
        stock = max(0.0, stock + arrived - demand)
        projected.append(ProjectedWeek(start, arrived, demand, stock))
    return projected
