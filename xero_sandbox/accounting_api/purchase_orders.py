"""Purchase orders as callers write them: created, changed, approved, billed, deleted. They never move stock.

What belongs here: the rules of a purchase order. What does not: reading bodies and answering (`writing.py`).
Read more in docs/sandbox.md.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec

from xero_sandbox.accounting_api.drafting import contact_of, currency_of, lines_of, tax_mode_of, today
from xero_sandbox.accounting_api.incoming import Fields, InvalidError
from xero_sandbox.core.books import Books, is_guid, new_id, next_number
from xero_sandbox.core.documents import Document, Line
from xero_sandbox.core.json_records import UNITS

NUMBER_NOT_UNIQUE: Final = "Order number must be unique"
SENT_TOO_EARLY: Final = "Only AUTHORISED and BILLED purchase orders may have SentToContact updated."
_NEW: Final = frozenset({"DRAFT", "SUBMITTED", "AUTHORISED"})
_NEXT: Final = {
    "DRAFT": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "SUBMITTED": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "AUTHORISED": {"AUTHORISED", "BILLED", "DELETED"},
    "BILLED": {"BILLED", "AUTHORISED"},
    "DELETED": set(),
}


def write_purchase_order(books: Books, record: dict[str, Any], *, is_create: bool) -> tuple[Document, list[str]]:
    """The order as it is now kept, and Xero's warnings."""
    fields = Fields(record)
    present = None if is_create else _named(books, fields)
    order = _read(fields, books, present)
    _check_number(fields, books, order, present)
    _check_status(fields, order, present)
    warnings = _sent(fields, order)
    fields.finish()
    if not order.number:
        taken = {order.number for order in books.world.purchase_orders.values()}
        order.number = next_number(taken, "PO-", lambda number: f"PO-{number:04d}")
    books.keep("purchase_orders", order)
    return order, warnings


def _named(books: Books, fields: Fields) -> Document | None:
    """The order that an update names by id or by number; an unknown number is a new order."""
    identity = fields.text("PurchaseOrderID").lower()
    if not identity:
        number = fields.text("PurchaseOrderNumber")
        return books.document_by_number("purchase_orders", number) if number else None
    known = books.world.purchase_orders.get(identity) if is_guid(identity) else None
    if known is None:
        raise InvalidError("The document with the supplied id was not found for this endpoint.")
    return known


def _read(fields: Fields, books: Books, present: Document | None) -> Document:
    contact = contact_of(fields, books, present=present.contact_id if present else "")
    code, rate = currency_of(fields, books, contact, present)
    tax_mode = tax_mode_of(fields, present)
    lines = lines_of(fields, books, is_purchase=True, tax_mode=tax_mode, present=present.lines if present else [])
    return Document(
        document_id=present.document_id if present else new_id(),
        kind="PURCHASEORDER",
        number=fields.text("PurchaseOrderNumber", present.number if present else "", longest=255),
        status=fields.text("Status", present.status if present else "DRAFT").upper(),
        contact_id=contact.contact_id if contact else "",
        date=fields.day("Date", present.date if present else None) or today(books),
        lines=_priced(lines, books),
        updated_at=books.clock.now(),
        reference=fields.text("Reference", present.reference if present else ""),
        delivery_date=fields.day("DeliveryDate", present.delivery_date if present else None),
        expected_arrival_date=fields.day("ExpectedArrivalDate", present.expected_arrival_date if present else None),
        currency_code=code,
        currency_rate=rate or Decimal(1),
        line_amount_types=tax_mode,
        sent_to_contact=present.sent_to_contact if present else False,
    )


def _priced(lines: list[Line], books: Books) -> list[Line]:
    """The lines with prices of as many decimals as the request gets, two unless `unitdp` is heeded."""
    unit = UNITS[books.unit_decimals]
    return [msgspec.structs.replace(line, unit_amount=line.unit_amount.quantize(unit, ROUND_HALF_UP)) for line in lines]


def _check_number(fields: Fields, books: Books, order: Document, present: Document | None) -> None:
    """A number belongs to one order for ever, deleted ones included."""
    namesake = books.document_by_number("purchase_orders", order.number) if order.number else None
    if namesake is not None and namesake is not present:
        fields.problems.append(NUMBER_NOT_UNIQUE)


def _check_status(fields: Fields, order: Document, present: Document | None) -> None:
    if order.status not in _NEXT:
        fields.problems.append(f"'{order.status}' is not a valid purchase order status")
    elif present is None and order.status not in _NEW:
        fields.problems.append(f"A purchase order cannot be created with the status {order.status}")
    elif present is not None and order.status not in _NEXT[present.status]:
        fields.problems.append("Purchase order not of valid status for modification")
    if order.status != "DELETED" and not order.lines:
        fields.problems.append("At least one line item must be specified")


def _sent(fields: Fields, order: Document) -> list[str]:
    """Take up SentToContact where the status allows it, else warn as Xero does."""
    if not fields.has("SentToContact"):
        return []
    if order.status not in {"AUTHORISED", "BILLED"}:
        return [SENT_TOO_EARLY] if fields.flag("SentToContact", default=False) else []
    order.sent_to_contact = fields.flag("SentToContact", default=False)
    return []
