"""Weeks in which a company was closed: hardly anybody sold, where ten products or more usually do.

What belongs here: telling such weeks. What does not: what a single product's empty shelf hid (`demand_matrix.py`).
A closed week says nothing of a product's level, and is no week without demand. That needs the company: one product that
does not sell for a week is no evidence, many that pause together are.
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
WEEK_DAYS: Final = 7
WEEKS_BEFORE: Final = 8
LEAST_USUAL: Final = 10.0
LARGEST_SHARE: Final = 0.1


def closed_periods(demand: Matrix, period_days: int) -> NDArray[np.bool_]:
    """Whether the company was closed in each period of a matrix of products and periods, of a week or a day each.

    A week, counted back from the last period, is closed if a tenth or less of the products sold that did in the median
    of the eight weeks before, and these were ten or more. After four or five such weeks the median is low itself: then
    they count, since a company that stops selling is not closed for holidays. Later weeks change nothing.

    >>> sold = np.ones((12, 14))
    >>> sold[:, [10, 13]] = 0
    >>> np.flatnonzero(closed_periods(sold, 7)).tolist()
    [10, 13]
    """
    periods = demand.shape[1]
    week = periods // (WEEK_DAYS // period_days) - 1 - np.arange(periods)[::-1] // (WEEK_DAYS // period_days)
    is_whole = week >= 0
    weeks = int(week[-1]) + 1 if periods else 0
    sells = demand > 0
    selling = np.zeros(weeks)
    for number in range(weeks):
        selling[number] = sells[:, week == number].any(axis=1).sum()
    is_closed = np.zeros(weeks, dtype=np.bool_)
    for number in range(WEEKS_BEFORE, weeks):
        usual = np.median(selling[number - WEEKS_BEFORE : number])
        is_closed[number] = usual >= LEAST_USUAL and selling[number] <= LARGEST_SHARE * usual
    return np.asarray(is_whole & is_closed[np.maximum(0, week)]) if weeks else np.zeros(periods, dtype=np.bool_)
