"""The model of a class where no backtest has chosen one: fixed rules, read off the history itself.

What belongs here: the rules. What does not: the backtest's choice (`selection.py`).
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.candidates import NB_PREDICTIVE, NOTHING, POOL, View
from pipelines.forecasting.features import Facts
from pipelines.forecasting.series import Matrix
from pipelines.forecasting.windows import Window, sums_after_origins

JUDGED_DAYS: Final = 28
JUDGED_PERIODS: Final = 52
FEWEST_PERIODS: Final = 8
FEWEST_PRODUCTS: Final = 5


def models_by_rule(weekly: Facts, classes: NDArray[np.str_]) -> NDArray[np.str_]:
    """For each product the model of its class.

    Dead: nothing is expected. Steady: the predictive negative binomial. Else the pool, which is the negative binomial
    where there are too few products or windows to learn from. A class is steady where the mean of a product's whole
    life foretold four weeks at least as well as the level that reacts, by the geometric mean over products of the
    ratio of their mean squared errors; a class with fewer than five such products is judged with all.
    """
    told = _log_error_ratio(weekly, classes)
    known = np.isfinite(told)
    models = np.full(classes.size, POOL, dtype="<U16")
    for name in np.unique(classes):
        own = known & (classes == name)
        judged = own if own.sum() >= FEWEST_PRODUCTS else known & (classes != "dead")
        if judged.any() and told[judged].mean() <= 0:
            models[classes == name] = NB_PREDICTIVE
    return np.where(classes == "dead", NOTHING, models)


def _log_error_ratio(weekly: Facts, classes: NDArray[np.str_]) -> Matrix:
    """For each product log(mean squared error of the life's mean / that of the reacting level), over the last year."""
    window = Window(0, JUDGED_DAYS)
    view = View(weekly, window, sums_after_origins(weekly.series, window), classes)
    origins = np.arange(max(FEWEST_PERIODS, weekly.series.periods - JUDGED_PERIODS), weekly.series.periods + 1)
    came = view.sums[:, origins]
    is_told = np.isfinite(came) & (weekly.count[:, origins] >= FEWEST_PERIODS)

    def squared(level: Matrix) -> Matrix:
        return np.asarray((np.where(is_told, came - level[:, origins] * view.periods, 0.0) ** 2).sum(axis=1))

    life, reacting = squared(weekly.life), squared(view.level)
    is_known = (is_told.sum(axis=1) >= FEWEST_PERIODS) & (life > 0) & (reacting > 0)
    return np.where(is_known, np.log(np.where(is_known, life, 1.0) / np.where(is_known, reacting, 1.0)), np.nan)
