"""The order plan: every product once, with a quantity or one reason for none, and the bridge that adds up.

What belongs here: joining stock, forecast and settings.
What does not: the order decision (`order_decision.py`), the limits
(`order_limits.py`), judging the line (`line_status.py`), what the plan comes to (`plan_summary.py`).

    need = demand before arrival + demand in the cover + safety stock
           - on hand + committed - on order arriving in time - demand lost before arrival + timing adjustment

Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from pipelines.forecasting.forecast_tables import Forecast, forecast_demand
from pipelines.forecasting.history.demand_matrix import is_quantity
from pipelines.forecasting.overrides import OVERRIDDEN, OVERRIDES, override_demand
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.planning_settings.registry import (
    global_settings,
    settings_of_products,
    wide_settings,
)
from pipelines.planning_settings.successors_and_bundles import transfers_of
from pipelines.replenishment.decision.decision_inputs import (
    ARRIVALS,
    arrivals_on_order,
    decision_table,
    distribution_of,
    expected_windows,
    horizons_to_forecast,
    own_horizons,
    prepare_inputs,
    windows_of,
    without_minus_nothing,
)
from pipelines.replenishment.decision.order_decision import decide
from pipelines.replenishment.lead_time_advice import advise_lead_times, observed_lead_times
from pipelines.replenishment.lead_times import (
    count_receipts,
    known_receipts,
    learn_lead_times,
    summarise_lengths,
    waiting_orders,
)
from pipelines.replenishment.plan.line_status import exclusion, is_ordered, with_dates, with_money, with_status
from pipelines.replenishment.plan.order_limits import constrain
from pipelines.replenishment.plan.reasons import PLANNED_ELSEWHERE
from pipelines.storage.tables import ORDER_PLAN

SEED: Final = 0
_STOCK: Final = ("stock_on_hand", "stock_committed")


@dataclass(frozen=True)
class PlanInputs:
    """What a plan is made from, each frame in the shape of its table."""

    products: pl.DataFrame
    stock_position: pl.DataFrame
    stock_on_order: pl.DataFrame
    purchase_receipts: pl.DataFrame
    demand_daily: pl.DataFrame
    planning_settings: pl.DataFrame


@dataclass(frozen=True)
class PlanTables:
    """A plan with the settings and lead times that it was made with, and advice: four tables of the schema `plan`."""

    order_plan: pl.DataFrame
    plan_settings: pl.DataFrame
    lead_times: pl.DataFrame
    lead_time_advice: pl.DataFrame


@dataclass(frozen=True)
class Horizons:
    """What a plan asks of the forecast.

    `own` has `product_code`, `lead_time_days`, `order_frequency_days`: the days before an order arrives, and those that
    it covers; with a forecast period these differ from the settings. `more` has `product_code`, `horizon_days`: others
    where the lead time is random. `overrides` is demand that people set in the forecast's place, the season of the
    products of `without_season` is ignored, and `transfers` says whose demand counts for whom.
    """

    own: pl.DataFrame
    more: pl.DataFrame
    overrides: pl.DataFrame
    without_season: Sequence[str]
    transfers: pl.DataFrame


def horizons(
    products: pl.DataFrame,
    planning_settings: pl.DataFrame,
    purchase_receipts: pl.DataFrame,
    stock_on_order: pl.DataFrame,
    *,
    as_of: date,
) -> Horizons:
    """The horizons to forecast, from the settings and from what receipts and open orders tell of lead times."""
    settings = wide_settings(settings_of_products(products, planning_settings))
    windows = _windows(settings, _lead_times(products, settings, purchase_receipts, stock_on_order, as_of=as_of))
    overrides = settings.filter(pl.col("overridden_demand").is_not_null()).select(
        "product_code", units_per_day="overridden_demand", from_date="overridden_demand_from",
        until_date="overridden_demand_until",
    ).cast(OVERRIDES)  # fmt: skip
    return Horizons(
        own=own_horizons(windows),
        more=horizons_to_forecast(windows),
        overrides=overrides,
        without_season=settings.filter("ignore_seasonality")["product_code"].to_list(),
        transfers=transfers_of(settings),
    )


def forecast_for_plan(
    demand: pl.DataFrame, asked: Horizons, *, as_of: date, model_choice: pl.DataFrame | None = None
) -> Forecast:
    """The forecast that a plan is made from: the models' and what people set."""
    told = forecast_demand(
        demand, asked.own, as_of=as_of, model_choice=model_choice, more_horizons=asked.more,
        without_season=asked.without_season,
    )  # fmt: skip
    return override_demand(told, asked.overrides, asked.own, asked.more, as_of=as_of)


