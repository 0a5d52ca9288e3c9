"""Transferred demand: a successor takes over its predecessor's, and a bundle's counts as that of its parts.

What belongs here: moving demand before anything is forecast. What does not: the settings that say whose demand counts
for whom (`planning_settings/successors_and_bundles.py`).
Read more in docs/maths.md, section "What was sold".
"""

from typing import Final

import polars as pl

# A successor of a successor of a successor: deeper than any catalogue.
MOST_STEPS: Final = 10


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
        .agg(pl.col("quantity").sort().sum(), pl.col("is_stocked_out").all())
        .sort("product_code", "demand_date")
        .select(demand_daily.columns)
    )


def resolved_transfers(transfers: pl.DataFrame) -> pl.DataFrame:
    """The transfers with every step taken, in the same shape: each product and those that its demand ends at.

    >>> steps = {"product_code": ["BOX", "SET", "SET"], "to_product": ["SET", "CUP", "TEA"], "units": [6.0, 2.0, 1.0]}
    >>> resolved_transfers(pl.DataFrame(steps)).rows()
    [('BOX', 'CUP', 12.0), ('BOX', 'TEA', 6.0), ('SET', 'CUP', 2.0), ('SET', 'TEA', 1.0)]
    """
    step = transfers.rename({"product_code": "to_product", "to_product": "next_product", "units": "each"})
    resolved = transfers
    for _ in range(MOST_STEPS - 1):
        ends = resolved.join(step, on="to_product", how="anti")
        goes_on = resolved.join(step, on="to_product", how="inner").select(
            "product_code", to_product="next_product", units=pl.col("units") * pl.col("each")
        )
        if goes_on.is_empty():
            break
        resolved = pl.concat([ends, goes_on])
    return resolved.group_by("product_code", "to_product").agg(pl.col("units").sum()).sort("product_code", "to_product")


def without_cycles(transfers: pl.DataFrame) -> pl.DataFrame:
    """The transfers without those of products that lead back to themselves: these products keep their demand.

    >>> circle = {"product_code": ["A", "B", "SET", "SET"], "to_product": ["B", "A", "A", "CUP"], "units": [2.0] * 4}
    >>> without_cycles(pl.DataFrame(circle))["product_code"].to_list()
    ['SET', 'SET']
    """
    inner, left = transfers, transfers.height + 1
    while inner.height < left:
        left = inner.height
        is_passed = pl.col("to_product").is_in(inner["product_code"].implode())
        inner = inner.filter(is_passed & pl.col("product_code").is_in(inner["to_product"].implode()))
    return transfers.join(inner, on="product_code", how="anti")


def _transferred(name: str) -> pl.Expr:
    if name == "product_code":
        return pl.col("to_product").alias(name)
    return pl.col(name) * pl.col("units") if name == "quantity" else pl.col(name)
