"""The mean price of a product on each day on which it was sold: a feature of the global quantile model.

What belongs here: prices by product and day. What does not: how the model uses them (`features.py`), which sees past
prices only.
Read more in docs/maths.md#the-global-quantile-model.
"""

import polars as pl


def with_unit_prices(demand_daily: pl.DataFrame, demand_transactions: pl.DataFrame) -> pl.DataFrame:
    """Daily demand with `unit_price`: the day's mean price per unit, in the currency the product mostly sells in.

    `demand_transactions` has the shape of `marts.demand_transactions`. A day without a priced line has a null.
    """
    lines = demand_transactions.filter((pl.col("sold_quantity") > 0) & (pl.col("unit_price") > 0)).with_columns(
        pl.col("unit_price").cast(pl.Float64)
    )
    usual = (
        lines.group_by("product_code", "currency")
        .len()
        .sort("product_code", "len", "currency", descending=[False, True, False])
        .unique("product_code", keep="first", maintain_order=True)
    )
    value, units = (pl.col("unit_price") * pl.col("sold_quantity")).sort().sum(), pl.col("sold_quantity").sort().sum()
    by_day = (
        lines.join(usual, on=["product_code", "currency"], how="semi", nulls_equal=True)
        .group_by("product_code", "demand_date")
        .agg(unit_price=value / units)
    )
    return demand_daily.join(by_day, on=["product_code", "demand_date"], how="left")
