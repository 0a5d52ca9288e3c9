"""Whether a fraction of a unit of a product can be ordered.

What belongs here: the rule, pure. What does not: refusing a quantity (`order_changes/line_edits.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Iterable

import polars as pl


def is_divisible(batch_size: float | None, quantities: Iterable[pl.Series]) -> bool:
    """Whether a product is sold or bought in fractions of a unit.

    It is if its batch size is a fraction, or any quantity that was ever sold, bought or in stock.

    >>> is_divisible(1.0, [pl.Series([3.0, 12.0])]), is_divisible(0.5, []), is_divisible(1.0, [pl.Series([1.25])])
    (False, True, True)
    """
    is_fraction = batch_size is not None and batch_size != round(batch_size)
    return is_fraction or any(_has_fraction(values) for values in quantities)


def _has_fraction(values: pl.Series) -> bool:
    given = values.drop_nulls().cast(pl.Float64)
    return bool((given.round(6) != given.round(0)).any())
