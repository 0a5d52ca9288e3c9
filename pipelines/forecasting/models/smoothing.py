"""Eight running levels of demand, each at every past origin, from one pass over the calendar.

What belongs here: the recursions, and their weighted mean. What does not: their forecast errors
(`negative_binomial.py`).
Column o of a level uses the periods before o. A period without a number (NaN) leaves every level unchanged.
Read more in docs/maths.md#levels.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Matrix

AVERAGES: Final = (13, 26)
SMOOTHING_GAINS: Final = (0.05, 0.1, 0.2, 0.4)
TSB_GAINS: Final = (0.03, 0.1)
TSB_SIZE_GAIN: Final = 0.1
SCORED_ORIGINS: Final = 52
SHARPNESS: Final = 8
LEAST_ERROR: Final = 1e-9
# The relative error of a level for one product is held within these bounds.
RELATIVE_ERRORS: Final = (0.5, 1.5)
# So many products of the whole company count beside those of a demand pattern.
COMPANY_PRODUCTS: Final = 20.0
LEVELS: Final = (
    *(f"average_{periods}" for periods in AVERAGES),
    *(f"ses_{gain:g}" for gain in SMOOTHING_GAINS),
    *(f"tsb_{gain:g}" for gain in TSB_GAINS),
)


def past_levels(demand: Matrix) -> Matrix:
    """The levels `LEVELS`, in units per period, at every origin: levels x products x (periods + 1).

    Before a product's first number they are 0.

    >>> past_levels(np.array([[4.0, 8.0]]))[LEVELS.index("ses_0.1")].tolist()
    [[0.0, 4.0, 6.0]]
    """
    averages = [_moving_average(demand, periods) for periods in AVERAGES]
    by_gain = [smoothed(demand, gain) for gain in SMOOTHING_GAINS]
    return np.stack([*averages, *by_gain, *(_tsb(demand, gain) for gain in TSB_GAINS)])


def combined_level(levels: Matrix, sums: Matrix, periods: float, patterns: NDArray[np.str_]) -> Matrix:
    """The weighted mean of the eight levels, products x origins; weights are those of the product's demand pattern.

    `sums` is the demand of windows of `periods` periods after each origin, products x origins.
    The errors of a level are the absolute ones at the last 52 origins with a known sum. Their mean over that of all
    eight levels, held between 0.5 and 1.5, is the level's relative error for a product. The mean of these over the
    products of the pattern is e_k; the whole company counts as 20 products beside them. The weight of level k is

        w_k = (min e / e_k)^8 / sum_j (min e / e_j)^8

    So no single product decides by which level the others are forecast.
    """
    known = np.flatnonzero(~np.isnan(sums).all(axis=0))[-SCORED_ORIGINS:]
    recent = sums[:, known]
    usual = np.nan_to_num(recent).sum(axis=1) / np.maximum(1, (~np.isnan(recent)).sum(axis=1))
    is_known = ~np.isnan(recent) & (usual > 0)[:, None]
    is_scored = is_known.any(axis=1)
    if not is_scored.any():
        return np.asarray(levels.mean(axis=0))
    errors = (np.where(is_known, np.abs(recent - level[:, known] * periods), 0.0).sum(axis=1) for level in levels)
    error = np.stack(list(errors)) / np.where(usual > 0, usual, 1.0) + LEAST_ERROR
    relative = np.clip(error / error.mean(axis=0), *RELATIVE_ERRORS)
    company = relative[:, is_scored].mean(axis=1)
    weights = np.zeros(relative.shape)
    for pattern in np.unique(patterns):
        is_of_pattern = patterns == pattern
        own = relative[:, is_of_pattern & is_scored]
        error_of_pattern = (own.sum(axis=1) + COMPANY_PRODUCTS * company) / (own.shape[1] + COMPANY_PRODUCTS)
        weight = (error_of_pattern.min() / error_of_pattern) ** SHARPNESS
        weights[:, is_of_pattern] = (weight / weight.sum())[:, None]
    return np.asarray(np.einsum("kp,kpo->po", weights, levels))


def _moving_average(demand: Matrix, periods: int) -> Matrix:
    summed, count = running_sums(np.nan_to_num(demand)), running_sums(~np.isnan(demand))
    start = np.maximum(0, np.arange(demand.shape[1] + 1) - periods)
    inside, number = summed - summed[:, start], count - count[:, start]
    overall = summed / np.maximum(1, count)
    return np.asarray(np.where(number > 0, inside / np.maximum(1, number), overall))


def running_sums(values: Matrix | NDArray[np.bool_]) -> Matrix:
    """The sum of all columns before each origin: rows x (columns + 1).

    >>> running_sums(np.array([[1.0, 2.0]])).tolist()
    [[0.0, 1.0, 3.0]]
    """
    return np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1, dtype=float)], axis=1)


def smoothed(demand: Matrix, gain: float) -> Matrix:
    """Exponential smoothing at every origin, products x (periods + 1), in units per period.

    With y the demand of the n-th known period and a the gain: level <- level + max(a, 1/n) (y - level). So the first
    levels are plain means.
    """
    level = np.zeros((demand.shape[0], demand.shape[1] + 1))
    seen = np.zeros(demand.shape[0])
    for period, value in enumerate(demand.T):
        is_known = ~np.isnan(value)
        seen += is_known
        step = np.where(is_known, np.maximum(gain, 1 / np.maximum(1, seen)), 0.0)
        level[:, period + 1] = level[:, period] + step * (np.nan_to_num(value) - level[:, period])
    return level


def _tsb(demand: Matrix, gain: float) -> Matrix:
    """The probability that a period sells, times its size if it does (Teunter, Syntetos and Babai 2011, EJOR 214)."""
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
