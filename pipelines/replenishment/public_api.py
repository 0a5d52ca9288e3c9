"""What to order, as two plain functions for anyone's data: frames in, frames out.

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
from pipelines.forecasting.protection_intervals import expected_intervals, horizons_to_forecast, protection_intervals
from pipelines.planning_settings.order_rule import ServiceMeasure, UnmetDemand
from pipelines.replenishment.decision import input_validation as checked
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
    """For each product and service level the pieces that the demand of the horizon does not exceed with that chance.

    The level S is the smallest whole number with P(D <= S) >= p, D the demand of the days `as_of` ... `as_of` +
    `horizon_days` - 1: one row per product of `demand` and service level, `product_code`, `service_level`,
    `order_up_to_level`. With a lead time L and an order frequency R the horizon is L + R.

    Args:
        demand: `product_code`, `date`, `quantity`; a missing day is zero from a product's first row on. May have
            `is_stocked_out` (nobody could buy) and `unit_price`. One row a week, dated by its first day, will do.
        as_of: The first day whose demand is not known yet; later rows are left out.
        horizon_days: Days, or a frame `product_code`, `horizon_days`.
        service_levels: Fractions above 0 and below 1; above 0.999 the level of 0.999 is told.
        seed: The same seed and the same frames give the same numbers.

    Raises:
        PolicyError: something that was given cannot be used; the message says what.

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
    told = forecast_distribution(known, windows, as_of=checked.day(as_of), seed=seed)
    law = interval_demand(told, horizons["product_code"], horizons["horizon_days"].to_numpy(), seed=seed)
    pieces = np.ceil(quantile_at(law.probabilities, law.quantiles, np.array(levels)) - 1e-6)
    return pl.DataFrame(
        {
            "product_code": np.repeat(horizons["product_code"].to_numpy(), len(levels)),
            "service_level": np.tile(levels, horizons.height),
            "order_up_to_level": np.maximum(0.0, pieces).ravel() + 0.0,
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
    """For each product of `stock` the whole pieces to order before the demand of `as_of`, and why.

    Columns: `product_code`, `order_quantity`, the bridge (which adds up to `needed_quantity`: demand before arrival +
    in the cover + safety stock - on hand + committed - on order in time - lost before arrival + timing adjustment),
    `reorder_point`, `order_up_to_level` and `reason`. An order placed now arrives after the lead time, at the start of
    that day, and must last until the order after it can arrive, one order frequency later.

    Args:
        demand: As for `order_up_to_levels`; all its products teach the forecast, also those without stock.
        stock: One row a product: `product_code`, `stock_on_hand`, may have `stock_committed`. Below nothing: a backlog.
        open_orders: `product_code`, `arrival_date`, `quantity`; arrives at the start of that day, today if it is past.
            A product with stock or an open order that is no number, or beyond a million million, is a `data_fault`.
        as_of: The first day whose demand is not known yet.
        lead_time_days: Days, or a frame `product_code`, `lead_time_days`; several rows of a product are samples.
        order_frequency_days: Days, 1 or more, or a frame `product_code`, `order_frequency_days`.
        service_level: A fraction above 0 and below 1, or a frame `product_code`, `service_level`.
        unmet_demand: `lost`, or `backordered`: it waits.
        measure: What the level means. `cycle`: the chance that a cover ends without shortage; from 0.75 on an order
            waits until the chance of a shortage without it is twice as high as asked, or one in four. `fill`: the share
            of demand that is served from stock. `money`: b / (b + h), with b lost by a piece short and h by a piece
            held for a cycle.
        seed: The same seed and the same frames give the same numbers; a product's paths do not depend on the others.

    Raises:
        PolicyError: something that was given cannot be used; the message says what.

    >>> sold = pl.DataFrame({"product_code": "TEA", "date": [date(2026, 1, d) for d in range(1, 29)], "quantity": 2.0})
    >>> there = pl.DataFrame({"product_code": ["TEA", "CUP"], "stock_on_hand": [9.0, 5.0]})
    >>> coming = pl.DataFrame({"product_code": ["TEA"], "arrival_date": [date(2026, 2, 2)], "quantity": [4.0]})
    >>> told = order_quantities(sold, there, coming, as_of=date(2026, 1, 29), lead_time_days=7, order_frequency_days=7,
    ...                         service_level=0.95)
    >>> told.select("product_code", "reason").rows()
    [('CUP', 'no_demand'), ('TEA', 'below_reorder_point')]
    """
    rule, seed = checked.rule(measure, unmet_demand), checked.seed_of(seed)
    under_way = checked.open_order_frame(open_orders)
    today, known, there = (
        checked.day(as_of),
        checked.demand_frame(demand),
        checked.stock_frame(stock),
    )
    codes = there.select("product_code")
    leads = weigh_samples(checked.days_of(codes, lead_time_days, name="lead_time_days", least=0, is_sample=True))
    asked = (
        there.join(
            checked.days_of(codes, order_frequency_days, name="order_frequency_days", least=1),
            on="product_code",
        )
        .join(checked.levels_of(codes, service_level), on="product_code")
        .sort("product_code")
    )
    windows = checked.horizons_within(protection_intervals(asked, leads))
    asked = asked.join(expected_intervals(windows).drop("arrival_day"), on="product_code", maintain_order="left")
    horizons = horizons_to_forecast(windows)
    weeks = -(-int(horizons["horizon_days"].max() or 7) // 7)  # type: ignore[arg-type]
    told = forecast_distribution(known, horizons, as_of=today, seed=seed, weeks=weeks)
    arrivals = arrivals_of(under_way.filter(~pl.col("is_fault")), as_of=today)
    on_order = arrivals.group_by("product_code").agg(on_order=pl.col("quantity").sum())
    decided = decision_table(asked, decide(prepare_inputs(told, asked, windows, arrivals, seed=seed), rule)).join(
        on_order, on="product_code", how="left", maintain_order="left"
    ).with_columns(pl.col("on_order").fill_null(0.0))  # fmt: skip
    position = pl.col("stock_on_hand") - pl.col("stock_committed") + pl.col("on_order")
    is_fault = pl.col("is_fault") | pl.col("product_code").is_in(under_way.filter("is_fault")["product_code"].to_list())
    is_ordered = pl.col("is_due") & ~is_fault
    return decided.with_columns(
        order_quantity=pl.when(is_ordered).then(pl.col("needed_quantity").ceil()).otherwise(0.0),
        reason=pl.when(is_fault).then(pl.lit("data_fault"))
        .when(is_ordered).then(why_due(position, pl.col("on_order")))
        .when(pl.col("demand_before_arrival") + pl.col("demand_in_cover") <= 0).then(pl.lit("no_demand"))
        .otherwise(pl.lit("enough_stock")),
    ).select("product_code", "order_quantity", *BRIDGE, "reorder_point", "order_up_to_level", "reason").with_columns(
        without_minus_nothing()
    )  # fmt: skip
