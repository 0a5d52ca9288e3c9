"""The company's season, and the weekly path of expected demand made of it.

What belongs here: the season, and how expected demand is spread over weeks. What does not: how much is expected in all,
which the distribution gives (`distribution.py`).
One product has two or three looks at a season, a company's products together have many: so the shape is theirs.
Read more in docs/maths.md#the-weekly-path-and-the-season.
"""

from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, YEAR_DAYS, DemandMatrix, Index, Matrix

YEAR: Final = YEAR_DAYS // WEEK_DAYS
SMOOTHED: Final = 5
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
    if matrix.periods < 2 * YEAR:
        return flat
    years = matrix.demand[:, -2 * YEAR :].reshape(-1, 2, YEAR)
    number = np.maximum(1, (~np.isnan(years)).sum(axis=2, keepdims=True))
    mean = np.asarray(np.nansum(years, axis=2, keepdims=True) / number, dtype=np.float64)
    is_known = ~np.isnan(matrix.demand[:, : matrix.periods - 2 * YEAR + 1]).all(axis=1)
    years = np.where(np.isnan(years), mean, years)
    is_whole = (mean > 0).all(axis=(1, 2)) & is_known
    if not is_whole.any():
        return flat
    swing = _swing(years[is_whole] / mean[is_whole])
    if (np.ptp(swing, axis=1) == 0).any():
        return flat
    kept = _reliability(float(np.asarray(np.corrcoef(swing))[0, 1])) * _representation(matrix, int(is_whole.sum()))
    if kept <= 0:
        return flat
    season = 1.0 + kept * swing.mean(axis=0)
    return np.asarray(np.round(np.maximum(LEAST_SEASON, season[np.arange(weeks) % YEAR]), 9))


def _reliability(agreement: float) -> float:
    """The share of the swing that is kept for a correlation r of two years: 0 at 0.5, 2 r / (1 + r) from 0.8 on."""
    is_known = (agreement - LEAST_AGREEMENT) / (FULL_AGREEMENT - LEAST_AGREEMENT)
    return 2 * agreement / (1 + agreement) * min(1.0, max(0.0, is_known))


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


def _smooth(years: Matrix) -> Matrix:
    """The mean of the five weeks around each week of a year; the year's end joins its beginning."""
    half = SMOOTHED // 2
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
