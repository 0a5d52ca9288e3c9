"""The exact optimum of ordering every period with lost sales, by value iteration, and what another rule costs.

State: what is on hand after today's delivery, and the orders of the last L - 1 periods that are under way. Cost of a
period: b a unit of lost demand, and h a unit held for it: what is left at the end of each of its
days, over the number of days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from pipelines.forecasting.history.demand_matrix import Index, Matrix

Order = Callable[[Index], Index]


@dataclass(frozen=True)
class LostSales:
    """A product with known demand: lead time in periods, costs of a lost sale and of a unit held, bounds.

    `mean` is that of a period, which has so many `days`; the days are alike and independent.
    """

    mean: float
    dispersion: float
    lead_time: int
    lost_sale: float
    holding: float = 1.0
    days: int = 1
    most_on_hand: int = 30
    most_ordered: int = 15

    @cached_property
    def demand(self) -> Matrix:
        """P(demand = 0, 1, ...) of a period; the last takes the tail."""
        return self._demand_of(self.days)

    def _demand_of(self, days: int) -> Matrix:
        mean = self.mean * days / self.days
        distribution = stats.poisson(mean) if self.dispersion == 0 else stats.nbinom(
            mean / self.dispersion, 1 / (1 + self.dispersion)
        )  # fmt: skip
        probabilities = distribution.pmf(np.arange(int(distribution.ppf(1 - 1e-7)) + 1))
        probabilities[-1] += 1 - probabilities.sum()
        return probabilities

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (self.most_on_hand + 1, *([self.most_ordered + 1] * max(0, self.lead_time - 1)))

    @cached_property
    def states(self) -> Index:
        """A row a state: on hand, then the orders under way, the next to arrive first."""
        return np.stack([one.ravel() for one in np.indices(self.shape)], axis=1)

    @cached_property
    def period_cost(self) -> Matrix:
        """By stock after delivery: the expected cost of a period."""
        there = np.arange(self.most_on_hand + self.most_ordered + 1)[:, None]
        lost = np.maximum(0, np.arange(self.demand.size) - there) @ self.demand
        held = [
            np.maximum(0, there - np.arange(sold.size)) @ sold for sold in map(self._demand_of, range(1, self.days + 1))
        ]
        return np.asarray(self.lost_sale * lost + self.holding * np.mean(held, axis=0))

    def step(self, values: Matrix, orders: Index | None = None) -> Matrix:
        """One period: the best order of every state, or the given ones, then demand, then what arrives next."""
        after = self._after_demand(values)
        if orders is None:
            return np.asarray(after.min(axis=1))
        return np.asarray(after[np.arange(orders.size), orders])

    def _after_demand(self, values: Matrix) -> Matrix:
        """By state and order placed: the cost of this period and the value of where it leads."""
        values = values.reshape(self.shape)
        ordered = np.arange(self.most_ordered + 1)
        there = self.states[:, 0][:, None] + (ordered[None, :] if self.lead_time == 0 else 0)
        total = self.period_cost[there] * np.ones((1, ordered.size))
        for demand, probability in enumerate(self.demand):
            left = np.maximum(0, there - demand)
            total += probability * values[self._next(left, ordered)]
        return total

    def _next(self, left: Index, ordered: Index) -> tuple[Index, ...]:
        under_way = [self.states[:, k][:, None] for k in range(1, self.states.shape[1])]
        queue = [*under_way, ordered[None, :]] if self.lead_time > 0 else []
        arrives = queue.pop(0) if queue else 0
        on_hand = np.minimum(self.most_on_hand, left + arrives)
        return tuple(np.broadcast_to(one, (left.shape[0], ordered.size)) for one in (on_hand, *queue))

    def average_cost(self, orders: Index | None = None, *, within: float = 1e-4) -> float:
        """The cost of a period in the long run: of the best orders, or of the given ones."""
        values = np.zeros(self.states.shape[0])
        for _ in range(3000):
            after = self.step(values, orders)
            change = after - values
            if change.max() - change.min() < within * change.mean():
                break
            values = after - after[0]
        return float(change.mean())
