"""Transferred demand: a successor takes over its predecessor's, and a bundle's counts as that of its parts.

What belongs here: moving demand before anything is forecast. What does not: the settings that say whose demand counts
for whom (`planning_settings/successors_and_bundles.py`).
Read more in docs/maths.md#transferred-demand.
"""

import polars as pl

from pipelines.planning_settings.demand_settings.transfer_steps import MOST_STEPS


def transfer_demand(demand_daily: pl.DataFrame, transfers: pl.DataFrame) -> pl.DataFrame:
    """Demand as it counts for the products that are ordered; the shape of `marts.demand_daily`.

    Each row of `transfers` (the shape of `DEMAND_TRANSFERS`) gives the units of `to_product` for which one unit of
    `product_code` counts. A day is out of stock if every product whose demand counts on it was.

    >>> sold = pl.DataFrame({"product_code": ["SET"], "demand_date": ["1 May"], "quantity": [3.0],
    ...                      "is_stocked_out": [False]})
    >>> parts = pl.DataFrame({"product_code": ["SET", "SET"], "to_product": ["CUP", "TEA"], "units": [2.0, 1.0]})
    >>> transfer_demand(sold, parts).select("product_code", "quantity").rows()
    [('CUP', 6.0), ('TEA', 3.0)]
    """
    if transfers.is_empty():
        return demand_daily
    demand = demand_daily
    for _ in range(MOST_STEPS):
        stays = demand.join(transfers, on="product_code", how="anti")
        moves = demand.join(transfers, on="product_code", how="inner")
        if moves.is_empty():
            break
        demand = pl.concat([stays, moves.select(_transferred(name) for name in demand.columns)])
    return (
        demand.group_by("product_code", "demand_date")
        .agg(pl.col("quantity").sort().sum(), pl.col("is_stocked_out").fill_null(value=False).all())
        .sort("product_code", "demand_date")
        .select(demand_daily.columns)
    )


def _transferred(name: str) -> pl.Expr:
    if name == "product_code":
        return pl.col("to_product").alias(name)
    return pl.col(name) * pl.col("units") if name == "quantity" else pl.col(name)
