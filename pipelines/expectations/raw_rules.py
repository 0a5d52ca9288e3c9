"""What Xero gave us must be usable before it may replace what we have.

What belongs here: the rules at the first border of trust, over a pass that is held aside and not landed yet.
What does not: rules of the trade (dbt). A rule blocks only if a wrong plan would follow; the others warn.
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import duckdb
import polars as pl

from pipelines.expectations.known_findings import Known
from pipelines.expectations.validate import BorderRule, Finding, validate
from pipelines.landing.endpoints import Endpoint
from pipelines.landing.land import Pass, aside
from pipelines.storage.tables import XERO_ORGANISATION
from pipelines.storage.warehouse import read_table

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

RULES: Final = (
    BorderRule(
        "organisation_is_the_same", "organisation", "The data come from the organisation of this warehouse.",
        "Xero answered for another organisation than the one these data belong to; connect the right one "
        "(`stocktrim connect`), or use a new --organisation for this one.",
        is_blocking=True,
    ),
    BorderRule(
        "pass_is_complete", "lists", "Every record that Xero counts came.",
        "{count} of Xero's lists are incomplete ({which}), so nothing was stored; load again.",
        is_blocking=True, named_by=("list",),
    ),
    BorderRule(
        "dates_and_quantities_are_readable", "unreadable", "Every date and quantity has the form that Xero documents.",
        "{count} records in Xero have a date or a quantity that cannot be read ({which}), so nothing was stored; "
        "open them in Xero, correct them, then load again. To load without one: `stocktrim exceptions dismiss RECORD`.",
        is_blocking=True, named_by=("document",),
    ),
    BorderRule(
        "records_are_readable", "unreadable", "Every record can be read.",
        "Some records in Xero cannot be read ({which}); their stored versions stay. Open them in Xero and save "
        "them once; every load, plan and `stocktrim doctor` lists them until they can be read or are dismissed.",
        problem="unreadable_record", named_by=("document",),
    ),
    BorderRule(
        "stock_stood_still", "lists", "No stock moved between reading the items and reading the documents.",
        "Stock moved in Xero while it was read, so quantities on hand may be minutes apart from the sales; "
        "load again at a quieter moment.",
    ),
    BorderRule(
        "there_are_items", "items", "The organisation has items.",
        "The organisation has no items in Xero, so there is nothing to plan; make the products you stock "
        "tracked inventory items in Xero, then load again.",
        is_blocking=True,
    ),
    BorderRule(
        "items_have_an_id", "items", "Every item has its id.",
        "{count} items came without an id ({which}), so nothing was stored; load again.",
        is_blocking=True, named_by=("code", "name"),
    ),
    BorderRule(
        "item_ids_are_unique", "items", "No two items share an id.",
        "{count} items share an id ({which}), so nothing was stored; load again.",
        is_blocking=True, named_by=("code", "name"),
    ),
    BorderRule(
        "items_have_a_code", "items", "Every item has a code.",
        "{count} items have no code ({which}), so no sale can name them; give them a code in Xero, then load again.",
        is_blocking=True, named_by=("name",),
    ),
    BorderRule(
        "item_codes_are_unique", "items", "No two items share a code.",
        "{count} items share a code with another one ({which}); make the codes differ in Xero, then load again.",
        is_blocking=True, named_by=("code", "name"),
    ),
    BorderRule(
        "item_codes_differ_by_more_than_case", "items",
        "No two items' codes differ only by case, spaces or the form of accents.",
        "{count} items have codes that differ from another one's only by case, spaces or the form of accents; they are "
        "planned as different products.",
        problem="near_duplicate_code",
    ),
    BorderRule(
        "items_have_a_readable_quantity", "items", "Every quantity on hand can be read.",
        "{count} items have a quantity on hand that cannot be read ({which}), so nothing was stored; load again.",
        is_blocking=True, named_by=("code", "name"),
    ),
    BorderRule(
        "documents_have_an_id", "documents", "Every document has its id.",
        "{count} documents came without an id ({which}), so nothing was stored; load again.",
        is_blocking=True, named_by=("number",),
    ),
    BorderRule(
        "document_ids_are_unique", "documents", "No page names a document twice.",
        "{count} documents of one page share an id ({which}), so nothing was stored; load again.",
        is_blocking=True, named_by=("number",),
    ),
    BorderRule(
        "documents_have_a_readable_date", "documents", "Every document's date can be read.",
        "{count} documents have a date that cannot be read ({which}), so nothing was stored; open them in Xero, set "
        "the date, then load again.",
        is_blocking=True, named_by=("number",),
    ),
    BorderRule(
        "lines_have_a_readable_quantity", "product_lines", "Every line that names an item has a quantity.",
        "{count} lines name an item without a quantity that can be read ({which}), so nothing was stored; open the "
        "documents in Xero, set the quantity, then load again.",
        is_blocking=True, named_by=("number", "item_code"),
    ),
    BorderRule(
        "statuses_are_known", "documents", "Every document has a known status.",
        "{count} documents have an unknown status; they count neither as demand nor as supply.",
        problem="unknown_status",
    ),
    BorderRule(
        "types_are_known", "documents", "Every document has a known type.",
        "{count} documents are of an unknown type; they count neither as demand nor as supply.",
        problem="unknown_type",
    ),
    BorderRule(
        "contact_statuses_are_known", "contacts", "Every contact has a known status.",
        "{count} contacts have an unknown status ({which}); they count as active.",
        named_by=("name",),
    ),
    BorderRule(
        "contacts_have_an_id", "contacts", "Every contact has its id.",
        "{count} contacts came without an id ({which}), so nothing was stored; load again.",
        is_blocking=True, named_by=("name",),
    ),
    BorderRule(
        "sales_lines_name_a_product", "sales_lines", "Every sales line names a product.",
        "{count} sales lines name no product, so they are missing from demand; if they sold goods, put the item on the "
        "line in Xero.",
        problem="sale_without_product",
    ),
    BorderRule(
        "stock_is_not_negative", "items", "No quantity on hand is negative.",
        "{count} items have a negative quantity on hand; correct the stock in Xero.",
        problem="negative_stock",
    ),
    BorderRule(
        "sold_items_are_tracked", "items", "Every item is tracked inventory.",
        "{count} items are not tracked inventory ({which}), so their stock is unknown and they are not planned.",
        named_by=("code", "name"),
    ),
)  # fmt: skip


def check_pass(
    connection: duckdb.DuckDBPyConnection,
    read: Pass,
    *,
    dismissed: pl.DataFrame | None = None,
    known: Known | None = None,
) -> list[Finding]:
    """What the rules find in a pass that is held aside; a record dismissed in its present version blocks nothing.

    `dismissed` has the shape of `raw.exception_decisions`; `known` are findings that need no validation.
    """
    frames = _frames(connection, read)
    if dismissed is not None:
        frames["unreadable"] = frames["unreadable"].join(dismissed, on=["record_id", "version"], how="anti")
    return validate(RULES, _suite, frames, known=known)


def _suite() -> Mapping[str, "Expectation"]:
    from pipelines.expectations.raw_suite import EXPECTATIONS  # noqa: PLC0415, it imports Great Expectations

    return EXPECTATIONS


def _frames(connection: duckdb.DuckDBPyConnection, read: Pass) -> dict[str, pl.DataFrame]:
    frames = {
        "lists": pl.DataFrame(
            [
                (came.reading.endpoint.name, came.expected, came.distinct, came.is_complete, read.is_quiescent)
                for came in read.lists
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
        frames["documents"] = _rows(connection, " union all ".join(_document(endpoint) for endpoint in documents))
        frames["product_lines"] = _rows(
            connection, " union all ".join(_product_lines(endpoint) for endpoint in documents)
        )
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
    document_type = "type" if "type" in endpoint.table.columns else "'PURCHASEORDER'"
    return (
        f"select '{endpoint.name}' as list, dense_rank() over (order by {_ORDER}) as page_order, "
        f"{endpoint.key} as document_id, {_number(endpoint)} as number, status, "
        f"{day[endpoint.name]} as document_date, {document_type} as type from {aside(endpoint.table)}"
    )


def _number(endpoint: Endpoint) -> str:
    """The column of a document's number."""
    return endpoint.key.replace("_id", "_number")


def _product_lines(endpoint: Endpoint) -> str:
    """Only lines that break the rule: there are too many others to check them in Python."""
    return (
        f"select '{endpoint.name}' as list, document.{_number(endpoint)} as number, line.line_number, line.item_code, "
        f"line.quantity::double as quantity "
        f"from {aside(endpoint.lines)} as line "  # type: ignore[arg-type]  # a list with lines
        f"inner join {aside(endpoint.table)} as document "
        f"on line.{endpoint.key} = document.{endpoint.key} and line.{_ORDER} = document.{_ORDER} "
        "where nullif(trim(line.item_code), '') is not null and line.quantity is null"
    )


def _sales_lines(endpoint: Endpoint) -> str:
    return (
        "select invoice.invoice_number, line.line_number, line.description, "
        "nullif(trim(line.item_code), '') as item_code "
        f"from {aside(endpoint.lines)} as line "  # type: ignore[arg-type]  # a list with lines
        f"inner join {aside(endpoint.table)} as invoice "
        f"on line.invoice_id = invoice.invoice_id and line.{_ORDER} = invoice.{_ORDER} "
        "where invoice.type = 'ACCREC' and nullif(trim(line.item_code), '') is null"
    )


_ORDER: Final = "page_order"
