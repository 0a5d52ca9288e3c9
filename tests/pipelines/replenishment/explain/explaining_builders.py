"""Words for what is told of a product: sales lines, and the tables that a small plan leaves behind."""

from typing import Any

import polars as pl

from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.history.transferred_demand import transfer_demand
from pipelines.replenishment.explain.product_explanation import ExplanationSources, explain_product
from pipelines.replenishment.plan.order_plan import forecast_for_plan, horizons, make_plan
from pipelines.storage.tables import DEMAND_DAILY, DEMAND_TRANSACTIONS, MODEL_SCORES, empty
from tests.pipelines.planning_builders import AS_OF, TEA, in_days, inputs


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
    """What a plan of these frames leaves behind; what was sold is taken from sales lines, where there are any."""
    sales = pl.concat(
        [empty(DEMAND_TRANSACTIONS), *(one for one in frames if one.schema == DEMAND_TRANSACTIONS.schema)]
    )
    daily = sales.group_by("product_code", "demand_date").agg(pl.col("quantity").sum(), is_stocked_out=pl.lit(False))  # noqa: FBT003
    told = inputs(*frames, daily.cast(DEMAND_DAILY.schema))
    asked = horizons(told.products, told.planning_settings, told.purchase_receipts, told.stock_on_order, as_of=AS_OF)
    forecast = expecting or forecast_for_plan(transfer_demand(told.demand_daily, asked.transfers), asked, as_of=AS_OF)
    plan = make_plan(told, forecast, as_of=AS_OF, plan_id="20260302-00000000")
    return ExplanationSources(
        plan.order_plan, plan.plan_settings, plan.lead_times, told.stock_on_order, told.demand_daily, sales,
        forecast.model_choice, empty(MODEL_SCORES), forecast.demand_quantiles, forecast.demand_forecast,
    )  # fmt: skip


def explained(*frames: pl.DataFrame, product: str = TEA, expecting: Forecast | None = None) -> dict[str, Any]:
    return explain_product(planned(*frames, expecting=expecting), product)
