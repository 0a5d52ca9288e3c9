"""The season of the company and of each product, and the weekly path of expected demand made of it.

What belongs here: the season, and how expected demand is spread over weeks. What does not: how much is expected in all,
which the distribution gives (`distribution.py`).
One product has two or three looks at a season, a company's products together have many: so the shape is theirs, until
a product's own two years agree on another.
Read more in docs/maths.md#the-weekly-path-and-the-season.
"""

from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, YEAR_DAYS, DemandMatrix, Index, Matrix

YEAR: Final = YEAR_DAYS // WEEK_DAYS
SMOOTHED: Final = 5
OWN_SMOOTHED: Final = 9
TINY: Final = 1e-12
# Two years of chance, smoothed, agree as much as this one time in twenty.
LEAST_AGREEMENT: Final = 0.5
FULL_AGREEMENT: Final = 0.8
LEAST_SEASON: Final = 0.05
FEWEST_TO_COMPARE: Final = 3


def weekly_season(matrix: DemandMatrix, *, weeks: int) -> Matrix:
    """The seasonal index of each coming week: expected demand over that of a usual week, for all products alike.

    `matrix` is weekly. The index is the mean of the last two years: each product over its own mean of the year, five
    weeks at a time. The lowest and the highest quarter of the products are left out (at least one each, of three or
    more).
    With r the correlation of the two years, 2 r / (1 + r) of the swing is kept (Spearman 1910, Brown 1910).
    All weeks are 1 if r is below 0.5, or with less than two years.
    """
    flat = np.ones(weeks)
    rows, shares = _two_years(matrix)
    if not rows.size:
        return flat
    swing = _swing(shares)
    if (np.ptp(swing, axis=1) == 0).any():
        return flat
    kept = float(_reliability(np.asarray(np.corrcoef(swing))[0, 1])) * _representation(matrix, rows.size)
    if kept <= 0:
        return flat
    season = 1.0 + kept * swing.mean(axis=0)
    return np.asarray(np.round(np.maximum(LEAST_SEASON, season[np.arange(weeks) % YEAR]), 9))


def weekly_seasons(matrix: DemandMatrix, *, weeks: int) -> Matrix:
    """The seasonal index of each product in each coming week, products x weeks.

    It is the company's (`weekly_season`), moved to the product's own as far as the product's own two years agree: with
    r their correlation, after nine weeks were averaged at a time, by 2 r / (1 + r) of the difference, by nothing below
    r = 0.5 or with less than two years.
    """
    own = _own_swings(matrix)
    return _year_of_seasons(matrix, weekly_season(matrix, weeks=YEAR), own)[:, np.arange(weeks) % YEAR]


def seasons_since(matrix: DemandMatrix) -> Matrix:
    """The seasonal index of each product in each week of the matrix and of the year to come, products x weeks.

    A week of the last two years has what the other year says of it, so that a season is judged by what it did not see:
    by r of the difference, as one year alone says less. Any other week has that of `weekly_seasons`.
    """
    company, own = weekly_season(matrix, weeks=YEAR), _own_swings(matrix)
    weeks = (np.arange(matrix.periods + YEAR) - matrix.periods) % YEAR
    seasons = _year_of_seasons(matrix, company, own)[:, weeks]
    rows, swing, agreement = own
    if rows.size:
        other = _moved(company, 1.0 + swing[:, ::-1], (agreement * _credence(agreement))[:, None])
        seasons[rows, matrix.periods - 2 * YEAR : matrix.periods] = other.reshape(rows.size, 2 * YEAR)
    return seasons


def _year_of_seasons(matrix: DemandMatrix, company: Matrix, own: tuple[Index, Matrix, Matrix]) -> Matrix:
    """The seasonal index of each product in each week of the coming year; `own` are those of `_own_swings`."""
    rows, swing, agreement = own
    seasons = np.tile(company, (matrix.demand.shape[0], 1))
    seasons[rows] = _moved(company, 1.0 + swing.mean(axis=1), _reliability(agreement))
    return seasons


def _own_swings(matrix: DemandMatrix) -> tuple[Index, Matrix, Matrix]:
    """The products known for two years, how far each week of both is from a usual one, and how the years correlate."""
    rows, shares = _two_years(matrix)
    swing = _smooth(shares, OWN_SMOOTHED) - 1.0
    return rows, swing, _agreements(swing)


