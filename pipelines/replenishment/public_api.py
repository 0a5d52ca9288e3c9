"""How much to order, as two plain functions for anyone's data: frames in, frames out.

What belongs here: `order_up_to_levels` and `order_quantities`, which stay as they are. What does not: the maths
(`order_decision.py`), checking the arguments (`input_validation.py`), the plan of an organisation (`order_plan.py`).
Service levels are fractions. Days count from `as_of`, the first day whose demand is not known yet; orders are placed
before its demand. Read more in docs/maths.md.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from pipelines.forecasting.distribution import forecast_distribution
from pipelines.forecasting.history.demand_matrix import WEEK_DAYS
from pipelines.forecasting.models.negative_binomial import whole_units
from pipelines.forecasting.protection_intervals import expected_intervals, horizons_to_forecast, protection_intervals
from pipelines.planning_settings.order_rule import ServiceMeasure, UnmetDemand
from pipelines.replenishment.decision import input_validation as checked
from pipelines.replenishment.decision.available_stock import available_stock
from pipelines.replenishment.decision.decision_inputs import (
    arrivals_of,
    decision_table,
    interval_demand,
    prepare_inputs,
    without_minus_nothing,
)
from pipelines.replenishment.decision.demand_paths import quantile_at
from pipelines.replenishment.decision.order_decision import decide
from pipelines.replenishment.lead_times import weigh_samples
from pipelines.replenishment.plan.reasons import why_due

BRIDGE = (
    "demand_before_arrival", "demand_in_cover", "safety_stock", "stock_on_hand", "stock_committed",
    "stock_on_order_in_time", "demand_lost_before_arrival", "timing_adjustment", "needed_quantity",
)  # fmt: skip


def order_up_to_levels(
    demand: pl.DataFrame,
    *,
    as_of: date,
    horizon_days: int | pl.DataFrame,
    service_levels: float | Sequence[float],
    seed: int = 0,
) -> pl.DataFrame:
    """For each product and service level the units that demand over the horizon does not exceed with that probability.

    The level S is the smallest whole number with P(D <= S) >= p, D the demand of the days `as_of` ... `as_of` +
    `horizon_days` - 1: one row per product of `demand` and service level, `product_code`, `service_level`,
    `order_up_to_level`. With a lead time L and an order frequency R the horizon is L + R.

    Args:
        demand: `product_code`, `date`, `quantity`; a missing day is zero from a product's first row on. May have
            `is_stocked_out` (nobody could buy) and `unit_price`. One row a week, dated by its first day, will do.
        as_of: The first day whose demand is not known yet; later rows are left out.
        horizon_days: Days, or a frame `product_code`, `horizon_days`.
        service_levels: Fractions above 0 and below 1; above 0.999 the level of 0.999 is returned.
        seed: The same seed and the same frames give the same numbers.

    Raises:
        PolicyError: an argument cannot be used; the message says which.

    >>> sold = pl.DataFrame({"product_code": "TEA", "date": [date(2026, 1, d) for d in range(1, 29)], "quantity": 2.0})
    >>> order_up_to_levels(sold, as_of=date(2026, 1, 29), horizon_days=14, service_levels=[0.5, 0.95]).columns
    ['product_code', 'service_level', 'order_up_to_level']
    """
    levels = checked.fractions(service_levels)
    known = checked.demand_frame(demand)
    codes = known.select("product_code").unique().sort("product_code")
    horizons = checked.days_of(codes, horizon_days, name="horizon_days", least=0)
    windows = horizons.filter(pl.col("horizon_days") > 0)
    seed = checked.seed_of(seed)
    distribution = forecast_distribution(known, windows, as_of=checked.day(as_of), seed=seed)
    interval = interval_demand(distribution, horizons["product_code"], horizons["horizon_days"].to_numpy(), seed=seed)
    quantiles = quantile_at(interval.probabilities, interval.quantiles, np.array(levels))
    is_sold_whole = np.asarray(interval.is_sold_whole)[:, None]
    units = np.where(is_sold_whole, whole_units(quantiles), np.ceil(quantiles - 1e-6))
    return pl.DataFrame(
        {
            "product_code": np.repeat(horizons["product_code"].to_numpy(), len(levels)),
            "service_level": np.tile(levels, horizons.height),
            "order_up_to_level": np.maximum(0.0, units).ravel() + 0.0,
        },
        schema={"product_code": pl.String, "service_level": pl.Float64, "order_up_to_level": pl.Float64},
    )


def order_quantities(
    demand: pl.DataFrame,
    stock: pl.DataFrame,
    open_orders: pl.DataFrame,
    *,
    as_of: date,
    lead_time_days: int | pl.DataFrame,
    order_frequency_days: int | pl.DataFrame,
    service_level: float | pl.DataFrame,
    unmet_demand: UnmetDemand = "lost",
    measure: ServiceMeasure = "cycle",
    seed: int = 0,
) -> pl.DataFrame:
    """For each product of `stock` the whole units to order before the demand of `as_of`, and why.

    Columns: `product_code`, `order_quantity`, the bridge (which adds up to `needed_quantity`, the net requirement:
    demand before arrival + demand in the coverage period + safety stock - on hand + allocated - on order in time - lost
    before arrival + timing adjustment), `reorder_point`, `order_up_to_level` and `reason`. An order placed now arrives
    after the lead time, at the start of that day, and must last until the next order can arrive, one order frequency
    later.

    Args:
        demand: As for `order_up_to_levels`; the forecast learns from all its products, also those without stock.
        stock: One row per product: `product_code`, `stock_on_hand`, may have `stock_committed`. Negative: a backlog.
        open_orders: `product_code`, `arrival_date`, `quantity`; arrives at the start of that day, today if it is past.
            A product whose stock or open order is not a number, or above 10^12, is a `data_fault`.
        as_of: The first day whose demand is not known yet.
        lead_time_days: Days, or a frame `product_code`, `lead_time_days`; several rows of a product are samples.
        order_frequency_days: Days, 1 or more, or a frame `product_code`, `order_frequency_days`.
        service_level: A fraction above 0 and below 1, or a frame `product_code`, `service_level`.
        unmet_demand: `lost` or `backordered`.
        measure: What the level means. `cycle`: the probability that a coverage period ends without shortage; from 0.75
            on an order waits until the stock-out risk without it is twice the target, or one in four. `fill`: the share
            of demand that is served from stock. `money`: b / (b + h), with b lost per unit short and h per unit held
            for a cycle.
        seed: The same seed and the same frames give the same numbers, whatever other products there are.

    Raises:
        PolicyError: an argument cannot be used; the message says which.

    >>> sold = pl.DataFrame({"product_code": "TEA", "date": [date(2026, 1, d) for d in range(1, 29)], "quantity": 2.0})
    >>> stock = pl.DataFrame({"product_code": ["TEA", "CUP"], "stock_on_hand": [9.0, 5.0]})
    >>> coming = pl.DataFrame({"product_code": ["TEA"], "arrival_date": [date(2026, 2, 2)], "quantity": [4.0]})
    >>> orders = order_quantities(sold, stock, coming, as_of=date(2026, 1, 29), lead_time_days=7,
    ...                           order_frequency_days=7, service_level=0.95)
    >>> orders.select("product_code", "reason").rows()
    [('CUP', 'no_demand'), ('TEA', 'below_reorder_point')]
    """
    policy, seed = checked.order_policy(measure, unmet_demand), checked.seed_of(seed)
    orders, today = checked.open_order_frame(open_orders), checked.day(as_of)
    known, in_stock = checked.demand_frame(demand), checked.stock_frame(stock)
    in_stock = in_stock.with_columns(assembly_requirement=pl.lit(0.0))
    codes = in_stock.select("product_code")
    leads = weigh_samples(checked.days_of(codes, lead_time_days, name="lead_time_days", least=0, is_sample=True))
    frequency = checked.days_of(codes, order_frequency_days, name="order_frequency_days", least=1)
    levels = checked.levels_of(codes, service_level)
    products = in_stock.join(frequency, on="product_code").join(levels, on="product_code").sort("product_code")
    windows = checked.horizons_within(protection_intervals(products, leads))
    products = products.join(expected_intervals(windows).drop("arrival_day"), on="product_code", maintain_order="left")
    horizons = horizons_to_forecast(windows)
    weeks = -(-int(horizons["horizon_days"].to_numpy().max(initial=1)) // WEEK_DAYS)
    distribution = forecast_distribution(known, horizons, as_of=today, seed=seed, weeks=weeks)
    arrivals = arrivals_of(orders.filter(~pl.col("is_fault")), as_of=today)
    inputs = prepare_inputs(distribution, products, windows, arrivals, seed=seed)
    on_order = arrivals.group_by("product_code").agg(on_order=pl.col("quantity").sum())
    faults = orders.filter("is_fault")["product_code"].to_list()
    return (
        decision_table(products, decide(inputs, policy))
        .join(on_order, on="product_code", how="left", maintain_order="left")
        .with_columns(pl.col("on_order").fill_null(0.0), pl.col("is_fault") | pl.col("product_code").is_in(faults))
        .with_columns(_ordered())
        .with_columns(reason=_reason())
        .select("product_code", "order_quantity", *BRIDGE, "reorder_point", "order_up_to_level", "reason")
        .with_columns(without_minus_nothing())
    )


def _is_ordered() -> pl.Expr:
    return pl.col("is_due") & ~pl.col("is_fault")


def _ordered() -> pl.Expr:
    return pl.when(_is_ordered()).then(pl.col("needed_quantity").ceil()).otherwise(0.0).alias("order_quantity")


def _reason() -> pl.Expr:
    position = available_stock() + pl.col("on_order")
    return (
        pl.when("is_fault")
        .then(pl.lit("data_fault"))
        .when(_is_ordered())
        .then(why_due(position, pl.col("on_order")))
        .when(pl.col("demand_before_arrival") + pl.col("demand_in_cover") <= 0)
        .then(pl.lit("no_demand"))
        .otherwise(pl.lit("enough_stock"))
    )
