"""The statsforecast family: single paths of weekly demand, made a distribution by their own past errors.

What belongs here: the one place that knows statsforecast, and the errors of a class. What does not: judging.
These are the honest rivals of the distributions, and the shape of the weekly path for the eye.
No level may end in what the last week sold, or a shop that was closed for a week would expect to stay closed.
Read more in docs/maths.md.
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
FAMILY: Final = (SEASONAL_NAIVE, SES, "tsb", "imapa")
# Silver, Pyke and Thomas (2017): a best gain above 0.3 says that the model does not fit.
SES_GAINS: Final = (0.05, 0.1, 0.2, 0.3)
SES_TIE: Final = 0.01
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
            last = np.where(np.isnan(demand[:, -year:]), flat[:, None], recent)
            again = np.tile(last[is_asked], (1, -(-periods // year)))[:, :periods]
            told[is_asked] = again
        return told
    is_asked = count >= SHORTEST
    if is_asked.any():
        level = _fitted(demand[is_asked], model)
        told[is_asked] = np.where(np.isfinite(level), np.maximum(0.0, level), flat[is_asked])[:, None]
    return told


def _fitted(demand: Matrix, model: str) -> Matrix:
    """The level that a model of statsforecast ends in; all of them are flat, so one step ahead tells every period."""
    if model == SES:
        return ses_level(demand)
    from statsforecast import StatsForecast  # noqa: PLC0415, 2 s: only who asks for it pays
    from statsforecast.models import IMAPA, TSB, HistoricAverage  # noqa: PLC0415

    models: dict[str, Any] = {
        "tsb": TSB(alpha_d=0.1, alpha_p=0.1, alias="level"),
        "imapa": IMAPA(alias="level"),
    }
    fit = StatsForecast(models=[models[model]], freq=1, fallback_model=HistoricAverage())
    return pl.DataFrame(fit.forecast(df=_long(demand), h=1)).sort("unique_id")["level"].to_numpy().astype(float)


def ses_level(demand: Matrix) -> Matrix:
    """The level that exponential smoothing ends in, with the gain that foretold each product's weeks best.

    The gain is 0.05, 0.1, 0.2 or 0.3: of those whose squared errors one week ahead are within one part in a hundred of
    the least it is the smallest. A better gain above 0.3 would follow the last weeks wherever they go.

    >>> steady = np.array([[8.0] + [7.0] * 38 + [0.0]])
    >>> ses_level(steady).round(2).tolist()
    [6.67]
    """
    levels = np.stack([smoothed(demand, gain) for gain in SES_GAINS])
    errors = np.nansum((demand[None, :, 1:] - levels[:, :, 1:-1]) ** 2, axis=2)
    best = (errors <= (1 + SES_TIE) * errors.min(axis=0)).argmax(axis=0)
    return np.asarray(levels[best, np.arange(demand.shape[0]), -1])


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
    classes together if one has fewer than 30. No product's errors go beyond all others' (`within_the_others`). Without
    any error the path's sum stands for every probability.
    """
    origins = demand.shape[1]
    ended = -(-window.end_days // period_days)
    step = max(1, -(-window.days // period_days))
    past = [origin for k in range(CALIBRATED_ORIGINS) if (origin := origins - ended - k * step) >= SHORTEST]
    errors = {origin: (sums[rows, origin] - _total(demand[rows, :origin], model, window, period_days))
              / _scale(demand[rows, :origin], window, period_days) for origin in past}  # fmt: skip
    pooled = within_the_others(np.stack(list(errors.values()), axis=1)) if errors else np.zeros((rows.size, 0))
    center, scale = family_mean(demand, window, rows, model, period_days), _scale(demand[rows], window, period_days)
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


def family_mean(demand: Matrix, window: Window, rows: Index, model: str, period_days: int) -> Matrix:
    """Expected demand of the window by the model's path, for some products."""
    return _total(demand[rows], model, window, period_days)


def within_the_others(errors: Matrix) -> Matrix:
    """Errors, a row a product, none larger or smaller than all those of the other products: one alone sets no tail.

    >>> within_the_others(np.array([[1.0, 90.0], [2.0, 0.0], [np.nan, 3.0]])).tolist()
    [[1.0, 3.0], [2.0, 1.0], [nan, 3.0]]
    """
    told = np.where(np.isfinite(errors), errors, np.nan)
    for sign in (1.0, -1.0):
        largest = np.where(np.isnan(told), -np.inf, sign * told).max(axis=1, initial=-np.inf)
        if np.isfinite(largest).sum() > 1:
            first, second = np.argmax(largest), np.partition(largest, -2)[-2]
            told[first] = sign * np.minimum(sign * told[first], second)
    return told


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
