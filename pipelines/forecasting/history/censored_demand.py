"""Censored demand: what was lost in stock-outs is estimated by the level of the periods before.

What belongs here: the estimate, by period and by day. What does not: which days were out of stock
(`is_stocked_out` of the mart `demand_daily`).
Read more in docs/maths.md#censored-demand.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.history.daily_quantities import DailyQuantities, Index, Matrix
from pipelines.forecasting.history.launches import quantities_before_launch

IMPUTATION_GAIN: Final = 0.1


def with_imputed_demand(
    rows: pl.DataFrame, shape: tuple[int, int], period_days: int, launch: Index
) -> tuple[Matrix, Matrix, DailyQuantities]:
    """Demand by period with lost sales added, the share of each period's days that was imputed, and the days.

    `rows` has `row` (of the product), `day`, `quantity` and `is_censored`; `shape` is products x periods, and `launch`
    each product's launch day. With l the running level of earlier periods and u the period's share of censored days:

        demand = sales of open days + max(sales of censored days, u l)

    Nahmias (1994) estimates lost sales in the same way, by what a full shelf would have sold.

    >>> rows = pl.DataFrame({"row": 0, "day": range(14), "quantity": [3.0] * 7 + [30.0, 30.0] + [0.0] * 5})
    >>> out_of_stock = rows.with_columns(is_censored=pl.col("day") > 8)
    >>> with_imputed_demand(out_of_stock, (1, 2), 7, np.array([0]))[0]
    array([[21., 75.]])
    """
    row, day, quantity = (rows[name].to_numpy() for name in ("row", "day", "quantity"))
    censored = rows["is_censored"].to_numpy() & (day >= launch[row])
    cell = row * shape[1] + day // period_days
    size = shape[0] * shape[1]

    def summed(weights: Matrix) -> Matrix:
        return np.asarray(np.bincount(cell, weights=weights, minlength=size).reshape(shape), dtype=np.float64)

    sales = DailyQuantities(row, day, quantity)
    before = quantities_before_launch(sales, censored, launch, period_days, days=shape[1] * period_days)
    open_sales, censored_sales = summed(quantity * ~censored), summed(quantity * censored)
    share = summed(censored.astype(float)) / period_days
    np.add.at(open_sales, (before.row, before.day // period_days), before.quantity)
    np.add.at(share, (before.row, before.day // period_days), 1 / period_days)
    is_before = np.arange(shape[1])[None, :] < (launch // period_days)[:, None]
    demand = _with_lost_sales(open_sales, censored_sales, share, is_before) if censored.any() else open_sales
    lost = (demand - open_sales - censored_sales).ravel()[cell[censored]]
    added = lost / (share.ravel()[cell[censored]] * period_days)
    days = sales + DailyQuantities(row[censored], day[censored], added) + before
    return np.where(is_before, np.nan, demand), share, days


def _with_lost_sales(
    open_sales: Matrix, censored_sales: Matrix, share: Matrix, is_before: NDArray[np.bool_]
) -> Matrix:  # fmt: skip
    """Demand by period, the censored share of a period raised to what the running level expects of it."""
    demand = open_sales + censored_sales
    level = np.full(demand.shape[0], np.nan)
    seen = np.zeros(demand.shape[0])
    for period in range(demand.shape[1]):
        expected = np.nan_to_num(level) * share[:, period]
        demand[:, period] = open_sales[:, period] + np.maximum(censored_sales[:, period], expected)
        is_known = ~is_before[:, period]
        seen += is_known
        gain = np.maximum(IMPUTATION_GAIN, 1 / np.maximum(1, seen))
        level = np.where(is_known, np.nan_to_num(level) * (1 - gain) + gain * demand[:, period], level)
    return demand
