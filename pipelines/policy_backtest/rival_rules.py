"""Rules of ordering that others use: the textbook's, and one like StockTrim's. Each gives order-up-to levels.

What belongs here: the rivals, from weekly demand known at a review. What does not: our rule (`our_rule.py`).
Read more in docs/maths.md.
"""

from datetime import date, timedelta
from statistics import NormalDist
from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import Matrix

SEASON_WEEKS: Final = 104
FEWEST_FOR_SEASON: Final = 52
MONTH_WEEKS: Final = 4
_STANDARD: Final = NormalDist()


def textbook_levels(weekly: Matrix, horizon_weeks: Matrix, service_levels: list[float], *, weeks: int) -> Matrix:
    """Mean H + z sd sqrt(H), rounded up, from the last weeks' mean and standard deviation: products by levels.

    >>> textbook_levels(np.array([[4.0, 6.0, 4.0, 6.0]]), np.array([4.0]), [0.95], weeks=52).tolist()
    [[24.0]]
    """
    known = weekly[:, -weeks:]
    return _levels(known.mean(axis=1) * horizon_weeks, _deviation(known) * np.sqrt(horizon_weeks), service_levels)


def stocktrim_levels(
    weekly: Matrix, horizon_weeks: Matrix, lead_weeks: Matrix, service_levels: list[float], *, as_of: date
) -> Matrix:
    """A rule like StockTrim's, as far as it is known: products by levels.

    Five methods (average, straight line, parabola, last month, the last lead time), the best in-sample fit of each
    product, on demand freed of a monthly seasonal index from up to 24 months; z standard deviations on top.
    """
    known = weekly[:, -SEASON_WEEKS:]
    months = _months(as_of, -known.shape[1], 0)
    horizon = int(np.ceil(horizon_weeks.max()))
    index = _seasonal_index(known, months)
    calm = known / index[:, months]
    future = _future(calm, horizon, np.maximum(1, np.round(lead_weeks)).astype(int))
    expected = np.maximum(0.0, future) * index[:, _months(as_of, 0, horizon)]
    share = np.clip(horizon_weeks[:, None] - np.arange(horizon)[None, :], 0.0, 1.0)
    return _levels((expected * share).sum(axis=1), _deviation(known) * np.sqrt(horizon_weeks), service_levels)


def _levels(mean: Matrix, deviation: Matrix, service_levels: list[float]) -> Matrix:
    z = np.array([_STANDARD.inv_cdf(level) for level in service_levels])
    return np.asarray(np.ceil(np.maximum(0.0, mean[:, None] + deviation[:, None] * z) - 1e-9))


def _deviation(known: Matrix) -> Matrix:
    return np.asarray(known.std(axis=1, ddof=1) if known.shape[1] > 1 else np.zeros(known.shape[0]))


def _months(as_of: date, start: int, end: int) -> list[int]:
    return [(as_of + timedelta(weeks=week, days=3)).month - 1 for week in range(start, end)]


def _seasonal_index(known: Matrix, months: list[int]) -> Matrix:
    """Each month's mean demand over the mean of all, a product a row; ones where a year is not known."""
    index = np.ones((known.shape[0], 12))
    if known.shape[1] < FEWEST_FOR_SEASON:
        return index
    mean = known.mean(axis=1)
    for month in set(months):
        of_month = known[:, [k for k, one in enumerate(months) if one == month]].mean(axis=1)
        index[:, month] = np.where(mean > 0, of_month / np.where(mean > 0, mean, 1.0), 1.0)
    return np.where(index > 0, index, 1.0)


def _future(calm: Matrix, horizon: int, lead: np.ndarray) -> Matrix:
    """The best-fitting method's path of each product."""
    weeks = calm.shape[1]
    past, ahead = np.arange(weeks), np.arange(weeks, weeks + horizon)
    fits, paths = [], []
    for degree in (0, 1, 2):
        told = np.polynomial.polynomial.polyfit(past, calm.T, degree)
        fits.append(np.polynomial.polynomial.polyval(past, told))
        paths.append(np.polynomial.polynomial.polyval(ahead, told))
    for window in (np.full(lead.size, MONTH_WEEKS), lead):
        moving = _moving(calm, window)
        fits.append(moving[:, :-1])
        paths.append(np.repeat(moving[:, -1:], horizon, axis=1))
    error = np.stack([((calm - fit) ** 2).mean(axis=1) for fit in fits])
    best = error.argmin(axis=0)
    return np.asarray(np.stack(paths)[best, np.arange(calm.shape[0])])


def _moving(calm: Matrix, window: np.ndarray) -> Matrix:
    """The mean of the weeks before each week, and after the last one, as many as there are up to the window."""
    summed = np.concatenate([np.zeros((calm.shape[0], 1)), np.cumsum(calm, axis=1)], axis=1)
    ends = np.arange(calm.shape[1] + 1)
    starts = np.maximum(0, ends[None, :] - window[:, None])
    total = summed[:, ends] - np.take_along_axis(summed, starts, axis=1)
    return np.asarray(total / np.maximum(1, ends[None, :] - starts))
