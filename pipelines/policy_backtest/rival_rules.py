"""Order policies that others use: the textbook's, and one like StockTrim's. Each gives order-up-to levels.

What belongs here: the rivals, from weekly demand known at a review. What does not: our policy (`our_rule.py`).
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
    """Order-up-to levels like StockTrim's, as far as its method is public: products by levels.

    Each product has the best in-sample fit of five methods (average, straight line, parabola, last month, the last lead
    time), on demand deseasonalised by a monthly index from up to 24 months; z standard deviations on top.
    """
    known = weekly[:, -SEASON_WEEKS:]
    months = _months(as_of, -known.shape[1], 0)
    horizon = int(np.ceil(horizon_weeks.max()))
    index = _seasonal_index(known, months)
    deseasonalised = known / index[:, months]
    future = _future(deseasonalised, horizon, np.maximum(1, np.round(lead_weeks)).astype(int))
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
    """Each month's mean demand over the mean of all, a row per product; ones if less than a year is known."""
    index = np.ones((known.shape[0], 12))
    if known.shape[1] < FEWEST_FOR_SEASON:
        return index
    mean = known.mean(axis=1)
    for month in set(months):
        of_month = known[:, [k for k, known_month in enumerate(months) if known_month == month]].mean(axis=1)
        index[:, month] = np.where(mean > 0, of_month / np.where(mean > 0, mean, 1.0), 1.0)
    return np.where(index > 0, index, 1.0)


def _future(demand: Matrix, horizon: int, lead: np.ndarray) -> Matrix:
    """The best-fitting method's path of each product."""
    weeks = demand.shape[1]
    past, ahead = np.arange(weeks), np.arange(weeks, weeks + horizon)
    fits, paths = [], []
    for degree in (0, 1, 2):
        trend = np.polynomial.polynomial.polyfit(past, demand.T, degree)
        fits.append(np.polynomial.polynomial.polyval(past, trend))
        paths.append(np.polynomial.polynomial.polyval(ahead, trend))
    for window in (np.full(lead.size, MONTH_WEEKS), lead):
        moving = _moving(demand, window)
        fits.append(moving[:, :-1])
        paths.append(np.repeat(moving[:, -1:], horizon, axis=1))
    error = np.stack([((demand - fit) ** 2).mean(axis=1) for fit in fits])
    best = error.argmin(axis=0)
    return np.asarray(np.stack(paths)[best, np.arange(demand.shape[0])])


def _moving(demand: Matrix, window: np.ndarray) -> Matrix:
    """The mean of up to a window of weeks before each week, and before the week after the last."""
    summed = np.concatenate([np.zeros((demand.shape[0], 1)), np.cumsum(demand, axis=1)], axis=1)
    ends = np.arange(demand.shape[1] + 1)
    starts = np.maximum(0, ends[None, :] - window[:, None])
    total = summed[:, ends] - np.take_along_axis(summed, starts, axis=1)
    return np.asarray(total / np.maximum(1, ends[None, :] - starts))
