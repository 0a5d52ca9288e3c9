"""Demand paths: how the demand of a horizon may come, each path with its weight.

What belongs here: the strata, the total of each path, its split over time.
What does not: stock (`stock_projection.py`).
A path's total is a quantile of the forecast, so the totals have the forecast's law. Given its total a path is split
over time by a Dirichlet-multinomial law, which is the law of negative binomial weeks given their sum (Poisson weeks
give the multinomial): demand that comes in lumps stays lumpy, and not knowing the level is in the total, shared by all
weeks.
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
    """What demand may be in each row: a product, or a product with one of its lead times.

    `quantiles[i, j]` is the quantile at `probabilities[j]` of the demand of the first `horizon_days[i]` days,
    `weekly_mean[i, k]` the expected demand of week k, `dispersion[i]` = Var(week) / E(week) - 1: 0 for Poisson weeks,
    -1 for weeks that are all the same.
    """

    seeds: Index
    horizon_days: Index
    probabilities: Matrix
    quantiles: Matrix
    weekly_mean: Matrix
    dispersion: Matrix

    @cached_property
    def edges(self) -> Matrix:
        """The upper edges of the strata, a path each; one path is enough where nothing is ever sold."""
        return EDGES if (self.quantiles > 0).any() else EDGES[-1:]

    @property
    def path_weights(self) -> Matrix:
        """How likely each path is."""
        return np.diff(self.edges, prepend=0.0)

    def rows(self, chosen: Index) -> "IntervalDemand":
        """The law of some of the rows."""
        return IntervalDemand(
            self.seeds[chosen], self.horizon_days[chosen], self.probabilities, self.quantiles[chosen],
            self.weekly_mean[chosen], self.dispersion[chosen],
        )  # fmt: skip


def seeds_of(product_codes: Iterable[str], *, seed: int) -> Index:
    """A seed per product code, so that a product's paths do not depend on its neighbours.

    >>> seeds_of(["TEA", "CUP"], seed=0).tolist() == [seeds_of([code], seed=0)[0] for code in ("TEA", "CUP")]
    True
    """
    return np.array([zlib.crc32(code.encode(), seed & 0xFFFFFFFF) for code in product_codes], dtype=np.int64)


def quantile_at(probabilities: Matrix, quantiles: Matrix, asked: Matrix) -> Matrix:
    """Each row's quantiles at the asked probabilities: between two of the grid a straight line in z(p).

    >>> quantile_at(np.array([0.5, 0.9]), np.array([[2.0, 6.0]]), np.array([0.4, 0.9, 0.99])).tolist()
    [[2.0, 6.0, 6.0]]
    """
    if quantiles.shape[0] == 0:
        return np.zeros((0, asked.size))
    if probabilities.shape == asked.shape and (probabilities == asked).all():
        return quantiles
    grid, points = _z(probabilities), np.clip(_z(asked), _z(probabilities[:1])[0], _z(probabilities[-1:])[0])
    right = np.clip(np.searchsorted(grid, points), 1, max(1, grid.size - 1))
    if grid.size == 1:
        return np.repeat(quantiles, asked.size, axis=1)
    share = (points - grid[right - 1]) / (grid[right] - grid[right - 1])
    return np.asarray(quantiles[:, right - 1] * (1 - share) + quantiles[:, right] * share)


def path_totals(law: IntervalDemand) -> Matrix:
    """The horizon's demand of every path, ascending: a row a row, a column a stratum."""
    told = quantile_at(law.probabilities, law.quantiles, np.minimum(law.edges, HIGHEST))
    return np.maximum.accumulate(np.maximum(0.0, told), axis=1)


