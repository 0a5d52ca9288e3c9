"""Launches: when a product could be sold first, and the days before that in its first period.

What belongs here: finding the launch day, and filling its period. What does not: stock-outs (`censored_demand.py`).
Read more in docs/maths.md#launches.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.history.daily_quantities import DailyQuantities, Index

LAUNCH_DAYS: Final = 28


def launch_days(rows: pl.DataFrame, products: int) -> Index:
    """For each product the day of its first row on which it could be sold; the calendar's first day at the earliest."""
    first = rows.filter(~pl.col("is_censored") | (pl.col("quantity") > 0)).group_by("row").agg(pl.col("day").min())
    launch = np.zeros(products, dtype=np.int64)
    launch[first["row"].to_numpy()] = np.maximum(0, first["day"].to_numpy())
    return launch


def quantities_before_launch(
    sold: DailyQuantities, censored: NDArray[np.bool_], launch: Index, period_days: int, *, days: int
) -> DailyQuantities:
    """The days before the launch in its own period, each with the mean demand of the four weeks after the launch.

    The launch day itself is left out of the mean: its sale is what shows the launch.
    """
    is_first = (sold.day > launch[sold.row]) & (sold.day <= launch[sold.row] + LAUNCH_DAYS)
    units = np.bincount(sold.row, weights=sold.quantity * (is_first & ~censored), minlength=launch.size)
    unseen = np.bincount(sold.row, weights=is_first & censored, minlength=launch.size)
    seen = np.minimum(LAUNCH_DAYS, days - 1 - launch) - unseen
    missing = launch % period_days
    row = np.repeat(np.arange(launch.size), missing)
    back = np.arange(row.size) - np.repeat(np.cumsum(missing) - missing, missing)
    return DailyQuantities(row, launch[row] - 1 - back, (units / np.maximum(1, seen))[row])
