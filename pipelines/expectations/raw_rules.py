"""What Xero gave us must be usable before it may replace what we have.

What belongs here: the rules at the first border of trust, over a pass that is held aside and not landed yet.
What does not: rules of the trade (dbt). A rule blocks only where a wrong plan would follow; the rest warns.
Read more in docs/operations.md.
"""

from typing import Final

import duckdb
import polars as pl

from pipelines.expectations.validate import Finding, Rule, validate
from pipelines.landing.endpoints import Endpoint
from pipelines.landing.land import Pass, aside
from pipelines.storage.tables import XERO_ORGANISATION
from pipelines.storage.warehouse import read_table

KNOWN_STATUSES: Final = ["DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED", "BILLED", "ARCHIVED"]
KNOWN_TYPES: Final = [
    "ACCREC", "ACCPAY", "ACCRECCREDIT", "ACCPAYCREDIT", "APCREDIT", "APPREPAYMENT", "APOVERPAYMENT", "ARCREDIT",
    "ARPREPAYMENT", "AROVERPAYMENT", "PURCHASEORDER",
]  # fmt: skip
KNOWN_CONTACT_STATUSES: Final = ["ACTIVE", "ARCHIVED", "GDPRREQUEST"]

RULES: Final = (
    Rule(
        "organisation_is_the_same", "organisation", "ExpectColumnValuesToBeInSet",
        {"column": "is_same", "value_set": [True]},
        "Xero answered for another organisation than the one these data belong to; connect the right one "
        "(`stocktrim connect`), or use a new --organisation for this one.",
        is_blocking=True, description="The answers come from the organisation that these data belong to.",
    ),
    Rule(
        "pass_is_complete", "lists", "ExpectColumnValuesToBeInSet", {"column": "is_complete", "value_set": [True]},
        "{count} of Xero's lists did not come whole, so nothing was stored; load again.",
        is_blocking=True, description="Every record that Xero counts came.",
    ),
    Rule(
        "dates_and_quantities_are_readable", "unreadable", "ExpectColumnValuesToBeInSet",
        {"column": "is_vital", "value_set": [False]},
        "{count} records of Xero have a date or a quantity that cannot be read ({which}), so nothing was stored; "
        "open them in Xero, correct them, then load again. To load without one: `stocktrim exceptions dismiss RECORD`.",
        is_blocking=True, description="Every date and quantity has the form that Xero promises.", named_by="document",
    ),
    Rule(
        "records_are_readable", "unreadable", "ExpectTableRowCountToEqual", {"value": 0},
        "Some records of Xero cannot be read ({which}); what was stored of them stays. Open them in Xero and save "
        "them once; every load, plan and `stocktrim doctor` lists them until they can be read or are dismissed.",
        description="Every record could be read.", problem="unreadable_record", named_by="document",
    ),
    Rule(
        "stock_stood_still", "lists", "ExpectColumnValuesToBeInSet", {"column": "is_quiescent", "value_set": [True]},
        "Stock moved in Xero all the while it was read, so quantities on hand may be minutes apart from the sales; "
        "load again at a quieter moment.",
        description="No stock moved between reading the items and reading the documents.",
    ),
    Rule(
        "there_are_items", "items", "ExpectTableRowCountToBeBetween", {"min_value": 1},
        "The organisation has no items in Xero, so there is nothing to plan; make the products you stock "
        "tracked inventory items in Xero, then load again.",
        is_blocking=True, description="The organisation has items.",
    ),
    Rule(
        "items_have_an_id", "items", "ExpectColumnValuesToNotBeNull", {"column": "item_id"},
        "{count} items came without an id, so nothing was stored; load again.",
        is_blocking=True, description="Every item has its id.",
    ),
    Rule(
        "item_ids_are_unique", "items", "ExpectColumnValuesToBeUnique", {"column": "item_id"},
        "{count} items share an id, so nothing was stored; load again.",
        is_blocking=True, description="No two items share an id.",
    ),
    Rule(
        "items_have_a_code", "items", "ExpectColumnValuesToNotBeNull", {"column": "code"},
        "{count} items have no code, so no sale can name them; give them a code in Xero, then load again.",
        is_blocking=True, description="Every item has a code.",
    ),
    Rule(
        "item_codes_are_unique", "items", "ExpectColumnValuesToBeUnique", {"column": "code"},
        "{count} items have a code that another one has too; make the codes differ in Xero, then load again.",
        is_blocking=True, description="No two items share a code.",
    ),
    Rule(
        "item_codes_differ_by_more_than_case", "items", "ExpectColumnValuesToBeUnique", {"column": "code_folded"},
        "{count} items have codes that differ from another one's by case, spaces or the form of accents only; they are "
        "planned as different products.",
        description="No two items' codes differ by case, spaces or the form of accents only.",
        problem="near_duplicate_code",
    ),
    Rule(
        "items_have_a_readable_quantity", "items", "ExpectColumnValuesToNotBeNull", {"column": "quantity_on_hand"},
        "{count} items have a quantity on hand that cannot be read, so nothing was stored; load again.",
        is_blocking=True, description="Every quantity on hand can be read.",
    ),
    Rule(
        "documents_have_an_id", "documents", "ExpectColumnValuesToNotBeNull", {"column": "document_id"},
        "{count} documents came without an id, so nothing was stored; load again.",
        is_blocking=True, description="Every document has its id.",
    ),
    Rule(
        "document_ids_are_unique", "documents", "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["list", "page_order", "document_id"]},
        "{count} documents of one page share an id, so nothing was stored; load again.",
        is_blocking=True, description="No page names a document twice.",
    ),
    Rule(
        "documents_have_a_readable_date", "documents", "ExpectColumnValuesToNotBeNull", {"column": "document_date"},
        "{count} documents have a date that cannot be read, so nothing was stored; open them in Xero, set the date, "
        "then load again.",
        is_blocking=True, description="Every document's date can be read.",
    ),
    Rule(
        "lines_have_a_readable_quantity", "product_lines", "ExpectColumnValuesToNotBeNull", {"column": "quantity"},
        "{count} lines name an item without a quantity that can be read, so nothing was stored; open the documents "
        "in Xero, set the quantity, then load again.",
        is_blocking=True, description="Every line that names an item has a quantity.",
    ),
    Rule(
        "statuses_are_known", "documents", "ExpectColumnValuesToBeInSet",
        {"column": "status", "value_set": KNOWN_STATUSES},
        "{count} documents have a status that is not known here; they count neither as demand nor as supply.",
        description="Every document's status is one that the rules know.", problem="unknown_status",
    ),
    Rule(
        "types_are_known", "documents", "ExpectColumnValuesToBeInSet",
        {"column": "type", "value_set": KNOWN_TYPES},
        "{count} documents are of a type that is not known here; they count neither as demand nor as supply.",
        description="Every document's type is one that the rules know.", problem="unknown_type",
    ),
    Rule(
        "contact_statuses_are_known", "contacts", "ExpectColumnValuesToBeInSet",
        {"column": "contact_status", "value_set": KNOWN_CONTACT_STATUSES},
        "{count} contacts have a status that is not known here; they count as active.",
        description="Every contact's status is one that the rules know.",
    ),
    Rule(
        "contacts_have_an_id", "contacts", "ExpectColumnValuesToNotBeNull", {"column": "contact_id"},
        "{count} contacts came without an id, so nothing was stored; load again.",
        is_blocking=True, description="Every contact has its id.",
    ),
    Rule(
        "sales_lines_name_a_product", "sales_lines", "ExpectColumnValuesToNotBeNull", {"column": "item_code"},
        "{count} sales lines name no product and count as no demand; where they sold goods, put the item on the "
        "line in Xero.",
        description="Every sales line names a product.", problem="sale_without_product",
    ),
    Rule(
        "stock_is_not_negative", "items", "ExpectColumnValuesToBeBetween",
        {"column": "quantity_on_hand", "min_value": 0},
        "{count} items have less than nothing on hand; correct the stock in Xero.",
        description="No item has less than nothing on hand.", problem="negative_stock",
    ),
    Rule(
        "sold_items_are_tracked", "items", "ExpectColumnValuesToBeInSet",
        {"column": "is_tracked_as_inventory", "value_set": [True]},
        "{count} items are not tracked inventory, so their stock is unknown and they are not planned.",
        description="Every item is tracked inventory.",
    ),
)  # fmt: skip


