"""The steps in which a product's quantity may grow, each with its cost and its value: the best value for money first.

What belongs here: steps of whole batches on the concave hull of a product's value. What does not: which steps are
taken (`supplier_minimum.py`, `spend_cap.py`).
On the hull a later step of a product never has more value for money than an earlier one, so that steps may be taken in
the order of their value for money. Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.replenishment.supplier_orders.order_values import OrderTerms, OrderValues, whole_batches

# The most steps of a product: a longer way is divided into steps of several batches.
MOST_STEPS: Final = 64
_TINY: Final = 1e-9


@dataclass(frozen=True)
class Steps:
    """A row per step: its product, the product's quantity after it, and what the step costs and is worth."""

    product: Index
    quantity: Matrix
    cost: Matrix
    value: Matrix

    def rows(self, chosen: Index) -> "Steps":
        """Some of the steps."""
        return Steps(self.product[chosen], self.quantity[chosen], self.cost[chosen], self.value[chosen])

    @property
    def by_worth(self) -> Index:
        """The places of the steps by value for money, the best first; of equal ones the first product, and its order.

        >>> Steps(np.array([0, 1]), np.ones(2), np.array([2.0, 4.0]), np.array([1.0, 3.0])).by_worth.tolist()
        [1, 0]
        """
        worth = np.round(self.value / self.cost, 12)
        return np.asarray(np.lexsort((self.quantity, self.product, -worth)))


def steps_between(values: OrderValues, terms: OrderTerms, low: Matrix, high: Matrix) -> Steps:
    """The steps of every product from one quantity to another, in whole batches, on the hull of its value.

    From 0 the first step is the least quantity of a line. A product without a cost has no steps.
    """
    grid = _grid(terms, low, high)
    cost, value = grid * terms.unit_cost[:, None], values.value(grid)
    is_step = np.diff(cost, axis=1) > _TINY
    rows = np.flatnonzero(is_step.any(axis=1)).tolist()
    parts = [_hull(row, grid[row], cost[row], value[row], is_step[row]) for row in rows]
    if not parts:
        return Steps(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(0))
    product, *numbers = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Steps(product.astype(np.int64), *numbers)


def _grid(terms: OrderTerms, low: Matrix, high: Matrix) -> Matrix:
    """The quantities at which each product's value is looked at, ascending; a short row ends with its last again."""
    first = np.where(low > 0, low, np.minimum(np.maximum(terms.least, terms.batch), high))
    batches = np.maximum(0.0, np.round((high - first) / terms.batch))
    count = int(min(MOST_STEPS, batches.max(initial=0.0)))
    share = np.arange(count + 1)[None, :] / np.maximum(1, np.minimum(count, batches))[:, None]
    later = first[:, None] + np.round(np.minimum(1.0, share) * batches[:, None]) * terms.batch[:, None]
    grid = np.minimum(np.round(later, 4), np.maximum(low, high)[:, None])
    return np.concatenate([low[:, None], np.maximum(grid, low[:, None])], axis=1)


def _hull(
    product: int, grid: Matrix, cost: Matrix, value: Matrix, is_step: Matrix
) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """The steps of a product, those of growing value for money joined."""
    ends = [0]
    for end in (np.flatnonzero(is_step) + 1).tolist():
        while len(ends) > 1 and _worth(cost, value, ends[-2], ends[-1]) < _worth(cost, value, ends[-1], end) - _TINY:
            ends.pop()
        ends.append(end)
    after, before = np.array(ends[1:]), np.array(ends[:-1])
    return np.full(after.size, product), grid[after], cost[after] - cost[before], value[after] - value[before]


def _worth(cost: Matrix, value: Matrix, start: int, end: int) -> float:
    return float((value[end] - value[start]) / (cost[end] - cost[start]))


def larger_by_cost(terms: OrderTerms, quantity: Matrix, cost: float) -> Matrix:
    """The least quantity of each product that costs at least so much more than its quantity now."""
    batches = np.ceil(cost / np.maximum(terms.unit_cost * terms.batch, 1e-12) - 1e-9)
    more = np.round(quantity + batches * terms.batch, 4)
    least = np.where(quantity > 0, 0.0, terms.least)
    whole = whole_batches(np.maximum(more, least), terms.batch, is_up=True)
    return np.asarray(np.where(terms.unit_cost > 0, whole, np.inf))
