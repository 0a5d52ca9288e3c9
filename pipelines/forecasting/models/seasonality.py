"""The weekly path for the eye: how expected demand is spread over the coming weeks.

What belongs here: the organisation's season, and the path made of it. What does not: how much is expected in all, which
the distribution says (`distribution.py`).
One product has two or three looks at a season, an organisation's products together have many: so the shape is theirs.
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, YEAR_DAYS, Index, Matrix, Series

YEAR: Final = YEAR_DAYS // WEEK_DAYS
SMOOTHED: Final = 5
# Two years of luck, smoothed, agree as much as this one time in twenty.
LEAST_AGREEMENT: Final = 0.5
FULL_AGREEMENT: Final = 0.8
LEAST_SEASON: Final = 0.05
FEWEST_TO_COMPARE: Final = 3


def weekly_season(series: Series, *, weeks: int) -> Matrix:
    """Expected demand in each of the coming weeks over a usual week's, for all products of a series of weeks.

    The mean of the last two years, each product over its own mean of the year and five weeks at a time, no product
    above all others in a week nor below them (of three or more products), drawn towards 1
    by how far the years agree: with r their correlation, 2 r / (1 + r) of the swing is kept (Spearman and Brown).
    Below an agreement of 0.5, and with less than two years, no season is known: all weeks are usual.
    """
    flat = np.ones(weeks)
    if series.periods < 2 * YEAR:
        return flat
    years = series.demand[:, -2 * YEAR :].reshape(-1, 2, YEAR)
    number = np.maximum(1, (~np.isnan(years)).sum(axis=2, keepdims=True))
    mean = np.asarray(np.nansum(years, axis=2, keepdims=True) / number, dtype=np.float64)
    is_known = ~np.isnan(series.demand[:, : series.periods - 2 * YEAR + 1]).all(axis=1)
    years = np.where(np.isnan(years), mean, years)
    is_whole = (mean > 0).all(axis=(1, 2)) & is_known
    if not is_whole.any():
        return flat
    swing = _swing(years[is_whole] / mean[is_whole])
    if (np.ptp(swing, axis=1) == 0).any():
        return flat
    kept = _kept(float(np.asarray(np.corrcoef(swing))[0, 1])) * _spoken_for(series, int(is_whole.sum()))
    if kept <= 0:
        return flat
    season = 1.0 + kept * swing.mean(axis=0)
    return np.asarray(np.round(np.maximum(LEAST_SEASON, season[np.arange(weeks) % YEAR]), 9))


def _kept(agreement: float) -> float:
    """How much of the swing is kept by how far two years agree: nothing at 0.5, all of 2 r / (1 + r) from 0.8 on."""
    is_known = (agreement - LEAST_AGREEMENT) / (FULL_AGREEMENT - LEAST_AGREEMENT)
    return 2 * agreement / (1 + agreement) * min(1.0, max(0.0, is_known))


def _spoken_for(series: Series, whole: int) -> float:
    """How far products known for two years speak for the company: not at all for eight times as many, fully at 3/8."""
    selling = int((np.nan_to_num(series.demand[:, -YEAR:]) > 0).any(axis=1).sum())
    return min(1.0, max(0.0, 4 * whole / max(1, selling) - 0.5))


def _swing(shares: Matrix) -> Matrix:
    """How far each week of the two years is from a usual one, by products x years x weeks that are 1 on average."""
    smoothed = np.sort(_smooth(shares), axis=0)
    left_out = max(len(smoothed) // 4, int(len(smoothed) >= FEWEST_TO_COMPARE))
    usual = smoothed[left_out : len(smoothed) - left_out].mean(axis=0)
    return np.asarray(usual / usual.mean(axis=1, keepdims=True) - 1.0)


def _smooth(years: Matrix) -> Matrix:
    """The mean of five weeks around each week of a year, which begins again where it ends."""
    half = SMOOTHED // 2
    return np.asarray(np.mean([np.roll(years, shift, axis=-1) for shift in range(-half, half + 1)], axis=0))


def cumulative_mean(weekly_mean: Matrix, days: Index) -> Matrix:
    """Expected demand before each day, the last week in part; beyond the weeks given the last one goes on.

    >>> cumulative_mean(np.array([[7.0, 14.0]]), np.array([[0, 10, 21]])).tolist()
    [[0.0, 13.0, 35.0]]
    """
    summed = np.concatenate([np.zeros((weekly_mean.shape[0], 1)), np.cumsum(weekly_mean, axis=1)], axis=1)
    last = weekly_mean.shape[1] - 1
    whole = np.minimum(days // WEEK_DAYS, last)
    week = np.take_along_axis(weekly_mean, whole, axis=1)
    return np.asarray(np.take_along_axis(summed, whole, axis=1) + week * (days - whole * WEEK_DAYS) / WEEK_DAYS)


def spread(season: Matrix, mean: Matrix, days: Index) -> Matrix:
    """The weekly path of each product whose first so many days have this mean, in the shape of its season.

    >>> spread(np.array([[1.0, 2.0, 1.0]]), np.array([6.0]), np.array([14])).tolist()
    [[2.0, 4.0, 2.0]]
    """
    return np.asarray(season * mean[:, None] / cumulative_mean(season, np.maximum(1, days)[:, None]))
