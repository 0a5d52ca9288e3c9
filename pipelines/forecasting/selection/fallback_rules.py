"""Fallback rules: the model of a product if no backtest has chosen one, read off the history itself.

What belongs here: the rules, and the tests for a level shift. What does not: the backtest's choice (`choose_model.py`).
Read more in docs/maths.md#fallback-rules.
"""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import FEWEST_PRODUCTS, Matrix
from pipelines.forecasting.history.demand_patterns import DEAD
from pipelines.forecasting.history.windows import Window, sums_after_origins
from pipelines.forecasting.models.features import LEAST_SCALE, OriginStatistics
from pipelines.forecasting.models.model_registry import (
    BASELINE,
    GLOBAL_MODEL,
    NB,
    NB_PREDICTIVE,
    NO_MODEL,
    WindowModels,
)
from pipelines.forecasting.models.negative_binomial import FEWEST_PERIODS, is_underdispersed, nb_probabilities
from pipelines.forecasting.models.statsforecast_models import SES

COMPARED_DAYS: Final = 28
COMPARED_PERIODS: Final = 52
# An error below a millionth of the mean is no error.
NO_ERROR: Final = 1e-12
MOST_TOGETHER: Final = 2.5
TIE: Final = 0.01
# The ratio of errors of a single product is held within this, and its inverse.
LARGEST_RATIO: Final = 1.5
# These expect what was sold on average, recently or long ago.
AVERAGING: Final = (BASELINE, NB_PREDICTIVE)
RECENT_PERIODS: Final = (4, 8, 13, 26)
# A false alarm costs the product several times what its average does: one in a hundred thousand, over all looks.
FALSE_ALARMS: Final = 1e-5


def models_by_rule(
    weekly: OriginStatistics, patterns: NDArray[np.str_], *, without_season: Collection[str] = ()
) -> NDArray[np.str_]:
    """The model of each product by rule.

    `none` if it is dead; `nb_predictive` if its demand pattern is stationary in this company, or if it is itself
    underdispersed; else `pool`, or `nb` for the products of `without_season`.
    A pattern is stationary if two things hold. No season moves the company's products together; and the overall mean
    predicted four weeks as well as the reactive level, within 1%. A pattern with fewer than 30 products is judged with
    all products. With fewer than 30 in all none is stationary, since a single product would decide for the others;
    a company of one product is the exception.
    """
    of_mean, of_level = _scaled_errors(weekly, _reactive_level(weekly, patterns))
    known = (np.isfinite(of_mean).sum(axis=1) >= FEWEST_PERIODS) & (patterns != DEAD)
    is_seasonless = np.isin(weekly.matrix.product_codes, list(without_season))
    models = np.where(is_seasonless, NB, np.full(patterns.size, GLOBAL_MODEL, dtype="<U16"))
    is_enough = known.sum() >= FEWEST_PRODUCTS or patterns.size == 1
    if known.any() and is_enough and _has_independent_errors(of_mean[known]):
        for pattern in np.unique(patterns):
            own = known & (patterns == pattern)
            compared = own if own.sum() >= FEWEST_PRODUCTS else known
            if _is_as_good(of_mean[compared], of_level[compared]):
                models[patterns == pattern] = NB_PREDICTIVE
    models = np.where(is_predictably_even(weekly), NB_PREDICTIVE, models)
    return np.where(patterns == DEAD, NO_MODEL, models)


def replaced_after_shift(models: NDArray[np.str_], shifted: NDArray[np.bool_]) -> NDArray[np.str_]:
    """The models; exponential smoothing in place of a model of averages for a product whose level has shifted."""
    return np.where(np.isin(models, AVERAGING) & shifted, SES, models)


