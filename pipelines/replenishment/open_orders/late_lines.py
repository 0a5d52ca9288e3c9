"""Late orders: lines past their date that do not count as supply, in units and money that no bill has delivered.

What belongs here: that sum, as the exceptions have it line by line (dbt, `int_readiness__orders`). What does not: which
lines are late (the on-order rule), advice on them (`advice.py`).
Read more in docs/buyer/late-delivery.md.
"""

import polars as pl


def late_lines(stock_on_order: pl.DataFrame) -> pl.DataFrame:
    """The late lines of `marts.stock_on_order` with unbilled `quantity` and `value`; one billed whole is not late.

    >>> late_lines(pl.DataFrame({"rule": ["late", "late", "billed"], "quantity": [12.0, 4.0, 9.0],
    ...     "ordered_quantity": [12.0, None, 9.0], "billed_quantity": [3.0, None, 9.0], "value": [24.0, 8.0, 1.0]})
    ... ).select("quantity", "value").rows()
    [(9.0, 18.0), (4.0, 8.0)]
    """
    ordered = pl.coalesce("ordered_quantity", "quantity")
    unbilled = ordered - pl.col("billed_quantity").fill_null(0.0)
    value = pl.col("value").cast(pl.Float64) * unbilled / pl.when(ordered != 0).then(ordered)
    late = stock_on_order.filter((pl.col("rule") == "late") & (unbilled > 0))
    return late.with_columns(quantity=unbilled, value=value)