def demand_between(law: IntervalDemand, days: Index, arrival_day: Index) -> Matrix:
    """Demand of every path between neighbouring days: rows, paths, intervals. The last day is the row's horizon.

    What comes before the arrival of an order, and what after it, does not depend on the other days. Rows of a product
    stand together; its paths do not depend on those of its neighbours.
    """
    mean = np.diff(cumulative_mean(law.weekly_mean, days), axis=1)
    length = np.diff(days, axis=1).astype(float)
    mean = np.where(mean.sum(axis=1, keepdims=True) > 0, mean, length)
    shape = np.minimum(mean / np.maximum(law.dispersion[:, None], mean.sum(axis=1, keepdims=True) / _REGULAR), _REGULAR)
    is_before = days[:, 1:] <= arrival_day[:, None]
    totals = path_totals(law)
    demand = np.zeros((*totals.shape, length.shape[1]))
    first = np.flatnonzero(np.diff(law.seeds, prepend=-1))
    sells = np.maximum.reduceat(totals, first, axis=0) > 0 if first.size else np.zeros(totals.shape, dtype=bool)
    for place in np.flatnonzero(sells.any(axis=1)).tolist():
        rows = slice(first[place], first[place + 1] if place + 1 < first.size else None)
        paths = slice(int(sells[place].argmax()), None)
        demand[rows, paths] = _split_twice(totals[rows, paths], shape[rows], is_before[rows], int(law.seeds[rows][0]))
    return _made_regular(demand, mean, totals, law.dispersion)


def _made_regular(demand: Matrix, mean: Matrix, totals: Matrix, dispersion: Matrix) -> Matrix:
    """Paths whose weeks vary less than Poisson ones are drawn towards the expected split."""
    is_regular = dispersion < 0
    expected = totals[is_regular, :, None] * (mean / mean.sum(axis=1, keepdims=True))[is_regular, None, :]
    scale = np.sqrt(np.maximum(0.0, 1 + dispersion[is_regular]))[:, None, None]
    demand[is_regular] = expected + scale * (demand[is_regular] - expected)
    return demand


def _split_twice(totals: Matrix, shape: Matrix, is_before: NDArray[np.bool_], seed: int) -> Matrix:
    """Totals over two halves, and each of these over its own intervals: the law is that of splitting them at once."""
    halves = [np.where(is_half, shape, 0.0) for is_half in (is_before, ~is_before)]
    parts = _split(totals, np.stack([half.sum(axis=1) for half in halves], axis=1), [seed])
    return _split(parts[:, :, 0], halves[0], [seed, 1]) + _split(parts[:, :, 1], halves[1], [seed, 2])


def _split(totals: Matrix, shape: Matrix, seed: Sequence[int]) -> Matrix:
    """Each row's totals over its intervals: one after the other takes its share of what is left.

    What is no interval has the shape 0 and takes no random number, nor does the last of a row.
    """
    rng = np.random.default_rng(seed)
    told, left = np.zeros((*totals.shape, shape.shape[1])), totals.copy()
    later = np.pad(np.cumsum(shape[:, :0:-1], axis=1)[:, ::-1], ((0, 0), (0, 1)))
    for k, of_others in enumerate(later.T):
        shared = np.flatnonzero((shape[:, k] > 0) & (of_others > 0))
        if shared.size:
            told[shared, :, k] = _shared(left[shared], shape[shared, k, None], of_others[shared, None], rng)
        ends = np.flatnonzero((shape[:, k] > 0) & (of_others <= 0))
        told[ends, :, k] = left[ends]
        left = np.maximum(0.0, left - told[:, :, k])
    return told


def _shared(totals: Matrix, shape: Matrix, of_others: Matrix, rng: np.random.Generator) -> Matrix:
    """What one interval takes of the totals: whole pieces beta-binomially, what is left of a piece whole or not."""
    share = rng.beta(shape, of_others, totals.shape)
    whole = np.floor(totals + 1e-9)
    rest = np.maximum(0.0, totals - whole)
    return np.asarray(rng.binomial(whole.astype(np.int64), share) + np.where(rng.random(totals.shape) < share, rest, 0))


def _z(probabilities: Matrix) -> Matrix:
    return np.array([_STANDARD.inv_cdf(one) for one in np.clip(probabilities, 1e-6, 1 - 1e-6).tolist()])
