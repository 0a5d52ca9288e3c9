"""Draft invoices that make up most of a product's allocated stock: a forgotten draft would order goods for no one.

What belongs here: finding and naming them. What does not: whether drafts count as demand, which they do.
Read more in docs/maths.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

DRAFTS: Final = ("DRAFT", "SUBMITTED")
MOST: Final = 0.5


def largest_drafts(order_plan: pl.DataFrame, transactions: pl.DataFrame) -> pl.DataFrame:
    """Per product the draft invoice with more than half of the allocated stock, if there is one.

    `transactions` are the rows of `demand_transactions`. Columns: product_code, invoice_number, quantity (units),
    age_days, stock_committed, order_quantity.
    """
    drafts = (
        transactions.filter(pl.col("status").is_in(DRAFTS))
        .group_by("product_code", "invoice_id", "invoice_number", "demand_date")
        .agg(quantity=pl.col("sold_quantity").sum())
        .sort("quantity", "invoice_number", descending=[True, False])
        .unique("product_code", keep="first", maintain_order=True)
    )
    return (
        order_plan.select("product_code", "stock_committed", "order_quantity", "as_of_date")
        .join(drafts, on="product_code", maintain_order="left")
        .filter(pl.col("quantity") > MOST * pl.col("stock_committed"))
        .with_columns(age_days=(pl.col("as_of_date") - pl.col("demand_date")).dt.total_days())
        .select("product_code", "invoice_number", "quantity", "age_days", "stock_committed", "order_quantity")
    )


def behind_orders(drafts: pl.DataFrame) -> pl.DataFrame:
    """Those of `largest_drafts` that are also more than half of the order quantity."""
    return drafts.filter((pl.col("order_quantity") > 0) & (pl.col("quantity") > MOST * pl.col("order_quantity")))


def draft_sentence(draft: Mapping[str, Any]) -> str:
    """A row of `largest_drafts` as a sentence.

    >>> draft_sentence({"invoice_number": "INV-7", "age_days": 200, "quantity": 500.0, "stock_committed": 520.0})
    'The draft invoice INV-7, 200 days old, is 500 of the 520 allocated units: check it in Xero.'
    """
    return (
        f"The draft invoice {draft['invoice_number']}, {draft['age_days']} days old, is {draft['quantity']:,g} of "
        f"the {draft['stock_committed']:,g} allocated units: check it in Xero."
    )
