"""From what a model expects to how likely each demand is: its own past errors, pooled over the products of a class.

What belongs here: the grid, the quantiles of errors, the loss that judges them. What does not: which model.
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np

from pipelines.forecasting.series import Matrix

PROBABILITIES: Final = np.array([*(k / 100 for k in range(1, 100)), 0.995, 0.999])
JUDGED: Final = np.array([0.8, 0.9, 0.95, 0.98])
FEWEST_ERRORS: Final = 30
# Above this mean a Poisson quantile is a normal one; scipy has none above some 10^11.
MANY: Final = 1e6


def error_quantiles(errors: Matrix, probabilities: Matrix) -> Matrix:
    """The quantiles of errors, from the safe side: of n errors the ceil((n + 1) p)-th, the largest at most.

    >>> error_quantiles(np.array([-1.0, 0.0, 1.0]), np.array([0.5])).tolist()
    [0.0]
    """
    ordered = np.sort(errors)
    rank = np.ceil((ordered.size + 1) * probabilities - 1e-9).astype(int)
    return np.asarray(ordered[np.clip(rank, 1, ordered.size) - 1])


def pinball_loss(demand: Matrix, quantile: Matrix, probability: float) -> Matrix:
    """What a quantile that misses costs: p a piece above it, 1 - p a piece below (Koenker and Bassett 1978).

    >>> pinball_loss(np.array([10.0]), np.array([6.0]), 0.9).tolist()
    [3.6]
    """
    over = demand - quantile
    return np.maximum(probability * over, (probability - 1) * over)


def poisson_quantiles(mean: Matrix, probabilities: Matrix) -> Matrix:
    """Quantiles where no past error is known: pieces that are sold one by one, independently.

    >>> poisson_quantiles(np.array([2.0]), np.array([0.5, 0.9, 0.95])).tolist()
    [[2.0, 4.0, 5.0]]
    """
    from scipy.special import ndtri  # noqa: PLC0415, half a second: only a company without history pays for it
    from scipy.stats import poisson  # noqa: PLC0415

    few = np.clip(mean, 1e-9, MANY)
    many = np.ceil(mean[:, None] + np.sqrt(mean)[:, None] * ndtri(probabilities))
    return np.asarray(np.where((mean > MANY)[:, None], many, poisson.ppf(probabilities, few[:, None])))
