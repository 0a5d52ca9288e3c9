"""How a product sells: smooth, erratic, intermittent, lumpy, new or dead.

What belongs here: the classes. What does not: what follows from them (`selection.py`).
The four middle classes are those of Syntetos, Boylan and Croston (2005): mean interval between weeks with sales
(border 1.32) and squared coefficient of variation of the sizes (border 0.49).
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.series import Series

INTERVAL_BORDER: Final = 1.32
VARIATION_BORDER: Final = 0.49
NEW_WEEKS: Final = 6
DEAD_WEEKS: Final = 52
CLASSES: Final = ("smooth", "erratic", "intermittent", "lumpy", "new", "dead")


def demand_classes(weekly: Series) -> NDArray[np.str_]:
    """The class of each product of a series of weeks."""
    demand = np.nan_to_num(weekly.demand)
    selling = demand > 0
    count = np.maximum(1, selling.sum(axis=1))
    interval = weekly.history / count
    mean = demand.sum(axis=1) / count
    variance = np.maximum(0.0, ((demand - mean[:, None]) ** 2 * selling).sum(axis=1) / count)
    is_often, is_even = interval < INTERVAL_BORDER, variance < VARIATION_BORDER * mean**2
    classes = np.select([is_often & is_even, is_often, is_even], ["smooth", "erratic", "intermittent"], default="lumpy")
    classes = np.where(weekly.history < NEW_WEEKS, "new", classes)
    return np.where(~selling[:, -DEAD_WEEKS:].any(axis=1), "dead", classes)
