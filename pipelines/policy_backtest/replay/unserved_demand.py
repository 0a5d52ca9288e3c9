"""What customers would have bought on days without stock, drawn from days with stock: the past that a backtest lives.

What belongs here: demand of the days that nobody could buy on, for the simulation. What does not: what a forecast makes
of such days (`forecasting/history/censored_demand.py`), which days they are (`is_stocked_out` of `demand_daily`).
Read more in docs/maths.md#the-policy-backtest.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.replenishment.decision.demand_paths import seeds_of

WEEK: Final = 7
# Days of the same weekday within so many weeks on either side.
NEAR_WEEKS: Final = 8


def with_unserved_demand(daily: Matrix, is_out: NDArray[np.bool_], product_codes: Sequence[str]) -> Matrix:
    """Demand by product and day in which a day out of stock has the demand of a day in stock near it, if that is more.

    Sales of a day out of stock are what there was, not what was wanted, and stock ends when most is wanted: a past of
    sales alone is too kind to every policy. Each such day after a product's first sale takes the demand of one of its
    days in stock of the same weekday, at most eight weeks away, drawn by the product's code. A day without any keeps
    its sales.

    >>> daily, is_out = np.tile([3.0, 0, 0, 0, 0, 0, 2.0], 3)[None, :], np.zeros((1, 21), dtype=bool)
    >>> daily[0, 7], is_out[0, 7:14] = 1.0, True
    >>> with_unserved_demand(daily, is_out, ["TEA"])[0, 7:14].tolist()
    [3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0]
    """
    wanted = daily.copy()
    for row in np.flatnonzero(is_out.any(axis=1)).tolist():
        rng = np.random.default_rng(seeds_of([product_codes[row]], seed=0)[0])
        first = int(np.argmax(daily[row] > 0))
        for day in np.flatnonzero(is_out[row]).tolist():
            weeks = np.arange(-NEAR_WEEKS, NEAR_WEEKS + 1)
            near = day + WEEK * weeks
            near = near[(near >= first) & (near < daily.shape[1])]
            near = near[~is_out[row, near]]
            if day > first and near.size:
                wanted[row, day] = max(daily[row, day], daily[row, rng.choice(near)])
    return wanted
