"""The statsforecast family: single paths of weekly demand, made a distribution by their own past errors.

What belongs here: the one place that knows statsforecast, and the errors of a class. What does not: judging.
These are the honest rivals of the distributions, and the shape of the weekly path for the eye.
Read more in docs/maths.md.
"""

from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.series import YEAR_DAYS, Index, Matrix
from pipelines.forecasting.windows import Window

SEASONAL_NAIVE: Final = "seasonal_naive"
FAMILY: Final = (SEASONAL_NAIVE, "ses", "tsb", "imapa")
SHORTEST: Final = 8
CALIBRATED_ORIGINS: Final = 4
FEWEST_ERRORS: Final = 30


def family_paths(demand: Matrix, model: str, *, periods: int, year: int) -> Matrix:
    """Expected demand of the next periods, a row a product; `demand` has no number before a product's first row.

    Who has too little history to be asked (eight periods; two years for the season) is expected to sell what the last
    year sold on average.
    """
    count = (~np.isnan(demand)).sum(axis=1)
    recent = np.where(np.isnan(demand[:, -year:]), 0.0, demand[:, -year:])
    flat = recent.sum(axis=1) / np.maximum(1, np.minimum(count, year))
    told = np.repeat(flat[:, None], periods, axis=1)
    if model == SEASONAL_NAIVE:
        is_asked = count >= 2 * year
        if is_asked.any():
            again = np.tile(recent[is_asked], (1, -(-periods // year)))[:, :periods]
            told[is_asked] = again
        return told
    is_asked = count >= SHORTEST
    if is_asked.any():
        level = _fitted(demand[is_asked], model)
        told[is_asked] = np.where(np.isfinite(level), np.maximum(0.0, level), flat[is_asked])[:, None]
    return told


def _fitted(demand: Matrix, model: str) -> Matrix:
    """The level that a model of statsforecast ends in; all of them are flat, so one step ahead tells every period."""
    from statsforecast import StatsForecast  # noqa: PLC0415, 2 s: only who asks for it pays
    from statsforecast.models import IMAPA, TSB, HistoricAverage, SimpleExponentialSmoothingOptimized  # noqa: PLC0415

    models: dict[str, Any] = {
        "ses": SimpleExponentialSmoothingOptimized(alias="level"),
        "tsb": TSB(alpha_d=0.1, alpha_p=0.1, alias="level"),
        "imapa": IMAPA(alias="level"),
    }
    fit = StatsForecast(models=[models[model]], freq=1, fallback_model=HistoricAverage())
    return pl.DataFrame(fit.forecast(df=_long(demand), h=1)).sort("unique_id")["level"].to_numpy().astype(float)


def _long(demand: Matrix) -> pl.DataFrame:
    """Every product's known periods, one below the other."""
    products, periods = demand.shape
    known = ~np.isnan(demand).ravel()
    product, period = np.repeat(np.arange(products), periods), np.tile(np.arange(periods), products)
    return pl.DataFrame({"unique_id": product[known], "ds": period[known], "y": demand.ravel()[known]})


def family_quantiles(
    demand: Matrix, sums: Matrix, window: Window, classes: NDArray[np.str_], rows: Index, model: str,
    *, probabilities: Matrix, period_days: int,
) -> Matrix:  # fmt: skip
    """The path's sum over the window, and around it the quantiles of the model's own errors at past origins.

    An error is scaled by the product's mean demand over a window plus one piece; errors are pooled by class, all
    classes together where one has fewer than 30. Without any error the path's sum stands for every probability.
    """
    origins = demand.shape[1]
    ended = -(-window.end_days // period_days)
    step = max(1, -(-window.days // period_days))
    past = [origin for k in range(CALIBRATED_ORIGINS) if (origin := origins - ended - k * step) >= SHORTEST]
    errors = {origin: (sums[rows, origin] - _total(demand[rows, :origin], model, window, period_days))
              / _scale(demand[rows, :origin], window, period_days) for origin in past}  # fmt: skip
    pooled = np.stack(list(errors.values()), axis=1) if errors else np.zeros((rows.size, 0))
    center, scale = _total(demand[rows], model, window, period_days), _scale(demand[rows], window, period_days)
    told = np.repeat(center[:, None], probabilities.size, axis=1)
    everybodys = pooled[np.isfinite(pooled)]
    for name in np.unique(classes[rows]):
        of_class = classes[rows] == name
        own = pooled[of_class]
        own = own[np.isfinite(own)]
        known = own if own.size >= FEWEST_ERRORS else everybodys
        if known.size:
            told[of_class] += scale[of_class, None] * error_quantiles(known, probabilities)
    return np.maximum(0.0, told)


def error_quantiles(errors: Matrix, probabilities: Matrix) -> Matrix:
    """The quantiles of errors, from the safe side: of n errors the ceil((n + 1) p)-th, the largest at most.

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
    periods = -(-max(1, window.end_days) // period_days)
    path = family_paths(demand, model, periods=periods, year=YEAR_DAYS // period_days)
    return path_total(path, window.end_days / period_days) - path_total(path, window.start_days / period_days)


def path_total(path: Matrix, periods: float) -> Matrix:
    """A path summed over so many periods, the last one in part.

    >>> float(path_total(np.array([[7.0, 14.0]]), 10 / 7)[0])
    13.0
    """
    whole = int(periods)
    rest = periods - whole
    part = path[:, whole] * rest if rest else 0.0
    return np.asarray(np.round(path[:, :whole].sum(axis=1) + part, 9))
