"""How a product sells: smooth, erratic, intermittent, lumpy, new or dead; and how it sold at any past origin.

What belongs here: the classes. What does not: what follows from them (`choose_model.py`).
The four middle classes are those of Syntetos, Boylan and Croston (2005): mean interval between weeks with sales
(border 1.32) and squared coefficient of variation of the sizes (border 0.49).
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix, Series

INTERVAL_BORDER: Final = 1.32
VARIATION_BORDER: Final = 0.49
NEW_WEEKS: Final = 6
DEAD_WEEKS: Final = 52
CLASSES: Final = ("smooth", "erratic", "intermittent", "lumpy", "new", "dead")
WAYS: Final = 8


def demand_classes(weekly: Series) -> NDArray[np.str_]:
    """The class of each product of a series of weeks."""
    demand = np.nan_to_num(weekly.demand)
    selling = demand > 0
    is_often, is_even = _borders(weekly.history, selling.sum(axis=1), demand.sum(axis=1), (demand**2).sum(axis=1))
    classes = np.select([is_often & is_even, is_often, is_even], ["smooth", "erratic", "intermittent"], default="lumpy")
    classes = np.where(weekly.history < NEW_WEEKS, "new", classes)
    return np.where(~selling[:, -DEAD_WEEKS:].any(axis=1), "dead", classes)


def ways_of_selling(count: Matrix, selling: Matrix, summed: Matrix, squares: Matrix) -> Index:
    """A number 0 ... 7 for each product and origin: in which of the four classes it was, and if it had just sold.

    The arguments are running sums, a column an origin: periods, periods with sales, demand, demand squared. An odd
    number has sold in the period before the origin, as what is ordered has: it comes from the same past as the order.
    """
    is_often, is_even = _borders(count, selling, summed, squares)
    has_sold = np.diff(selling, axis=1, prepend=0.0) > 0
    return np.asarray(4 * ~is_often + 2 * ~is_even + has_sold, dtype=np.int64)


def _borders(
    count: Matrix | Index, selling: Matrix | Index, summed: Matrix, squares: Matrix
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether demand comes often, and in even sizes."""
    sold = np.maximum(1, selling)
    mean = summed / sold
    return count / sold < INTERVAL_BORDER, squares / sold - mean**2 < VARIATION_BORDER * mean**2
