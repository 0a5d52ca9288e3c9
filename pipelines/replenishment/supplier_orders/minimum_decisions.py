"""What is done with each order below its supplier's minimum: units are added, it waits, or it stays below.

What belongs here: the decision on one order, with the money of both ways. What does not: how units are chosen
(`supplier_minimum.py`), tables (`with_money_rules.py`).
Read more in docs/buyer/minimums-and-budget.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.planning_settings.supplier_terms.supplier_calendar import SupplierCalendar
from pipelines.replenishment.plan.statuses import ADDED, BELOW, WAITS
from pipelines.replenishment.supplier_orders.money_rules import ADD, AS_IS, BEST, WAIT
from pipelines.replenishment.supplier_orders.order_values import OrderTerms, OrderValues
from pipelines.replenishment.supplier_orders.product_money import (
    PathSource,
    later_need,
    most_to_order,
    numbers_of,
    terms_of,
)
from pipelines.replenishment.supplier_orders.supplier_minimum import (
    EVERY_DAY,
    LONGEST_WAIT_DAYS,
    Wait,
    least_loss_addition,
    least_wait,
)

CENT: Final = 0.01


@dataclass(frozen=True)
class Addition:
    """The quantities that reach the minimum, and what the added units cost to hold and save, each by line."""

    quantity: Matrix
    margin_saved: Matrix
    holding_cost: Matrix
    units_served: Matrix

    @property
    def cost(self) -> float:
        """What adding costs in all; negative if the units save more than they cost."""
        return float((self.holding_cost - self.margin_saved).sum())


@dataclass(frozen=True)
class MinimumDecision:
    """What is done with an order below its minimum, and both ways if they exist; arrays are by `lines`.

    It would be placed in `order_day` days; waiting begins then.
    """

    decision: str
    lines: pl.DataFrame
    quantity: Matrix
    addition: Addition | None
    wait: Wait | None
    order_day: int = 0


def decide_below_minimum(
    lines: pl.DataFrame, paths: PathSource, *, minimum: float, below: str, overstock_period_days: int,
    calendar: SupplierCalendar | None = None, may_wait: bool = True,
) -> MinimumDecision:  # fmt: skip
    """The decision on an order below its minimum; `lines` are all planned lines of its supplier and currency.

    An order of which a part is on a kept draft cannot wait: that part is ordered as it is, and below the minimum alone.
    With a calendar the order waits for one of its order days, counted from the day on which it would be placed.
    Both ways are worked out whatever was chosen, so that a person sees what the other would cost.
    """
    ordered = numbers_of(lines, "quantity_after_cap")
    terms, values = terms_of(lines), paths.values(lines)
    addition = _addition(
        values, terms, ordered, most_to_order(lines, overstock_period_days=overstock_period_days), minimum=minimum
    )
    order_day = int(numbers_of(lines, "order_day").min())
    days = EVERY_DAY if calendar is None else np.unique(calendar.next_order_day(order_day + EVERY_DAY)) - order_day
    days = days[days <= LONGEST_WAIT_DAYS]
    wait = least_wait(values, terms, later_need(lines), ordered, minimum=minimum, days=days) if may_wait else None
    decision = _chosen(addition, wait, below)
    quantity = {ADDED: addition.quantity if addition else ordered, WAITS: np.zeros_like(ordered)}.get(decision, ordered)
    return MinimumDecision(decision, lines, quantity, addition, wait, order_day)


def _chosen(addition: Addition | None, wait: Wait | None, below: str) -> str:
    """The cheaper way, or the one that a person chose; an order stays below its minimum if that way does not exist."""
    if below == AS_IS or (addition is None and wait is None):
        return BELOW
    if addition is None or wait is None:
        only = ADDED if addition is not None else WAITS
        return only if below in {BEST, {ADDED: ADD, WAITS: WAIT}[only]} else BELOW
    if below == BEST:
        return WAITS if round(wait.cost, 6) < round(addition.cost, 6) else ADDED
    return WAITS if below == WAIT else ADDED


def _addition(
    values: OrderValues, terms: OrderTerms, ordered: Matrix, most: Matrix, *, minimum: float
) -> Addition | None:
    """The least loss that reaches the minimum, also after each line was rounded to cents."""
    gap = minimum - _in_cents(terms, ordered)
    for _ in range(3):
        quantity = least_loss_addition(values, terms, ordered, most, gap=gap)
        if quantity is None:
            return None
        missing = minimum - _in_cents(terms, quantity)
        if missing < CENT / 2:
            both = np.stack([ordered, quantity], axis=1)
            saved, held, served = (
                np.diff(of(both), axis=1)[:, 0]
                for of in (values.margin_saved, values.holding_cost, values.units_served)
            )
            return Addition(quantity, saved, held, served)
        gap += missing + CENT
    return None


def _in_cents(terms: OrderTerms, quantity: Matrix) -> float:
    return float(np.floor(quantity * terms.unit_cost * 100 + 0.5).sum()) / 100
