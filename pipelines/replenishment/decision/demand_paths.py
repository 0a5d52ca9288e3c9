"""Demand paths: possible demand over time within a protection interval, each path with its weight.

What belongs here: the strata, the total of each path, its split over time. What does not: stock
(`stock_projection.py`).
A path's total is a quantile of the forecast, so the totals have the forecast's distribution. A total is split over time
by a Dirichlet-multinomial distribution: that of negative binomial weeks given their sum (of Poisson weeks it is the
multinomial). So lumpy demand stays lumpy, and uncertainty of the level is in the total, shared by all weeks.
Read more in docs/maths.md.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.models.negative_binomial import whole_units
from pipelines.forecasting.models.seasonality import cumulative_mean

# Upper edges of the strata of probability: finer towards the tail, where service levels are.
EDGES: Final = np.concatenate(
    [np.arange(1, 181) / 200, 0.9 + np.arange(1, 181) / 2000, 0.99 + np.arange(1, 91) / 10_000, [0.9995, 1.0]]
)
WEIGHTS: Final = np.diff(EDGES, prepend=0.0)
HIGHEST: Final = 0.9999
# Above this a sum of weeks is as regular as a Poisson one.
_REGULAR: Final = 1e6
_STANDARD: Final = NormalDist()


@dataclass(frozen=True)
class IntervalDemand:
    """The demand distribution over each row's protection interval; a row is a product with one of its lead times.

    `quantiles[i, j]` is the quantile at `probabilities[j]` of the demand of the first `horizon_days[i]` days,
    `weekly_mean[i, k]` the expected demand of week k, `dispersion[i]` = Var(week) / E(week) - 1: 0 for Poisson weeks,
    -1 for equal weeks. The quantiles of rows in `is_sold_whole` are of demand whose units are spread, and their paths
    are whole: see `whole_units`. Without it the quantiles are taken as they are.
    """

    seeds: Index
    horizon_days: Index
    probabilities: Matrix
    quantiles: Matrix
    weekly_mean: Matrix
    dispersion: Matrix
    is_sold_whole: NDArray[np.bool_] | None = None

    @cached_property
    def edges(self) -> Matrix:
        """The upper edges of the strata, one path each; a single path suffices if nothing is ever sold."""
        return EDGES if (self.quantiles > 0).any() else EDGES[-1:]

    @property
    def path_weights(self) -> Matrix:
        """The probability of each path."""
        return np.diff(self.edges, prepend=0.0)

    def rows(self, chosen: Index) -> "IntervalDemand":
        """The demand of some of the rows."""
        return IntervalDemand(
            self.seeds[chosen], self.horizon_days[chosen], self.probabilities, self.quantiles[chosen],
            self.weekly_mean[chosen], self.dispersion[chosen],
            None if self.is_sold_whole is None else self.is_sold_whole[chosen],
        )  # fmt: skip


def seeds_of(product_codes: Iterable[str], *, seed: int) -> Index:
    """A seed per product code, so that a product's paths do not depend on other products.

    >>> seeds_of(["TEA", "CUP"], seed=0).tolist() == [seeds_of([code], seed=0)[0] for code in ("TEA", "CUP")]
    True
    """
    return np.array([zlib.crc32(code.encode(), seed & 0xFFFFFFFF) for code in product_codes], dtype=np.int64)


def quantile_at(probabilities: Matrix, quantiles: Matrix, requested: Matrix) -> Matrix:
    """Each row's quantiles at the requested probabilities, interpolated linearly in z(p) between those of the grid.

    >>> quantile_at(np.array([0.5, 0.9]), np.array([[2.0, 6.0]]), np.array([0.4, 0.9, 0.99])).tolist()
    [[2.0, 6.0, 6.0]]
    """
    if quantiles.shape[0] == 0:
        return np.zeros((0, requested.size))
    if probabilities.shape == requested.shape and (probabilities == requested).all():
        return quantiles
    grid, points = _z(probabilities), np.clip(_z(requested), _z(probabilities[:1])[0], _z(probabilities[-1:])[0])
    right = np.clip(np.searchsorted(grid, points), 1, max(1, grid.size - 1))
    if grid.size == 1:
        return np.repeat(quantiles, requested.size, axis=1)
    share = (points - grid[right - 1]) / (grid[right] - grid[right - 1])
    return np.asarray(quantiles[:, right - 1] * (1 - share) + quantiles[:, right] * share)


def path_totals(interval: IntervalDemand) -> Matrix:
    """The total demand of every path: a row per row of the interval demand, a column per stratum, ascending.

    Whole units where demand is sold so.
    """
    totals = quantile_at(interval.probabilities, interval.quantiles, np.minimum(interval.edges, HIGHEST))
    totals = np.maximum.accumulate(np.maximum(0.0, totals), axis=1)
    if interval.is_sold_whole is not None:
        totals[interval.is_sold_whole] = whole_units(totals[interval.is_sold_whole])
    return totals


def demand_between(interval: IntervalDemand, days: Index, arrival_day: Index) -> Matrix:
    """Demand of every path between neighbouring days: rows, paths, periods. The last day is the row's horizon.

    Total demand before and after the arrival of an order does not depend on the other days. Rows of a product stand
    together; its paths do not depend on those of other products.
    """
    mean = np.diff(cumulative_mean(interval.weekly_mean, days), axis=1)
    length = np.diff(days, axis=1).astype(float)
    mean = np.where(mean.sum(axis=1, keepdims=True) > 0, mean, length)
    shape = np.minimum(
        mean / np.maximum(interval.dispersion[:, None], mean.sum(axis=1, keepdims=True) / _REGULAR), _REGULAR
    )
    is_before = days[:, 1:] <= arrival_day[:, None]
    totals = path_totals(interval)
    demand = np.zeros((*totals.shape, length.shape[1]))
    first = np.flatnonzero(np.diff(interval.seeds, prepend=-1))
    sells = np.maximum.reduceat(totals, first, axis=0) > 0 if first.size else np.zeros(totals.shape, dtype=bool)
    for place in np.flatnonzero(sells.any(axis=1)).tolist():
        rows = slice(first[place], first[place + 1] if place + 1 < first.size else None)
        paths = slice(int(sells[place].argmax()), None)
        demand[rows, paths] = _split_twice(
            totals[rows, paths], shape[rows], is_before[rows], int(interval.seeds[rows][0])
        )
    return _made_regular(demand, mean, totals, interval.dispersion)


def _made_regular(demand: Matrix, mean: Matrix, totals: Matrix, dispersion: Matrix) -> Matrix:
    """The demand with paths of less than Poisson variance moved towards the expected split."""
    is_regular = dispersion < 0
    expected = totals[is_regular, :, None] * (mean / mean.sum(axis=1, keepdims=True))[is_regular, None, :]
    scale = np.sqrt(np.maximum(0.0, 1 + dispersion[is_regular]))[:, None, None]
    demand[is_regular] = expected + scale * (demand[is_regular] - expected)
    return demand


def _split_twice(totals: Matrix, shape: Matrix, is_before: NDArray[np.bool_], seed: int) -> Matrix:
    """Totals split into two halves, and each half over its periods: distributed as if split at once."""
    halves = [np.where(is_half, shape, 0.0) for is_half in (is_before, ~is_before)]
    parts = _split(totals, np.stack([half.sum(axis=1) for half in halves], axis=1), [seed])
    return _split(parts[:, :, 0], halves[0], [seed, 1]) + _split(parts[:, :, 1], halves[1], [seed, 2])


def _split(totals: Matrix, shape: Matrix, seed: Sequence[int]) -> Matrix:
    """Each row's totals split over its periods: each in turn takes its share of what is left.

    A period of shape 0 takes nothing and no random number; the last period of a row takes the rest.
    """
    rng = np.random.default_rng(seed)
    demand, left = np.zeros((*totals.shape, shape.shape[1])), totals.copy()
    later = np.pad(np.cumsum(shape[:, :0:-1], axis=1)[:, ::-1], ((0, 0), (0, 1)))
    for k, of_others in enumerate(later.T):
        shared = np.flatnonzero((shape[:, k] > 0) & (of_others > 0))
        if shared.size:
            demand[shared, :, k] = _shared(left[shared], shape[shared, k, None], of_others[shared, None], rng)
        ends = np.flatnonzero((shape[:, k] > 0) & (of_others <= 0))
        demand[ends, :, k] = left[ends]
        left = np.maximum(0.0, left - demand[:, :, k])
    return demand


def _shared(totals: Matrix, shape: Matrix, of_others: Matrix, rng: np.random.Generator) -> Matrix:
    """The share of the totals that falls in one period: whole units beta-binomially, a fraction whole or not at all."""
    share = rng.beta(shape, of_others, totals.shape)
    whole = np.floor(totals + 1e-9)
    rest = np.maximum(0.0, totals - whole)
    return np.asarray(rng.binomial(whole.astype(np.int64), share) + np.where(rng.random(totals.shape) < share, rest, 0))


def _z(probabilities: Matrix) -> Matrix:
    return np.array([_STANDARD.inv_cdf(p) for p in np.clip(probabilities, 1e-6, 1 - 1e-6).tolist()])
