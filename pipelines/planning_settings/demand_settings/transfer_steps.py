"""Whose demand counts for whom, every step taken: the successor of a successor, a bundle of bundles.

What belongs here: following such rows, and dropping cycles. What does not: the settings that they come from
(`successors_and_bundles.py`), and moving demand (`pipelines.forecasting.history.transferred_demand`).
Read more in docs/maths.md, section "What was sold".
"""

from typing import Final

import polars as pl

# A successor of a successor of a successor: deeper than any catalogue.
MOST_STEPS: Final = 10


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
