"""What Great Expectations asks of the frames of the first border: an expectation for each rule of `raw_rules`.

What belongs here: expectations, nothing else. What does not: what a person reads about them (`raw_rules`).
The import of Great Expectations takes seconds, so only a run that checks imports this module.
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from typing import Final

from pipelines.heavy_imports import without_collection

with without_collection():
    import great_expectations.expectations as gxe

KNOWN_STATUSES: Final = ["DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED", "BILLED", "ARCHIVED"]
KNOWN_TYPES: Final = [
    "ACCREC", "ACCPAY", "ACCRECCREDIT", "ACCPAYCREDIT", "APCREDIT", "APPREPAYMENT", "APOVERPAYMENT", "ARCREDIT",
    "ARPREPAYMENT", "AROVERPAYMENT", "PURCHASEORDER",
]  # fmt: skip
KNOWN_CONTACT_STATUSES: Final = ["ACTIVE", "ARCHIVED", "GDPRREQUEST"]

EXPECTATIONS: Final[Mapping[str, gxe.Expectation]] = {
    "organisation_is_the_same": gxe.ExpectColumnValuesToBeInSet(column="is_same", value_set=[True]),
    "pass_is_complete": gxe.ExpectColumnValuesToBeInSet(column="is_complete", value_set=[True]),
    "dates_and_quantities_are_readable": gxe.ExpectColumnValuesToBeInSet(column="is_vital", value_set=[False]),
    "records_are_readable": gxe.ExpectTableRowCountToEqual(value=0),
    "stock_stood_still": gxe.ExpectColumnValuesToBeInSet(column="is_quiescent", value_set=[True]),
    "there_are_items": gxe.ExpectTableRowCountToBeBetween(min_value=1),
    "items_have_an_id": gxe.ExpectColumnValuesToNotBeNull(column="item_id"),
    "item_ids_are_unique": gxe.ExpectColumnValuesToBeUnique(column="item_id"),
    "items_have_a_code": gxe.ExpectColumnValuesToNotBeNull(column="code"),
    "item_codes_are_unique": gxe.ExpectColumnValuesToBeUnique(column="code"),
    "item_codes_differ_by_more_than_case": gxe.ExpectColumnValuesToBeUnique(column="code_folded"),
    "items_have_a_readable_quantity": gxe.ExpectColumnValuesToNotBeNull(column="quantity_on_hand"),
    "documents_have_an_id": gxe.ExpectColumnValuesToNotBeNull(column="document_id"),
    "document_ids_are_unique": gxe.ExpectCompoundColumnsToBeUnique(column_list=["list", "page_order", "document_id"]),
    "documents_have_a_readable_date": gxe.ExpectColumnValuesToNotBeNull(column="document_date"),
    "lines_have_a_readable_quantity": gxe.ExpectColumnValuesToNotBeNull(column="quantity"),
    "statuses_are_known": gxe.ExpectColumnValuesToBeInSet(column="status", value_set=KNOWN_STATUSES),
    "types_are_known": gxe.ExpectColumnValuesToBeInSet(column="type", value_set=KNOWN_TYPES),
    "contact_statuses_are_known": gxe.ExpectColumnValuesToBeInSet(
        column="contact_status", value_set=KNOWN_CONTACT_STATUSES
    ),
    "contacts_have_an_id": gxe.ExpectColumnValuesToNotBeNull(column="contact_id"),
    "sales_lines_name_a_product": gxe.ExpectColumnValuesToNotBeNull(column="item_code"),
    "stock_is_not_negative": gxe.ExpectColumnValuesToBeBetween(column="quantity_on_hand", min_value=0),
    "sold_items_are_tracked": gxe.ExpectColumnValuesToBeInSet(column="is_tracked_as_inventory", value_set=[True]),
}
