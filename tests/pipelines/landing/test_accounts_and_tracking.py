"""What rules of groups ask of Xero's records: the accounts of items, and the tracking options of sales lines."""

import duckdb
import msgspec
import polars as pl

from pipelines.landing.endpoints import ENDPOINTS, line_columns
from pipelines.organisations.rule_attributes import rule_attributes
from pipelines.storage.tables import XERO_INVOICE_LINES, XERO_INVOICES, XERO_ITEMS, Table
from pipelines.xero import wire

ITEM = b"""{"ItemID": "id-1", "Code": " TEA-01 ", "Name": "Tea", "SalesDetails": {"AccountCode": "200"},
"PurchaseDetails": {"COGSAccountCode": "310", "AccountCode": "300"}, "InventoryAssetAccountCode": "630"}"""
LINE = b"""{"ItemCode": "TEA-01", "Item": {"ItemID": "id-1"}, "Tracking": [
{"Name": "Region", "Option": "North", "TrackingCategoryID": "t-1"}, {"Name": "Shop", "Option": " 1 \\n"}]}"""


def a_row(table: Table, **values: object) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(table.columns) | values], schema=table.schema)


def test_accounts_and_tracking_options_are_read_and_missing_ones_are_empty() -> None:
    items = [msgspec.json.decode(text, type=wire.ItemRecord) for text in (ITEM, b'{"ItemID": "id-2"}')]
    columns = ENDPOINTS[0].columns(items)
    assert columns["sales_account_code"] == ["200", ""]
    assert columns["purchase_account_code"] == ["310", ""]
    assert columns["inventory_account_code"] == ["630", ""]
    lines = [msgspec.json.decode(text, type=wire.LineRecord) for text in (LINE, b'{"Tracking": []}', b"{}")]
    document = wire.InvoiceRecord(
        invoice_id="i-1", contact=wire.ContactReference(contact_id="c"), line_items=lines
    )  # fmt: skip
    assert line_columns([document], "invoice_id")["tracking"] == ["Region: North\nShop: 1", "", ""]


def test_rules_see_the_options_of_sales_that_count_under_the_products_present_code() -> None:
    connection = duckdb.connect()
    connection.execute("create schema raw")
    lines = [("i-1", "id-1", "OLD"), ("i-2", None, "CUP"), ("void", "id-1", "OLD"), ("bill", "id-1", "OLD")]
    frames = {
        XERO_ITEMS: [a_row(XERO_ITEMS, item_id="id-1", code="TEA-01"), a_row(XERO_ITEMS, item_id="id-2", code="CUP")],
        XERO_INVOICES: [
            a_row(XERO_INVOICES, invoice_id=identity, type=kind, status=status)
            for identity, kind, status in (
                ("i-1", "ACCREC", "PAID"), ("i-2", "ACCREC", "DRAFT"), ("void", "ACCREC", "VOIDED"),
                ("bill", "ACCPAY", "PAID"),
            )
        ],
        XERO_INVOICE_LINES: [
            a_row(
                XERO_INVOICE_LINES, invoice_id=invoice, item_id=item, item_code=code,
                tracking=f"Region: {invoice}\nShop: 1",
            )
            for invoice, item, code in lines
        ],
    }  # fmt: skip
    for table, rows in frames.items():
        connection.register("frame", pl.concat(rows).to_arrow())
        connection.execute(f"create table {table.path} as from frame")
    found = rule_attributes(connection, is_tracking_asked=True)
    assert found.products["product_code"].to_list() == ["CUP", "TEA-01"]
    assert found.tracking.rows() == [
        ("CUP", "Region: i-2"), ("CUP", "Shop: 1"), ("TEA-01", "Region: i-1"), ("TEA-01", "Shop: 1"),
    ]  # fmt: skip
    assert rule_attributes(connection, is_tracking_asked=False).tracking.is_empty()
