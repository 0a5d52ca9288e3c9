"""Demand patterns: smooth, erratic, intermittent, lumpy, new or dead, today and at any past origin.

What belongs here: the classification. What does not: what follows from it (`choose_model.py`).
The four middle patterns are those of Syntetos, Boylan and Croston (2005, JORS 56). Their borders are the mean interval
between weeks with sales (1.32) and the squared coefficient of variation of the sizes (0.49).
Read more in docs/maths.md#demand-patterns.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import DemandMatrix, Index, Matrix

INTERVAL_BORDER: Final = 1.32
VARIATION_BORDER: Final = 0.49
NEW_WEEKS: Final = 6
DEAD_WEEKS: Final = 52
DEAD: Final = "dead"
PATTERNS: Final = ("smooth", "erratic", "intermittent", "lumpy", "new", DEAD)
CALIBRATION_GROUPS: Final = 8


def demand_patterns(weekly: DemandMatrix) -> NDArray[np.str_]:
    """The demand pattern of each product of a weekly matrix, one of `PATTERNS`.

    Let n be the weeks since the first row, m those with sales, and v the squared coefficient of variation of their
    sizes. The first that holds: dead (no sale in 52 weeks), new (n < 6), smooth (n/m < 1.32 and v < 0.49), erratic
    (n/m < 1.32), intermittent (v < 0.49), lumpy.
    """
    demand = np.nan_to_num(weekly.demand)
    selling = demand > 0
    is_often, is_even = _within_borders(
        weekly.history, selling.sum(axis=1), demand.sum(axis=1), (demand**2).sum(axis=1)
    )  # fmt: skip
    patterns = np.select(
        [is_often & is_even, is_often, is_even], ["smooth", "erratic", "intermittent"], default="lumpy"
    )
    patterns = np.where(weekly.history < NEW_WEEKS, "new", patterns)
    return np.where(~selling[:, -DEAD_WEEKS:].any(axis=1), DEAD, patterns)


def calibration_groups(count: Matrix, selling: Matrix, summed: Matrix, squares: Matrix) -> Index:
    """The calibration group 0 ... 7 of each product at each origin: its demand pattern, and whether it has just sold.

    The arguments are running sums, products x origins: periods, periods with sales, demand, demand squared. Odd groups
    have sold in the period before the origin, as most products have that are being ordered.
    """
    is_often, is_even = _within_borders(count, selling, summed, squares)
    has_sold = np.diff(selling, axis=1, prepend=0.0) > 0
    return np.asarray(4 * ~is_often + 2 * ~is_even + has_sold, dtype=np.int64)


def _within_borders(
    count: Matrix | Index, selling: Matrix | Index, summed: Matrix, squares: Matrix
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether demand comes often, and whether its sizes are even."""
    sold = np.maximum(1, selling)
    mean = summed / sold
    return count / sold < INTERVAL_BORDER, squares / sold - mean**2 < VARIATION_BORDER * mean**2
