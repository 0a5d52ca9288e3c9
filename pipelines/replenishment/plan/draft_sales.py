"""Draft invoices that make most of what is committed of a product, since a forgotten one orders goods for nobody.

What belongs here: finding them and saying so. What does not: whether drafts count as demand, which they do.
Read more in docs/maths.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

DRAFTS: Final = ("DRAFT", "SUBMITTED")
MOST: Final = 0.5


def largest_drafts(order_plan: pl.DataFrame, transactions: pl.DataFrame) -> pl.DataFrame:
    """Per product the draft invoice that makes more than half of what is committed, if there is one.

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
    """Those of `largest_drafts` that also make more than half of what is to be ordered."""
    return drafts.filter((pl.col("order_quantity") > 0) & (pl.col("quantity") > MOST * pl.col("order_quantity")))


def draft_sentence(draft: Mapping[str, Any]) -> str:
    """What a row of `largest_drafts` means for the plan.

    >>> draft_sentence({"invoice_number": "INV-7", "age_days": 200, "quantity": 500.0, "stock_committed": 520.0})
    'The draft invoice INV-7, 200 days old, makes 500 of the 520 units committed: check it in Xero.'
    """
    return (
        f"The draft invoice {draft['invoice_number']}, {draft['age_days']} days old, makes {draft['quantity']:,g} of "
        f"the {draft['stock_committed']:,g} units committed: check it in Xero."
    )
