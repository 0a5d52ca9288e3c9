"""Demand as a negative binomial: a mean, a variance that past errors teach, and what that says of every probability.

What belongs here: the law, the pooled variance, the predictive variance. What does not: the learner (`pool.py`).
Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.forecasting.series import Matrix

HALF_LIFE_DAYS: Final = 364
# What the law of all products counts beside a product's own errors, in independent windows.
LAW_WEIGHT: Final = 3.0
FEWEST_FOR_LAW: Final = 20
USUAL_LAW: Final = (0.75, 0.3)
SLOPES: Final = (0.5, 1.25)
# Above this mean a gamma of the same two moments is as good, and has quantiles for any number.
LARGEST_COUNTED: Final = 15.0
LEAST_EXCESS: Final = 1.0001
LEAST_MEAN: Final = 1e-6
WIDEST: Final = 1e4


def nb_quantiles(mean: Matrix, variance: Matrix, probabilities: Matrix) -> Matrix:
    """Quantiles of a negative binomial with these moments, a row a product; of a gamma above a mean of 15.

    The variance is at least 1.0001 times the mean.

    >>> nb_quantiles(np.array([2.0]), np.array([2.0]), np.array([0.5, 0.9, 0.95])).tolist()
    [[2.0, 4.0, 5.0]]
    >>> nb_quantiles(np.array([2.0]), np.array([6.0]), np.array([0.5, 0.9, 0.95])).tolist()
    [[1.0, 5.0, 7.0]]
    """
    from scipy.special import gammaincinv  # noqa: PLC0415, half a second: only a forecast pays for it
    from scipy.stats import nbinom  # noqa: PLC0415

    spread = np.clip(variance, LEAST_EXCESS * mean, WIDEST * mean * np.maximum(1.0, mean))
    told = np.zeros((mean.size, probabilities.size))
    few, many = np.flatnonzero((mean > LEAST_MEAN) & (mean <= LARGEST_COUNTED)), np.flatnonzero(mean > LARGEST_COUNTED)
    size = mean[few] ** 2 / (spread[few] - mean[few])
    told[few] = nbinom.ppf(probabilities[None, :], size[:, None], (mean[few] / spread[few])[:, None])
    shape = mean[many] ** 2 / spread[many]
    told[many] = gammaincinv(shape[:, None], probabilities[None, :]) * (spread[many] / mean[many])[:, None]
    return np.asarray(np.nan_to_num(told, nan=0.0, posinf=0.0))


@dataclass(frozen=True)
class Moments:
    """Mean and variance of the window's demand for each product."""

    mean: Matrix
    variance: Matrix


def pooled_moments(level: Matrix, sums: Matrix, *, periods: float, period_days: int) -> Moments:
    """The mean that the level says, and the variance of its past errors, shrunk to the law of all products.

        v = (n v_own + 3 v_law) / (n + 3),   log v_law = 2 (a log f + b)

    v_own is the mean squared error of the window's demand over past origins, half as heavy a year ago; n the sum of
    the weights over the window's length in periods, since windows overlap. `level` and `sums` have a column an origin,
    the last one is the origin of the forecast.
    """
    past = level * periods
    age = np.arange(sums.shape[1])[::-1] * period_days
    weight = np.where(np.isnan(sums), 0.0, 0.5 ** (age / HALF_LIFE_DAYS)[None, :])
    total = weight.sum(axis=1)
    own = (weight * (np.nan_to_num(sums) - past) ** 2).sum(axis=1) / np.maximum(total, 1e-9)
    usual = (weight * past).sum(axis=1) / np.maximum(total, 1e-9)
    windows = total / max(1.0, periods)
    mean = past[:, -1]
    slope, height = _law(usual, own, windows)
    by_law = np.exp(2 * (slope * np.log(np.maximum(mean, LEAST_MEAN)) + height))
    variance = (windows * own + LAW_WEIGHT * by_law) / (windows + LAW_WEIGHT)
    return Moments(mean, np.maximum(variance, LEAST_EXCESS * mean))


def _law(mean: Matrix, variance: Matrix, windows: Matrix) -> tuple[float, float]:
    """Slope and height of log standard deviation over log mean, by least squares over all products."""
    is_told = (windows >= 1) & (mean > LEAST_MEAN) & (variance > LEAST_MEAN)
    if is_told.sum() < FEWEST_FOR_LAW:
        return USUAL_LAW
    x, y = np.log(mean[is_told]), 0.5 * np.log(variance[is_told])
    around = x - x.mean()
    spread = float((around**2).sum())
    slope = float(np.clip((around * y).sum() / spread, *SLOPES)) if spread > LEAST_MEAN else USUAL_LAW[0]
    return slope, float(y.mean() - slope * x.mean())


def predictive_moments(demand: Matrix, *, periods: float) -> Moments:
    """For demand that never changes: the life's mean m and variance v of n periods, and not knowing m.

    Variance of h periods: h v + h² v / n. A product seen once has Poisson's variance.
    """
    known = ~np.isnan(demand)
    count = np.maximum(1, known.sum(axis=1))
    mean = np.nan_to_num(demand).sum(axis=1) / count
    squared = (np.where(known, demand - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(1, count - 1)
    variance = np.where(count > 1, squared, mean)
    return Moments(mean * periods, np.maximum(periods * variance + periods**2 * variance / count, mean * periods))
