"""The model of a class where no backtest has chosen one: fixed rules, read off the history itself.

What belongs here: the rules. What does not: the backtest's choice (`selection.py`).
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.candidates import NB_PREDICTIVE, NOTHING, POOL, View
from pipelines.forecasting.features import LEAST_SCALE, Facts
from pipelines.forecasting.series import Matrix
from pipelines.forecasting.windows import Window, sums_after_origins

JUDGED_DAYS: Final = 28
JUDGED_PERIODS: Final = 52
FEWEST_PERIODS: Final = 8
FEWEST_PRODUCTS: Final = 5
MOST_TOGETHER: Final = 2.5


def models_by_rule(weekly: Facts, classes: NDArray[np.str_]) -> NDArray[np.str_]:
    """For each product the model of its class.

    Dead: nothing is expected. Steady: the predictive negative binomial. Else the pool, which is the negative binomial
    where there are too few products or windows to learn from. A class is steady where no season moves the company's
    products together, and the mean of a product's whole life foretold four weeks at least as well as the level that
    reacts; a class with fewer than five products to judge is judged with all.
    """
    life, reacting = _scaled_errors(weekly, classes)
    known = (np.isfinite(life).sum(axis=1) >= FEWEST_PERIODS) & (classes != "dead")
    models = np.full(classes.size, POOL, dtype="<U16")
    if known.any() and _missed_apart(life[known]):
        for name in np.unique(classes):
            own = known & (classes == name)
            judged = own if own.sum() >= FEWEST_PRODUCTS else known
            if _is_as_near(life[judged], reacting[judged]):
                models[classes == name] = NB_PREDICTIVE
    return np.where(classes == "dead", NOTHING, models)


def _is_as_near(life: Matrix, reacting: Matrix) -> bool:
    """Whether the geometric mean over products of the ratios of mean squared errors is at most 1."""
    own, other = (np.nanmean(errors**2, axis=1) for errors in (life, reacting))
    is_told = (own > 0) & (other > 0)
    return bool(is_told.any() and np.log(own[is_told] / other[is_told]).mean() <= 0)


def _missed_apart(life: Matrix) -> bool:
    """Whether products were missed each by itself, with nothing in common.

    Their mean error at an origin, where a season stays and luck goes, is squared at most 2.5 times what would be left
    of it then.
    """
    count = np.isfinite(life).sum(axis=0)
    missed = np.nan_to_num(life[:, count > 0])
    together, apart = (missed.sum(axis=0) / count[count > 0]) ** 2, (missed**2).sum(axis=0) / count[count > 0] ** 2
    return bool(together.mean() <= MOST_TOGETHER * apart.mean())


def _scaled_errors(weekly: Facts, classes: NDArray[np.str_]) -> tuple[Matrix, Matrix]:
    """What the life's mean and the reacting level missed four weeks by, over the product's mean, in the last year."""
    window = Window(0, JUDGED_DAYS)
    view = View(weekly, window, sums_after_origins(weekly.series, window), classes)
    origins = np.arange(max(0, weekly.series.periods - JUDGED_PERIODS), weekly.series.periods + 1)
    came = np.where(weekly.count[:, origins] >= FEWEST_PERIODS, view.sums[:, origins], np.nan)
    scale = np.maximum(weekly.life[:, [-1]] * view.periods, LEAST_SCALE)
    life, reacting = ((came - level[:, origins] * view.periods) / scale for level in (weekly.life, view.level))
    return life, reacting
