"""Demand as a negative binomial: a mean, a variance that past errors teach, and what that says of every probability.

What belongs here: the law, the pooled variance, the predictive variance.
What does not: the learner (`global_quantile_model.py`).
Demand that varies less than chance, which no negative binomial does, is a gamma of the same two moments.
Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import YEAR_DAYS, Index, Matrix
from pipelines.forecasting.history.windows import Window

# What the law of all products counts beside a product's own errors, in independent windows.
LAW_WEIGHT: Final = 3.0
PRODUCTS_FOR_LAW: Final = (12, 24)
ROBUST_STEPS: Final = 4
FENCE: Final = 1.5
USUAL_LAW: Final = (0.75, 0.3)
SLOPES: Final = (0.5, 1.25)
# Above this mean a gamma of the same two moments is as good, and has quantiles for any number.
LARGEST_COUNTED: Final = 200.0
LEAST_EXCESS: Final = 1.0001
LEAST_SPREAD: Final = 1e-28
LEAST_MEAN: Final = 1e-6
WIDEST: Final = 1e4
TINY: Final = 1e-9
FEWEST_PERIODS: Final = 8
RARELY: Final = 0.001
ROUNDING: Final = 1e-12
MOST_ADDED: Final = 1_000


def nb_quantiles(mean: Matrix, variance: Matrix, probabilities: Matrix) -> Matrix:
    """Quantiles of a negative binomial with these moments, a row a product.

    Of a gamma where the mean is above 200, or the variance below the mean.

    >>> nb_quantiles(np.array([2.0]), np.array([2.0]), np.array([0.5, 0.9, 0.95])).tolist()
    [[2.0, 4.0, 5.0]]
    >>> nb_quantiles(np.array([2.0]), np.array([6.0]), np.array([0.5, 0.9, 0.95])).tolist()
    [[1.0, 5.0, 7.0]]
    >>> nb_quantiles(np.array([21.0]), np.array([0.0]), np.array([0.5, 0.999])).round(6).tolist()
    [[21.0, 21.0]]
    """
    from scipy.special import gammaincinv  # noqa: PLC0415, half a second: only a forecast pays for it

    spread, few, many = _by_law(mean, variance)
    told = np.zeros((mean.size, probabilities.size))
    size = mean[few] ** 2 / (spread[few] - mean[few])
    told[few] = _counted(size, mean[few] / spread[few], probabilities)
    shape = mean[many] ** 2 / spread[many]
    told[many] = gammaincinv(shape[:, None], probabilities[None, :]) * (spread[many] / mean[many])[:, None]
    return np.asarray(np.nan_to_num(told, nan=0.0, posinf=0.0))


def _counted(size: Matrix, success: Matrix, probabilities: Matrix) -> Matrix:
    """The least k that a demand stays at or below with each probability, by adding up the law from nothing on.

    The share of k + 1 is (size + k) / (k + 1) (1 - success) times that of k. A quantile is how many k the law is below
    its probability at: `passed` counts those by the first of the probabilities that is not reached. Laws that have not
    come to an end after 1,000 pieces are inverted, at twenty times the cost.
    """
    order = np.argsort(probabilities)
    wanted = probabilities[order] - ROUNDING
    passed = np.zeros((size.size, wanted.size + 1))
    rows, share = np.arange(size.size), success**size
    reached = share.copy()
    for pieces in range(MOST_ADDED):
        first = np.searchsorted(wanted, reached, side="right")
        passed[rows, first] += 1
        if (is_over := first == wanted.size).any():
            rows, share, reached = rows[~is_over], share[~is_over], reached[~is_over]
        if not rows.size:
            break
        share = share * (size[rows] + pieces) / (pieces + 1) * (1 - success[rows])
        reached = reached + share
    told = np.zeros((size.size, wanted.size))
    told[:, order] = np.cumsum(passed[:, :-1], axis=1)
    if rows.size:
        from scipy.stats import nbinom  # noqa: PLC0415, a second

        told[rows] = nbinom.ppf(probabilities[None, :], size[rows, None], success[rows, None])
    return told


def nb_shares(demand: Matrix, mean: Matrix, variance: Matrix) -> tuple[Matrix, Matrix]:
    """How likely less than this demand is, and this demand or less, under the law of `nb_quantiles`.

    Between two whole pieces both are on the straight line between these.

    >>> below, at_or_below = nb_shares(np.array([5.0]), np.array([2.0]), np.array([6.0]))
    >>> round(float(below[0]), 3), round(float(at_or_below[0]), 3)
    (0.868, 0.912)
    """
    from scipy.special import betainc, gammainc  # noqa: PLC0415

    spread, few, many = _by_law(mean, variance)
    below, at_or_below = (demand > 0).astype(float), np.ones(demand.size)
    size, success = mean[few] ** 2 / (spread[few] - mean[few]), mean[few] / spread[few]
    pieces = np.floor(demand[few])
    part = demand[few] - pieces
    less = np.where(pieces > 0, betainc(size, np.maximum(1.0, pieces), success), 0.0)
    reached = betainc(size, pieces + 1, success)
    more = betainc(size, pieces + 2, success) if part.any() else reached
    below[few], at_or_below[few] = less + part * (reached - less), reached + part * (more - reached)
    below[many] = gammainc(mean[many] ** 2 / spread[many], demand[many] * mean[many] / spread[many])
    at_or_below[many] = below[many]
    return below, at_or_below


def _by_law(mean: Matrix, variance: Matrix) -> tuple[Matrix, Index, Index]:
    """The variance within what a law can have, and which rows are counted by the piece, and which are a gamma."""
    is_even, is_many = variance < mean, mean > LARGEST_COUNTED
    least = np.where(is_even, LEAST_SPREAD * mean**2, LEAST_EXCESS * mean)
    spread = np.clip(variance, least, WIDEST * mean * np.maximum(1.0, mean))
    is_known = mean > LEAST_MEAN
    return spread, np.flatnonzero(is_known & ~is_even & ~is_many), np.flatnonzero(is_known & (is_even | is_many))


@dataclass(frozen=True)
class Moments:
    """Mean and variance of the window's demand for each product, a column an origin: the last one is the forecast's."""

    mean: Matrix
    variance: Matrix

    def latest(self, rows: Index) -> tuple[Matrix, Matrix]:
        """Those of some products at the origin of the forecast."""
        return self.at(rows, np.full(rows.size, self.mean.shape[1] - 1))

    def at(self, rows: Index, origins: Index) -> tuple[Matrix, Matrix]:
        """Those of some products, each at an origin."""
        return self.mean[rows, origins], self.variance[rows, origins]


def pooled_moments(level: Matrix, sums: Matrix, *, window: Window, period_days: int) -> Moments:
    """The mean that the level says, and the variance of its past errors, shrunk to the law of all products.

        v = (n v_own + 3 v_law) / (n + 3),   log v_law = 2 (a log f + b)

    v_own is the mean squared error of the demand of windows that were over at the origin, half as heavy a year before;
    n the sum of the weights over the window's length in periods, since windows overlap. `level` and `sums` have a
    column an origin. The law is that of the last origin.
    """
    past = level * window.periods(period_days)
    missed = missed_in_the_past(past, sums, window=window, period_days=period_days)
    slope, height = _law(missed.mean, missed.squared[:, -1], missed.windows[:, -1])
    by_law = np.exp(2 * (slope * np.log(np.maximum(past, LEAST_MEAN)) + height))
    variance = (missed.windows * missed.squared + LAW_WEIGHT * by_law) / (missed.windows + LAW_WEIGHT)
    return Moments(past, np.maximum(variance, LEAST_EXCESS * past))


@dataclass(frozen=True)
class Missed:
    """What windows that were over at each origin were missed by, the older the lighter: a row a product.

    `squared` is the mean squared error, `windows` how many independent windows it comes from, a column an origin each;
    `mean` is what was expected of them on average.
    """

    squared: Matrix
    windows: Matrix
    mean: Matrix


def missed_in_the_past(expected: Matrix, sums: Matrix, *, window: Window, period_days: int) -> Missed:
    """How far demand was from what was expected of it, both with a column an origin; half as heavy a year before."""
    growth = 2.0 ** (np.arange(sums.shape[1]) * period_days / YEAR_DAYS)
    weight = np.where(np.isnan(sums), 0.0, growth)
    ended = -(-window.end_days // period_days)
    total = _until(weight, ended)
    return Missed(
        squared=_until(weight * (np.nan_to_num(sums) - expected) ** 2, ended) / np.maximum(total, TINY),
        windows=total / growth / max(1.0, window.periods(period_days)),
        mean=(weight * expected).sum(axis=1) / np.maximum(total[:, -1], TINY),
    )


def _until(values: Matrix, ended: int) -> Matrix:
    """Running sums over the origins whose windows were over, so many columns before."""
    told = np.zeros_like(values)
    told[:, ended:] = np.cumsum(values[:, : max(0, values.shape[1] - ended)], axis=1)
    return told


def _law(mean: Matrix, variance: Matrix, windows: Matrix) -> tuple[float, float]:
    """Slope and height of log standard deviation over log mean, by a robust line over all products.

    The usual law up to 12 products, the line's from 24 on, and between them a part of each.
    """
    is_told = (windows >= 1) & (mean > LEAST_MEAN) & (variance > LEAST_MEAN)
    few, many = PRODUCTS_FOR_LAW
    share = min(1.0, max(0.0, (int(is_told.sum()) - few) / (many - few)))
    if share == 0:
        return USUAL_LAW
    fitted = _robust_line(np.log(mean[is_told]), 0.5 * np.log(variance[is_told]))
    slope, height = (share * own + (1 - share) * usual for own, usual in zip(fitted, USUAL_LAW, strict=True))
    return slope, height


def _robust_line(x: Matrix, y: Matrix) -> tuple[float, float]:
    """Slope and height of a line by weighted least squares: what is far off, in x or from the line, counts for less.

    Bounded influence regression (Mallows; Huber 1981): beyond 1.5 quartile ranges from the median the weight falls as
    the square of the distance in x, and as the distance from the line.
    """
    in_x = _within(x) ** 2
    weight = in_x
    for _ in range(ROBUST_STEPS):
        middle = np.average(x, weights=weight)
        around = x - middle
        spread = float((weight * around**2).sum())
        slope = float(np.clip((weight * around * y).sum() / spread, *SLOPES)) if spread > LEAST_MEAN else USUAL_LAW[0]
        height = float(np.average(y, weights=weight) - slope * middle)
        weight = in_x * _within(y - height - slope * x)
    return slope, height


def _within(values: Matrix) -> Matrix:
    """1 for values within 1.5 quartile ranges of the median, less the farther off they are."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    reach = FENCE * max(float(high - low), LEAST_MEAN)
    return np.asarray(np.minimum(1.0, reach / np.maximum(np.abs(values - middle), reach)))


