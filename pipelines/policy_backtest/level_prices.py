"""What each service level costs and saves, by the results of a backtest.

What belongs here: what is read in finished results. What does not: how they are found (`report.py`), which needs the
modules of planning, and the buyer's desk does not.
Read more in docs/maths.md.
"""

from typing import Final

import polars as pl

OURS: Final = "ours"
"""The policy that plans."""
EVERYTHING: Final = "all"
"""Products of all demand patterns together."""


def price_list(results: pl.DataFrame, policy: str) -> pl.DataFrame:
    """What each service level of a policy costs and saves, compared with the level before it."""
    money = ("average_stock_value", "lost_margin_a_week")
    return (
        results.filter((pl.col("policy") == policy) & (pl.col("demand_class") == EVERYTHING))
        .sort("service_level")
        .select("service_level", "orders_kept", "weeks_kept", "fill_rate_units", *money)
        .with_columns(
            more_stock=pl.col("average_stock_value").diff(), less_lost_margin=-pl.col("lost_margin_a_week").diff()
        )
    )
