"""Demand that belongs to another product: a successor takes over, a bundle is sold as its parts.

What belongs here: moving it, before anything is forecast. What does not: the settings (`replenishment/parameters.py`).
Read more in docs/maths.md.
"""

from typing import Final

import polars as pl

MOVES: Final = pl.Schema({"product_code": pl.String, "to_product": pl.String, "pieces": pl.Float64})
# A successor of a successor of a successor: deeper than any catalogue.
MOST_STEPS: Final = 10


def moved_demand(demand_daily: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Demand as it counts for the products that are ordered; the shape of `marts.demand_daily`.

    Each row of `moves` (the shape of `MOVES`) says how many pieces of another product one piece stands for. A day is
    out of stock where all that its product took over was.

    >>> sold = pl.DataFrame({"product_code": ["SET"], "demand_date": ["1 May"], "quantity": [3.0],
    ...                      "is_stocked_out": [False]})
    >>> moves = pl.DataFrame({"product_code": ["SET", "SET"], "to_product": ["CUP", "TEA"], "pieces": [2.0, 1.0]})
    >>> moved_demand(sold, moves).select("product_code", "quantity").rows()
    [('CUP', 6.0), ('TEA', 3.0)]
    """
    if moves.is_empty():
        return demand_daily
    told = demand_daily
    for _ in range(MOST_STEPS):
        stays = told.join(moves, on="product_code", how="anti")
        moved = told.join(moves, on="product_code", how="inner")
        if moved.is_empty():
            break
        told = pl.concat([stays, moved.select(_moved(name) for name in told.columns)])
    return (
        told.group_by("product_code", "demand_date")
        .agg(pl.col("quantity").sort().sum(), pl.col("is_stocked_out").all())
        .sort("product_code", "demand_date")
        .select(demand_daily.columns)
    )


def all_steps(moves: pl.DataFrame) -> pl.DataFrame:
    """The moves with every step taken, in the shape of `MOVES`: each product and those that its demand ends at.

    >>> told = [("BOX", "SET", 6.0), ("SET", "CUP", 2.0), ("SET", "TEA", 1.0)]
    >>> all_steps(pl.DataFrame(told, schema=MOVES, orient="row")).rows()
    [('BOX', 'CUP', 12.0), ('BOX', 'TEA', 6.0), ('SET', 'CUP', 2.0), ('SET', 'TEA', 1.0)]
    """
    step = moves.rename({"product_code": "to_product", "to_product": "next_product", "pieces": "each"})
    taken = moves
    for _ in range(MOST_STEPS - 1):
        ends = taken.join(step, on="to_product", how="anti")
        goes_on = taken.join(step, on="to_product", how="inner").select(
            "product_code", to_product="next_product", pieces=pl.col("pieces") * pl.col("each")
        )
        if goes_on.is_empty():
            break
        taken = pl.concat([ends, goes_on])
    return taken.group_by("product_code", "to_product").agg(pl.col("pieces").sum()).sort("product_code", "to_product")


def without_circles(moves: pl.DataFrame) -> pl.DataFrame:
    """The moves but those of products that lead back to themselves: these keep their demand.

    >>> told = [("A", "B", 2.0), ("B", "A", 2.0), ("SET", "A", 1.0), ("SET", "CUP", 1.0)]
    >>> without_circles(pl.DataFrame(told, schema=MOVES, orient="row"))["product_code"].to_list()
    ['SET', 'SET']
    """
    inner, left = moves, moves.height + 1
    while inner.height < left:
        left = inner.height
        is_passed = pl.col("to_product").is_in(inner["product_code"].implode())
        inner = inner.filter(is_passed & pl.col("product_code").is_in(inner["to_product"].implode()))
    return moves.join(inner, on="product_code", how="anti")


def _moved(name: str) -> pl.Expr:
    if name == "product_code":
        return pl.col("to_product").alias(name)
    return pl.col(name) * pl.col("pieces") if name == "quantity" else pl.col(name)
