"""Sales of anybody's file, before they are replayed: what cannot be meant is said.

What belongs here: rows that name no product, numbers that cannot be. What does not: columns and their types
(`checking.py`), making a history of them (`history.py`).
Read more in docs/maths.md.
"""

from typing import Final

import polars as pl

from pipelines.errors import DataError
from pipelines.replenishment.checking import number_frame

_NOT_BELOW_NOTHING: Final = ("unit_cost", "unit_price", "minimum_order_quantity")
_ABOVE_NOTHING: Final = ("batch_size",)


def sold_under_a_code(sales: pl.DataFrame) -> pl.DataFrame:
    """The rows that name a product.

    >>> sold_under_a_code(pl.DataFrame({"product_code": ["TEA", " ", None]})).rows()
    [('TEA',)]
    """
    if "product_code" not in sales.columns:
        return sales
    told = sales.drop_nulls("product_code")
    if told.schema["product_code"] != pl.String:
        return told
    return told.filter(pl.col("product_code").str.strip_chars() != "")


def check_facts(sales: pl.DataFrame) -> None:
    """Refuse costs, prices and limits that cannot be; an empty one, and a cost or price of 0, are none given.

    Raises:
        DataError: a column has such rows; the sentence names it, how many these are, and the first one's product.
        PolicyError: a column holds no numbers.
    """
    if "product_code" not in sales.columns:
        return
    for name in (*_NOT_BELOW_NOTHING, *_ABOVE_NOTHING):
        if name not in sales.columns:
            continue
        number, is_positive = pl.col(name), name in _ABOVE_NOTHING
        wrong = number_frame(sales, "sales", [name]).filter(number <= 0 if is_positive else number < 0)
        if wrong.height:
            rows = "1 row" if wrong.height == 1 else f"{wrong.height} rows"
            raise DataError(
                f"{name} is {'nothing or less' if is_positive else 'below nothing'} in {rows} of these sales, first of "
                f"{wrong['product_code'][0]}: correct it, or leave it empty where it is not known."
            )
