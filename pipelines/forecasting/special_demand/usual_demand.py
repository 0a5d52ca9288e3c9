"""Usual demand: what the models learn from, once it is known whose demand counts for whom and what was special.

What belongs here: the order of these steps, the same for the plan and for trying settings. What does not: each step.

    sales -> without one-off orders -> transfers -> parts of assemblies -> event days unknown -> prices

Read more in docs/maths.md#special-demand.
"""

from datetime import date

import polars as pl

from pipelines.forecasting.forecast_request import ForecastRequest
from pipelines.forecasting.history.dependent_demand import with_dependent_demand
from pipelines.forecasting.history.prices import with_unit_prices
from pipelines.forecasting.history.transferred_demand import transfer_demand
from pipelines.forecasting.special_demand.one_off_answers import answered_sales, with_usual_days, without_one_offs
from pipelines.forecasting.special_demand.past_events import without_event_days
from pipelines.planning_settings.demand_settings.assemblies import where_demand_counts


def usual_demand(
    demand_daily: pl.DataFrame, demand_transactions: pl.DataFrame, request: ForecastRequest, *, as_of: date
) -> pl.DataFrame:
    """Daily demand that `forecast_as_requested` learns from, with prices; the frames are those of the marts."""
    counted = counted_demand(demand_daily, demand_transactions, request)
    return usual_of(counted, demand_transactions, request, as_of=as_of)


def usual_of(
    counted: pl.DataFrame, demand_transactions: pl.DataFrame, request: ForecastRequest, *, as_of: date
) -> pl.DataFrame:
    """Usual demand of `counted_demand`: event days are unknown, and each day has its price."""
    return with_unit_prices(without_event_days(counted, request.events, as_of=as_of), demand_transactions)


def counted_demand(
    demand_daily: pl.DataFrame, demand_transactions: pl.DataFrame, request: ForecastRequest
) -> pl.DataFrame:
    """Daily demand of the products for which it counts, without one-off orders; event days as they sold."""
    sales = answered_sales(demand_transactions, request.one_off_answers)
    counted = transfer_demand(without_one_offs(demand_daily, sales), request.transfers)
    dependent = with_dependent_demand(counted, request.assembled_parts)
    return with_usual_days(dependent, sales, where_demand_counts(request.transfers, request.assembled_parts))
