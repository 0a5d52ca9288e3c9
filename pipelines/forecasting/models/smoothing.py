"""Eight running levels of demand, each with its value at every past origin, from one pass over the calendar.

What belongs here: the recursions, and what they say together. What does not: how far they miss (`negative_binomial`).
Column o of a level uses the periods before o. A period without a number leaves every level as it was.
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Matrix

AVERAGES: Final = (13, 26)
SMOOTHING_GAINS: Final = (0.05, 0.1, 0.2, 0.4)
TSB_GAINS: Final = (0.03, 0.1)
TSB_SIZE_GAIN: Final = 0.1
JUDGED_ORIGINS: Final = 52
SHARPNESS: Final = 8
LEAST_ERROR: Final = 1e-9
# A level that misses a product by less than half of what its levels do on average, or by more than one and a half
# times that, counts as if it were so much.
PROFILE: Final = (0.5, 1.5)
# So many products of the whole company stand beside those of a class.
COMPANY_PRODUCTS: Final = 20.0
LEVELS: Final = (
    *(f"average_{one}" for one in AVERAGES),
    *(f"ses_{one:g}" for one in SMOOTHING_GAINS),
    *(f"tsb_{one:g}" for one in TSB_GAINS),
)


def past_levels(demand: Matrix) -> Matrix:
    """The levels `LEVELS` per period at every origin: levels x products x (periods + 1).

    Before a product's first number they are 0.

    >>> past_levels(np.array([[4.0, 8.0]]))[LEVELS.index("ses_0.1")].tolist()
    [[0.0, 4.0, 6.0]]
    """
    averages = [_moving_average(demand, window) for window in AVERAGES]
    by_gain = [smoothed(demand, gain) for gain in SMOOTHING_GAINS]
    return np.stack([*averages, *by_gain, *(_tsb(demand, gain) for gain in TSB_GAINS)])


def combined_level(levels: Matrix, sums: Matrix, periods: float, classes: NDArray[np.str_]) -> Matrix:
    """One level from the eight, by how well each foretold the window's demand in the product's class.

    A product's absolute errors at the last 52 origins with a known sum, over the mean of the eight levels' errors, say
    how good each level is for it: between 0.5 and 1.5. Weights are (least error / error)⁸ of the means of these over
    the class, beside which the whole company counts for 20 products: so no single product decides by which level the
    others are forecast.
    """
    combined = levels.mean(axis=0)
    known = np.flatnonzero(~np.isnan(sums).all(axis=0))[-JUDGED_ORIGINS:]
    scale = np.nan_to_num(sums[:, known]).sum(axis=1) / np.maximum(1, (~np.isnan(sums[:, known])).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        missed = np.abs(sums[None, :, known] - levels[:, :, known] * periods) / scale[None, :, None]
    is_known = np.isfinite(missed).all(axis=0)
    error, is_judged = np.where(is_known, missed, 0.0).sum(axis=2) + LEAST_ERROR, is_known.any(axis=1)
    if not is_judged.any():
        return np.asarray(combined)
    profile = np.clip(error / error.mean(axis=0), *PROFILE)
    company = profile[:, is_judged].mean(axis=1)
    for name in np.unique(classes):
        of_class = classes == name
        own = profile[:, of_class & is_judged]
        error_of_class = (own.sum(axis=1) + COMPANY_PRODUCTS * company) / (own.shape[1] + COMPANY_PRODUCTS)
        weight = (error_of_class.min() / error_of_class) ** SHARPNESS
        combined[of_class] = np.tensordot(weight / weight.sum(), levels[:, of_class], axes=1)
    return np.asarray(combined)


def _moving_average(demand: Matrix, window: int) -> Matrix:
    summed, count = running(np.nan_to_num(demand)), running(~np.isnan(demand))
    start = np.maximum(0, np.arange(demand.shape[1] + 1) - window)
    inside, number = summed - summed[:, start], count - count[:, start]
    life = summed / np.maximum(1, count)
    return np.asarray(np.where(number > 0, inside / np.maximum(1, number), life))


def running(values: Matrix | NDArray[np.bool_]) -> Matrix:
    """Sums of all columns before each origin."""
    return np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1, dtype=float)], axis=1)


def smoothed(demand: Matrix, gain: float) -> Matrix:
    """Exponential smoothing whose gain is 1/n as long as that is more, at every origin."""
    level = np.zeros((demand.shape[0], demand.shape[1] + 1))
    seen = np.zeros(demand.shape[0])
    for period, value in enumerate(demand.T):
        is_known = ~np.isnan(value)
        seen += is_known
        step = np.where(is_known, np.maximum(gain, 1 / np.maximum(1, seen)), 0.0)
        level[:, period + 1] = level[:, period] + step * (np.nan_to_num(value) - level[:, period])
    return level


def _tsb(demand: Matrix, gain: float) -> Matrix:
    """How often a period sells, times how much it then sells (Teunter, Syntetos and Babai 2011)."""
    level = np.zeros((demand.shape[0], demand.shape[1] + 1))
    share, size = np.zeros(demand.shape[0]), np.zeros(demand.shape[0])
    seen, sold = np.zeros(demand.shape[0]), np.zeros(demand.shape[0])
    for period, value in enumerate(demand.T):
        is_known, is_sold = ~np.isnan(value), value > 0
        seen += is_known
        sold += is_sold
        step = np.where(is_known, np.maximum(gain, 1 / np.maximum(1, seen)), 0.0)
        share = share + step * (is_sold - share)
        growth = np.where(is_sold, np.maximum(TSB_SIZE_GAIN, 1 / np.maximum(1, sold)), 0.0)
        size = size + growth * (np.nan_to_num(value) - size)
        level[:, period + 1] = share * size
    return level
