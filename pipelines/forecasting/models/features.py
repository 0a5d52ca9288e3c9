"""What is known of a product at an origin, as numbers without a scale: what the learner sees.

What belongs here: facts and the features made of them. What does not: fitting (`global_quantile_model.py`).
Column o of every fact uses what came before period o, so no feature looks ahead.
Read more in docs/maths.md.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, YEAR_DAYS, Index, Matrix, Series
from pipelines.forecasting.history.demand_patterns import ways_of_selling
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.seasonality import YEAR, weekly_season
from pipelines.forecasting.models.smoothing import LEVELS, past_levels, running

MEANS: Final = (1, 2, 8, 13, 26)
SHOWN_LEVELS: Final = tuple(LEVELS.index(name) for name in ("ses_0.05", "ses_0.1", "ses_0.4", "tsb_0.03", "tsb_0.1"))
LARGEST_OF: Final = (26, 52)
OLDEST: Final = 200
LEAST_SCALE: Final = 0.001


@dataclass(frozen=True)
class Seasonal:
    """What is known at every origin of demand over the organisation's season: levels, and the life's mean.

    `season[c]` is what period c of the calendar sells over a usual one, and then that of the year to come. The season
    is the one that is known today, at past origins too.
    """

    season: Matrix
    levels: Matrix
    life: Matrix

    def of_windows(self, window: Window, period_days: int) -> Matrix:
        """What the window after each origin sells over a usual one of its length, an entry an origin."""
        begin = np.arange(self.levels.shape[2]) + window.start_days / period_days
        end = begin + window.periods(period_days)
        years = 1 + int(end[-1]) // YEAR
        summed = np.append(0.0, np.cumsum(np.concatenate([self.season, *[self.season[-YEAR:]] * years])))
        before, after = (np.interp(one, np.arange(summed.size), summed) for one in (begin, end))
        return np.asarray((after - before) / window.periods(period_days))


@dataclass(frozen=True)
class Facts:
    """What is known at every origin, a column an origin; `way` is how a product sold (`segments.ways_of_selling`).

    `seasonal` is nothing where the organisation has no season that two years agree on.
    """

    series: Series
    as_of: date
    levels: Matrix
    summed: Matrix
    count: Matrix
    squares: Matrix
    selling: Matrix
    since_sale: Matrix
    life: Matrix
    scale: Matrix
    way: Index
    seasonal: Seasonal | None


def gather_facts(series: Series, *, as_of: date) -> Facts:
    """The facts of all products at every origin of the series."""
    demand = np.nan_to_num(series.demand)
    levels = past_levels(series.demand)
    summed, count = running(demand), running(~np.isnan(series.demand))
    last_sale = np.maximum.accumulate(np.where(demand > 0, np.arange(1, series.periods + 1)[None, :], 0), axis=1)
    last_sale = np.concatenate([np.zeros((demand.shape[0], 1)), last_sale], axis=1)
    life = summed / np.maximum(1, count)
    squares, selling = running(demand**2), running(demand > 0)
    return Facts(
        series=series,
        as_of=as_of,
        levels=levels,
        summed=summed,
        count=count,
        squares=squares,
        selling=selling,
        since_sale=np.asarray(np.arange(series.periods + 1.0)[None, :] - last_sale, dtype=np.float64),
        life=life,
        scale=0.5 * levels.mean(axis=0) + 0.5 * life + LEAST_SCALE,
        way=ways_of_selling(count, selling, summed, squares),
        seasonal=_seasonal(series, count),
    )


def _seasonal(series: Series, count: Matrix) -> Seasonal | None:
    """The levels of demand over its season, for a series of weeks."""
    if series.period_days != WEEK_DAYS:
        return None
    year = weekly_season(series, weeks=YEAR)
    if (year == 1).all():
        return None
    season = year[(np.arange(series.periods + YEAR) - series.periods) % YEAR]
    demand = series.demand / season[: series.periods]
    return Seasonal(season, past_levels(demand), running(np.nan_to_num(demand)) / np.maximum(1, count))


def known_at(facts: Facts, origin: int) -> Facts:
    """The facts as they were at a past origin."""
    series = facts.series.until(origin)
    gone = timedelta(days=(facts.series.periods - origin) * series.period_days)
    cut = {name: one[..., : origin + 1] for name, one in vars(facts).items() if isinstance(one, np.ndarray)}
    seasonal = _seasonal(series, cut["count"])
    return replace(facts, series=series, as_of=facts.as_of - gone, seasonal=seasonal, **cut)


def features(facts: Facts, window: Window, sums: Matrix, row: Index, origin: Index) -> Matrix:
    """One line of features for each pair of a product's row and an origin; `sums` are those of the window."""
    series = facts.series
    periods = max(1, round(window.periods(series.period_days)))
    scale = facts.scale[row, origin]
    age = facts.count[row, origin]
    mean = facts.summed[row, origin] / np.maximum(1, age)
    variance = np.maximum(0.0, facts.squares[row, origin] / np.maximum(1, age) - mean**2)
    sold = facts.selling[row, origin]
    size = facts.summed[row, origin] / np.maximum(1, sold)
    year = round(YEAR_DAYS / series.period_days)
    columns = [
        *(_mean_of_last(facts, k, row, origin) / scale for k in (*MEANS, periods)),
        *(facts.levels[k, row, origin] / scale for k in SHOWN_LEVELS),
        _mean_between(facts, row, origin - year, origin - year + min(periods, year)) / scale,
        *(one[origin] for one in _everybodys(facts, periods, year)),
        np.sqrt(variance) / scale,
        sold / np.maximum(1, age),
        sold - facts.selling[row, np.maximum(0, origin - 13)],
        facts.since_sale[row, origin],
        np.minimum(age, OLDEST),
        np.log(scale),
        size / scale,
        np.log1p(size),
        *(_largest(sums, k, window, series, row, origin) / (periods * scale) for k in LARGEST_OF),
        *_day_of_year(facts, origin),
        np.full(row.size, np.log(max(1, window.days))),
    ]
    if series.log_price is not None:
        columns.append(series.log_price[row, origin])
    return np.stack(columns, axis=1)


