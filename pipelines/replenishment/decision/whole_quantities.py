"""Whole quantities: the least that reaches a service level, and which of two whole ones around it is chosen.

What belongs here: rounding of quantities of which only whole units exist. What does not: the paths that the quantities
must suffice for (`order_decision.py`), which demand is whole (`history/demand_matrix.py`).
If 3 units keep 86% and 4 keep 95%, no product can keep 90%. If every product had the 4, all would keep 95%, at the
price of a unit each. So a part of the products has a unit less, such that together they keep what was set.
Read more in docs/maths.md#whole-units.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.models.global_quantile_model import uniform_of_bits

# No product is more than so many times as likely to run short as was set.
MOST_TIMES: Final = 3.0
_TINY: Final = 1e-9
_ROUNDING: Final = 1e-6


def draws_of(seeds: Index, is_sold_whole: NDArray[np.bool_]) -> Matrix:
    """A number in 0 ... 1 for each product, by its seed alone; 0 for one that is sold in parts of a unit.

    >>> draws = draws_of(np.arange(1_000), np.arange(1_000) > 0)
    >>> round(float(draws.mean()), 1), float(draws[0])
    (0.5, 0.0)
    """
    return np.where(is_sold_whole, uniform_of_bits(seeds.astype(np.uint64) << np.uint64(32)), 0.0)


def round_up(quantity: Matrix, position: Matrix | float) -> Matrix:
    """The quantity rounded up so that it is whole together with the position: stock is counted in whole units."""
    return np.asarray(np.ceil(quantity + position - _ROUNDING) - position)


def least_kept(service_level: Matrix) -> Matrix:
    """What a product with a unit less must keep by itself: 1 - 3(1 - p), a shortage three times as likely as was set.

    >>> least_kept(np.array([0.95, 0.4])).round(3).tolist()
    [0.85, 0.0]
    """
    return np.maximum(0.0, 1 - MOST_TIMES * (1 - service_level))


def mixed(least: Matrix, need: Matrix, weights: Matrix, service_level: Matrix, draws: Matrix) -> Matrix:
    """The least whole quantity that suffices, or a unit less: over many products the service level is kept.

    Let F(q) be the weight of the paths on which q suffices, so F(q - 1) < p <= F(q). Of all draws the share
    (p - F(q - 1)) / (F(q) - F(q - 1)) has q, the others q - 1. A product whose F(q - 1) is 0 or below `least_kept`
    has q.

    >>> need, weights = np.array([[2.0, 3.0, 4.0]]), np.array([[0.2, 0.66, 0.14]])
    >>> [float(mixed(np.array([4.0]), need, weights, np.array([0.9]), np.array([at]))[0]) for at in (0.28, 0.29)]
    [4.0, 3.0]
    """
    chosen = least.copy()
    rows = np.flatnonzero(draws > 0)
    if not rows.size:
        return chosen
    need, weights = need[rows], np.broadcast_to(weights, need.shape)[rows]
    kept, reached = (
        np.asarray((weights * (need <= least[rows, None] - less + _ROUNDING)).sum(axis=1)) for less in (1, 0)
    )
    level = service_level[rows]
    share = (level - kept) / np.maximum(reached - kept, _TINY)
    is_less = (kept > _TINY) & (kept >= least_kept(level) - _TINY) & (draws[rows] >= share)
    chosen[rows] -= is_less
    return chosen
