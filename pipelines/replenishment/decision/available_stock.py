"""Available stock: what is on hand and neither sold nor taken by assemblies; every decision starts from it.

What belongs here: the one sum that the plan, the advice on open orders and the comparison of suppliers share. What does
not: what assemblies require (`plan/assembly.py`).
Read more in docs/maths.md.
"""

import polars as pl


def available_stock() -> pl.Expr:
    """Units on hand less those allocated to sales and those that assemblies require; negative if more are.

    >>> line = {"stock_on_hand": [30.0], "stock_committed": [4.0], "assembly_requirement": [10.0]}
    >>> pl.DataFrame(line).select(available_stock()).item()
    16.0
    """
    return pl.col("stock_on_hand") - pl.col("stock_committed") - pl.col("assembly_requirement")