def check_pass(
    connection: duckdb.DuckDBPyConnection, read: Pass, *, dismissed: pl.DataFrame | None = None
) -> list[Finding]:
    """What the rules find in a pass that is held aside; records that a person dismissed as they are stop nothing.

    `dismissed` has the shape of `raw.exception_decisions`.
    """
    frames = _frames(connection, read)
    if dismissed is not None:
        frames["unreadable"] = frames["unreadable"].join(dismissed, on=["record_id", "version"], how="anti")
    return validate(RULES, frames)


def _frames(connection: duckdb.DuckDBPyConnection, read: Pass) -> dict[str, pl.DataFrame]:
    frames = {
        "lists": pl.DataFrame(
            [
                (one.reading.endpoint.name, one.expected, one.distinct, one.is_complete, read.is_quiescent)
                for one in read.lists
            ],
            schema=["list", "expected", "came", "is_complete", "is_quiescent"], orient="row",
        ),
        "unreadable": pl.DataFrame(
            [
                (row.endpoint, row.number or row.record_id, row.record_id, row.version, row.reason, row.is_vital)
                for row in read.unreadable
            ],
            schema={
                "list": pl.String, "document": pl.String, "record_id": pl.String, "version": pl.String,
                "reason": pl.String, "is_vital": pl.Boolean,
            },
            orient="row",
        ),
    }  # fmt: skip
    if read.organisation is not None:
        frames["organisation"] = _organisation(connection, read.organisation)
    endpoints = {endpoint.name: endpoint for endpoint in read.endpoints}
    if "Items" in endpoints:
        frames["items"] = _rows(connection, _items(endpoints["Items"]))
    if "Contacts" in endpoints:
        frames["contacts"] = _rows(
            connection, f"select contact_id, name, contact_status from {aside(endpoints['Contacts'].table)}"
        )
    documents = [endpoint for endpoint in endpoints.values() if endpoint.lines is not None]
    if documents:
        frames["documents"] = _rows(connection, " union all ".join(_document(one) for one in documents))
        frames["product_lines"] = _rows(connection, " union all ".join(_product_lines(one) for one in documents))
    if "Invoices" in endpoints:
        frames["sales_lines"] = _rows(connection, _sales_lines(endpoints["Invoices"]))
    return frames


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    rows: pl.DataFrame = connection.sql(query).pl()
    return rows


