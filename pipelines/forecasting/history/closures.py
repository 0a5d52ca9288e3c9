"""Closed weeks of a company: hardly any product sold, where ten or more usually do.

What belongs here: finding such weeks. What does not: a single product's stock-outs (`demand_matrix.py`).
A closed week shows nothing of a product's level, and is not a week of zero demand. It takes the whole company to see
one: a single product without sales proves nothing, many products that pause together do.
Read more in docs/maths.md#closed-weeks.
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
    """Whether the company was closed in each period; `demand` is products x periods of a week or a day each.

    Let m be the median number of products sold in the eight weeks before. A week is closed if m is 10 or more and at
    most m / 10 products sold in it. Weeks are counted back from the last period. After four or five closed weeks m
    itself is low and the next weeks count: a company that stops selling is not closed. Later weeks change nothing.

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
