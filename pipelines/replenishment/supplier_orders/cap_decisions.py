"""What the spend cap leaves of the orders of a plan.

What belongs here: lines of a plan to the choice and back. What does not: the choice (`spend_cap.py`), tables
(`with_money_rules.py`).
Read more in docs/buyer/minimums-and-budget.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.replenishment.supplier_orders.product_money import PathSource, numbers_of, order_numbers, terms_of
from pipelines.replenishment.supplier_orders.spend_cap import Wanted, in_currency, within_cap

_TINY: Final = 1e-9


@dataclass(frozen=True)
class CapDecision:
    """The lines that count for the cap, their quantities under it, and the risk of what is left out, by line."""

    lines: pl.DataFrame
    quantity: Matrix
    units_short: Matrix
    margin_lost: Matrix
    holding_saved: Matrix


def decide_within_cap(lines: pl.DataFrame, paths: PathSource, minimums: Matrix, *, cap: float) -> CapDecision | None:
    """The quantities under a cap in base currency; None if all lines together cost no more.

    `lines` are those that are ordered; `minimums` has for each line the least value of its order, in its currency, 0 if
    the order need not reach any. Lines without a cost or an exchange rate take nothing from the cap.
    """
    known = pl.col("currency_rate").cast(pl.Float64)
    rate = lines.select(pl.when(known > 0).then(known).otherwise(np.inf)).to_series().to_numpy()
    ordered, terms = numbers_of(lines, "quantity_after_supplier_minimum"), terms_of(lines)
    if _spent(ordered, terms.unit_cost, rate) <= cap + _TINY:
        return None
    # fewer units may not reach a price break: then each costs more
    terms = terms_of(lines, unit_value="highest_value")
    values = paths.values(lines)
    order = order_numbers(lines)
    by_order = np.zeros(int(order.max(initial=0)) + 1)
    np.maximum.at(by_order, order, minimums / rate)
    wanted = in_currency(Wanted(values, terms, ordered, order, by_order), rate)
    quantity, allowed = ordered, cap
    for _ in range(3):
        quantity = within_cap(wanted, allowed)
        over = _spent(quantity, terms.unit_cost, rate) - cap
        if over <= _TINY:
            break
        allowed -= over + _TINY
    both = np.stack([quantity, ordered], axis=1)
    short, lost, held = (
        np.diff(of(both), axis=1)[:, 0] for of in (values.units_served, values.margin_saved, values.holding_cost)
    )
    return CapDecision(lines, quantity, short, lost, held)


def _spent(quantity: Matrix, unit_cost: Matrix, rate: Matrix) -> float:
    """What quantities cost in base currency, each line in whole cents of its own."""
    return float((np.floor(quantity * unit_cost * 100 + 0.5) / 100 / rate).sum())
