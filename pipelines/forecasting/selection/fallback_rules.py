"""The model of a class where no backtest has chosen one: fixed rules, read off the history itself.

What belongs here: the rules. What does not: the backtest's choice (`choose_model.py`).
Read more in docs/maths.md.
"""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import FEWEST_PRODUCTS, Matrix
from pipelines.forecasting.history.windows import Window, sums_after_origins
from pipelines.forecasting.models.features import LEAST_SCALE, Facts
from pipelines.forecasting.models.model_registry import FLOOR, NB, NB_PREDICTIVE, NOTHING, POOL, View
from pipelines.forecasting.models.negative_binomial import FEWEST_PERIODS, is_even, nb_shares
from pipelines.forecasting.models.statsforecast_models import SES

JUDGED_DAYS: Final = 28
JUDGED_PERIODS: Final = 52
# What is missed by less than a millionth of the mean is not missed.
NOTHING_MISSED: Final = 1e-12
MOST_TOGETHER: Final = 2.5
TIE: Final = 0.01
# A product for which one of the two is better by more says no more than this.
LARGEST_RATIO: Final = 1.5
# These expect what was sold on average, lately or long ago.
UNCHANGING: Final = (FLOOR, NB_PREDICTIVE)
RECENT_PERIODS: Final = (4, 8, 13, 26)
# A false alarm costs the product several times what its average does: one in a hundred thousand, over all looks.
ALARMS: Final = 1e-5


def models_by_rule(
    weekly: Facts, classes: NDArray[np.str_], *, without_season: Collection[str] = ()
) -> NDArray[np.str_]:
    """For each product the model of its class.

    Dead: nothing is expected. Steady: the predictive negative binomial. Else the pool, which is the negative binomial
    where there are too few products or windows to learn from. A class is steady where no season moves the company's
    products together, and the mean of a product's whole life foretold four weeks as well as the level that reacts, give
    or take one part in a hundred; a class with fewer than 30 products to judge is judged with all. With fewer in all no
    class is steady, as a single product would decide for the others, unless there is but one. A product that sells more
    evenly than chance has it is steady by itself. The products of `without_season` have the negative binomial where
    others have the pool.
    """
    life, reacting = _scaled_errors(weekly, _level(weekly, classes))
    known = (np.isfinite(life).sum(axis=1) >= FEWEST_PERIODS) & (classes != "dead")
    is_calm = np.isin(weekly.series.product_codes, list(without_season))
    models = np.where(is_calm, NB, np.full(classes.size, POOL, dtype="<U16"))
    if known.any() and (known.sum() >= FEWEST_PRODUCTS or classes.size == 1) and _missed_apart(life[known]):
        for name in np.unique(classes):
            own = known & (classes == name)
            judged = own if own.sum() >= FEWEST_PRODUCTS else known
            if _is_as_near(life[judged], reacting[judged]):
                models[classes == name] = NB_PREDICTIVE
    models = np.where(sells_evenly(weekly), NB_PREDICTIVE, models)
    return np.where(classes == "dead", NOTHING, models)


def unless_shifted(models: NDArray[np.str_], weekly: Facts) -> NDArray[np.str_]:
    """The models, but exponential smoothing if a model expects what was sold on average and that no longer holds."""
    return np.where(np.isin(models, UNCHANGING) & has_shifted(weekly), SES, models)


