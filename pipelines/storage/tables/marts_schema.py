"""Tables of the schema `marts`: written by dbt, read by Python and by people.

Read more in docs/interfaces.md.
"""

import polars as pl

from pipelines.storage.tables.declaration import INSTANT, MONEY, RATE, UNIT_PRICE, published_table

# fmt: off
PRODUCTS = published_table(
    "marts", "products", "One row per product: every item of Xero, tracked or not.",
    product_id=pl.String, product_code=pl.String, product_name=pl.String, is_tracked=pl.Boolean,
    is_discontinued=pl.Boolean, is_unstocked=pl.Boolean, supplier_id=pl.String, supplier_name=pl.String,
    supplier_source=pl.String, unit_cost=UNIT_PRICE, unit_cost_source=pl.String, currency=pl.String,
    currency_rate=RATE, sales_unit_price=UNIT_PRICE, first_sale_date=pl.Date, last_sale_date=pl.Date,
    last_purchase_date=pl.Date,
)
SUPPLIERS = published_table(
    "marts", "suppliers", "One row per supplier: a contact that goods were ordered or billed from, or a preferred one.",
    supplier_id=pl.String, supplier_name=pl.String, currency=pl.String, is_archived=pl.Boolean,
    products=pl.Int64, last_order_date=pl.Date,
)
PRODUCT_SUPPLIERS = published_table(
    "marts", "product_suppliers",
    "One row per product and supplier that it is ordered from, was bought from, or has terms with.",
    product_code=pl.String, supplier_id=pl.String, supplier_name=pl.String, is_archived=pl.Boolean,
    is_used=pl.Boolean, unit_cost=UNIT_PRICE, unit_cost_source=pl.String, currency=pl.String, currency_rate=RATE,
    last_purchase_date=pl.Date,
)
DEMAND_DAILY = published_table(
    "marts", "demand_daily", "One row per product and day on which it was sold, net of credit notes, or out of stock.",
    product_code=pl.String, demand_date=pl.Date, quantity=pl.Float64, is_stocked_out=pl.Boolean,
)
DEMAND_TRANSACTIONS = published_table(
    "marts", "demand_transactions", "One row per sales invoice line that counts as demand.",
    product_code=pl.String, demand_date=pl.Date, invoice_number=pl.String, line_number=pl.Int32, status=pl.String,
    customer_id=pl.String, customer_name=pl.String, sold_quantity=pl.Float64, credited_quantity=pl.Float64,
    quantity=pl.Float64, unit_price=UNIT_PRICE, currency=pl.String, invoice_id=pl.String, xero_link=pl.String,
)
SALES_MONTHLY = published_table(
    "marts", "sales_monthly", "One row per product and month with sales or credit notes: our total beside Xero's.",
    product_code=pl.String, month=pl.Date, demand_quantity=pl.Float64, sold_quantity=pl.Float64,
    xero_invoiced_quantity=pl.Float64, xero_voided_quantity=pl.Float64, xero_credited_quantity=pl.Float64,
    difference=pl.Float64,
)
SALES_DIFFERENCES = published_table(
    "marts", "sales_differences", "One row per sales line and reason for which our total differs from Xero's.",
    product_code=pl.String, month=pl.Date, reason=pl.String, demand_date=pl.Date, invoice_number=pl.String,
    line_number=pl.Int32, status=pl.String, customer_name=pl.String, quantity=pl.Float64, our_quantity=pl.Float64,
    xero_quantity=pl.Float64, difference=pl.Float64, credit_note_number=pl.String, credit_note_date=pl.Date,
    invoice_id=pl.String, credit_note_id=pl.String, xero_link=pl.String,
)
STOCK_POSITION = published_table(
    "marts", "stock_position", "One row per product.",
    product_code=pl.String, stock_on_hand=pl.Float64, stock_committed=pl.Float64, stock_on_order=pl.Float64,
    stock_position=pl.Float64, committed_unapproved_sales=pl.Float64, committed_back_orders=pl.Float64,
    on_order_in_xero=pl.Float64, on_order_approved_not_sent=pl.Float64,
)
STOCK_ON_ORDER = published_table(
    "marts", "stock_on_order", "One row per open purchase order line and product that it counts for, counted or not.",
    purchase_order_number=pl.String, product_code=pl.String, quantity=pl.Float64,
    expected_arrival_date=pl.Date, is_counted=pl.Boolean, rule=pl.String, line_number=pl.Int32, status=pl.String,
    supplier_id=pl.String, supplier_name=pl.String, order_date=pl.Date, delivery_date=pl.Date, value=MONEY,
    currency=pl.String, currency_rate=RATE, ordered_quantity=pl.Float64, billed_quantity=pl.Float64,
    exception=pl.String, ordered_product_code=pl.String, purchase_order_id=pl.String, xero_link=pl.String,
    is_arrival_assumed=pl.Boolean,
)
STOCK_DAILY = published_table(
    "marts", "stock_daily", "One row per tracked product and day on which its stock moved.",
    product_code=pl.String, stock_date=pl.Date, until_date=pl.Date, quantity_in=pl.Float64, quantity_out=pl.Float64,
    stock_on_hand=pl.Float64, days_out=pl.Int32,
)
PURCHASE_RECEIPTS = published_table(
    "marts", "purchase_receipts", "One row per purchase order line and bill line that delivered some of it.",
    purchase_order_number=pl.String, line_number=pl.Int32, product_code=pl.String, supplier_id=pl.String,
    order_date=pl.Date, promised_date=pl.Date, received_date=pl.Date, quantity=pl.Float64, lead_time_days=pl.Int32,
    days_late=pl.Int32, confidence=pl.String, order_status=pl.String, bill_number=pl.String,
    purchase_order_id=pl.String, bill_id=pl.String, bill_line_number=pl.Int32, is_evidence=pl.Boolean,
    no_evidence_reason=pl.String,
)
SUPPLIER_LEAD_TIMES = published_table(
    "marts", "supplier_lead_times", "One row per supplier that delivered an order in the last two years.",
    supplier_id=pl.String, supplier_name=pl.String, receipts=pl.Int64, exact_receipts=pl.Int64, orders=pl.Int64,
    median_lead_time_days=pl.Float64, p90_lead_time_days=pl.Float64, promised_receipts=pl.Int64,
    late_receipts=pl.Int64, median_days_late=pl.Float64, p90_days_late=pl.Float64, last_received_date=pl.Date,
)
SUPPLIER_SPEND_WEEKLY = published_table(
    "marts", "supplier_spend_weekly",
    "One row per supplier and week in which goods were ordered from it or billed by it, in base currency.",
    supplier_id=pl.String, supplier_name=pl.String, week_start_date=pl.Date, ordered_amount=MONEY,
    billed_amount=MONEY, currency_code=pl.String,
)
XERO_READINESS = published_table(
    "marts", "xero_readiness", "One row per problem of Xero's data and record that has it.",
    problem=pl.String, record_id=pl.String, product_code=pl.String, document_number=pl.String, name=pl.String,
    occurrences=pl.Int64, quantity=pl.Float64, amount=MONEY, currency=pl.String, age_days=pl.Int64, effect=pl.String,
    what_to_do=pl.String, xero_link=pl.String, version=pl.String, is_dismissed=pl.Boolean, dismissed_by=pl.String,
    dismissed_reason=pl.String,
)
DATA_FRESHNESS = published_table(
    "marts", "data_freshness", "One row: the organisation, the day that the data describe, and when they were loaded.",
    organisation_name=pl.String, base_currency=pl.String, time_zone=pl.String,
    is_demo_company=pl.Boolean, as_of_date=pl.Date, loaded_at=INSTANT,
)
