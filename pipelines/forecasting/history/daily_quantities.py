"""Quantities by product and day, as three arrays of equal length.

What belongs here: the arrays. What does not: the calendar that their days count in (`demand_matrix.py`).
Read more in docs/maths.md#demand-history.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class DailyQuantities:
    """Quantities by product and day, one entry each: the row of the product, the day's column, the units."""

    row: Index
    day: Index
    quantity: Matrix

    def where(self, is_kept: NDArray[np.bool_]) -> "DailyQuantities":
        """The entries that are kept."""
        return DailyQuantities(self.row[is_kept], self.day[is_kept], self.quantity[is_kept])

    def __add__(self, more: "DailyQuantities") -> "DailyQuantities":
        """Both, one after the other."""
        pairs = zip(vars(self).values(), vars(more).values(), strict=True)
        return DailyQuantities(*(np.concatenate(pair) for pair in pairs))
