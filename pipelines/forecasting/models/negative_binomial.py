"""Demand as a negative binomial: a mean, a variance learned from past forecast errors, and the quantiles of both.

What belongs here: the distribution, the shrunken variance, the predictive variance. What does not: the global quantile
model (`global_quantile_model.py`).
Underdispersed demand, which varies less than Poisson demand and has no negative binomial, is a gamma of these moments.
Read more in docs/maths.md#the-negative-binomial.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import YEAR_DAYS, Index, Matrix
from pipelines.forecasting.history.windows import Window

# The power-law variance of all products counts as so many independent windows beside a product's own errors.
POWER_LAW_WINDOWS: Final = 3.0
PRODUCTS_FOR_POWER_LAW: Final = (12, 24)
ROBUST_STEPS: Final = 4
FENCE: Final = 1.5
# Slope and intercept of log standard deviation over log mean, if there are too few products to fit them.
DEFAULT_POWER_LAW: Final = (0.75, 0.3)
SLOPES: Final = (0.5, 1.25)
# Above this mean a gamma of the same two moments is as good, and its quantiles are cheap at any size.
LARGEST_COUNTED: Final = 200.0
LEAST_EXCESS: Final = 1.0001
LEAST_DISPERSION: Final = 1e-28
LEAST_MEAN: Final = 1e-6
WIDEST: Final = 1e4
TINY: Final = 1e-9
FEWEST_PERIODS: Final = 8
SIGNIFICANCE: Final = 0.001
ROUNDING: Final = 1e-12
MOST_ADDED: Final = 1_000
# Quantiles are stored to four digits: a smaller part of a unit is rounding.
LEAST_PART: Final = 1e-4


def nb_quantiles(mean: Matrix, variance: Matrix, probabilities: Matrix, *, is_spread: bool = False) -> Matrix:
    """The quantiles of negative binomials with these moments: products x probabilities, in units.

    With mean m and variance v > m, the number of successes is m^2 / (v - m) and their probability m / v. If m > 200 or
    v < m it is the gamma of shape m^2 / v and scale v / m. With `is_spread` each whole unit k > 0 is spread evenly from
    k - 1/2 to k + 1/2, so that the quantile also says where in the unit the probability lies: see `whole_units`.

    >>> nb_quantiles(np.array([2.0]), np.array([2.0]), np.array([0.5, 0.9, 0.95])).tolist()
    [[2.0, 4.0, 5.0]]
    >>> nb_quantiles(np.array([2.0]), np.array([6.0]), np.array([0.5, 0.9, 0.95])).tolist()
    [[1.0, 5.0, 7.0]]
    >>> nb_quantiles(np.array([2.0]), np.array([6.0]), np.array([0.3, 0.9, 0.95]), is_spread=True).round(2).tolist()
    [[0.0, 5.22, 6.94]]
    >>> nb_quantiles(np.array([21.0]), np.array([0.0]), np.array([0.5, 0.999])).round(6).tolist()
    [[21.0, 21.0]]
    """
    from scipy.special import gammaincinv  # noqa: PLC0415, half a second: only a forecast pays for it

    bounded, counted, continuous = _by_distribution(mean, variance)
    quantiles = np.zeros((mean.size, probabilities.size))
    size = mean[counted] ** 2 / (bounded[counted] - mean[counted])
    quantiles[counted] = _counted(size, mean[counted] / bounded[counted], probabilities, is_spread=is_spread)
    shape, scale = mean[continuous] ** 2 / bounded[continuous], bounded[continuous] / mean[continuous]
    quantiles[continuous] = gammaincinv(shape[:, None], probabilities[None, :]) * scale[:, None]
    return np.asarray(np.nan_to_num(quantiles, nan=0.0, posinf=0.0))


def _counted(size: Matrix, success: Matrix, probabilities: Matrix, *, is_spread: bool) -> Matrix:
    """The least k with P(D <= k) >= p for each row and probability p, by adding up the distribution from zero.

    P(D = k + 1) = P(D = k) (size + k) / (k + 1) (1 - success). `passed` counts the k at which P(D <= k) lies between
    two of the probabilities, so its running sum is the quantile. `missed` is how much of k's own probability lies
    beyond p. Rows that do not end within 1,000 units are inverted by scipy, at twenty times the cost.
    """
    order = np.argsort(probabilities)
    wanted = probabilities[order] - ROUNDING
    passed = np.zeros((size.size, wanted.size + 1))
    missed = np.full((size.size, wanted.size), 0.5)
    rows, share = np.arange(size.size), success**size
    reached, last = share.copy(), np.zeros(size.size, dtype=np.int64)
    for units in range(MOST_ADDED):
        first = np.searchsorted(wanted, reached, side="right")
        passed[rows, first] += 1
        if is_spread and units:
            row, column = _between(last, first)
            missed[rows[row], column] = np.clip((reached[row] - wanted[column]) / share[row], 0.0, 1.0)
        last = first
        if (is_over := first == wanted.size).any():
            rows, share, reached, last = rows[~is_over], share[~is_over], reached[~is_over], last[~is_over]
        if not rows.size:
            break
        share = share * (size[rows] + units) / (units + 1) * (1 - success[rows])
        reached = reached + share
    quantiles = np.zeros((size.size, wanted.size))
    counted = np.cumsum(passed[:, :-1], axis=1)
    quantiles[:, order] = np.where(counted > 0, counted + 0.5 - missed, counted) if is_spread else counted
    if rows.size:
        from scipy.stats import nbinom  # noqa: PLC0415, a second: only wide distributions pay for it

        quantiles[rows] = nbinom.ppf(probabilities[None, :], size[rows, None], success[rows, None])
    return quantiles


def _between(first: Index, end: Index) -> tuple[Index, Index]:
    """Each row's number for each of its columns first ... end - 1, and these columns.

    >>> [values.tolist() for values in _between(np.array([0, 2]), np.array([2, 3]))]
    [[0, 0, 1], [0, 1, 2]]
    """
    count = end - first
    row = np.repeat(np.arange(count.size), count)
    return row, np.arange(row.size) - np.repeat(np.cumsum(count) - count - first, count)


def whole_units(spread: Matrix) -> Matrix:
    """The least whole number of units for quantiles of demand whose units are spread: unit k from k - 1/2 to k + 1/2.

    With a quantile y at p it is the least S with P(D <= S) >= p. S + 1/2 - y is the part of the unit S that lies
    beyond p.

    >>> whole_units(np.array([0.0, 5.22, 5.5, 5.51])).tolist()
    [0.0, 5.0, 5.0, 6.0]
    """
    return np.maximum(0.0, np.ceil(spread - 0.5 - LEAST_PART)) + 0.0


def nb_probabilities(demand: Matrix, mean: Matrix, variance: Matrix) -> tuple[Matrix, Matrix]:
    """P(D < demand) and P(D <= demand) under the distribution of `nb_quantiles`, an entry each.

    Between two whole units both are interpolated in a straight line.

    >>> below, at_or_below = nb_probabilities(np.array([5.0]), np.array([2.0]), np.array([6.0]))
    >>> round(float(below[0]), 3), round(float(at_or_below[0]), 3)
    (0.868, 0.912)
    """
    from scipy.special import betainc, gammainc  # noqa: PLC0415, only a forecast pays for the import

    bounded, counted, continuous = _by_distribution(mean, variance)
    below, at_or_below = (demand > 0).astype(float), np.ones(demand.size)
    size, success = mean[counted] ** 2 / (bounded[counted] - mean[counted]), mean[counted] / bounded[counted]
    units = np.floor(demand[counted])
    part = demand[counted] - units
    less = np.where(units > 0, betainc(size, np.maximum(1.0, units), success), 0.0)
    reached = betainc(size, units + 1, success)
    more = betainc(size, units + 2, success) if part.any() else reached
    below[counted], at_or_below[counted] = less + part * (reached - less), reached + part * (more - reached)
    scaled = demand[continuous] * mean[continuous] / bounded[continuous]
    below[continuous] = gammainc(mean[continuous] ** 2 / bounded[continuous], scaled)
    at_or_below[continuous] = below[continuous]
    return below, at_or_below


def _by_distribution(mean: Matrix, variance: Matrix) -> tuple[Matrix, Index, Index]:
    """The variance within what a distribution can have; the rows that are negative binomial; those that are gamma."""
    is_under, is_large = variance < mean, mean > LARGEST_COUNTED
    least = np.where(is_under, LEAST_DISPERSION * mean**2, LEAST_EXCESS * mean)
    bounded = np.clip(variance, least, WIDEST * mean * np.maximum(1.0, mean))
    is_known = mean > LEAST_MEAN
    return bounded, np.flatnonzero(is_known & ~is_under & ~is_large), np.flatnonzero(is_known & (is_under | is_large))


@dataclass(frozen=True)
class Moments:
    """Mean and variance of the window's demand, products x origins; the last origin is the forecast's."""

    mean: Matrix
    variance: Matrix

    def latest(self, rows: Index) -> tuple[Matrix, Matrix]:
        """Mean and variance of some products at the origin of the forecast."""
        return self.at(rows, np.full(rows.size, self.mean.shape[1] - 1))

    def at(self, rows: Index, origins: Index) -> tuple[Matrix, Matrix]:
        """Mean and variance of some products, each at an origin."""
        return self.mean[rows, origins], self.variance[rows, origins]


def shrunken_moments(level: Matrix, sums: Matrix, *, window: Window, period_days: int) -> Moments:
    """The mean that the level gives, and the variance of its past errors, shrunk to the power-law one of all products.

        v = (n v_own + 3 v_law) / (n + 3),   log v_law = 2 (a log f + b)

    Here f is the mean, and v_own the mean squared error of windows that were over at the origin, half as heavy a year
    before. The sum of these weights over the window's length in periods is n, since windows overlap. `level` (units per
    period) and `sums` (units) are products x origins. a and b (Taylor's power-law variance, 1961) are those of the last
    origin.
    """
    expected = level * window.periods(period_days)
    errors = past_errors(expected, sums, window=window, period_days=period_days)
    slope, intercept = _power_law(errors.mean, errors.squared[:, -1], errors.windows[:, -1])
    by_law = np.exp(2 * (slope * np.log(np.maximum(expected, LEAST_MEAN)) + intercept))
    variance = (errors.windows * errors.squared + POWER_LAW_WINDOWS * by_law) / (errors.windows + POWER_LAW_WINDOWS)
    return Moments(expected, np.maximum(variance, LEAST_EXCESS * expected))


@dataclass(frozen=True)
class PastErrors:
    """The forecast errors of windows that were over at each origin, older ones weighing less; products x origins.

    `squared` is the mean squared error, `windows` the number of independent windows behind it. `mean`, an entry a
    product, is the mean of what was expected of them.
    """

    squared: Matrix
    windows: Matrix
    mean: Matrix


def past_errors(expected: Matrix, sums: Matrix, *, window: Window, period_days: int) -> PastErrors:
    """The errors of what was expected of each window's demand; both are products x origins, in units.

    A window weighs half as much as one a year later.
    """
    growth = 2.0 ** (np.arange(sums.shape[1]) * period_days / YEAR_DAYS)
    weight = np.where(np.isnan(sums), 0.0, growth)
    ended = -(-window.end_days // period_days)
    total = _of_ended_windows(weight, ended)
    return PastErrors(
        squared=_of_ended_windows(weight * (np.nan_to_num(sums) - expected) ** 2, ended) / np.maximum(total, TINY),
        windows=total / growth / max(1.0, window.periods(period_days)),
        mean=(weight * expected).sum(axis=1) / np.maximum(total[:, -1], TINY),
    )


def _of_ended_windows(values: Matrix, ended: int) -> Matrix:
    """Running sums over the origins whose windows were over: those at least `ended` columns before."""
    sums = np.zeros_like(values)
    sums[:, ended:] = np.cumsum(values[:, : max(0, values.shape[1] - ended)], axis=1)
    return sums


def _power_law(mean: Matrix, variance: Matrix, windows: Matrix) -> tuple[float, float]:
    """Slope and intercept of log standard deviation over log mean, by a robust line over all products.

    The default up to 12 products, the fitted line from 24 on, and a mixture of both in between.
    """
    is_known = (windows >= 1) & (mean > LEAST_MEAN) & (variance > LEAST_MEAN)
    few, many = PRODUCTS_FOR_POWER_LAW
    share = min(1.0, max(0.0, (int(is_known.sum()) - few) / (many - few)))
    if share == 0:
        return DEFAULT_POWER_LAW
    fitted = _robust_line(np.log(mean[is_known]), 0.5 * np.log(variance[is_known]))
    slope, intercept = (
        share * own + (1 - share) * default for own, default in zip(fitted, DEFAULT_POWER_LAW, strict=True)
    )
    return slope, intercept


def power_law_variance(mean: Matrix) -> Matrix:
    """The default power-law variance of these means; 0 for a mean of 0.

    >>> power_law_variance(np.array([0.0, 6.0])).round(1).tolist()
    [0.0, 26.8]
    """
    slope, intercept = DEFAULT_POWER_LAW
    return np.where(mean > 0, np.exp(2 * (slope * np.log(np.maximum(mean, TINY)) + intercept)), 0.0)


def _robust_line(x: Matrix, y: Matrix) -> tuple[float, float]:
    """Slope and intercept by weighted least squares; points far off, in x or from the line, weigh less.

    Bounded influence regression (Mallows; Huber 1981): beyond 1.5 quartile ranges from the median the weight falls as
    the square of the distance in x, and as the distance from the line.
    """
    in_x = _closeness(x) ** 2
    weight = in_x
    for _ in range(ROBUST_STEPS):
        center = np.average(x, weights=weight)
        around = x - center
        spread = float((weight * around**2).sum())
        slope = DEFAULT_POWER_LAW[0]
        if spread > LEAST_MEAN:
            slope = float(np.clip((weight * around * y).sum() / spread, *SLOPES))
        intercept = float(np.average(y, weights=weight) - slope * center)
        weight = in_x * _closeness(y - intercept - slope * x)
    return slope, intercept


def _closeness(values: Matrix) -> Matrix:
    """1 for values within 1.5 quartile ranges of the median, and less the farther away they are."""
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    reach = FENCE * max(float(high - low), LEAST_MEAN)
    return np.asarray(np.minimum(1.0, reach / np.maximum(np.abs(values - median), reach)))


def predictive_moments(
    summed: Matrix, squares: Matrix, count: Matrix, sums: Matrix, *, window: Window, period_days: int
) -> Moments:
    """The moments of demand that never changes: h periods of mean m and variance v, with m estimated from n periods.

        mean = h m,   variance = h v + h^2 v / n

    The variance is at least the mean, as that of a product seen once is. For underdispersed demand it is at least the
    mean squared error of past windows. The first three arguments are running sums of demand, its square and the known
    periods; `sums` is the demand of windows. All are products x origins.
    """
    periods, known = window.periods(period_days), np.maximum(1, count)
    mean = summed / known
    variance = np.where(count > 1, np.maximum(0.0, squares - summed * mean) / np.maximum(1, count - 1), mean)
    expected = mean * periods
    errors = past_errors(expected, sums, window=window, period_days=period_days)
    least = np.where(is_underdispersed(summed, squares, count) & (errors.windows >= 1), errors.squared, expected)
    return Moments(expected, np.maximum(periods * variance + periods**2 * variance / known, least))


def is_underdispersed(summed: Matrix, squares: Matrix, count: Matrix) -> NDArray[np.bool_]:
    """Whether demand varies less from period to period than Poisson demand would in one case of a thousand.

    For Poisson demand (n - 1) v / m is chi-square with n - 1 degrees of freedom (Fisher's test of dispersion). The
    arguments are sums of demand, its square and the periods; fewer than eight periods prove nothing.

    >>> is_underdispersed(np.array([70.0, 70.0]), np.array([490.0, 560.0]), np.array([10.0, 10.0])).tolist()
    [True, False]
    """
    from scipy.special import chdtri  # noqa: PLC0415, only a forecast pays for the import

    mean = summed / np.maximum(1, count)
    dispersion = np.maximum(0.0, squares - summed * mean) / np.maximum(mean, TINY)
    least = chdtri(np.maximum(1, np.arange(int(count.max(initial=0)) + 1) - 1), 1 - SIGNIFICANCE)
    return np.asarray((count >= FEWEST_PERIODS) & (summed > 0) & (dispersion < least[count.astype(np.int64)]))
