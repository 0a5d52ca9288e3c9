"""The products of orders as arrays: their terms, margins, holding costs and days, from lines of the plan.

What belongs here: lines to arrays. What does not: what a quantity is worth (`order_values.py`).
Read more in docs/maths.md.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.planning_settings.supplier_terms.price_breaks import breaks_in
from pipelines.replenishment.decision.order_decision import DecisionInputs
from pipelines.replenishment.decision.requirement_paths import requirement_paths
from pipelines.replenishment.plan.order_price import price_of
from pipelines.replenishment.plan.plan_summary import in_money
from pipelines.replenishment.supplier_orders.order_values import OrderTerms, OrderValues, whole_batches
from pipelines.replenishment.supplier_orders.supplier_minimum import LaterNeed

YEAR_DAYS: Final = 365.0
# Without any product that has both a cost and a price: a margin of half the price, as in the policy backtest.
MARGIN_TO_COST: Final = 1.0
SMALLEST_UNIT: Final = 1e-4
_PRICES: Final = ("unit_value", "highest_value", "next_break")


@dataclass(frozen=True)
class PathSource:
    """Where the paths of products come from: the inputs of the order decision, in the order of the plan's lines."""

    inputs: DecisionInputs
    policy: OrderPolicy

    def values(self, lines: pl.DataFrame) -> OrderValues:
        """What quantities of some lines are worth, in each line's own currency; the lines are in the plan's order."""
        paths = requirement_paths(self.inputs, numbers_of(lines, "line").astype(np.int64), self.policy)
        days = numbers_of(lines, "horizon_days") - numbers_of(lines, "expected_arrival_day")
        return OrderValues(
            paths.need, paths.on_hand, paths.weights,
            needed=numbers_of(lines, "needed_quantity"),
            margin=numbers_of(lines, "margin"),
            holding_a_day=numbers_of(lines, "unit_value") * numbers_of(lines, "holding_cost_rate") / YEAR_DAYS,
            coverage_days=np.maximum(1.0, days),
            daily_demand=numbers_of(lines, "horizon_demand") / np.maximum(1.0, numbers_of(lines, "horizon_days")),
        )  # fmt: skip


def with_money_of_units(plan: pl.DataFrame) -> pl.DataFrame:
    """The plan with its line numbers, and the cost and the margin of a unit in the line's currency.

    `unit_value` is 0 without a unit cost. A margin that a missing price leaves unknown is estimated: the median ratio
    of margin to cost of the other products, or a margin of half the price; `is_margin_estimated` says so.
    """
    plan = _with_prices(plan.with_row_index("line"))
    cost = pl.col("unit_value")
    price = pl.col("sales_unit_price").cast(pl.Float64) * pl.col("currency_rate").cast(pl.Float64)
    is_known = ((cost > 0) & (price > 0)).fill_null(value=False)
    known = pl.when(is_known).then((price - cost).clip(lower_bound=0.0))
    ratio = plan.select((known / cost).median()).item()
    return plan.with_columns(
        margin=known.fill_null(cost * (MARGIN_TO_COST if ratio is None else ratio)),
        is_margin_estimated=~is_known,
    )


def _with_prices(plan: pl.DataFrame) -> pl.DataFrame:
    """The plan with what a unit costs: `unit_value` at the line's quantity, `highest_value` if fewer are ordered.

    `next_break` is the quantity from which a unit costs less, infinite without any.
    """
    cost = pl.col("unit_cost").cast(pl.Float64).fill_null(0.0).clip(lower_bound=0.0)
    plain = plan.with_columns(unit_value=cost, highest_value=cost, next_break=pl.lit(math.inf))
    rows = plain.filter(pl.col("price_breaks").is_not_null())
    priced = pl.DataFrame(
        [(row["line"], *_priced(row)) for row in rows.iter_rows(named=True)],
        schema={"line": plain.schema["line"], **dict.fromkeys(_PRICES, pl.Float64)}, orient="row",
    )  # fmt: skip
    return plain.update(priced, on="line") if priced.height else plain


def _priced(line: dict[str, Any]) -> tuple[float, float, float]:
    breaks = breaks_in(line["price_breaks"])
    units = line["quantity_after_cap"] or max(line["minimum_order_quantity"] or 0.0, line["batch_size"])
    price = float(price_of(units, line["unit_cost"], breaks) or 0)
    usual = float(line["unit_cost"] or 0) or max(float(one.unit_cost) for one in breaks)
    later = [float(one.quantity) for one in breaks if float(one.quantity) > units and float(one.unit_cost) < price]
    return price, max(price, usual), min(later, default=math.inf)


def line_values(quantity: str) -> pl.Expr:
    """What a quantity of each line costs, in whole cents as on an order."""
    return in_money(pl.col(quantity) * pl.col("unit_value"))


def terms_of(lines: pl.DataFrame, *, unit_value: str = "unit_value") -> OrderTerms:
    """The terms of lines, in each line's own currency."""
    return OrderTerms.of(*(numbers_of(lines, name) for name in (unit_value, "batch_size", "minimum_order_quantity")))


def later_need(lines: pl.DataFrame) -> LaterNeed:
    """When lines become due, and their room below the maximum shelf level."""
    maximum = lines["maximum_shelf_level"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    return LaterNeed(
        is_due=lines["is_ordered"].to_numpy().astype(float),
        position=numbers_of(lines, "stock_position_in_time"),
        reorder_point=numbers_of(lines, "reorder_point"),
        room=np.maximum(0.0, maximum - numbers_of(lines, "stock_position")),
    )


def most_to_order(lines: pl.DataFrame, *, overstock_period_days: int) -> Matrix:
    """The most units of each line that make no overstock and stay below the maximum shelf level, in whole batches.

    A line without demand or without a cost has no more than it has; one with price breaks stays below the next break,
    from which all its units would cost less.
    """
    horizon = np.maximum(1.0, numbers_of(lines, "horizon_days"))
    stock = numbers_of(lines, "stock_position")
    level = numbers_of(lines, "order_up_to_level") * (horizon + overstock_period_days) / horizon
    most = np.minimum(level - stock, later_need(lines).room)
    ordered, terms = numbers_of(lines, "quantity_after_cap"), terms_of(lines)
    may_grow = (numbers_of(lines, "horizon_demand") > 0) & (terms.unit_cost > 0)
    most = np.minimum(most, numbers_of(lines, "next_break") - SMALLEST_UNIT)
    room = whole_batches(np.maximum(0.0, most), terms.batch, is_up=False)
    grown = np.where(may_grow & (room >= terms.least), room, 0.0)
    return np.asarray(np.maximum(ordered, grown))


def numbers_of(lines: pl.DataFrame, name: str) -> Matrix:
    """A column of lines as numbers, 0 for none."""
    return lines[name].cast(pl.Float64).fill_null(0.0).to_numpy().astype(float)


def order_numbers(lines: pl.DataFrame) -> Index:
    """The number of the order of each line: one for each supplier and currency, in the order of the lines."""
    keys = lines.select("supplier_id", "currency")
    numbered = keys.unique(maintain_order=True).with_row_index("order")
    joined = keys.join(numbered, on=["supplier_id", "currency"], how="left", maintain_order="left", nulls_equal=True)
    return joined["order"].to_numpy().astype(np.int64)