def _lead_times(
    products: pl.DataFrame,
    settings: pl.DataFrame,
    purchase_receipts: pl.DataFrame,
    stock_on_order: pl.DataFrame,
    *,
    as_of: date,
) -> pl.DataFrame:
    """How long an order of each product may take, from `wide_settings`, receipts and open orders: `plan.lead_times`."""
    asked = settings.join(products.select("product_code", "supplier_id"), on="product_code")
    receipts = known_receipts(purchase_receipts, as_of=as_of)
    return learn_lead_times(asked, receipts, waiting_orders(stock_on_order, receipts, as_of=as_of))


def make_plan(inputs: PlanInputs, forecast: Forecast, *, as_of: date, plan_id: str) -> PlanTables:
    """The plan of every product, by product code, and what it was made with."""
    in_force = settings_of_products(inputs.products, inputs.planning_settings)
    settings = wide_settings(in_force)
    lengths = _lead_times(inputs.products, settings, inputs.purchase_receipts, inputs.stock_on_order, as_of=as_of)
    observed = observed_lead_times(inputs.products, known_receipts(inputs.purchase_receipts, as_of=as_of))
    order_plan = _order_plan(inputs, forecast, settings, lengths, observed, as_of=as_of, plan_id=plan_id)
    return PlanTables(order_plan, in_force, lengths, advise_lead_times(order_plan, observed))


def _order_plan(
    inputs: PlanInputs,
    forecast: Forecast,
    settings: pl.DataFrame,
    lengths: pl.DataFrame,
    observed: pl.DataFrame,
    *,
    as_of: date,
    plan_id: str,
) -> pl.DataFrame:
    everybodys = global_settings(inputs.planning_settings)
    windows = _windows(settings, lengths)
    is_readable = is_quantity("quantity").fill_null(value=True)
    of_faults = inputs.stock_on_order.filter(~is_readable)["product_code"]
    known = (
        inputs.products.join(settings, on="product_code", how="left")
        .pipe(count_receipts, known_receipts(inputs.purchase_receipts, as_of=as_of))
        .join(summarise_lengths(lengths), on="product_code", how="left")
        .join(observed.select("product_code", "observed_lead_time_days"), on="product_code", how="left")
        .join(expected_windows(windows).drop("arrival_day"), on="product_code", how="left")
        .join(inputs.stock_position.drop("stock_on_order", "stock_position"), on="product_code", how="left")
        .with_columns(
            is_fault=pl.any_horizontal(~is_quantity(name).fill_null(value=True) for name in _STOCK)
            | pl.col("product_code").is_in(of_faults.implode())
        )
        .with_columns(pl.when(is_quantity(name)).then(name).otherwise(0.0).alias(name) for name in _STOCK)
        .join(forecast.demand_horizons.select("product_code", "history_weeks"), on="product_code", how="left")
        .join(forecast.model_choice.select("product_code", "demand_class", "model"), on="product_code", how="left")
        .with_columns(
            pl.col("demand_class").fill_null(_class_without_demand(transfers_of(settings))),
            model=pl.when(_is_overridden(as_of)).then(pl.lit(OVERRIDDEN)).otherwise(pl.col("model").fill_null("none")),
        )
        .with_columns(
            pl.col("history_weeks").fill_null(0),
        )
        .sort("product_code")
    )  # fmt: skip
    on_order = arrivals_on_order(inputs.stock_on_order.filter(is_readable), windows, as_of=as_of)
    return (
        _decided(known, windows, forecast, on_order, everybodys.order_policy)
        .join(_on_order_by_kind(on_order), on="product_code", how="left")
        .with_columns(pl.col("^stock_on_order.*$").fill_null(0.0))
        .pipe(_positions)
        .with_columns(exclusion().alias("exclusion"))
        .with_columns(is_ordered().alias("is_ordered"))
        .pipe(constrain)
        .pipe(with_status, everybodys)
        .pipe(with_dates, as_of)
        .pipe(with_money)
        .with_columns(as_of_date=pl.lit(as_of), plan_id=pl.lit(plan_id))
        .select(list(ORDER_PLAN.columns))
        .cast(ORDER_PLAN.schema)
        .with_columns(without_minus_nothing())
        .sort("product_code")
    )


