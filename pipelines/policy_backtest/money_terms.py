"""Suppliers' minimums and the spend cap in the backtest: the terms, our rule, and the rule of cutting in proportion.

What belongs here: quantities of a review after the terms. What does not: the choices themselves
(`replenishment/supplier_orders`), the simulation (`simulation.py`).
All money is in base currency. The cap holds for each review. Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.replenishment.supplier_orders.money_rules import ADD, AS_IS, BEST, WAIT
from pipelines.replenishment.supplier_orders.order_values import OrderTerms, OrderValues, whole_batches
from pipelines.replenishment.supplier_orders.spend_cap import Wanted, within_cap
from pipelines.replenishment.supplier_orders.supplier_minimum import LaterNeed, least_loss_addition, least_wait

_TINY: Final = 1e-9


@dataclass(frozen=True)
class MoneyTerms:
    """For each product the number of its order (supplier and currency), and its yearly holding rate.

    `minimums` and `below` are by order: the least value, 0 for none, and what is done below it. `spend_cap` is the most
    money of a review; None is no limit.
    """

    order: Index
    holding_cost_rate: Matrix
    minimums: Matrix
    below: tuple[str, ...]
    spend_cap: float | None

    @property
    def is_binding(self) -> bool:
        """Whether there is a minimum or a cap."""
        return bool((self.minimums > 0).any()) or self.spend_cap is not None

    def rows(self, chosen: Index) -> "MoneyTerms":
        """The terms of some products."""
        return MoneyTerms(
            self.order[chosen], self.holding_cost_rate[chosen], self.minimums, self.below, self.spend_cap
        )  # fmt: skip


def terms_in_words(money: MoneyTerms | None) -> str:
    """The minimums and the cap as a sentence; empty if there are none.

    >>> terms = MoneyTerms(np.zeros(1, dtype=np.int64), np.ones(1), np.array([250.0]), ("best",), 20000.0)
    >>> terms_in_words(terms)
    'Minimums of 1 of 1 suppliers; a spend cap of 20,000.00 a review.'
    """
    if money is None or not money.is_binding:
        return ""
    count = int((money.minimums > 0).sum())
    parts = [f"Minimums of {count} of {money.minimums.size} suppliers"] if count else []
    parts += [f"a spend cap of {money.spend_cap:,.2f} a review"] if money.spend_cap is not None else []
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


class ReviewValues(Protocol):
    """What a review of our policy knows of some products, at one service level."""

    def values(self, products: Index, money: MoneyTerms) -> OrderValues:
        """What quantities of these products are worth."""

    def later(self, products: Index) -> LaterNeed:
        """When these products become due."""

    def most(self, products: Index) -> Matrix:
        """The most units of each that make no overstock."""


def in_proportion(quantity: Matrix, terms: OrderTerms, money: MoneyTerms) -> Matrix:
    """Quantities of one service level as people do it without a rule: raised, and cut, all by the same factor.

    >>> terms = OrderTerms(np.ones(2), np.ones(2), np.ones(2))
    >>> money = MoneyTerms(np.zeros(2, dtype=np.int64), np.ones(2), np.array([9.0]), ("best",), None)
    >>> in_proportion(np.array([2.0, 4.0]), terms, money).tolist()
    [3.0, 6.0]
    """
    value = np.bincount(money.order, quantity * terms.unit_cost, money.minimums.size)
    factor = np.where((value > 0) & (value < money.minimums), money.minimums / np.maximum(value, _TINY), 1.0)
    raised = whole_batches(quantity * factor[money.order], terms.batch, is_up=True)
    spent = float((raised * terms.unit_cost).sum())
    if money.spend_cap is None or spent <= money.spend_cap + _TINY:
        return raised
    cut = whole_batches(raised * (money.spend_cap / spent), terms.batch, is_up=False)
    cut = np.where(cut >= terms.least - _TINY, cut, 0.0)
    value = np.bincount(money.order, cut * terms.unit_cost, money.minimums.size)
    return np.where((value < money.minimums - _TINY)[money.order], 0.0, cut)


def by_least_loss(quantity: Matrix, terms: OrderTerms, money: MoneyTerms, review: ReviewValues) -> Matrix:
    """Quantities of one service level by our rule, as in a plan."""
    decided = quantity.copy()
    value = np.bincount(money.order, quantity * terms.unit_cost, money.minimums.size)
    for order in np.flatnonzero((value > 0) & (value < money.minimums - _TINY)).tolist():
        products = np.flatnonzero(money.order == order)
        decided[products] = _after_minimum(
            quantity[products], terms.rows(products), money, review, products, float(value[order]), order
        )
    bought = np.flatnonzero(decided > 0)
    if money.spend_cap is None or float((decided * terms.unit_cost).sum()) <= money.spend_cap + _TINY:
        return decided
    value = np.bincount(money.order, decided * terms.unit_cost, money.minimums.size)
    held = np.where(value >= money.minimums - _TINY, money.minimums, 0.0)
    wanted = Wanted(
        review.values(bought, money), terms.rows(bought), decided[bought], money.order[bought], held
    )  # fmt: skip
    cut = np.zeros_like(decided)
    cut[bought] = within_cap(wanted, money.spend_cap)
    return cut


def _after_minimum(
    ordered: Matrix, terms: OrderTerms, money: MoneyTerms, review: ReviewValues, products: Index, value: float,
    order: int,
) -> Matrix:  # fmt: skip
    """The quantities of an order below its minimum, after the cheaper way, or the one that is set."""
    below, minimum = money.below[order], float(money.minimums[order])
    if below == AS_IS:
        return ordered
    values = review.values(products, money)
    most = whole_batches(np.maximum(ordered, review.most(products)), terms.batch, is_up=False)
    most = np.where((ordered > 0) | (most >= terms.least), np.maximum(ordered, most), ordered)
    added = None if below == WAIT else least_loss_addition(values, terms, ordered, most, gap=minimum - value)
    wait = None if below == ADD else least_wait(values, terms, review.later(products), ordered, minimum=minimum)
    if added is None or wait is None:
        return np.zeros_like(ordered) if wait is not None else ordered if added is None else added
    change = np.diff(values.value(np.stack([ordered, added], axis=1)), axis=1)
    is_cheaper = below == BEST and wait.cost < -float(change.sum())
    return np.zeros_like(ordered) if is_cheaper else added