def _two_years(matrix: DemandMatrix) -> tuple[Index, Matrix]:
    """The products known for two years, and each week of both over the mean of its year; an unknown week is usual."""
    if matrix.periods < 2 * YEAR:
        return np.empty(0, dtype=np.intp), np.empty((0, 2, YEAR))
    years = matrix.demand[:, -2 * YEAR :].reshape(-1, 2, YEAR)
    is_known = ~np.isnan(matrix.demand[:, : matrix.periods - 2 * YEAR + 1]).all(axis=1)
    mean = np.nansum(years, axis=2, keepdims=True) / np.maximum(1, (~np.isnan(years)).sum(axis=2, keepdims=True))
    rows = np.flatnonzero(is_known & (mean > 0).all(axis=(1, 2)))
    return rows, np.where(np.isnan(years[rows]), mean[rows], years[rows]) / mean[rows]


def _moved(company: Matrix, own: Matrix, kept: Matrix) -> Matrix:
    """The company's index moved to products' own by a share, never below the least."""
    return np.asarray(np.round(np.maximum(LEAST_SEASON, company + kept[:, None] * (own - company)), 9))


def _agreements(swing: Matrix) -> Matrix:
    """The correlation of two years, by product; 0 where one of them is flat."""
    centred = swing - swing.mean(axis=2, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=2))
    product = (centred[:, 0] * centred[:, 1]).sum(axis=1)
    return np.asarray(np.where((size > 0).all(axis=1), product / np.maximum(TINY, size[:, 0] * size[:, 1]), 0.0))


def _reliability(agreement: Matrix) -> Matrix:
    """The share of the swing that is kept for a correlation r of two years: 0 up to 0.5, 2 r / (1 + r) from 0.8 on."""
    positive = np.maximum(agreement, 0.0)
    return np.asarray(2 * positive / (1 + positive) * _credence(positive))


def _credence(agreement: Matrix) -> Matrix:
    """How far a correlation of two years is taken for a season: 0 up to 0.5, 1 from 0.8 on."""
    return np.clip((agreement - LEAST_AGREEMENT) / (FULL_AGREEMENT - LEAST_AGREEMENT), 0.0, 1.0)


def _representation(matrix: DemandMatrix, whole: int) -> float:
    """How far products known for two years represent the company: 0 if they are an eighth of it, 1 from 3/8 on."""
    selling = int((np.nan_to_num(matrix.demand[:, -YEAR:]) > 0).any(axis=1).sum())
    return min(1.0, max(0.0, 4 * whole / max(1, selling) - 0.5))


def _swing(shares: Matrix) -> Matrix:
    """How far each week of the two years is from a usual one; `shares` is products x years x weeks, 1 on average."""
    smoothed = np.sort(_smooth(shares), axis=0)
    left_out = max(len(smoothed) // 4, int(len(smoothed) >= FEWEST_TO_COMPARE))
    usual = smoothed[left_out : len(smoothed) - left_out].mean(axis=0)
    return np.asarray(usual / usual.mean(axis=1, keepdims=True) - 1.0)


def _smooth(years: Matrix, weeks: int = SMOOTHED) -> Matrix:
    """The mean of the weeks around each week of a year, an odd number; the year's end joins its beginning."""
    half = weeks // 2
    return np.asarray(np.mean([np.roll(years, shift, axis=-1) for shift in range(-half, half + 1)], axis=0))


def cumulative_mean(weekly_mean: Matrix, days: Index) -> Matrix:
    """Expected demand before each day, products x days, in units; the last week counts in part.

    `weekly_mean` is products x weeks; after its last week that week repeats.

    >>> cumulative_mean(np.array([[7.0, 14.0]]), np.array([[0, 10, 21]])).tolist()
    [[0.0, 13.0, 35.0]]
    """
    summed = np.concatenate([np.zeros((weekly_mean.shape[0], 1)), np.cumsum(weekly_mean, axis=1)], axis=1)
    last = weekly_mean.shape[1] - 1
    whole = np.minimum(days // WEEK_DAYS, last)
    week = np.take_along_axis(weekly_mean, whole, axis=1)
    return np.asarray(np.take_along_axis(summed, whole, axis=1) + week * (days - whole * WEEK_DAYS) / WEEK_DAYS)


def weekly_path(season: Matrix, mean: Matrix, days: Index) -> Matrix:
    """Expected demand by week, products x weeks: in the shape of the season, with `mean` in the first `days` days.

    >>> weekly_path(np.array([[1.0, 2.0, 1.0]]), np.array([6.0]), np.array([14])).tolist()
    [[2.0, 4.0, 2.0]]
    """
    return np.asarray(season * mean[:, None] / cumulative_mean(season, np.maximum(1, days)[:, None]))
