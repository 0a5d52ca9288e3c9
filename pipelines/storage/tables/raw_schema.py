"""Tables of the schema `raw`: what Xero gave us and what people decided, untouched but typed.

Read more in docs/interfaces.md.
"""

from typing import Final

import polars as pl

from pipelines.storage.tables.declaration import INSTANT, MONEY, QUANTITY, RATE, UNIT_PRICE, table, type_of

# fmt: off
_DOCUMENT_LINE: Final[dict[str, type_of]] = {
    "line_number": pl.Int32, "line_item_id": pl.String, "item_id": pl.String, "item_code": pl.String,
    "description": pl.String, "quantity": QUANTITY, "unit_amount": UNIT_PRICE, "line_amount": MONEY,
    "discount_rate": RATE, "discount_amount": UNIT_PRICE, "tax_amount": MONEY,
    "tracking": pl.String,
}

XERO_ORGANISATION = table(
    "raw", "xero_organisation", "One row: the organisation that this warehouse belongs to.",
    organisation_id=pl.String, name=pl.String, base_currency=pl.String, time_zone=pl.String, country_code=pl.String,
    is_demo_company=pl.Boolean, short_code=pl.String,
)
XERO_ITEMS = table(
    "raw", "xero_items", "One row per item in Xero.",
    item_id=pl.String, code=pl.String, name=pl.String, description=pl.String, is_sold=pl.Boolean,
    is_purchased=pl.Boolean, is_tracked_as_inventory=pl.Boolean, quantity_on_hand=QUANTITY,
    quantity_on_back_order=QUANTITY, total_cost_pool=MONEY, purchase_unit_price=UNIT_PRICE,
    sales_unit_price=UNIT_PRICE, updated_at=INSTANT, sales_account_code=pl.String, purchase_account_code=pl.String,
    inventory_account_code=pl.String,
)
XERO_CONTACTS = table(
    "raw", "xero_contacts", "One row per contact in Xero, archived ones included.",
    contact_id=pl.String, name=pl.String, contact_status=pl.String, account_number=pl.String,
    email_address=pl.String, default_currency=pl.String, merged_to_contact_id=pl.String, updated_at=INSTANT,
)
XERO_INVOICES = table(
    "raw", "xero_invoices", "One row per sales invoice (ACCREC) or bill (ACCPAY) in Xero, voided ones included.",
    invoice_id=pl.String, type=pl.String, invoice_number=pl.String, reference=pl.String, status=pl.String,
    contact_id=pl.String, contact_name=pl.String, invoice_date=pl.Date, due_date=pl.Date, currency_code=pl.String,
    currency_rate=RATE, total=MONEY, line_amount_types=pl.String, updated_at=INSTANT,
)
XERO_INVOICE_LINES = table(
    "raw", "xero_invoice_lines", "One row per line of an invoice or bill.",
    invoice_id=pl.String, **_DOCUMENT_LINE,
)
XERO_CREDIT_NOTES = table(
    "raw", "xero_credit_notes", "One row per sales (ACCRECCREDIT) or supplier (ACCPAYCREDIT) credit note in Xero.",
    credit_note_id=pl.String, type=pl.String, credit_note_number=pl.String, reference=pl.String, status=pl.String,
    contact_id=pl.String, contact_name=pl.String, credit_note_date=pl.Date, currency_code=pl.String,
    currency_rate=RATE, total=MONEY, line_amount_types=pl.String, updated_at=INSTANT,
)
XERO_CREDIT_NOTE_LINES = table(
    "raw", "xero_credit_note_lines", "One row per line of a credit note.",
    credit_note_id=pl.String, **_DOCUMENT_LINE,
)
XERO_PURCHASE_ORDERS = table(
    "raw", "xero_purchase_orders", "One row per purchase order in Xero, deleted ones included.",
    purchase_order_id=pl.String, purchase_order_number=pl.String, reference=pl.String, status=pl.String,
    contact_id=pl.String, contact_name=pl.String, order_date=pl.Date, delivery_date=pl.Date,
    expected_arrival_date=pl.Date, currency_code=pl.String, currency_rate=RATE, total=MONEY,
    line_amount_types=pl.String, updated_at=INSTANT,
)
XERO_PURCHASE_ORDER_LINES = table(
    "raw", "xero_purchase_order_lines", "One row per line of a purchase order.",
    purchase_order_id=pl.String, **_DOCUMENT_LINE,
)
ENTITY_LOADS = table(
    "raw", "entity_loads", "One row per entity: when its last complete load began, by Xero's clock.",
    entity=pl.String, loaded_at=INSTANT,
)
QUARANTINED_RECORDS = table(
    "raw", "quarantined_records", "One row per record of Xero that cannot be read.",
    list=pl.String, record_id=pl.String, document_type=pl.String, document_number=pl.String, name=pl.String,
    status=pl.String, total=MONEY, currency_code=pl.String, currency_rate=RATE, updated_at=INSTANT, reason=pl.String,
    body=pl.String, version=pl.String, load_id=pl.String,
)
LOADS = table(
    "raw", "loads", "One row per load, list in Xero and way in which it was read.",
    load_id=pl.String, loaded_at=INSTANT, organisation_date=pl.Date, list=pl.String, kind=pl.String,
    records=pl.Int64, calls=pl.Int64, megabytes=pl.Float64, quarantined=pl.Int64, day_calls_left=pl.Int64,
    is_quiescent=pl.Boolean,
)
PLANNING_SETTINGS = table(
    "raw", "planning_settings", "One row per setting in force and level at which a person set it.",
    level=pl.String, subject=pl.String, name=pl.String, value=pl.String, changed_by=pl.String, changed_at=INSTANT,
)
SETTINGS_WITHOUT_SUBJECT = table(
    "raw", "settings_without_subject", "One row per setting of a product that Xero no longer has, by its former code.",
    level=pl.String, subject=pl.String, name=pl.String, value=pl.String, changed_by=pl.String, changed_at=INSTANT,
)
GROUP_MEMBERS = table(
    "raw", "group_members", "One row per product and group that people or their rules put it in.",
    product_code=pl.String, group_id=pl.String, group_kind=pl.String, group_name=pl.String, group_order=pl.Int64,
    joined_by=pl.String, group_rule=pl.String, set_by=pl.String, set_at=INSTANT,
)
FORMER_PRODUCTS = table(
    "raw", "former_products", "One row per former id or code of an item: the product that it names.",
    item_id=pl.String, item_code=pl.String, product_code=pl.String,
)
DEMAND_TRANSFERS = table(
    "raw", "demand_transfers",
    "One row per product whose demand counts for other products, and each of these, after all successors and bundles.",
    product_code=pl.String, to_product=pl.String, units=pl.Float64,
)
EXCEPTION_DECISIONS = table(
    "raw", "exception_decisions", "One row per exception that is dismissed.",
    problem=pl.String, record_id=pl.String, version=pl.String, decision=pl.String, decided_by=pl.String,
    decided_at=INSTANT, reason=pl.String,
)
ONE_OFF_ANSWERS = table(
    "raw", "one_off_answers", "One row per invoice and product of which a person said whether it is a one-off order.",
    invoice_id=pl.String, product_code=pl.String, invoice_number=pl.String, answer=pl.String, answered_by=pl.String,
    answered_at=INSTANT, reason=pl.String,
)
DEMAND_EVENTS = table(
    "raw", "demand_events", "One row per event that people expect to raise or lower demand, and product or group.",
    name=pl.String, from_date=pl.Date, until_date=pl.Date, factor=pl.Float64, scope=pl.String, subject=pl.String,
    changed_by=pl.String, changed_at=INSTANT, reason=pl.String,
)
LEDGER_ORDER_LINES = table(
    "raw", "ledger_order_lines", "One row per line of an order approved here, sent or not.",
    order_id=pl.String, purchase_order_number=pl.String, state=pl.String, supplier_id=pl.String,
    supplier_name=pl.String, approved_date=pl.Date, expected_arrival_date=pl.Date, order_arrival_date=pl.Date,
    line_number=pl.Int32, product_code=pl.String, quantity=QUANTITY, unit_cost=UNIT_PRICE, currency=pl.String,
    reference=pl.String, purchase_order_id=pl.String, sent_at=INSTANT, failure=pl.String,
)
KEPT_ORDER_LINES = table(
    "raw", "kept_order_lines",
    "One row per line of a draft that a person keeps, and per product taken out of one, which has no units.",
    order_id=pl.String, purchase_order_number=pl.String, supplier_id=pl.String, supplier_name=pl.String,
    line_number=pl.Int32, product_code=pl.String, quantity=QUANTITY, value=MONEY, currency=pl.String,
    is_base_currency=pl.Boolean,
)
AS_OF = table(
    "raw", "as_of", "One row: the organisation's calendar day on which this run decides.",
    as_of_date=pl.Date,
)
