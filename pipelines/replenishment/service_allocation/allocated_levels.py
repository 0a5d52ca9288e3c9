"""The service level by which each product of a plan is decided, and why: its own, or one that was allocated to it.

What belongs here: who keeps a level together, from frames. What does not: the levels to choose from
(`level_choices.py`), the choice (`marginal_analysis.py`).
Read more in docs/maths.md#service-allocation.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.distribution import DemandDistribution
from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.decision_inputs import interval_demand
from pipelines.replenishment.decision.demand_paths import IntervalDemand
from pipelines.replenishment.service_allocation.allocation_words import (
    ALLOCATION,
    BY_MARGIN,
    BY_VALUE,
    EVEN,
    NO_COST,
    NO_DEMAND,
    NO_MARGIN,
    NOT_BY_CYCLES,
)
from pipelines.replenishment.service_allocation.level_choices import choices_of, levels_for_profit
from pipelines.replenishment.service_allocation.marginal_analysis import least_value
from pipelines.replenishment.supplier_orders.product_money import YEAR_DAYS

LEVELS: Final = pl.Schema(
    {"product_code": pl.String, "service_level": pl.Float64, "set_service_level": pl.Float64,
     "service_level_reason": pl.String}
)  # fmt: skip


def allocated_levels(
    products: pl.DataFrame, distribution: DemandDistribution, policy: OrderPolicy, *, seed: int
) -> pl.DataFrame:
    """For each product the level by which it is decided, the one that is set, and why: the shape of `LEVELS`.

    `products` has `product_code`, the settings `service_level`, `service_floor`, `service_allocation` and
    `holding_cost_rate`, `pool` (who keeps a level together), `arrival_day`, `horizon_days`, `unit_cost` and `margin` of
    a unit in base currency (null if unknown), and `is_planned`.
    """
    is_asked = (products[ALLOCATION].fill_null(EVEN) != EVEN).to_numpy() & products["is_planned"].to_numpy()
    reason = np.full(products.height, EVEN, dtype="<U16")
    levels = products["service_level"].to_numpy().astype(float).copy()
    rows = np.flatnonzero(is_asked)
    if rows.size:
        reason[rows], levels[rows] = _allocated(products[rows], distribution, policy, seed=seed)
    return pl.DataFrame(
        {
            "product_code": products["product_code"], "service_level": levels,
            "set_service_level": products["service_level"], "service_level_reason": reason.tolist(),
        },
        schema=LEVELS,
    )  # fmt: skip


def pools_of(products: pl.DataFrame, plan_settings: pl.DataFrame, group_rows: pl.DataFrame) -> pl.DataFrame:
    """Who keeps a level together, a row per product: its group if that sets the allocation, else all other products.

    `plan_settings` has the shape of its table; `group_rows` has `product_code` and `group_id`, the group whose
    `service_allocation` counts for the product.
    """
    by_group = plan_settings.filter(pl.col("name") == ALLOCATION, pl.col("origin") == "group").select("product_code")
    named = by_group.join(group_rows, on="product_code").select("product_code", pool="group_id")
    return products.join(named, on="product_code", how="left", maintain_order="left").with_columns(
        pl.col("pool").fill_null("")
    )


def _allocated(
    products: pl.DataFrame, distribution: DemandDistribution, policy: OrderPolicy, *, seed: int
) -> tuple[NDArray[np.str_], Matrix]:
    """How the level of each product is decided, or why it stays as it is set; and the level."""
    days = products["horizon_days"].fill_null(0).to_numpy().astype(np.int64)
    demand = interval_demand(distribution, products["product_code"], days, seed=seed)
    reason = _reasons(products, demand, policy)
    level, floor, cost = (_numbers(products, name) for name in ("service_level", "service_floor", "unit_cost"))
    if (own := np.flatnonzero(reason == BY_MARGIN)).size:
        level[own] = _for_profit(products[own], policy, floor=floor[own], most=float(demand.probabilities[-1]))
    pool = products["pool"].to_numpy()
    for name in np.unique(pool[reason == BY_VALUE]).tolist():
        together = np.flatnonzero((reason == BY_VALUE) & (pool == name))
        overall = float(level[together].mean())
        choices = choices_of(
            demand.probabilities, demand.quantiles[together],
            is_sold_whole=np.asarray(demand.is_sold_whole)[together], unit_cost=cost[together],
            floor=np.minimum(floor[together], overall),
        )  # fmt: skip
        level[together] = choices.at(least_value(choices, overall))[0]
    return reason, level


def _numbers(products: pl.DataFrame, name: str) -> Matrix:
    return products[name].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()


def _reasons(products: pl.DataFrame, demand: IntervalDemand, policy: OrderPolicy) -> NDArray[np.str_]:
    reason = np.array(products[ALLOCATION].to_list(), dtype="<U16")
    is_costed, earns = (np.nan_to_num(_numbers(products, name)) > 0 for name in ("unit_cost", "margin"))
    reason[(reason == BY_MARGIN) & ~earns] = NO_MARGIN
    reason[~is_costed] = NO_COST
    reason[demand.quantiles.max(axis=1, initial=0.0) <= 0] = NO_DEMAND
    if policy.measure != "cycle":
        reason[:] = NOT_BY_CYCLES
    return reason


def _for_profit(products: pl.DataFrame, policy: OrderPolicy, *, floor: Matrix, most: float) -> Matrix:
    cost, margin, rate = (_numbers(products, name) for name in ("unit_cost", "margin", "holding_cost_rate"))
    arrival, horizon = (np.nan_to_num(_numbers(products, name)) for name in ("arrival_day", "horizon_days"))
    covered = np.maximum(1.0, horizon - arrival)
    holding = cost * np.nan_to_num(rate) * covered / YEAR_DAYS
    is_lost = policy.unmet_demand == "lost"
    return levels_for_profit(margin, holding, arrival / covered, floor=floor, most=most, is_lost=is_lost)
