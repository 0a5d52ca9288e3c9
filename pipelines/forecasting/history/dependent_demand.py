"""Dependent demand: what assembled bundles sell is demand of their parts too, beside the bundles' own.

What belongs here: copying this demand. What does not: what must be assembled now (`replenishment/plan/assembly.py`),
bundles without stock (`transferred_demand.py`).
Read more in docs/maths.md#assembled-bundles.
"""

import polars as pl


def with_dependent_demand(demand: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Daily demand with that of the parts of assembled bundles added; `parts` are those of `all_parts`.

    Orlicky (1975) calls the demand of parts dependent. A day of a part is out of stock if its own row is.

    >>> sold = pl.DataFrame({"product_code": ["CUP", "SET"], "demand_date": ["1 May"] * 2, "quantity": [1.0, 3.0],
    ...                      "is_stocked_out": [False, True]})
    >>> parts = pl.DataFrame({"product_code": ["SET"], "part": ["CUP"], "units": [2.0]})
    >>> with_dependent_demand(sold, parts).rows()
    [('CUP', '1 May', 7.0, False), ('SET', '1 May', 3.0, True)]
    """
    if parts.is_empty():
        return demand
    dependent = demand.join(parts, on="product_code").select(
        *(pl.col(name) for name in demand.columns if name not in {"product_code", "quantity", "is_stocked_out"}),
        product_code="part", quantity=pl.col("quantity") * pl.col("units"), is_stocked_out=pl.lit(None, pl.Boolean),
    )  # fmt: skip
    return (
        pl.concat([demand, dependent.select(demand.columns)])
        .group_by("product_code", "demand_date")
        .agg(pl.col("quantity").sort().sum(), pl.col("is_stocked_out").any())
        .sort("product_code", "demand_date")
        .select(demand.columns)
    )
