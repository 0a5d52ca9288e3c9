"""Who buys: each customer's share of what was sold in the last year.

What belongs here: sums by customer. What does not: single sales lines.
"""

from datetime import timedelta
from typing import Final

import polars as pl

from pipelines.storage import tables
from planner.shown.published_view import PublishedView

DAYS: Final = 365
_COLUMNS: Final = [
    "customer_id", "customer_name", "product_code", "demand_date", "invoice_id", "quantity", "unit_price", "currency",
]  # fmt: skip


def customers(view: PublishedView) -> pl.DataFrame:
    """One row per customer, the largest share of units first.

    Columns: `customer_id`, `customer_name`, `products`, `invoices`, `units`, `share_of_units`, `last_sale_date`,
    `sales_value`, `currency`; value and currency are null for a customer of several currencies.
    """
    found: pl.DataFrame = view.once("customers", lambda: _customers(view))
    return found


def _customers(view: PublishedView) -> pl.DataFrame:
    since = [] if view.as_of is None else [pl.col("demand_date") >= view.as_of - timedelta(days=DAYS)]
    lines = view.rows(tables.DEMAND_TRANSACTIONS, *since, columns=_COLUMNS)
    value = (pl.col("quantity") * pl.col("unit_price").cast(pl.Float64)).sum()
    is_one = pl.col("currency").n_unique() == 1
    return (
        lines.group_by("customer_id")
        .agg(
            pl.col("customer_name").last(), products=pl.col("product_code").n_unique().cast(pl.Int64),
            invoices=pl.col("invoice_id").n_unique().cast(pl.Int64), units=pl.col("quantity").sum(),
            last_sale_date=pl.col("demand_date").max(),
            sales_value=pl.when(is_one).then(value).cast(pl.Decimal(18, 2), strict=False),
            currency=pl.when(is_one).then(pl.col("currency").first()),
        )
        .with_columns(share_of_units=pl.col("units") / pl.col("units").sum())
        .sort("share_of_units", "customer_id", descending=[True, False])
    )  # fmt: skip
