"""The kinds of exceptions: severity, title and how the money at stake is computed, each stated once.

Commands, Dagster's checks and the buyer's page read this list.
What belongs here: the list. What does not: which exceptions there are.
Read more in docs/buyer/exceptions.md.
"""

from dataclasses import dataclass
from typing import Final

ERROR: Final = "error"
WARNING: Final = "warning"
INFO: Final = "info"
SEVERITIES: Final = {
    ERROR: "The plan or an order is wrong or unknown until somebody acts.",
    WARNING: "Sales or money are being lost, or soon will be.",
    INFO: "Money lies idle, or something is worth a look.",
}
_SOLD: Final = "what the product sold in the last 365 days"
_DOCUMENT: Final = "the value of the document"
_LINES: Final = "the value of the lines"
_OF_ORDER: Final = "the value of the goods"
_LOST: Final = "the margin of the sales expected to be lost before an order of today arrives"
_CANCELLED: Final = "the value of the units that the plan calls overstock and that can still be cancelled"
_OVER: Final = "the value at cost of the units on hand that the plan calls overstock"
_LEVEL: Final = "the change of the order-up-to level, at cost, if the lead time followed the receipts"
_MISSED: Final = "the units above the forecast at their margin, or the units below it at cost"
_PAID: Final = "the difference, for the sales expected in a year"
_BEYOND: Final = "the value of what it takes back beyond the sales"
_UNEXPLAINED: Final = "the units that are not explained, at cost"
_DOCUMENTS: Final = "the value of its documents of the last 365 days"
_NONE: Final = "none"


@dataclass(frozen=True)
class Kind:
    """A kind of exception: its code, its severity, what it is in a few words, and what its money at stake is."""

    code: str
    severity: str
    title: str
    money: str


OUT_OF_STOCK: Final = "out_of_stock"
WILL_RUN_OUT: Final = "will_run_out"
SURPLUS_ON_ORDER: Final = "surplus_on_order"
OVERSTOCK: Final = "overstock"
DEAD_STOCK: Final = "dead_stock"
LEAD_TIME_FAR_OFF: Final = "lead_time_far_from_receipts"
COST_FAR_OFF: Final = "cost_far_from_orders"
FORECAST_FAR_OFF: Final = "forecast_far_off"
SETTING_CONFLICT: Final = "setting_conflict"
OF_THE_PLAN: Final = frozenset({
    OUT_OF_STOCK, WILL_RUN_OUT, SURPLUS_ON_ORDER, OVERSTOCK, DEAD_STOCK, LEAD_TIME_FAR_OFF, COST_FAR_OFF,
    FORECAST_FAR_OFF,
    SETTING_CONFLICT,
})  # fmt: skip
"""Kinds that are no problem of a record in Xero: they are snoozed, never dismissed."""
# The problems of orders in `xero_readiness`: their name is that of the supplier.
OF_ORDERS: Final = (
    "order_late_and_unbilled", "order_seems_delivered", "order_refused_by_xero", "sent_order_missing_in_xero",
    "sent_order_deleted_in_xero",
)  # fmt: skip
OF_SUPPLIERS: Final = ("archived_supplier_with_orders", "contact_not_loaded", "duplicate_supplier_name")
OF_ORGANISATION: Final = ("stale_load", "demo_company")

_KINDS: Final = (
    Kind(OUT_OF_STOCK, WARNING, "nothing on hand, and it sells", _LOST),
    Kind(WILL_RUN_OUT, WARNING, "runs out before an order of today can arrive", _LOST),
    Kind("order_late_and_unbilled", WARNING, "late order", f"{_OF_ORDER} that are late"),
    Kind("order_seems_delivered", WARNING, "order that seems delivered", f"{_OF_ORDER} that may count twice"),
    Kind("sent_order_missing_in_xero", ERROR, "order missing in Xero", _OF_ORDER),
    Kind("order_refused_by_xero", ERROR, "order refused by Xero", _OF_ORDER),
    Kind("sent_order_deleted_in_xero", INFO, "order deleted in Xero", _OF_ORDER),
    Kind(SURPLUS_ON_ORDER, WARNING, "surplus on order", _CANCELLED),
    Kind(OVERSTOCK, INFO, "overstock", _OVER),
    Kind(DEAD_STOCK, INFO, "dead stock", "the value at cost of the stock on hand"),
    Kind("old_draft_invoice", WARNING, "old draft invoice", _LINES),
    Kind("old_draft_bill", WARNING, "old draft bill", _LINES),
    Kind("stale_load", ERROR, "old data", _NONE),
    Kind("unreadable_record", ERROR, "record that cannot be read", _DOCUMENT),
    Kind(LEAD_TIME_FAR_OFF, INFO, "lead time far from receipts", _LEVEL),
    Kind(COST_FAR_OFF, INFO, "unit cost far from that of open orders", _PAID),
    Kind(FORECAST_FAR_OFF, INFO, "forecast far off", _MISSED),
    Kind(SETTING_CONFLICT, WARNING, "groups that disagree on a setting", _NONE),
    Kind("negative_stock", ERROR, "negative stock", "the units below zero, at cost"),
    Kind("no_supplier", WARNING, "product without a supplier", _SOLD),
    Kind("archived_supplier", WARNING, "product of an archived supplier", _SOLD),
    Kind("archived_supplier_with_orders", WARNING, "archived supplier with open orders", _OF_ORDER),
    Kind("contact_not_loaded", INFO, "supplier that was not loaded", _DOCUMENTS),
    Kind("missing_cost", WARNING, "product without a cost", _SOLD),
    Kind("negative_cost", WARNING, "negative cost", _SOLD),
    Kind("sold_but_not_tracked", WARNING, "sold, but not tracked", _SOLD),
    Kind("sale_without_product", WARNING, "sales line without a product", _LINES),
    Kind("line_names_no_item", WARNING, "line that names no item", _LINES),
    Kind("foreign_amount_without_rate", WARNING, "amount without an exchange rate", "unknown"),
    Kind("unknown_status", ERROR, "unknown status", _DOCUMENT),
    Kind("unknown_type", ERROR, "unknown type", _DOCUMENT),
    Kind("stock_not_reconciled", WARNING, "stock that documents do not explain", _UNEXPLAINED),
    Kind("credit_note_unmatched", INFO, "credit note without its sale", _BEYOND),
    Kind("return_unmatched", INFO, "return without its sale", _BEYOND),
    Kind("near_duplicate_code", INFO, "codes that look alike", _SOLD),
    Kind("duplicate_product_name", INFO, "products of one name", _SOLD),
    Kind("duplicate_supplier_name", INFO, "suppliers of one name", _NONE),
    Kind("setting_without_subject", INFO, "setting of a product that is gone", _NONE),
    Kind("demo_company", INFO, "Xero's demo company", _NONE),
)  # fmt: skip
KINDS: Final = {kind.code: kind for kind in _KINDS}
SEVERITY_OF: Final = {kind.code: kind.severity for kind in _KINDS}
MONEYLESS: Final = frozenset(kind.code for kind in _KINDS if kind.money == _NONE)