def _organisation(connection: duckdb.DuckDBPyConnection, read: pl.DataFrame) -> pl.DataFrame:
    """The organisation that answered beside the one these data belong to, if any were landed yet."""
    landed = read_table(connection, XERO_ORGANISATION)["organisation_id"].to_list()
    answered = read["organisation_id"].to_list()
    is_same = answered[0] is not None and (not landed or landed == answered)
    return pl.DataFrame({"answered": answered, "is_same": [is_same]})


def _items(endpoint: Endpoint) -> str:
    return (
        "select item_id, nullif(trim(code), '') as code, "
        r"nullif(upper(nfc_normalize(trim(regexp_replace(code, '\s+', ' ', 'g')))), '') as code_folded, name, "
        "quantity_on_hand::double as quantity_on_hand, is_tracked_as_inventory "
        f"from {aside(endpoint.table)}"
    )


def _document(endpoint: Endpoint) -> str:
    day = {"Invoices": "invoice_date", "CreditNotes": "credit_note_date", "PurchaseOrders": "order_date"}
    number = endpoint.key.replace("_id", "_number")
    kind = "type" if "type" in endpoint.table.columns else "'PURCHASEORDER'"
    return (
        f"select '{endpoint.name}' as list, {_ORDER}, {endpoint.key} as document_id, {number} as number, status, "
        f"{day[endpoint.name]} as document_date, {kind} as type from {aside(endpoint.table)}"
    )


def _product_lines(endpoint: Endpoint) -> str:
    """Only lines that may offend: a line that has its quantity needs no look in Python."""
    return (
        f"select '{endpoint.name}' as list, {endpoint.key} as document_id, line_number, item_code, "
        f"quantity::double as quantity from {aside(endpoint.lines)} "  # type: ignore[arg-type]
        "where nullif(trim(item_code), '') is not null and quantity is null"
    )


def _sales_lines(endpoint: Endpoint) -> str:
    return (
        "select invoice.invoice_number, line.line_number, line.description, "
        "nullif(trim(line.item_code), '') as item_code "
        f"from {aside(endpoint.lines)} as line "  # type: ignore[arg-type]
        f"inner join {aside(endpoint.table)} as invoice "
        f"on line.invoice_id = invoice.invoice_id and line.{_ORDER} = invoice.{_ORDER} "
        "where invoice.type = 'ACCREC' and nullif(trim(line.item_code), '') is null"
    )


_ORDER: Final = "page_order"
