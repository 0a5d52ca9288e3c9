"""Protection intervals, and the horizons for which demand is forecast.

What belongs here: from lead times and review periods to days. What does not: estimating lead times
(`pipelines/replenishment/lead_times.py`), forecasting.
The protection interval is the lead time plus the review period: the days whose demand an order must meet before the
next order can arrive.
Read more in docs/maths.md#notation-and-the-protection-interval.
"""

from typing import Final

import numpy as np
import polars as pl

# The longest protection interval.
LONGEST_HORIZON_DAYS: Final = 3650
# With random lead times demand is forecast for these days and interpolated between them, so that a company needs few
# horizons. Each is at most half as long again as the one before it, a third from 14 on.
LADDER: Final = np.array(
    [0, 1, 2, 3, 4, 5, 7, 10, 14, 18, 21, 28, 35, 42, 56, 70, 91, 119, 154, 203, 266, 350, 455, 602, 798, 1064, 1414,
     1883, 2506, 3332, LONGEST_HORIZON_DAYS]
)  # fmt: skip
MOST_HORIZONS: Final = 12
ROUNDING: Final = 1e-6


def protection_intervals(settings: pl.DataFrame, lead_times: pl.DataFrame) -> pl.DataFrame:
    """One row per product and possible lead time, in the shape of `parameters.protection_intervals`.

    `settings` has `product_code`, `order_frequency_days` and may have `forecast_period_days`; `lead_times` has the
    shape of its table. `arrival_day` is the day on which an order of today arrives, `horizon_days` the protection
    interval. A forecast period replaces the interval, and may end before the order arrives.

    >>> settings = pl.DataFrame({"product_code": ["TEA"], "order_frequency_days": [7]})
    >>> lead_times = pl.DataFrame({"product_code": ["TEA", "TEA"], "lead_time_days": [10, 14], "weight": [0.25, 0.75]})
    >>> protection_intervals(settings, lead_times).rows()
    [('TEA', 10, 17, 0.25), ('TEA', 14, 21, 0.75)]
    """
    has_period = "forecast_period_days" in settings.columns
    period = pl.col("forecast_period_days") if has_period else pl.lit(None, dtype=pl.Int64)
    frequency = pl.col("order_frequency_days")
    return (
        lead_times.join(settings, on="product_code", how="inner")
        .with_columns(horizon_days=pl.coalesce(period, pl.col("lead_time_days") + frequency).cast(pl.Int64))
        .select("product_code", pl.col("lead_time_days").alias("arrival_day"), "horizon_days", "weight")
        .sort("product_code", "arrival_day")
    )


def expected_intervals(intervals: pl.DataFrame) -> pl.DataFrame:
    """The interval of each product's mean lead time, in whole days: `product_code`, `arrival_day`, `horizon_days`.

    Intervals that say what is expected are believed: the mean of arrivals around a shutdown lies in it.
    """
    if "expected_arrival_day" in intervals.columns:
        return intervals.group_by("product_code").agg(
            arrival_day=pl.col("expected_arrival_day").first(), horizon_days=pl.col("expected_horizon_days").first()
        ).sort("product_code")  # fmt: skip
    day = pl.col("arrival_day", "horizon_days")
    return (
        intervals.group_by("product_code")
        .agg(in_whole_days((day * pl.col("weight")).sum()))
        .sort("product_code")
        .select("product_code", "arrival_day", "horizon_days")
    )


def own_horizons(intervals: pl.DataFrame) -> pl.DataFrame:
    """The horizon of each product by which models are compared: of its mean lead time, or the next longer forecast one.

    Columns `product_code`, `lead_time_days` (the days before an order arrives) and `order_frequency_days` (the days
    that it covers).
    """
    cover = (pl.col("horizon_days") - pl.col("arrival_day")).clip(lower_bound=1)
    return (
        expected_intervals(intervals)
        .join(horizons_to_forecast(intervals).rename({"horizon_days": "nearest"}), on="product_code")
        .filter(pl.col("nearest") >= pl.col("horizon_days"))
        .group_by("product_code")
        .agg(pl.col("nearest").min(), order_frequency_days=cover.first())
        .sort("product_code")
        .select(
            "product_code", "order_frequency_days", lead_time_days=pl.col("nearest") - pl.col("order_frequency_days")
        )
        .select("product_code", "lead_time_days", "order_frequency_days")
    )


def horizons_to_forecast(intervals: pl.DataFrame) -> pl.DataFrame:
    """The horizons for which demand is forecast: `product_code`, `horizon_days`.

    A product with one interval is forecast for it. A product with several is forecast for the days of the ladder around
    them. So are all products if they have more than twelve intervals between them.
    """
    spans = intervals.group_by("product_code").agg(
        low=pl.col("horizon_days").min(), high=pl.col("horizon_days").max()
    ).sort("product_code")  # fmt: skip
    is_one = pl.col("low") == pl.col("high")
    is_exact = is_one & (spans.filter(is_one)["low"].n_unique() <= MOST_HORIZONS)
    exact, random = spans.filter(is_exact).select("product_code", horizon_days="low"), spans.filter(~is_exact)
    first = np.searchsorted(LADDER, random["low"].to_numpy(), side="right") - 1
    last = np.searchsorted(LADDER, random["high"].to_numpy())
    steps = random.select(
        "product_code",
        horizon_days=pl.int_ranges(pl.Series(first, dtype=pl.Int64), pl.Series(last, dtype=pl.Int64) + 1),
    ).explode("horizon_days")
    days = pl.Series("horizon_days", LADDER[steps["horizon_days"].to_numpy()], dtype=pl.Int64)
    return pl.concat([exact, steps.with_columns(days)]).sort("product_code", "horizon_days")


def in_whole_days(days: pl.Expr) -> pl.Expr:
    """Days rounded to whole ones, half a day up: what lies a whole number of days apart still does.

    >>> pl.select(days=in_whole_days(pl.Series([15.5, 22.5]))).to_series().to_list()
    [16, 23]
    """
    return (days + 0.5 + ROUNDING).floor().cast(pl.Int64)
