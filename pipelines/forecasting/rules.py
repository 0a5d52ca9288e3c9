"""The model of a class where no backtest has chosen one: fixed rules, read off the history itself.

What belongs here: the rules. What does not: the backtest's choice (`selection.py`).
Read more in docs/maths.md.
"""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.candidates import NB, NB_PREDICTIVE, NOTHING, POOL, View
from pipelines.forecasting.features import LEAST_SCALE, Facts
from pipelines.forecasting.negative_binomial import FEWEST_PERIODS, is_even
from pipelines.forecasting.series import Matrix
from pipelines.forecasting.windows import Window, sums_after_origins

JUDGED_DAYS: Final = 28
JUDGED_PERIODS: Final = 52
# What is missed by less than a millionth of the mean is not missed.
NOTHING_MISSED: Final = 1e-12
FEWEST_PRODUCTS: Final = 5
MOST_TOGETHER: Final = 2.5
TIE: Final = 0.01


def models_by_rule(
    weekly: Facts, classes: NDArray[np.str_], *, without_season: Collection[str] = ()
) -> NDArray[np.str_]:
    """For each product the model of its class.

    Dead: nothing is expected. Steady: the predictive negative binomial. Else the pool, which is the negative binomial
    where there are too few products or windows to learn from. A class is steady where no season moves the company's
    products together, and the mean of a product's whole life foretold four weeks as well as the level that reacts, give
    or take one part in a hundred; a class with fewer than five products to judge is judged with all. A product that
    sells more evenly than chance has it is steady by itself. The products of `without_season` have the negative
    binomial where others have the pool.
    """
    life, reacting = _scaled_errors(weekly, classes)
    known = (np.isfinite(life).sum(axis=1) >= FEWEST_PERIODS) & (classes != "dead")
    is_calm = np.isin(weekly.series.product_codes, list(without_season))
    models = np.where(is_calm, NB, np.full(classes.size, POOL, dtype="<U16"))
    if known.any() and _missed_apart(life[known]):
        for name in np.unique(classes):
            own = known & (classes == name)
            judged = own if own.sum() >= FEWEST_PRODUCTS else known
            if _is_as_near(life[judged], reacting[judged]):
                models[classes == name] = NB_PREDICTIVE
    models = np.where(_is_even(weekly, life, reacting), NB_PREDICTIVE, models)
    return np.where(classes == "dead", NOTHING, models)


def sells_evenly(weekly: Facts, classes: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether a product sells more evenly than chance has it, and its life's mean foretells it as well as a level."""
    return _is_even(weekly, *_scaled_errors(weekly, classes))


def _is_even(weekly: Facts, life: Matrix, reacting: Matrix) -> NDArray[np.bool_]:
    own, other = ((np.nan_to_num(errors) ** 2).sum(axis=1) for errors in (life, reacting))
    sums = (one[:, -1] for one in (weekly.summed, weekly.squares, weekly.count))
    return np.asarray(is_even(*sums) & (own <= other + NOTHING_MISSED))


def _is_as_near(life: Matrix, reacting: Matrix) -> bool:
    """Whether the geometric mean over products of the ratios of mean squared errors is at most 1.01."""
    own, other = (np.nanmean(errors**2, axis=1) + NOTHING_MISSED for errors in (life, reacting))
    return bool(np.log(own / other).mean() <= TIE)


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
