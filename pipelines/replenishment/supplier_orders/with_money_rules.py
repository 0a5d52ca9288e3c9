"""A plan's quantities after the suppliers' minimums and the spend cap, and the two tables that say what they changed.

What belongs here: from lines after their own limits to lines after the rules of money. What does not: the decision on
one order (`minimum_decisions.py`), the choice under the cap (`cap_decisions.py`), rows (`order_tables.py`).
Without a minimum that binds, a cap that binds and a kept draft no path is looked at. Read more in docs/maths.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.calendar_intervals import NO_CALENDARS, Calendars
from pipelines.planning_settings.supplier_terms.supplier_calendar import calendar_of
from pipelines.purchasing.kept_lines import KEPT
from pipelines.replenishment.plan.statuses import ADDED, BELOW, NO_MINIMUM, REACHED
from pipelines.replenishment.supplier_orders.cap_decisions import CapDecision, decide_within_cap
from pipelines.replenishment.supplier_orders.kept_drafts import (
    kept_changes,
    kept_money,
    kept_orders,
    with_kept_lines,
)
from pipelines.replenishment.supplier_orders.minimum_decisions import MinimumDecision, decide_below_minimum
from pipelines.replenishment.supplier_orders.money_rules import MoneyRules
from pipelines.replenishment.supplier_orders.order_tables import adjustments, supplier_order_rows
from pipelines.replenishment.supplier_orders.product_money import PathSource, line_values, with_money_of_units

OrderKey = tuple[str, str]
_KEY: Final = ["supplier_id", "currency"]
_TINY: Final = 1e-6


@dataclass(frozen=True)
class MoneyPlan:
    """The lines with their quantities after the rules of money, and the tables `supplier_orders`, `order_adjustments`.

    The tables have no `as_of_date` and no `plan_id` yet.
    """

    lines: pl.DataFrame
    supplier_orders: pl.DataFrame
    order_adjustments: pl.DataFrame


def with_money_rules(
    plan: pl.DataFrame, paths: PathSource, rules: MoneyRules, *, as_of: date, overstock_period_days: int,
    kept: pl.DataFrame, calendars: Calendars = NO_CALENDARS,
) -> MoneyPlan:  # fmt: skip
    """The lines with `quantity_after_supplier_minimum`, `quantity_after_budget` and the order quantity.

    `plan` has the lines after their own limits, in the order of the decision inputs of `paths`. An order is what is
    ordered of a supplier in one currency; lines without a supplier are in no order, and in no minimum or cap.
    `kept` has the shape of `raw.kept_order_lines`: these lines are ordered as they are. What they come to is taken from
    the minimums and from the cap first; only the rest is decided here.
    """
    lines = with_kept_lines(with_money_of_units(plan), kept)
    natural = _natural_orders(lines, kept_orders(kept, lines), rules)
    decided = _decide_minimums(
        lines, natural, paths, rules, overstock_period_days=overstock_period_days, calendars=calendars
    )  # fmt: skip
    fixed = lines.filter("is_kept")
    changed = [(one.lines, one.quantity) for one in decided.values()]
    changed.append((fixed, fixed["kept_quantity"].to_numpy()))
    lines = _with_quantities(lines, "quantity_after_cap", "quantity_after_supplier_minimum", changed)
    cut = _decide_cap(lines, natural, decided, paths, rules)
    lines = _with_quantities(
        lines, "quantity_after_supplier_minimum", "quantity_after_budget", [(cut.lines, cut.quantity)] if cut else []
    )
    lines = lines.with_columns(order_quantity="quantity_after_budget", binding_rule=_binding_rule())
    return MoneyPlan(
        lines.drop("line", "unit_value", "highest_value", "next_break", "margin"),
        supplier_order_rows(lines, natural, decided, cut, as_of=as_of, spend_cap=rules.spend_cap),
        adjustments(decided.values(), cut, kept_changes(lines, paths)),
    )


def _natural_orders(lines: pl.DataFrame, kept: pl.DataFrame, rules: MoneyRules) -> pl.DataFrame:
    """A row per supplier and currency with an order: its lines, its value, its minimum and what is done below it.

    `kept` are the orders of kept drafts (`kept_orders`), whose lines and value are among them.
    """
    own = (
        lines.filter((pl.col("quantity_after_cap") > 0) & pl.col("supplier_id").is_not_null() & ~pl.col("is_kept"))
        .group_by(_KEY)
        .agg(
            pl.col("supplier_name", "currency_rate").first(),
            lines=pl.len().cast(pl.Int64),
            natural_value=line_values("quantity_after_cap").sum().round(2),
        )
    )
    orders = (
        own.join(kept, on=_KEY, how="full", coalesce=True, nulls_equal=True)
        .with_columns(pl.col("lines", "kept_lines").fill_null(0), pl.col("natural_value", "kept_value").fill_null(0.0))
        .with_columns(
            supplier_name=pl.coalesce("supplier_name", "kept_supplier_name"),
            currency_rate=pl.coalesce("currency_rate", "kept_rate"),
            kept_orders=pl.col("kept_orders").fill_null(""),
            lines=pl.col("lines") + pl.col("kept_lines"),
            natural_value=(pl.col("natural_value") + pl.col("kept_value")).round(2),
        )
        .drop("kept_supplier_name", "kept_rate")
        .sort("supplier_name", *_KEY, nulls_last=True)
    )
    suppliers = orders["supplier_id"].to_list()
    minimum = pl.Series([rules.minimum_of(supplier) for supplier in suppliers], dtype=pl.Float64)
    below = pl.Series([rules.below_minimum_of(supplier) for supplier in suppliers], dtype=pl.String)
    orders = orders.with_columns(minimum_order_value=minimum, below_minimum=below)
    is_short = pl.col("natural_value") < pl.col("minimum_order_value") - 1e-6
    return orders.with_columns(
        decision=pl.when(pl.col("minimum_order_value") <= 0)
        .then(pl.lit(NO_MINIMUM))
        .when(is_short)
        .then(pl.lit(BELOW))
        .otherwise(pl.lit(REACHED))
    )


def _decide_minimums(
    lines: pl.DataFrame,
    natural: pl.DataFrame,
    paths: PathSource,
    rules: MoneyRules,
    *,
    overstock_period_days: int,
    calendars: Calendars,
) -> dict[OrderKey, MinimumDecision]:
    """The decision on each order below its minimum, by supplier and currency."""
    short = natural.filter(pl.col("decision") == BELOW)
    if short.is_empty():
        return {}
    planned = lines.filter(pl.col("exclusion").is_null(), ~pl.col("is_kept")).join(
        short.select(_KEY), on=_KEY, how="semi", maintain_order="left", nulls_equal=True
    )  # fmt: skip
    by_order = planned.partition_by(_KEY, as_dict=True, maintain_order=True)
    return {
        (supplier, currency): decide_below_minimum(
            by_order[supplier, currency], paths, minimum=minimum - kept, below=rules.below_minimum_of(supplier),
            overstock_period_days=overstock_period_days,
            calendar=calendar_of(supplier, calendars), may_wait=kept <= 0,
        )
        for supplier, currency, minimum, kept in short.select(*_KEY, "minimum_order_value", "kept_value").rows()
        if (supplier, currency) in by_order
    }  # fmt: skip


def _decide_cap(
    lines: pl.DataFrame, natural: pl.DataFrame, decided: Mapping[OrderKey, MinimumDecision], paths: PathSource,
    rules: MoneyRules,
) -> CapDecision | None:  # fmt: skip
    """What the cap and the kept drafts leave; an order that reached its minimum stays at it or is left out whole."""
    if rules.spend_cap is None:
        return None
    is_own = pl.col("supplier_id").is_not_null() & ~pl.col("is_kept")
    ordered = lines.filter((pl.col("quantity_after_supplier_minimum") > 0) & is_own)
    added = [key for key, one in decided.items() if one.decision == ADDED]
    keys = pl.DataFrame(added, schema=dict.fromkeys(_KEY, pl.String), orient="row")
    reached = pl.concat(
        [natural.filter(pl.col("decision") == REACHED), natural.join(keys, on=_KEY, how="semi", nulls_equal=True)]
    ).select(*_KEY, held=(pl.col("minimum_order_value") - pl.col("kept_value")).clip(lower_bound=0.0))
    minimums = (
        ordered.join(reached, on=_KEY, how="left", maintain_order="left", nulls_equal=True)["held"]
        .fill_null(0.0)
        .to_numpy()
    )
    left = max(0.0, rules.spend_cap - kept_money(natural))
    return decide_within_cap(ordered, paths, minimums, cap=left)


def _with_quantities(
    lines: pl.DataFrame, before: str, after: str, changed: list[tuple[pl.DataFrame, np.ndarray]]
) -> pl.DataFrame:
    """The lines with the quantity after a rule: that before it if nothing changed it."""
    quantity = lines[before].to_numpy().copy()
    for part, values in changed:
        rows = part["line"].to_numpy()
        quantity[rows] = np.where(np.abs(values - quantity[rows]) > _TINY, np.round(values, 4), quantity[rows])
    return lines.with_columns(pl.Series(after, quantity, dtype=pl.Float64))


def _binding_rule() -> pl.Expr:
    natural, kept = pl.col("quantity_after_cap"), pl.col("quantity_after_supplier_minimum")
    return (
        pl.when(pl.col("is_kept") & ((kept > 0) | (natural > 0)))
        .then(pl.lit(KEPT))
        .when(pl.col("quantity_after_budget") < kept)
        .then(pl.lit("spend_cap"))
        .when(kept > natural)
        .then(pl.lit("supplier_minimum"))
        .when(kept < natural)
        .then(pl.lit("waits_for_supplier_minimum"))
        .otherwise("binding_rule")
    )
