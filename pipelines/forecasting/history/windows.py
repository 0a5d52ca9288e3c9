"""Demand summed over windows of days after each past origin: what a forecast is about, and what it is compared with.

What belongs here: windows and their sums. What does not: models.
An origin is the start of a column of the demand matrix; a window begins some days after it. All overlapping windows are
used; n of them are worth n / (length in periods) independent ones.
Read more in docs/maths.md#windows.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.forecasting.history.demand_matrix import MOST_IMPUTED, DemandMatrix, Matrix


@dataclass(frozen=True, order=True)
class Window:
    """`days` days that begin `start_days` after an origin.

    (0, L + R) is the protection interval of an order, (L, R) the days that it covers.
    """

    start_days: int
    days: int

    @property
    def end_days(self) -> int:
        """The days from the origin to the window's end."""
        return self.start_days + self.days

    def periods(self, period_days: int) -> float:
        """The length in periods; a window of no days counts as one day."""
        return max(1, self.days) / period_days


def sums_after_origins(matrix: DemandMatrix, window: Window) -> Matrix:
    """Demand in the window after each origin, products x (periods + 1), in units.

    NaN if the window reaches past the end, before a product's first row, or was mostly imputed. What a closed company
    did not sell in a window is no part of its demand.
    """
    origins = np.arange(matrix.periods + 1)
    begin, end = (_sold_before(matrix, days) for days in (window.start_days, window.end_days))
    is_before = np.logical_and.accumulate(np.isnan(matrix.demand), axis=1)
    unknown = is_before | (matrix.imputed_share > MOST_IMPUTED)
    gaps = np.concatenate([np.zeros((len(unknown), 1)), np.cumsum(unknown, axis=1)], axis=1)
    last = np.minimum(-(-window.end_days // matrix.period_days) + origins, matrix.periods)
    is_whole = origins * matrix.period_days + window.end_days <= matrix.periods * matrix.period_days
    has_gap = gaps[:, last] - gaps[:, origins] > 0
    sums = np.where(is_whole[None, :] & ~has_gap, end - begin, np.nan)
    return np.asarray(np.where(sums < 0, 0.0, sums))


def _sold_before(matrix: DemandMatrix, days: int) -> Matrix:
    """All demand until `days` after each origin."""
    whole, rest = divmod(days, matrix.period_days)
    products, periods = matrix.demand.shape
    summed = np.concatenate([np.zeros((products, 1)), np.cumsum(np.nan_to_num(matrix.demand), axis=1)], axis=1)
    if rest:
        summed[:, :-1] += _first_days(matrix, rest)
    column = np.minimum(np.arange(periods + 1) + whole, periods)
    return np.asarray(summed[:, column])


def _first_days(matrix: DemandMatrix, count: int) -> Matrix:
    """The demand of each period's first days."""
    entries = matrix.days
    is_early = entries.day % matrix.period_days < count
    cell = entries.row[is_early] * matrix.periods + entries.day[is_early] // matrix.period_days
    shape = matrix.demand.shape
    summed = np.bincount(cell, weights=entries.quantity[is_early], minlength=shape[0] * shape[1])
    return np.asarray(summed.reshape(shape), dtype=np.float64)
