"""What is known of each product at each origin, and the scale-free features that the global quantile model learns from.

What belongs here: origin statistics and the features made of them. What does not: fitting (`global_quantile_model.py`).
Column o of every statistic uses what came before period o, so no feature looks ahead.
Read more in docs/maths.md#the-global-quantile-model.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, YEAR_DAYS, DemandMatrix, Index, Matrix
from pipelines.forecasting.history.demand_patterns import calibration_groups
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.seasonality import YEAR, seasons_since
from pipelines.forecasting.models.smoothing import LEVELS, past_levels, running_sums

MEANS: Final = (1, 2, 8, 13, 26)
LEVEL_FEATURES: Final = tuple(
    LEVELS.index(name) for name in ("ses_0.05", "ses_0.1", "ses_0.4", "tsb_0.03", "tsb_0.1")
)  # fmt: skip
LARGEST_OF: Final = (26, 52)
OLDEST: Final = 200
LEAST_SCALE: Final = 0.001


@dataclass(frozen=True)
class DeseasonalisedLevels:
    """The levels and the overall mean of deseasonalised demand, at every origin.

    `season[:, c]` is the seasonal index of each product in period c of the calendar, followed by that of the year to
    come: the season that is known today, in each of the last two years by what the other says. `levels` is levels x
    products x origins, `mean` products x origins.
    """

    season: Matrix
    levels: Matrix
    mean: Matrix

    def index_of_windows(self, window: Window, period_days: int) -> Matrix:
        """Demand of the window after each origin over that of a usual one of its length, products x origins."""
        begin = np.arange(self.levels.shape[2]) + window.start_days / period_days
        end = begin + window.periods(period_days)
        years = 1 + int(end[-1]) // YEAR
        longer = np.concatenate([self.season, *[self.season[:, -YEAR:]] * years], axis=1)
        summed = np.concatenate([np.zeros((longer.shape[0], 1)), np.cumsum(longer, axis=1)], axis=1)
        before, after = (_between(summed, edge) for edge in (begin, end))
        return np.asarray((after - before) / window.periods(period_days))


def _between(summed: Matrix, edge: NDArray[np.floating[Any]]) -> Matrix:
    """The running sums at edges that may lie within a period, in proportion."""
    whole = np.minimum(edge.astype(int), summed.shape[1] - 2)
    part = edge - whole
    return np.asarray(summed[:, whole] * (1 - part) + summed[:, whole + 1] * part)


@dataclass(frozen=True)
class OriginStatistics:
    """What is known at every origin: a row for each product, a column for each origin (periods + 1).

    `levels` is levels x products x origins. `summed`, `squares`, `count` and `selling` are running sums of demand, its
    square, known periods and periods with sales. `mean` is the overall mean per period, `scale` the unit of the
    features, `since_sale` the periods since the last sale, `group` the calibration group.
    `deseasonalised` is None if neither the company nor a product has a season on which two years agree.
    """

    matrix: DemandMatrix
    as_of: date
    levels: Matrix
    summed: Matrix
    count: Matrix
    squares: Matrix
    selling: Matrix
    since_sale: Matrix
    mean: Matrix
    scale: Matrix
    group: Index
    deseasonalised: DeseasonalisedLevels | None


def origin_statistics(matrix: DemandMatrix, *, as_of: date) -> OriginStatistics:
    """The statistics of all products at every origin of the demand matrix."""
    demand = np.nan_to_num(matrix.demand)
    levels = past_levels(matrix.demand)
    summed, count = running_sums(demand), running_sums(~np.isnan(matrix.demand))
    last_sale = np.maximum.accumulate(np.where(demand > 0, np.arange(1, matrix.periods + 1)[None, :], 0), axis=1)
    last_sale = np.concatenate([np.zeros((demand.shape[0], 1)), last_sale], axis=1)
    mean = summed / np.maximum(1, count)
    squares, selling = running_sums(demand**2), running_sums(demand > 0)
    return OriginStatistics(
        matrix=matrix,
        as_of=as_of,
        levels=levels,
        summed=summed,
        count=count,
        squares=squares,
        selling=selling,
        since_sale=np.asarray(np.arange(matrix.periods + 1.0)[None, :] - last_sale, dtype=np.float64),
        mean=mean,
        scale=0.5 * levels.mean(axis=0) + 0.5 * mean + LEAST_SCALE,
        group=calibration_groups(count, selling, summed, squares),
        deseasonalised=_deseasonalised(matrix, count),
    )


def _deseasonalised(matrix: DemandMatrix, count: Matrix) -> DeseasonalisedLevels | None:
    """The levels of demand over its season, for a weekly matrix."""
    if matrix.period_days != WEEK_DAYS:
        return None
    season = seasons_since(matrix)
    if (season == 1).all():
        return None
    demand = matrix.demand / season[:, : matrix.periods]
    return DeseasonalisedLevels(
        season, past_levels(demand), running_sums(np.nan_to_num(demand)) / np.maximum(1, count)
    )  # fmt: skip


def known_at(statistics: OriginStatistics, origin: int) -> OriginStatistics:
    """The statistics as they were known at a past origin."""
    matrix = statistics.matrix.until(origin)
    gone = timedelta(days=(statistics.matrix.periods - origin) * matrix.period_days)
    cut = {
        name: values[..., : origin + 1] for name, values in vars(statistics).items() if isinstance(values, np.ndarray)
    }
    deseasonalised = _deseasonalised(matrix, cut["count"])
    return replace(statistics, matrix=matrix, as_of=statistics.as_of - gone, deseasonalised=deseasonalised, **cut)


def features(statistics: OriginStatistics, window: Window, sums: Matrix, row: Index, origin: Index) -> Matrix:
    """The features of each pair of a product's row and an origin: pairs x features.

    `sums` is the demand of the window after every origin, products x origins.
    """
    matrix = statistics.matrix
    periods = max(1, round(window.periods(matrix.period_days)))
    scale = statistics.scale[row, origin]
    age = statistics.count[row, origin]
    mean = statistics.summed[row, origin] / np.maximum(1, age)
    variance = np.maximum(0.0, statistics.squares[row, origin] / np.maximum(1, age) - mean**2)
    sold = statistics.selling[row, origin]
    size = statistics.summed[row, origin] / np.maximum(1, sold)
    year = round(YEAR_DAYS / matrix.period_days)
    columns = [
        *(_mean_of_last(statistics, k, row, origin) / scale for k in (*MEANS, periods)),
        *(statistics.levels[k, row, origin] / scale for k in LEVEL_FEATURES),
        _mean_between(statistics, row, origin - year, origin - year + min(periods, year)) / scale,
        *(values[origin] for values in _company_features(statistics, periods, year)),
        np.sqrt(variance) / scale,
        sold / np.maximum(1, age),
        sold - statistics.selling[row, np.maximum(0, origin - 13)],
        statistics.since_sale[row, origin],
        np.minimum(age, OLDEST),
        np.log(scale),
        size / scale,
        np.log1p(size),
        *(_largest(sums, k, window, matrix, row, origin) / (periods * scale) for k in LARGEST_OF),
        *_day_of_year(statistics, origin),
        np.full(row.size, np.log(max(1, window.days))),
        np.full(row.size, np.log1p(window.start_days)),
    ]
    if matrix.log_price is not None:
        columns.append(matrix.log_price[row, origin])
    return np.stack(columns, axis=1)


def _mean_of_last(statistics: OriginStatistics, periods: int, row: Index, origin: Index) -> Matrix:
    return _mean_between(statistics, row, np.maximum(0, origin - periods), origin)


def _mean_between(statistics: OriginStatistics, row: Index, begin: Index, end: Index) -> Matrix:
    """Mean demand of the known periods between two columns; NaN if there are none."""
    start, end = np.maximum(0, begin), np.maximum(0, end)
    number = statistics.count[row, end] - statistics.count[row, start]
    inside = statistics.summed[row, end] - statistics.summed[row, start]
    return np.asarray(np.where((begin >= 0) & (number > 0), inside / np.maximum(1, number), np.nan))


def _company_features(statistics: OriginStatistics, periods: int, year: int) -> list[Matrix]:
    """The company's season a year ago and its latest change, at every origin; each product counts the same."""
    usual = statistics.mean[:, -1:]
    total = (statistics.summed[usual[:, 0] > 0] / usual[usual[:, 0] > 0]).sum(axis=0)
    origin = np.arange(total.size)

    def mean(begin: Index, end: Index) -> Matrix:
        known = begin >= 0
        inside = (total[np.maximum(0, end)] - total[np.maximum(0, begin)]) / np.maximum(1, end - begin)
        return np.asarray(np.where(known & (inside > 0), inside, np.nan))

    season = mean(origin - year, origin - year + min(periods, year)) / mean(origin - year - 8, origin - year)
    return [season, mean(origin - 2, origin) / mean(origin - 8, origin - 2)]


def _largest(sums: Matrix, count: int, window: Window, matrix: DemandMatrix, row: Index, origin: Index) -> Matrix:
    """The largest sum of the last `count` windows that were over at the origin; NaN if there is none."""
    ended = -(-window.end_days // matrix.period_days)
    back = origin[:, None] - ended - np.arange(count)[None, :]
    past = np.where(back >= 0, sums[row[:, None], np.maximum(0, back)], np.nan)
    largest = np.where(np.isnan(past), -1.0, past).max(axis=1)
    return np.asarray(np.where(largest < 0, np.nan, largest))


def _day_of_year(statistics: OriginStatistics, origin: Index) -> tuple[Matrix, Matrix]:
    matrix = statistics.matrix
    first = statistics.as_of - timedelta(days=matrix.periods * matrix.period_days)
    start = first.timetuple().tm_yday
    angle = 2 * np.pi * (start + origin * matrix.period_days) / 365.25
    return np.sin(angle), np.cos(angle)
