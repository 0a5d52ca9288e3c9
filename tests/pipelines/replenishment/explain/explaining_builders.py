"""Builders for explanations: sales lines, and the tables that a small plan leaves behind."""

from typing import Any

import polars as pl

from pipelines.forecasting.forecast_tables import Forecast
from pipelines.replenishment.explain.product_explanation import ExplanationSources, explain_product
from pipelines.replenishment.explain.records import PlanLine, ProductExplanation
from pipelines.storage.tables import (
    ANSWERED_ONE_OFFS,
    DEMAND_DAILY,
    DEMAND_TRANSACTIONS,
    MODEL_SCORES,
    ONE_OFF_ORDERS,
    PRODUCT_EVENTS,
    SUPPLIER_ALTERNATIVES,
    empty,
)
from tests.pipelines.planning_builders import TEA, in_days, inputs, the_line


def a_sale(days_ago: int, quantity: float, *, product: str = TEA, number: str = "INV-1", **more: Any) -> pl.DataFrame:
    """A sales line as `marts.demand_transactions` has it."""
    line = {
        "product_code": product, "demand_date": in_days(-days_ago), "invoice_number": number, "line_number": 1,
        "status": "PAID", "customer_name": "Ann", "sold_quantity": quantity, "credited_quantity": 0.0,
        "quantity": quantity, "currency": "GBP", "xero_link": "https://go.xero.com/",
    }  # fmt: skip
    return pl.DataFrame([line | more], schema=DEMAND_TRANSACTIONS.schema, orient="row")


def days_without_stock(*days_ago: int, product: str = TEA) -> pl.DataFrame:
    rows = [(product, in_days(-ago), 0.0, True) for ago in days_ago]
    return pl.DataFrame(rows, schema=DEMAND_DAILY.schema, orient="row")


def planned(*frames: pl.DataFrame, expecting: Forecast | None = None) -> ExplanationSources:
    """What a plan of these frames leaves behind; demand is taken from the sales lines among them, if any."""
    sales = pl.concat(
        [empty(DEMAND_TRANSACTIONS), *(frame for frame in frames if frame.schema == DEMAND_TRANSACTIONS.schema)]
    )
    daily = sales.group_by("product_code", "demand_date").agg(
        pl.col("quantity").sum(), is_stocked_out=pl.lit(value=False)
    )  # fmt: skip
    company = inputs(*frames, daily.cast(DEMAND_DAILY.schema))
    parameters, forecast = company.parameters, expecting or company.forecast()
    plan = company.plan(forecast)
    return ExplanationSources(
        plan.order_plan, parameters.plan_settings, parameters.lead_times, company.stock_on_order,
        company.demand_daily, sales,
        forecast.model_choice, empty(MODEL_SCORES), forecast.demand_quantiles, forecast.demand_forecast,
        empty(ONE_OFF_ORDERS), empty(ANSWERED_ONE_OFFS),
        parameters.protection_intervals, parameters.supplier_calendars, empty(PRODUCT_EVENTS),
        plan.supplier_orders, plan.order_adjustments,
        empty(SUPPLIER_ALTERNATIVES),
    )  # fmt: skip


def explained(
    *frames: pl.DataFrame, product: str = TEA, expecting: Forecast | None = None
) -> ProductExplanation:  # fmt: skip
    return explain_product(planned(*frames, expecting=expecting), product)


def plan_line(*frames: pl.DataFrame, expecting: Forecast | None = None, **known: Any) -> PlanLine:
    """The only line of the plan of one product, with some of its values replaced."""
    return PlanLine(**the_line(*frames, expecting=expecting) | known)