def _windows(settings: pl.DataFrame, lengths: pl.DataFrame) -> pl.DataFrame:
    """For each product and lead time the day on which an order arrives, the end of what it covers, and the weight."""
    return windows_of(settings.select("product_code", "order_frequency_days", "forecast_period_days"), lengths)


def _decided(
    known: pl.DataFrame, windows: pl.DataFrame, forecast: Forecast, on_order: pl.DataFrame, policy: OrderPolicy
) -> pl.DataFrame:
    """The order decision beside what is known of each product."""
    arrivals = on_order.filter("is_counted").group_by("product_code", "arrival_day").agg(pl.col("quantity").sum())
    decision_inputs = prepare_inputs(
        distribution_of(forecast), known, windows, arrivals.select(list(ARRIVALS)).cast(ARRIVALS), seed=SEED
    )  # fmt: skip
    return decision_table(known, decide(decision_inputs, policy)).rename(
        {"short_before_arrival": "shortage_chance_before_arrival"}
    )


def _class_without_demand(transfers: pl.DataFrame) -> pl.Expr:
    """How a product sells of which no demand is known: what is sold of it may count for others."""
    is_moved = pl.col("product_code").is_in(transfers["product_code"].unique().implode())
    return pl.when(is_moved).then(pl.lit(PLANNED_ELSEWHERE)).otherwise(pl.lit("never_sold"))


def _is_overridden(as_of: date) -> pl.Expr:
    """Whether demand that a person set reaches into the horizon."""
    end = pl.lit(as_of) + pl.duration(days=pl.col("horizon_days") - 1)
    is_begun = pl.col("overridden_demand_from").fill_null(as_of) <= end
    is_over = pl.col("overridden_demand_until").fill_null(as_of) < as_of
    return pl.col("overridden_demand").is_not_null() & is_begun & ~is_over


def _on_order_by_kind(on_order: pl.DataFrame) -> pl.DataFrame:
    """For each product what is on order, what of it comes after the cover, and what is late and does not count."""
    counted, quantity = pl.col("is_counted"), pl.col("quantity")
    return on_order.group_by("product_code").agg(
        stock_on_order=quantity.filter(counted).sum().round(4),
        stock_on_order_after_cover=quantity.filter(counted & ~pl.col("is_in_time")).sum().round(4),
        stock_on_order_late=quantity.filter(~counted).sum().round(4),
    )


def _positions(decided: pl.DataFrame) -> pl.DataFrame:
    available = pl.col("stock_on_hand") - pl.col("stock_committed")
    return decided.with_columns(
        stock_position=(available + pl.col("stock_on_order")).round(4),
        stock_position_in_time=(available + pl.col("stock_on_order_in_time")).round(4),
        horizon_demand=(pl.col("demand_before_arrival") + pl.col("demand_in_cover")).round(4),
    )
