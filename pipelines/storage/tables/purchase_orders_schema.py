"""Tables of the schema `purchase_orders`: drafts, every order, and everything that happened to them.

Read more in docs/interfaces.md.
"""

import polars as pl

from pipelines.storage.tables.declaration import INSTANT, MONEY, UNIT_PRICE, published_table

# fmt: off
PURCHASE_ORDER_DRAFTS = published_table(
    "purchase_orders", "purchase_order_drafts", "One row per line of a drafted order that is not approved yet.",
    order_id=pl.String, purchase_order_number=pl.String, supplier_id=pl.String,
    supplier_name=pl.String, line_number=pl.Int32, product_code=pl.String, product_name=pl.String,
    supplier_product_code=pl.String, quantity=pl.Float64, unit_cost=UNIT_PRICE, currency=pl.String, value=MONEY,
    minimum_order_value=MONEY, is_below_minimum=pl.Boolean, expected_arrival_date=pl.Date, is_edited=pl.Boolean,
    plan_id=pl.String, planned_quantity=pl.Float64,
)
PURCHASE_ORDERS = published_table(
    "purchase_orders", "purchase_orders", "One row per order of any state, from its draft to its end.",
    order_id=pl.String, purchase_order_number=pl.String, state=pl.String, supplier_id=pl.String,
    supplier_name=pl.String, line_count=pl.Int64, quantity=pl.Float64, value=MONEY, currency=pl.String,
    base_value=MONEY, order_date=pl.Date, expected_arrival_date=pl.Date, drafted_at=INSTANT, drafted_by=pl.String,
    is_edited=pl.Boolean,
    made_from=pl.String, replaced_by=pl.String, first_approved_by=pl.String, approved_by=pl.String,
    approved_at=INSTANT, sent_at=INSTANT, number_in_xero=pl.String, purchase_order_id=pl.String,
    status_in_xero=pl.String, value_in_xero=MONEY, failure=pl.String, note=pl.String, plan_id=pl.String,
    order_version=pl.Int64, last_event_at=INSTANT, remarks=pl.String,
)
PURCHASE_ORDER_EVENTS = published_table(
    "purchase_orders", "purchase_order_events", "One row per event of an order: who did what, when and why.",
    order_id=pl.String, purchase_order_number=pl.String, order_version=pl.Int64, event=pl.String, event_at=INSTANT,
    event_by=pl.String, event_sentence=pl.String, event_reason=pl.String, state=pl.String, value=MONEY,
    currency=pl.String,
)
