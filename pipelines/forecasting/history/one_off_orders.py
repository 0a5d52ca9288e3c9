"""One-off orders: days on which far more of a product was sold than it ever sells.

What belongs here: finding and listing them. What does not: removing them. Nobody does: the tail is what safety stock is
for, and a person decides what a large order means.
Read more in docs/maths.md#one-off-orders.
"""

from datetime import date
from typing import Final

import polars as pl

from pipelines.forecasting.history.demand_matrix import LONGEST_DAYS, WEEK_DAYS
from pipelines.forecasting.history.demand_spikes import mark_spikes
from pipelines.storage.tables import ONE_OFF_ORDERS

FEWEST_OTHER_DAYS: Final = 5
TIMES_USUAL: Final = 10.0
LARGE: Final = 0.9
TIMES_LARGE: Final = 3.0


def find_one_off_orders(demand_daily: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The one-off orders before `as_of` as `forecast.one_off_orders`: by product, the latest first.

    Of at least six selling days: a day that sold ten times the median and three times the 90% quantile. So a product
    that always sells in lumps has none. The largest day of a demand spike is listed too.
    """
    age = (pl.lit(as_of) - pl.col("demand_date")).dt.total_days()
    return (
        demand_daily.filter(
            (pl.col("quantity") > 0) & pl.col("quantity").is_finite() & (age > 0) & (age <= LONGEST_DAYS[WEEK_DAYS])
        )
        .group_by("product_code", "demand_date")
        .agg(pl.col("quantity").sort().sum())
        .with_columns(
            selling_days=pl.len().over("product_code"),
            usual_quantity=pl.col("quantity").median().over("product_code"),
            large_quantity=pl.col("quantity").quantile(LARGE, "lower").over("product_code"),
        )
        .with_columns(times_usual=pl.col("quantity") / pl.col("usual_quantity"), age=age)
        .pipe(mark_spikes)
        .filter(
            (pl.col("selling_days") > FEWEST_OTHER_DAYS)
            & (pl.col("times_usual") >= TIMES_USUAL)
            & (pl.col("quantity") >= TIMES_LARGE * pl.col("large_quantity"))
            | (pl.col("usual_share") < 1)
            & (pl.col("quantity") == pl.col("quantity").max().over("product_code", "week"))
        )
        .sort("product_code", "demand_date", descending=[False, True])
        .select(list(ONE_OFF_ORDERS.columns))
        .with_columns(pl.col("usual_quantity", "times_usual").round(4))
    )
