"""The models that compete, from the simplest on, and running them all from one origin.

What belongs here: the list, and the one place that knows statsforecast. What does not: judging (`backtest.py`).
Read more in docs/maths.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecasting.series import Index, Matrix, Series

FLOOR: Final = "window_average_52"
# From the simplest on: on a tie the earlier one is used.
MODELS: Final = (FLOOR, "window_average_13", "ses", "tsb", "imapa", "seasonal_naive")
SHORTEST_WEEKS: Final = 8
SEASON_WEEKS: Final = 52


def forecast_paths(series: Series, *, products: Index, origin_week: int, weeks: int) -> Mapping[str, Matrix]:
    """For each model the expected weekly demand of `weeks` weeks from an origin on, from what was known there.

    A row a product of `products`, each first sold at least `SHORTEST_WEEKS` before the origin. A model that cannot
    speak for a product (the season needs two years) says what the floor says.
    """
    if products.size == 0:
        return {model: np.zeros((0, weeks)) for model in MODELS}
    known = series.weekly[products, :origin_week]
    from_week = series.first_week[products]
    told = _statsforecast(known, from_week, weeks=weeks)
    flat = {
        FLOOR: _window_average(known, from_week, 52),
        "window_average_13": _window_average(known, from_week, 13),
    }
    paths = {model: np.repeat(level[:, None], weeks, axis=1) for model, level in flat.items()} | told
    paths["seasonal_naive"] = _seasonal_naive(known, from_week, paths[FLOOR])
    finite = {model: np.where(np.isfinite(paths[model]), paths[model], paths[FLOOR]) for model in MODELS}
    return {model: np.maximum(0.0, path) + 0.0 for model, path in finite.items()}


def _window_average(known: Matrix, from_week: Index, window: int) -> Matrix:
    weeks = np.minimum(window, known.shape[1] - from_week)
    return np.asarray(known[:, -window:].sum(axis=1) / weeks)


def _seasonal_naive(known: Matrix, from_week: Index, floor: Matrix) -> Matrix:
    """Last year's weeks again, where there are two years to trust them."""
    weeks = floor.shape[1]
    if known.shape[1] < 2 * SEASON_WEEKS:
        return floor
    last_year = known[:, -SEASON_WEEKS:]
    repeated = np.tile(last_year, (1, -(-weeks // SEASON_WEEKS)))[:, :weeks]
    has_two_years = known.shape[1] - from_week >= 2 * SEASON_WEEKS
    return np.where(has_two_years[:, None], repeated, floor)


def _statsforecast(known: Matrix, from_week: Index, *, weeks: int) -> dict[str, Matrix]:
    """The models that statsforecast fits; all of them are flat, so one step ahead tells every week."""
    from statsforecast import StatsForecast  # noqa: PLC0415, 2 s: only a forecast pays for it
    from statsforecast.models import IMAPA, TSB, HistoricAverage, SimpleExponentialSmoothingOptimized  # noqa: PLC0415

    models: list[Any] = [
        SimpleExponentialSmoothingOptimized(alias="ses"),
        TSB(alpha_d=0.1, alpha_p=0.1, alias="tsb"),
        IMAPA(alias="imapa"),
    ]
    fitted = StatsForecast(models=models, freq=1, fallback_model=HistoricAverage()).forecast(
        df=_long(known, from_week), h=1
    )
    told = pl.DataFrame(fitted).sort("unique_id")
    return {name: np.repeat(told[name].to_numpy()[:, None], weeks, axis=1) for name in ("ses", "tsb", "imapa")}


def _long(known: Matrix, from_week: Index) -> pl.DataFrame:
    """Every product's weeks since its first sale, one below the other."""
    products, weeks = known.shape
    week = np.tile(np.arange(weeks), products)
    product = np.repeat(np.arange(products), weeks)
    is_known = week >= np.repeat(from_week, weeks)
    return pl.DataFrame({"unique_id": product[is_known], "ds": week[is_known], "y": known.ravel()[is_known]})