def predictive_moments(
    summed: Matrix, squares: Matrix, count: Matrix, sums: Matrix, *, window: Window, period_days: int
) -> Moments:
    """For demand that never changes: the life's mean m and variance v of n periods, and not knowing m.

    Variance of h periods: h v + h² v / n. It is at least Poisson's, as that of a product seen once is; for demand that
    varies less than chance at least what past windows were missed by. The first three arguments are running sums of
    demand, of its square and of the known periods, `sums` the demand of windows: a column an origin each.
    """
    periods, known = window.periods(period_days), np.maximum(1, count)
    mean = summed / known
    variance = np.where(count > 1, np.maximum(0.0, squares - summed * mean) / np.maximum(1, count - 1), mean)
    expected = mean * periods
    missed = missed_in_the_past(expected, sums, window=window, period_days=period_days)
    least = np.where(is_even(summed, squares, count) & (missed.windows >= 1), missed.squared, expected)
    return Moments(expected, np.maximum(periods * variance + periods**2 * variance / known, least))


def is_even(summed: Matrix, squares: Matrix, count: Matrix) -> NDArray[np.bool_]:
    """Whether demand varies less from period to period than chance would have it in one case of a thousand.

    Of Poisson demand (n - 1) v / m has a chi-square law of n - 1 degrees (Fisher's test of dispersion). The arguments
    are sums of demand, of its square and of the periods; eight periods are needed.

    >>> is_even(np.array([70.0, 70.0]), np.array([490.0, 560.0]), np.array([10.0, 10.0])).tolist()
    [True, False]
    """
    from scipy.special import chdtri  # noqa: PLC0415

    mean = summed / np.maximum(1, count)
    dispersion = np.maximum(0.0, squares - summed * mean) / np.maximum(mean, TINY)
    least = chdtri(np.maximum(1, np.arange(int(count.max(initial=0)) + 1) - 1), 1 - RARELY)
    return np.asarray((count >= FEWEST_PERIODS) & (summed > 0) & (dispersion < least[count.astype(np.int64)]))
