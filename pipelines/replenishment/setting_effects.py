"""What changes of settings would change in the plan, worked out from the tables that the last plan was made from.

Nothing is loaded, built or stored. Two plans are compared that differ in nothing but the settings, so that what else
changed since the last plan is not in the difference.
What belongs here: the two plans and their difference. What does not: which settings change
(`planning_settings/requested_settings.py`).
Read more in docs/buyer/settings.md.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from pipelines.forecasting.forecast_request import (
    ForecastRequest,
    choose_models_as_requested,
    forecast_as_requested,
    forecast_request,
)
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.special_demand.usual_demand import usual_demand
from pipelines.planning_settings.registry import settings_of_products
from pipelines.purchasing.kept_lines import kept_lines_of
from pipelines.replenishment.plan.order_plan import PlanInputs, make_plan
from pipelines.replenishment.planning_parameters import PlanningParameters, planning_parameters
from pipelines.storage import tables

NOT_SHOWN: Final = (
    "preferred_supplier",
    "bundle_of",
    "is_assembled",
    "successor_of",
    "on_order_rule",
    "returns_handling",
    "order_currency",
)
"""Settings that the data are built with, before a plan: their effect shows in the next plan only."""
SOURCE_TABLES: Final = (
    tables.PRODUCTS, tables.STOCK_POSITION, tables.STOCK_ON_ORDER, tables.PURCHASE_RECEIPTS, tables.DEMAND_DAILY,
    tables.DEMAND_TRANSACTIONS, tables.PLAN_SETTINGS, tables.PROTECTION_INTERVALS, tables.MODEL_SCORES,
    tables.MODEL_CHOICE, tables.DEMAND_FORECAST, tables.DEMAND_QUANTILES, tables.DEMAND_HORIZONS, tables.ORDER_PLAN,
    tables.ANSWERED_ONE_OFFS, tables.PRODUCT_EVENTS, tables.PRODUCT_GROUPS, tables.PURCHASE_ORDER_DRAFTS,
    tables.DATA_FRESHNESS,
)  # fmt: skip
"""The tables of `PlanSources`, in its order; all of them are published."""
_COMPARED: Final = ("order_quantity", "status", "reason", "order_value")


@dataclass(frozen=True)
class PlanSources:
    """The tables that the last plan was made from, and that plan; each frame has the shape of its table."""

    products: pl.DataFrame
    stock_position: pl.DataFrame
    stock_on_order: pl.DataFrame
    purchase_receipts: pl.DataFrame
    demand_daily: pl.DataFrame
    demand_transactions: pl.DataFrame
    plan_settings: pl.DataFrame
    protection_intervals: pl.DataFrame
    model_scores: pl.DataFrame
    model_choice: pl.DataFrame
    demand_forecast: pl.DataFrame
    demand_quantiles: pl.DataFrame
    demand_horizons: pl.DataFrame
    order_plan: pl.DataFrame
    answered_one_offs: pl.DataFrame
    product_events: pl.DataFrame
    product_groups: pl.DataFrame
    purchase_order_drafts: pl.DataFrame
    data_freshness: pl.DataFrame


def changed_lines(sources: PlanSources, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The products whose order or status differs between the settings before and after, by product code.

    Both frames have the shape of `raw.planning_settings`, with defaults. Columns: `product_code`, `product_name`,
    `currency`, and the quantity, status, reason and value of each plan, those after the change with the prefix `new_`.
    Open orders without an arrival date of their own keep that of the last load.
    """
    as_of = sources.order_plan["as_of_date"][0]
    old, new = (planned_with(sources, settings, as_of=as_of) for settings in (before, after))
    both = old.select("product_code", "product_name", "currency", *_COMPARED).join(
        new.select("product_code", *(pl.col(name).alias(f"new_{name}") for name in _COMPARED)), on="product_code"
    )
    is_other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"new_{name}")) for name in _COMPARED)
    return both.filter(is_other).sort("product_code")


def planned_with(sources: PlanSources, settings: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The order plan of a day with these settings; `settings` has the shape of `raw.planning_settings`."""
    products = _with_own_settings(sources.products, settings, sources.product_groups)
    parameters = planning_parameters(
        products, settings, sources.purchase_receipts, sources.stock_on_order, sources.product_groups, as_of=as_of
    )  # fmt: skip
    kept = kept_lines_of(
        sources.purchase_order_drafts, sources.order_plan,
        base_currency=next(iter(sources.data_freshness["base_currency"].to_list()), ""),
    )  # fmt: skip
    inputs = PlanInputs(products, sources.stock_position, sources.stock_on_order, settings, kept)
    forecast = _forecast(sources, parameters, as_of=as_of)
    return make_plan(inputs, parameters, forecast, as_of=as_of, plan_id="").order_plan


def _with_own_settings(products: pl.DataFrame, settings: pl.DataFrame, product_groups: pl.DataFrame) -> pl.DataFrame:
    """The products with the flags and unit costs that people set for them; a cost that was removed stays."""
    in_force = settings_of_products(products, settings, product_groups).filter(pl.col("value") != "")
    flagged = {
        name: in_force.filter(pl.col("name") == name, pl.col("value") == "true")["product_code"].to_list()
        for name in ("discontinued", "unstocked")
    }
    costs = in_force.filter(pl.col("name") == "unit_cost")
    set_costs = costs.select("product_code", set_cost=pl.col("value").cast(products.schema["unit_cost"]))
    return (
        products.join(set_costs, on="product_code", how="left", maintain_order="left")
        .with_columns(
            unit_cost=pl.coalesce("set_cost", "unit_cost"),
            is_discontinued=pl.col("product_code").is_in(flagged["discontinued"]),
            is_unstocked=pl.col("product_code").is_in(flagged["unstocked"]),
        )
        .select(products.columns)
    )


def _forecast(sources: PlanSources, parameters: PlanningParameters, *, as_of: date) -> Forecast:
    """The forecast of the last plan if the settings ask for the same, else a new one by the same models."""
    special = {
        "one_off_answers": sources.answered_one_offs.select(list(tables.ONE_OFF_ANSWERS.columns)),
        "events": sources.product_events,
    }
    request = forecast_request(
        parameters.plan_settings, parameters.protection_intervals, **special
    )  # fmt: skip
    before = forecast_request(sources.plan_settings, sources.protection_intervals, **special)
    if _is_same(request, before):
        return Forecast(
            sources.model_choice, sources.demand_forecast, sources.demand_quantiles, sources.demand_horizons
        )
    demand = usual_demand(sources.demand_daily, sources.demand_transactions, request, as_of=as_of)
    choice = choose_models_as_requested(demand, sources.model_scores, request, as_of=as_of)
    return forecast_as_requested(demand, request, as_of=as_of, model_choice=choice)


def _is_same(request: ForecastRequest, other: ForecastRequest) -> bool:
    frames = ("own", "more", "overrides", "transfers", "assembled_parts", "likes")
    return list(request.without_season) == list(other.without_season) and all(
        _sorted(getattr(request, name)).equals(_sorted(getattr(other, name))) for name in frames
    )


def _sorted(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(frame.columns)