def _mean_of_last(facts: Facts, periods: int, row: Index, origin: Index) -> Matrix:
    return _mean_between(facts, row, np.maximum(0, origin - periods), origin)


def _mean_between(facts: Facts, row: Index, begin: Index, end: Index) -> Matrix:
    """Mean demand of the known periods between two columns; no number where there are none."""
    start, end = np.maximum(0, begin), np.maximum(0, end)
    number = facts.count[row, end] - facts.count[row, start]
    inside = facts.summed[row, end] - facts.summed[row, start]
    return np.asarray(np.where((begin >= 0) & (number > 0), inside / np.maximum(1, number), np.nan))


def _everybodys(facts: Facts, periods: int, year: int) -> list[Matrix]:
    """The organisation's season a year ago, and its latest turn, at every origin; each product counts the same."""
    usual = facts.life[:, -1:]
    total = (facts.summed[usual[:, 0] > 0] / usual[usual[:, 0] > 0]).sum(axis=0)
    origin = np.arange(total.size)

    def mean(begin: Index, end: Index) -> Matrix:
        known = begin >= 0
        inside = (total[np.maximum(0, end)] - total[np.maximum(0, begin)]) / np.maximum(1, end - begin)
        return np.asarray(np.where(known & (inside > 0), inside, np.nan))

    season = mean(origin - year, origin - year + min(periods, year)) / mean(origin - year - 8, origin - year)
    return [season, mean(origin - 2, origin) / mean(origin - 8, origin - 2)]


def _largest(sums: Matrix, count: int, window: Window, series: Series, row: Index, origin: Index) -> Matrix:
    """The largest sum of the windows that were over, of the last so many."""
    ended = -(-window.end_days // series.period_days)
    back = origin[:, None] - ended - np.arange(count)[None, :]
    told = np.where(back >= 0, sums[row[:, None], np.maximum(0, back)], np.nan)
    largest = np.where(np.isnan(told), -1.0, told).max(axis=1)
    return np.asarray(np.where(largest < 0, np.nan, largest))


def _day_of_year(facts: Facts, origin: Index) -> tuple[Matrix, Matrix]:
    series = facts.series
    first = facts.as_of - timedelta(days=series.periods * series.period_days)
    start = first.timetuple().tm_yday
    angle = 2 * np.pi * (start + origin * series.period_days) / 365.25
    return np.sin(angle), np.cos(angle)