def has_shifted(weekly: OriginStatistics) -> NDArray[np.bool_]:
    """Whether a product's last weeks sold less or more than the earlier ones would in one case of 100,000.

    The last k = 4, 8, 13 and 26 weeks are tested, each against a negative binomial of

        mean k m,   variance k v + k^2 v / n

    Here m is the mean of the n weeks before, at least eight. The variance v of a week is half the mean square of the
    differences of neighbouring weeks (von Neumann 1941), at least m. The answer depends on the product's
    own past alone.
    """
    shifted = np.zeros(len(weekly.matrix.product_codes), dtype=np.bool_)
    known, changes = weekly.count[:, -1], np.diff(weekly.matrix.demand, axis=1)
    variance = np.nansum(changes**2, axis=1) / 2 / np.maximum(1, np.isfinite(changes).sum(axis=1))
    for periods in RECENT_PERIODS:
        at = weekly.matrix.periods - periods
        if at < FEWEST_PERIODS:
            continue
        before, recent_demand = weekly.count[:, at], weekly.summed[:, -1] - weekly.summed[:, at]
        recent, mean = known - before, weekly.summed[:, at] / np.maximum(1, before)
        of_a_week = np.maximum(mean, variance)
        of_recent = recent * of_a_week + recent**2 * of_a_week / np.maximum(1, before)
        below, at_or_below = nb_probabilities(recent_demand, recent * mean, of_recent)
        rarely = FALSE_ALARMS / 2 / len(RECENT_PERIODS)
        shifted |= (before >= FEWEST_PERIODS) & (mean > 0) & ((at_or_below < rarely) | (1 - below < rarely))
    return shifted


def is_predictably_even(weekly: OriginStatistics) -> NDArray[np.bool_]:
    """Whether a product is underdispersed, and its overall mean predicts it as well as the mean of its eight levels.

    As well means: root mean squared errors within 1% of its demand. The answer depends on the product's own past
    alone.
    """
    of_mean, of_level = (
        np.sqrt(_mean_square(errors)) for errors in _scaled_errors(weekly, weekly.levels.mean(axis=0))
    )  # fmt: skip
    sums = (values[:, -1] for values in (weekly.summed, weekly.squares, weekly.count))
    return np.asarray(is_underdispersed(*sums) & (of_mean <= of_level + TIE))


def _mean_square(errors: Matrix) -> Matrix:
    """The mean squared error of each product; 0 if no error is known."""
    count = np.isfinite(errors).sum(axis=1)
    return np.asarray((np.nan_to_num(errors) ** 2).sum(axis=1) / np.maximum(1, count))


def _is_as_good(of_mean: Matrix, of_level: Matrix) -> bool:
    """Whether the geometric mean over products of the ratios of mean squared errors is at most 1.01.

    The ratio of a single product is held between 2/3 and 3/2.
    """
    mean, level = (_mean_square(errors) + NO_ERROR for errors in (of_mean, of_level))
    ratio = np.clip(mean / level, 1 / LARGEST_RATIO, LARGEST_RATIO)
    return bool(np.log(ratio).mean() <= TIE)


def _has_independent_errors(errors: Matrix) -> bool:
    """Whether the forecast errors of products have nothing in common, each product counting the same.

    A common season remains in their mean error at an origin, chance averages out. The square of the mean is at most 2.5
    times what independent errors would leave.
    """
    usual = np.sqrt(_mean_square(errors) + NO_ERROR)[:, None]
    count = np.isfinite(errors).sum(axis=0)
    scaled = np.nan_to_num(errors / usual)[:, count > 0]
    together, apart = (scaled.sum(axis=0) / count[count > 0]) ** 2, (scaled**2).sum(axis=0) / count[count > 0] ** 2
    return bool(together.mean() <= MOST_TOGETHER * apart.mean())


def _reactive_level(weekly: OriginStatistics, patterns: NDArray[np.str_]) -> Matrix:
    """The reactive level of a four-week window, at every origin."""
    window = Window(0, COMPARED_DAYS)
    return WindowModels(weekly, window, sums_after_origins(weekly.matrix, window), patterns).level


def _scaled_errors(weekly: OriginStatistics, level: Matrix) -> tuple[Matrix, Matrix]:
    """The errors of the overall mean and of a level over four weeks at the last year's origins, over the mean."""
    window = Window(0, COMPARED_DAYS)
    periods = window.periods(weekly.matrix.period_days)
    origins = np.arange(max(0, weekly.matrix.periods - COMPARED_PERIODS), weekly.matrix.periods + 1)
    is_old_enough = weekly.count[:, origins] >= FEWEST_PERIODS
    sums = np.where(is_old_enough, sums_after_origins(weekly.matrix, window)[:, origins], np.nan)
    scale = np.maximum(weekly.mean[:, [-1]] * periods, LEAST_SCALE)
    of_mean, of_level = ((sums - expected[:, origins] * periods) / scale for expected in (weekly.mean, level))
    return of_mean, of_level
