"""How every model would have done: from past origins, on demand summed over each product's own horizon.

What belongs here: origins, and the errors that each model made there. What does not: choosing (`selection.py`).
A model sees at an origin only what was known then. Horizons are in days: the target is the sum of the days, and a
weekly path counts a part of its last week.
Read more in docs/maths.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.candidates import MODELS, SHORTEST_WEEKS, forecast_paths
from pipelines.forecasting.series import Index, Matrix, Series

ORIGINS: Final = 13
WEEKS_BETWEEN_ORIGINS: Final = 4

ERRORS: Final = pl.Schema(
    {
        "product": pl.Int64,
        "origin": pl.Int64,
        "model": pl.String,
        "scale": pl.Float64,
        "error": pl.Float64,
        "week_error": pl.Float64,
    }
)


@dataclass(frozen=True)
class Horizons:
    """For each product of a series its horizon in days, and how many of them lie before an order arrives."""

    days: Index
    lead_time_days: Index

    @property
    def weeks(self) -> Index:
        """The weeks that a horizon touches."""
        return -(-self.days // 7)


def backtest(series: Series, horizons: Horizons) -> pl.DataFrame:
    """One row per product, past origin and model, columns `ERRORS`.

    `error` is (demand over the horizon - what the model said) / scale, `week_error` the same for the first week;
    `scale` is the product's mean demand over a horizon, as known at the origin, plus one piece.
    """
    frames = [
        _errors_from(series, horizons, products, week, origin)
        for products, weeks in _groups(horizons)
        for origin, week in enumerate(_origin_weeks(series.weeks, weeks))
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema=ERRORS)


def cumulative(path: Matrix, days: Index) -> Matrix:
    """A weekly path summed over so many days, the last week in part.

    >>> float(cumulative(np.array([[7.0, 14.0]]), np.array([10]))[0])
    13.0
    """
    summed = np.concatenate([np.zeros((path.shape[0], 1)), np.cumsum(path, axis=1)], axis=1)
    whole, rest = days // 7, days % 7
    rows = np.arange(path.shape[0])
    partial = path[rows, np.minimum(whole, path.shape[1] - 1)] * rest / 7
    return np.asarray(summed[rows, whole] + partial)


def scale_at(series: Series, products: Index, week: int, days: Index) -> Matrix:
    """Mean demand over a horizon as known at a week, plus one piece, so that it is never nothing."""
    known = series.weekly[products, :week].sum(axis=1)
    return np.asarray(known / np.maximum(1, week - series.first_week[products]) * days / 7 + 1.0)


def _groups(horizons: Horizons) -> Iterator[tuple[Index, int]]:
    for weeks in np.unique(horizons.weeks):
        yield np.flatnonzero(horizons.weeks == weeks), int(weeks)


def _origin_weeks(weeks: int, horizon_weeks: int) -> Sequence[int]:
    """The latest origin leaves room for one whole horizon; the others lie four weeks apart before it."""
    latest = weeks - horizon_weeks
    return [week for k in range(ORIGINS) if (week := latest - k * WEEKS_BETWEEN_ORIGINS) >= SHORTEST_WEEKS]


def _errors_from(series: Series, horizons: Horizons, group: Index, week: int, origin: int) -> pl.DataFrame:
    products = group[week - series.first_week[group] >= SHORTEST_WEEKS]
    days = horizons.days[products]
    weeks = int(horizons.weeks[group[0]])
    paths = forecast_paths(series, products=products, origin_week=week, weeks=weeks)
    scale = scale_at(series, products, week, days)
    demand = _demand_after(series, products, week * 7, days)
    in_week = series.weekly[products, week]
    return pl.concat(
        pl.DataFrame(
            {
                "product": products,
                "origin": np.full(products.size, origin),
                "model": [model] * products.size,
                "scale": scale,
                "error": (demand - cumulative(paths[model], days)) / scale,
                "week_error": (in_week - paths[model][:, 0]) / scale_at(series, products, week, np.full_like(days, 7)),
            },
            schema=ERRORS,
        )
        for model in MODELS
    )


def _demand_after(series: Series, products: Index, first_day: int, days: Index) -> Matrix:
    summed = np.concatenate(
        [np.zeros((products.size, 1)), np.cumsum(series.daily[products, first_day:], axis=1)], axis=1
    )
    return np.asarray(summed[np.arange(products.size), days])
