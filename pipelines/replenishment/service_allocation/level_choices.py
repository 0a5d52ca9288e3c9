"""What each product may choose: the levels of its demand distribution, what they keep, and the stock that they bind.

What belongs here: choices as arrays, and the level that earns most. What does not: the choice among many products
(`marginal_analysis.py`).
Read more in docs/maths.md#service-allocation.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.forecasting.models.negative_binomial import whole_units
from pipelines.replenishment.decision.order_decision import level_for_money
from pipelines.replenishment.service_allocation.marginal_analysis import Choices

# No setting can be below it.
LEAST_LEVEL: Final = 0.5
_TINY: Final = 1e-9


def choices_of(
    probabilities: Matrix, quantiles: Matrix, *, is_sold_whole: NDArray[np.bool_], unit_cost: Matrix, floor: Matrix
) -> Choices:
    """The levels of products from their floor on: each whole level once, at the highest probability that it keeps.

    A level S binds the expected stock at the end of the protection interval, E[(S - D)+] units: the area under
    P(D <= x) from 0 to S. The floor is at most the highest probability.

    >>> probabilities, quantiles = np.array([0.5, 0.8, 0.9, 0.95]), np.array([[0.0, 0.0, 1.2, 1.4]])
    >>> whole, one = np.ones(1, dtype=bool), np.ones(1)
    >>> found = choices_of(probabilities, quantiles, is_sold_whole=whole, unit_cost=10 * one, floor=0.8 * one)
    >>> found.service.tolist(), found.value.round(2).tolist()
    ([[0.5, 0.8, 0.9, 0.95]], [[inf, 0.0, inf, 8.25]])
    """
    kept = np.flatnonzero(probabilities >= LEAST_LEVEL - _TINY)
    levels = np.maximum.accumulate(np.maximum(0.0, quantiles), axis=1)
    levels[is_sold_whole] = whole_units(levels[is_sold_whole])
    levels, at = levels[:, kept], probabilities[kept]
    before = _left_over(probabilities, quantiles)[:, kept]
    is_last = np.append(levels[:, 1:] > levels[:, :-1] + _TINY, np.ones((levels.shape[0], 1), dtype=bool), axis=1)
    is_allowed = is_last & (at >= np.minimum(floor, at[-1])[:, None] - _TINY)
    # the distribution is known at its grid only: from the grid's quantile to the whole level, all but 1 - p is there
    units = before + (levels - np.maximum(0.0, quantiles[:, kept])) * at
    value = np.where(is_allowed, np.maximum(0.0, units) * unit_cost[:, None], np.inf)
    return Choices(np.broadcast_to(at, levels.shape).copy(), value)


def _left_over(probabilities: Matrix, quantiles: Matrix) -> Matrix:
    """E[(Q - D)+] at each quantile Q: the area under P(D <= x), by the rule of the trapezium."""
    at = np.concatenate([np.zeros((quantiles.shape[0], 1)), np.maximum(0.0, quantiles)], axis=1)
    share = np.concatenate([probabilities[:1], (probabilities[1:] + probabilities[:-1]) / 2])
    return np.asarray(np.cumsum(np.diff(at, axis=1) * share, axis=1))


def levels_for_profit(
    margin: Matrix, holding: Matrix, cycles_before_arrival: Matrix, *, floor: Matrix, most: float, is_lost: bool
) -> Matrix:
    """The level of each product at which one more unit would cost as much to hold as it earns, from its floor on.

    With the margin m of a unit and the cost h of holding it for a coverage period: m / (m + h), less if unmet demand is
    lost (`level_for_money`).

    >>> levels_for_profit(np.array([2.0, 0.1]), np.array([0.02, 0.1]), np.zeros(2), floor=np.full(2, 0.8), most=0.999,
    ...                   is_lost=False).round(3).tolist()
    [0.99, 0.8]
    """
    ratio = margin / np.maximum(margin + holding, _TINY)
    level = level_for_money(ratio, cycles_before_arrival) if is_lost else ratio
    return np.asarray(np.clip(level, np.minimum(floor, most), most))
