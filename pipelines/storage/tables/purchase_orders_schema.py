"""Tables of the schema `purchase_orders`: drafts made from the plan.

Read more in docs/interfaces.md.
"""

import polars as pl

from pipelines.storage.tables.declaration import MONEY, UNIT_PRICE, published_table

# fmt: off
PURCHASE_ORDER_DRAFTS = published_table(
    "purchase_orders", "purchase_order_drafts", "One row per line of a drafted order that is not approved yet.",
    order_id=pl.String, purchase_order_number=pl.String, supplier_id=pl.String,
    supplier_name=pl.String, line_number=pl.Int32, product_code=pl.String, product_name=pl.String,
    supplier_product_code=pl.String, quantity=pl.Float64, unit_cost=UNIT_PRICE, currency=pl.String, value=MONEY,
    minimum_order_value=MONEY, is_below_minimum=pl.Boolean, expected_arrival_date=pl.Date, is_edited=pl.Boolean,
    plan_id=pl.String,
)
