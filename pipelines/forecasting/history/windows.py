"""Demand summed over days after each past origin: what a forecast is about, and what judges it.

What belongs here: windows and their sums. What does not: models.
An origin is the start of a column of the series; a window begins so many days after it. Windows overlap: all of them
are used, and counted as what they are worth.
Read more in docs/maths.md.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.forecasting.history.demand_matrix import MOST_COMPLETED, Matrix, Series


@dataclass(frozen=True, order=True)
class Window:
    """So many days, from so many days after the origin on: (0, L + R) is a horizon, (L, R) what an order covers."""

    start_days: int
    days: int

    @property
    def end_days(self) -> int:
        """The days from the origin to the window's end."""
        return self.start_days + self.days

    def periods(self, period_days: int) -> float:
        """The length in periods; a window of no days counts as one day."""
        return max(1, self.days) / period_days


def sums_after_origins(series: Series, window: Window) -> Matrix:
    """Demand in the window after each origin, a column an origin (one more than the series has periods).

    No number where the window reaches past the end, before a product's first row, or was mostly hidden. What a closed
    company did not sell in a window is no part of its demand.
    """
    origins = np.arange(series.periods + 1)
    begin, end = (_sold_before(series, days) for days in (window.start_days, window.end_days))
    is_before = np.logical_and.accumulate(np.isnan(series.demand), axis=1)
    unknown = is_before | (series.completed > MOST_COMPLETED)
    gaps = np.concatenate([np.zeros((len(unknown), 1)), np.cumsum(unknown, axis=1)], axis=1)
    last = np.minimum(-(-window.end_days // series.period_days) + origins, series.periods)
    is_whole = origins * series.period_days + window.end_days <= series.periods * series.period_days
    has_gap = gaps[:, last] - gaps[:, origins] > 0
    sums = np.where(is_whole[None, :] & ~has_gap, end - begin, np.nan)
    return np.asarray(np.where(sums < 0, 0.0, sums))


def _sold_before(series: Series, days: int) -> Matrix:
    """All that was sold until `days` after each origin."""
    whole, rest = divmod(days, series.period_days)
    products, periods = series.demand.shape
    summed = np.concatenate([np.zeros((products, 1)), np.cumsum(np.nan_to_num(series.demand), axis=1)], axis=1)
    if rest:
        summed[:, :-1] += _first_days(series, rest)
    column = np.minimum(np.arange(periods + 1) + whole, periods)
    return np.asarray(summed[:, column])


def _first_days(series: Series, count: int) -> Matrix:
    """What each period sold on its first days."""
    entries = series.days
    is_early = entries.day % series.period_days < count
    cell = entries.row[is_early] * series.periods + entries.day[is_early] // series.period_days
    shape = series.demand.shape
    summed = np.bincount(cell, weights=entries.quantity[is_early], minlength=shape[0] * shape[1])
    return np.asarray(summed.reshape(shape), dtype=np.float64)
