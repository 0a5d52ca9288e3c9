"""Point forecasts made distributions by their own past errors: seasonal naive, SES, and statsforecast's TSB and IMAPA.

What belongs here: the one place that knows statsforecast, and the errors of a demand pattern. What does not: scoring.
They are the simple rivals of the other models, and forecast a product after a level shift.
No level may end in what the last week sold, or a shop that was closed for a week would expect to stay closed.
Read more in docs/maths.md#models.
"""

from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import YEAR_DAYS, Index, Matrix
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.smoothing import smoothed

SEASONAL_NAIVE: Final = "seasonal_naive"
SES: Final = "ses"
POINT_MODELS: Final = (SEASONAL_NAIVE, SES, "tsb", "imapa")
# Silver, Pyke and Thomas (2017): a best gain above 0.3 shows that the model does not fit.
SES_GAINS: Final = (0.05, 0.1, 0.2, 0.3)
SES_TIE: Final = 0.01
SHORTEST: Final = 8
CALIBRATED_ORIGINS: Final = 4
FEWEST_ERRORS: Final = 30


def point_forecasts(demand: Matrix, model: str, *, periods: int, year: int) -> Matrix:
    """Expected demand of the next periods: products x periods, in units.

    `demand` is products x past periods, NaN before a product's first row. Products with too little history to model
    (eight periods; two years for the season) are expected to sell the mean of their last year.
    """
    count = (~np.isnan(demand)).sum(axis=1)
    recent = np.where(np.isnan(demand[:, -year:]), 0.0, demand[:, -year:])
    flat = recent.sum(axis=1) / np.maximum(1, np.minimum(count, year))
    path = np.repeat(flat[:, None], periods, axis=1)
    if model == SEASONAL_NAIVE:
        has_history = count >= 2 * year
        if has_history.any():
            last = np.where(np.isnan(demand[:, -year:]), flat[:, None], recent)
            path[has_history] = np.tile(last[has_history], (1, -(-periods // year)))[:, :periods]
        return path
    has_history = count >= SHORTEST
    if has_history.any():
        level = _final_level(demand[has_history], model)
        path[has_history] = np.where(np.isfinite(level), np.maximum(0.0, level), flat[has_history])[:, None]
    return path


def _final_level(demand: Matrix, model: str) -> Matrix:
    """The level in which a model ends; its forecast is flat, so one step ahead stands for every period."""
    if model == SES:
        return ses_level(demand)
    from statsforecast import StatsForecast  # noqa: PLC0415, 2 s: only who uses these models pays
    from statsforecast.models import IMAPA, TSB, HistoricAverage  # noqa: PLC0415, as above

    models: dict[str, Any] = {
        "tsb": TSB(alpha_d=0.1, alpha_p=0.1, alias="level"),
        "imapa": IMAPA(alias="level"),
    }
    fit = StatsForecast(models=[models[model]], freq=1, fallback_model=HistoricAverage())
    return pl.DataFrame(fit.forecast(df=_long(demand), h=1)).sort("unique_id")["level"].to_numpy().astype(float)


def ses_level(demand: Matrix) -> Matrix:
    """The level in which exponential smoothing ends, in units per period, with the best gain of each product.

    Gains are 0.05, 0.1, 0.2 and 0.3. Of those whose squared errors one period ahead are within 1% of the least, the
    smallest is used. A best gain above 0.3 would follow the last weeks wherever they go.

    >>> steady = np.array([[8.0] + [7.0] * 38 + [0.0]])
    >>> ses_level(steady).round(2).tolist()
    [6.67]
    """
    levels = np.stack([smoothed(demand, gain) for gain in SES_GAINS])
    errors = np.nansum((demand[None, :, 1:] - levels[:, :, 1:-1]) ** 2, axis=2)
    best = (errors <= (1 + SES_TIE) * errors.min(axis=0)).argmax(axis=0)
    return np.asarray(levels[best, np.arange(demand.shape[0]), -1])


def _long(demand: Matrix) -> pl.DataFrame:
    """The known periods of every product as statsforecast reads them: `unique_id`, `ds`, `y`."""
    products, periods = demand.shape
    known = ~np.isnan(demand).ravel()
    product, period = np.repeat(np.arange(products), periods), np.tile(np.arange(periods), products)
    return pl.DataFrame({"unique_id": product[known], "ds": period[known], "y": demand.ravel()[known]})


def point_model_quantiles(
    demand: Matrix, sums: Matrix, window: Window, patterns: NDArray[np.str_], rows: Index, model: str,
    *, probabilities: Matrix, period_days: int,
) -> Matrix:  # fmt: skip
    """The quantiles of the window's demand: the point forecast's sum plus the quantiles of its own past errors.

    Products x probabilities, in units. An error is scaled by the product's mean demand over a window plus one unit.
    Errors are pooled by demand pattern; all patterns together if one has fewer than 30. No product's errors go beyond
    those of all others (`within_other_products`). Without any error every quantile is the sum.
    """
    origins = demand.shape[1]
    ended = -(-window.end_days // period_days)
    step = max(1, -(-window.days // period_days))
    past = [origin for k in range(CALIBRATED_ORIGINS) if (origin := origins - ended - k * step) >= SHORTEST]
    errors = [_scaled_errors(demand[rows, :origin], sums[rows, origin], window, model, period_days) for origin in past]
    pooled = within_other_products(np.stack(errors, axis=1)) if errors else np.zeros((rows.size, 0))
    center, scale = (
        point_model_mean(demand, window, rows, model, period_days),
        _scale(demand[rows], window, period_days),
    )
    quantiles = np.repeat(center[:, None], probabilities.size, axis=1)
    of_all = pooled[np.isfinite(pooled)]
    for pattern in np.unique(patterns[rows]):
        is_of_pattern = patterns[rows] == pattern
        own = pooled[is_of_pattern]
        own = own[np.isfinite(own)]
        known = own if own.size >= FEWEST_ERRORS else of_all
        if known.size:
            quantiles[is_of_pattern] += scale[is_of_pattern, None] * error_quantiles(known, probabilities)
    return np.maximum(0.0, quantiles)


def point_model_mean(demand: Matrix, window: Window, rows: Index, model: str, period_days: int) -> Matrix:
    """Expected demand of the window by the model's point forecast, an entry for each of `rows`, in units."""
    return _total(demand[rows], model, window, period_days)


def _scaled_errors(demand: Matrix, sums: Matrix, window: Window, model: str, period_days: int) -> Matrix:
    """The errors of a model that knew this demand only, over each product's scale."""
    return (sums - _total(demand, model, window, period_days)) / _scale(demand, window, period_days)


def within_other_products(errors: Matrix) -> Matrix:
    """Errors, products x origins, clipped to the range of all other products' errors: no product alone sets a tail.

    >>> within_other_products(np.array([[1.0, 90.0], [2.0, 0.0], [np.nan, 3.0]])).tolist()
    [[1.0, 3.0], [2.0, 1.0], [nan, 3.0]]
    """
    clipped = np.where(np.isfinite(errors), errors, np.nan)
    for sign in (1.0, -1.0):
        largest = np.where(np.isnan(clipped), -np.inf, sign * clipped).max(axis=1, initial=-np.inf)
        if np.isfinite(largest).sum() > 1:
            first, second = np.argmax(largest), np.partition(largest, -2)[-2]
            clipped[first] = sign * np.minimum(sign * clipped[first], second)
    return clipped


def error_quantiles(errors: Matrix, probabilities: Matrix) -> Matrix:
    """The quantiles of n errors, from the safe side: the ceil((n + 1) p)-th smallest, at most the largest.

    >>> error_quantiles(np.array([-1.0, 0.0, 1.0]), np.array([0.5])).tolist()
    [0.0]
    """
    ordered = np.sort(errors)
    rank = np.ceil((ordered.size + 1) * probabilities - 1e-9).astype(int)
    return np.asarray(ordered[np.clip(rank, 1, ordered.size) - 1])


def _scale(demand: Matrix, window: Window, period_days: int) -> Matrix:
    count = np.maximum(1, (~np.isnan(demand)).sum(axis=1))
    return np.asarray(np.nan_to_num(demand).sum(axis=1) / count * window.periods(period_days) + 1.0)


def _total(demand: Matrix, model: str, window: Window, period_days: int) -> Matrix:
    """The point forecast summed over the window."""
    periods = -(-max(1, window.end_days) // period_days)
    path = point_forecasts(demand, model, periods=periods, year=YEAR_DAYS // period_days)
    return path_total(path, window.end_days / period_days) - path_total(path, window.start_days / period_days)


def path_total(path: Matrix, periods: float) -> Matrix:
    """The sum of a path's first periods, the last one in part; an entry for each product.

    >>> float(path_total(np.array([[7.0, 14.0]]), 10 / 7)[0])
    13.0
    """
    whole = int(periods)
    rest = periods - whole
    part = path[:, whole] * rest if rest else 0.0
    return np.asarray(np.round(path[:, :whole].sum(axis=1) + part, 9))