def has_shifted(weekly: Facts) -> NDArray[np.bool_]:
    """Whether a product's last weeks sold less or more than those before would in one case of a hundred thousand.

    The last 4, 8, 13 and 26 weeks are judged, each by a negative binomial of mean k m and variance k v + k² v / n: m is
    the mean of the n weeks before, at least eight, and v the variance of a week, half the mean square of the
    differences of neighbouring weeks. The product's own past alone says so, whoever its neighbours are.
    """
    told = np.zeros(len(weekly.series.product_codes), dtype=np.bool_)
    known, changes = weekly.count[:, -1], np.diff(weekly.series.demand, axis=1)
    variance = np.nansum(changes**2, axis=1) / 2 / np.maximum(1, np.isfinite(changes).sum(axis=1))
    for periods in RECENT_PERIODS:
        at = weekly.series.periods - periods
        if at < FEWEST_PERIODS:
            continue
        before, came = weekly.count[:, at], weekly.summed[:, -1] - weekly.summed[:, at]
        recent, mean = known - before, weekly.summed[:, at] / np.maximum(1, before)
        of_a_week = np.maximum(mean, variance)
        spread = recent * of_a_week + recent**2 * of_a_week / np.maximum(1, before)
        below, at_or_below = nb_shares(came, recent * mean, spread)
        rarely = ALARMS / 2 / len(RECENT_PERIODS)
        told |= (before >= FEWEST_PERIODS) & (mean > 0) & ((at_or_below < rarely) | (1 - below < rarely))
    return told


def sells_evenly(weekly: Facts) -> NDArray[np.bool_]:
    """Whether a product sells more evenly than chance has it, and its life's mean foretells it as well as its levels.

    As well is give or take one part in a hundred of its demand (root mean squared errors), beside the mean of its
    eight levels. The product's own past alone says so: whoever its neighbours are, the answer is the same.
    """
    life, reacting = _scaled_errors(weekly, weekly.levels.mean(axis=0))
    own, other = (np.sqrt(_mean_square(errors)) for errors in (life, reacting))
    sums = (facts[:, -1] for facts in (weekly.summed, weekly.squares, weekly.count))
    return np.asarray(is_even(*sums) & (own <= other + TIE))


def _mean_square(errors: Matrix) -> Matrix:
    """The mean squared error of each product; 0 where no error is known."""
    count = np.isfinite(errors).sum(axis=1)
    return np.asarray((np.nan_to_num(errors) ** 2).sum(axis=1) / np.maximum(1, count))


def _is_as_near(life: Matrix, reacting: Matrix) -> bool:
    """Whether the geometric mean over products of the ratios of mean squared errors is at most 1.01.

    No product's ratio counts for more than 1.5 or less than two thirds.
    """
    own, other = (_mean_square(errors) + NOTHING_MISSED for errors in (life, reacting))
    ratio = np.clip(own / other, 1 / LARGEST_RATIO, LARGEST_RATIO)
    return bool(np.log(ratio).mean() <= TIE)


def _missed_apart(life: Matrix) -> bool:
    """Whether products were missed each by itself, with nothing in common; each product counts the same.

    Their mean error at an origin, where a season stays and luck goes, is squared at most 2.5 times what would be left
    of it then.
    """
    usual = np.sqrt(_mean_square(life) + NOTHING_MISSED)[:, None]
    count = np.isfinite(life).sum(axis=0)
    missed = np.nan_to_num(life / usual)[:, count > 0]
    together, apart = (missed.sum(axis=0) / count[count > 0]) ** 2, (missed**2).sum(axis=0) / count[count > 0] ** 2
    return bool(together.mean() <= MOST_TOGETHER * apart.mean())


def _level(weekly: Facts, classes: NDArray[np.str_]) -> Matrix:
    """The level that reacts, at every origin."""
    window = Window(0, JUDGED_DAYS)
    return View(weekly, window, sums_after_origins(weekly.series, window), classes).level


def _scaled_errors(weekly: Facts, level: Matrix) -> tuple[Matrix, Matrix]:
    """What the life's mean and a level missed four weeks by, over the product's mean, in the last year."""
    window = Window(0, JUDGED_DAYS)
    periods = window.periods(weekly.series.period_days)
    origins = np.arange(max(0, weekly.series.periods - JUDGED_PERIODS), weekly.series.periods + 1)
    is_old_enough = weekly.count[:, origins] >= FEWEST_PERIODS
    came = np.where(is_old_enough, sums_after_origins(weekly.series, window)[:, origins], np.nan)
    scale = np.maximum(weekly.life[:, [-1]] * periods, LEAST_SCALE)
    life, reacting = ((came - expected[:, origins] * periods) / scale for expected in (weekly.life, level))
    return life, reacting
