"""What each quantity of a product is worth, in money: margin saved in the coverage period, less holding.

What belongs here: the value of a quantity on the paths of the order decision. What does not: choosing quantities
(`supplier_minimum.py`, `spend_cap.py`).

    served(q)  = E[min(max(need, 0), q)]                      units sold in the coverage period because of the order
    holding(q) = h (R (q - served(q) / 2) + excess(q) / d)    h: holding of a unit a day, R: coverage days, d: demand
    excess(q)  = ((q - n)+^2 - (-n)+^2) / 2                   n: the net requirement; later orders are smaller by it
    value(q)   = margin served(q) - holding(q)                concave in q

Read more in docs/maths.md.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import Index, Matrix

# Demand that is slower than one unit in so many days counts as one.
SLOWEST_DAYS: Final = 1000.0


@dataclass(frozen=True)
class OrderValues:
    """A row per product: its net requirement on every path with the path's weight, and its money and days.

    `need` and `on_hand` are those of a projection: what must arrive on the day of arrival, and what is there then.
    `needed` is the net requirement that the order was decided on, `margin` the margin of a unit, `holding_a_day` what
    holding a unit costs a day, both in one currency.
    """

    need: Matrix
    on_hand: Matrix
    weights: Matrix
    needed: Matrix
    margin: Matrix
    holding_a_day: Matrix
    coverage_days: Matrix
    daily_demand: Matrix

    def rows(self, chosen: Index) -> "OrderValues":
        """Some of the products; their paths are sorted once."""
        some = OrderValues(*(getattr(self, one.name)[chosen] for one in fields(self)))
        vars(some)["_sorted"] = tuple(values[chosen] for values in self._sorted)
        return some

    def units_served(self, quantity: Matrix) -> Matrix:
        """Expected units of demand in the coverage period that a quantity serves: a row per product.

        >>> one = OrderValues(np.array([[-1.0, 2.0, 6.0]]), np.zeros((1, 3)), np.full((1, 3), 1 / 3), *np.ones((5, 1)))
        >>> one.units_served(np.array([[0.0, 3.0, 9.0]])).round(4).tolist()
        [[0.0, 1.6667, 2.6667]]
        """
        needs, reached, served = self._sorted
        result = np.zeros_like(quantity)
        for row, (need, below, summed) in enumerate(zip(needs, reached, served, strict=True)):
            place = np.searchsorted(need, quantity[row], side="right")
            result[row] = summed[place] + quantity[row] * np.maximum(0.0, 1 - below[place])
        return result

    def holding_cost(self, quantity: Matrix) -> Matrix:
        """What holding a quantity costs until it is sold, or until later orders are smaller by it."""
        needed, slowest = self.needed[:, None], 1 / SLOWEST_DAYS
        excess = np.maximum(0.0, quantity - needed) ** 2 - np.maximum(0.0, -needed) ** 2
        in_cover = self.coverage_days[:, None] * (quantity - self.units_served(quantity) / 2)
        days = in_cover + excess / (2 * np.maximum(self.daily_demand, slowest)[:, None])
        return np.asarray(self.holding_a_day[:, None] * days)

    def margin_saved(self, quantity: Matrix) -> Matrix:
        """The margin that is expected to be lost in the coverage period without a quantity."""
        return np.asarray(self.margin[:, None] * self.units_served(quantity))

    def value(self, quantity: Matrix) -> Matrix:
        """The margin that a quantity saves, less what holding it costs; concave in the quantity."""
        return self.margin_saved(quantity) - self.holding_cost(quantity)

    def units_lost_by_waiting(self, days: int, most: Matrix) -> Matrix:
        """Expected units short in the first days of the coverage period, and beyond it, if the order is so much later.

        Demand of the coverage period is spread evenly over its days; `most` limits the units of each product.
        """
        share = days / np.maximum(1.0, self.coverage_days)[:, None]
        short = (self.need + self.on_hand) * share - self.on_hand
        return np.asarray((self.weights * np.clip(short, 0.0, most[:, None])).sum(axis=1))

    @cached_property
    def _sorted(self) -> tuple[Matrix, Matrix, Matrix]:
        """For each product the requirements of its paths, ascending; their weights and their units, summed from 0."""
        need = np.maximum(0.0, self.need)
        order = np.argsort(need, axis=1, kind="stable")
        need, weights = (np.take_along_axis(values, order, axis=1) for values in (need, self.weights))
        total = np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
        before = np.zeros((need.shape[0], 1))
        summed = (np.cumsum(values / total, axis=1) for values in (weights, weights * need))
        reached, served = (np.concatenate([before, values], axis=1) for values in summed)
        return need, reached, served


@dataclass(frozen=True)
class OrderTerms:
    """A row per product: the cost of a unit, the batch, and the least quantity of a line, in whole batches."""

    unit_cost: Matrix
    batch: Matrix
    least: Matrix

    @classmethod
    def of(cls, unit_cost: Matrix, batch: Matrix, minimum: Matrix) -> "OrderTerms":
        """The terms of products with a minimum order quantity, 0 for none."""
        return cls(unit_cost, batch, whole_batches(np.maximum(minimum, batch), batch, is_up=True))

    def rows(self, chosen: Index) -> "OrderTerms":
        """The terms of some products."""
        return OrderTerms(self.unit_cost[chosen], self.batch[chosen], self.least[chosen])


def whole_batches(quantity: Matrix, batch: Matrix, *, is_up: bool) -> Matrix:
    """A quantity as a number of whole batches, rounded up or down; units have four decimals.

    >>> whole_batches(np.array([0.3, 13.0]), np.array([0.1, 12.0]), is_up=True).round(4).tolist()
    [0.3, 24.0]
    """
    count = np.round(quantity * 10_000) / np.round(batch * 10_000)
    whole = np.ceil(count - 1e-9) if is_up else np.floor(count + 1e-9)
    return np.asarray(np.round(whole * batch, 4))
