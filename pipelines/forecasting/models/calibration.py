"""Calibration: at which probabilities a distribution's quantiles must be taken so that past demand confirms them.

What belongs here: the PIT values of past demand, and the distribution that they correct. What does not: its mean and
variance (`negative_binomial.py`).
A PIT value (probability integral transform) is the probability that a forecast gave to what then came or less. Real
demand exceeds the 98% quantile of a negative binomial in more than two of a hundred windows. So the quantile is taken
at the higher probability below which 98 of a hundred PIT values lie (conformal prediction: Vovk, Gammerman and Shafer
2005). Only windows of the same calibration group count: the same demand pattern, and sold or not just before.
Read more in docs/maths.md#calibration.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.history.demand_patterns import CALIBRATION_GROUPS
from pipelines.forecasting.models.negative_binomial import Moments, nb_probabilities, nb_quantiles

KNOTS: Final = np.array([0.8, 0.9, 0.95, 0.98, 0.99, 0.995])
MOST_VALUES: Final = 25_000
# So many independent windows must lie beyond a probability before the past says anything about it.
FEWEST_BEYOND: Final = 10.0
# All products together count as so many products beside those of a group.
ALL_PRODUCTS: Final = 5.0
GOLDEN: Final = 0.6180339887498949
LARGEST_Z: Final = 4.0
MEDIAN: Final = 0.5
TINY: Final = 1e-9
# Underdispersed demand is no negative binomial: PIT values of other products say nothing about it.
UNCALIBRATED: Final = -1


@dataclass(frozen=True)
class CalibratedDistribution:
    """A negative binomial for every product and origin, its quantiles shifted to where past demand confirms them.

    `demand` holds the window sums that count (NaN for the others) and `group` the calibration groups, both products x
    origins; `periods` is the length of the window. The units of `is_sold_whole` products are spread: see `whole_units`.
    """

    moments: Moments
    demand: Matrix
    group: Index
    periods: float
    is_sold_whole: NDArray[np.bool_]

    @cached_property
    def shift(self) -> Matrix:
        """How much further out in z quantiles are taken: calibration groups x `KNOTS`.

        With n products in a group, the group's own shift weighs n / (n + 5) and that of all products the rest. So a
        single product among few does not set how far the others' quantiles reach.
        """
        values, group, product = pit_values(self.moments, self.demand, self.group)
        windows = _has_pit_value(self.moments, self.demand).sum() / max(1.0, self.periods)
        windows_per_value = windows / max(1, values.size)
        of_all = calibration_shift(values, windows=windows)
        shifts = []
        for is_own in (group == number for number in range(CALIBRATION_GROUPS)):
            own = extended_shift(calibration_shift(values[is_own], windows=is_own.sum() * windows_per_value), of_all)
            products = np.unique(product[is_own]).size
            shifts.append((products * own + ALL_PRODUCTS * of_all) / (products + ALL_PRODUCTS))
        return np.stack(shifts)

    def quantiles(self, rows: Index, origins: Index, probabilities: Matrix) -> Matrix:
        """The quantiles of some products, each from an origin: products x probabilities (ascending), in units."""
        mean, variance = self.moments.at(rows, origins)
        groups = np.where(variance < mean, UNCALIBRATED, self.group[rows, origins])
        is_sold_whole = self.is_sold_whole[rows]
        quantiles = np.zeros((rows.size, probabilities.size))
        for number in np.unique(groups):
            taken = probabilities
            if number != UNCALIBRATED:
                taken = calibrated_probabilities(probabilities, self.shift[number])
            for is_spread in (False, True):
                own = np.flatnonzero((groups == number) & (is_sold_whole == is_spread))
                quantiles[own] = nb_quantiles(mean[own], variance[own], taken, is_spread=is_spread)
        # A gamma is inverted to the last digits only: a quantile may lie a rounding error below the one before.
        return np.maximum.accumulate(quantiles, axis=1)


def has_enough_windows(windows: float, probabilities: Matrix | float) -> NDArray[np.bool_]:
    """Whether ten or more of so many independent windows lie beyond each probability.

    >>> has_enough_windows(250, np.array([0.95, 0.98])).tolist()
    [True, False]
    """
    return np.asarray(windows * (1 - probabilities) >= FEWEST_BEYOND - TINY)


def pit_values(moments: Moments, sums: Matrix, group: Index) -> tuple[Matrix, Index, Index]:
    """The PIT value of every known window sum, with its calibration group and the row of its product.

    Each sum is held against the distribution as it was at its origin. For a right distribution the values are uniform
    on 0 ... 1. A whole unit spans the stretch from P(D < d) to P(D <= d); its value is placed evenly within it (Czado,
    Gneiting and Held 2009). Of more than 25,000 sums every k-th is taken. Underdispersed demand has no value.
    """
    row, origin = np.nonzero(_has_pit_value(moments, sums))
    step = -(-row.size // MOST_VALUES) or 1
    row, origin = row[::step], origin[::step]
    below, at_or_below = nb_probabilities(sums[row, origin], moments.mean[row, origin], moments.variance[row, origin])
    return below + (np.arange(row.size) * GOLDEN % 1.0) * (at_or_below - below), group[row, origin], row


def _has_pit_value(moments: Moments, sums: Matrix) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(sums) & (moments.variance >= moments.mean))


def calibration_shift(values: Matrix, *, windows: float) -> Matrix:
    """How much further out in z quantiles are taken at each of the `KNOTS`; NaN if the past says too little.

    With u_p the p-quantile of the PIT values: shift = z(u_p) - z(p). `windows` is the number of independent windows.

    >>> calibration_shift(np.linspace(0, 1, 1001) ** 0.5, windows=100)[:2].round(2).tolist()
    [0.41, 0.35]
    """
    from scipy.special import ndtri  # noqa: PLC0415, only a forecast pays for the import

    shift = np.full(KNOTS.size, np.nan)
    is_known = has_enough_windows(windows, KNOTS) & (values.size > 0)
    if is_known.any():
        place = np.ceil(values.size * KNOTS[is_known] - TINY).astype(int) - 1
        shift[is_known] = np.clip(ndtri(np.sort(values)[place]), 0.0, LARGEST_Z) - ndtri(KNOTS[is_known])
    return shift


def extended_shift(own: Matrix, of_all: Matrix) -> Matrix:
    """A group's shift, continued beyond its last known knot in parallel to that of all products.

    >>> extended_shift(np.array([0.1, 0.2, np.nan]), np.array([0.4, 0.5, 0.7])).round(3).tolist()
    [0.1, 0.2, 0.4]
    >>> extended_shift(np.array([np.nan]), np.array([0.4])).tolist()
    [0.4]
    """
    known = np.flatnonzero(np.isfinite(own))
    gap = own[known[-1]] - of_all[known[-1]] if known.size else 0.0
    return np.where(np.isfinite(own), own, of_all + gap)


def calibrated_probabilities(probabilities: Matrix, shift: Matrix) -> Matrix:
    """The probabilities at which quantiles are taken, so that past demand stayed below them as often as requested.

    Up to one half they are the requested ones. Between the knots the shift is linear in z, from 0 at one half; beyond
    the last known knot it stays constant.

    >>> no_shift = calibration_shift(np.linspace(0, 1, 1001), windows=1000)
    >>> calibrated_probabilities(np.array([0.3, 0.9, 0.99]), no_shift).round(3).tolist()
    [0.3, 0.9, 0.99]
    >>> too_narrow = calibration_shift(np.linspace(0, 1, 1001) ** 0.5, windows=100)
    >>> calibrated_probabilities(np.array([0.3, 0.9, 0.95]), too_narrow).round(3).tolist()
    [0.3, 0.949, 0.977]
    """
    from scipy.special import ndtr, ndtri  # noqa: PLC0415, only a forecast pays for the import

    is_known = np.isfinite(shift)
    if not is_known.any():
        return probabilities
    z = ndtri(probabilities)
    shifted = z + np.interp(z, np.append(0.0, ndtri(KNOTS[is_known])), np.append(0.0, shift[is_known]))
    return np.asarray(np.where(probabilities > MEDIAN, ndtr(shifted), probabilities))
