"""What people do in Xero's own pages while an app is connected: edits that count for no limit and need no token.

What belongs here: the edits that can be asked of the sandbox, and carrying one out in an organisation's books.
What does not: when they happen (`faults.py`, `admin.py`) and the rules of a kind of document, which are the writers'.
Read more in docs/sandbox.md.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec
import orjson

from xero_sandbox.accounting_api.accounting import BASE, accounting_answer, address, record_answer
from xero_sandbox.accounting_api.incoming import InvalidError
from xero_sandbox.core.answers import Answer, Call, Refusal, bad_body, not_found, validation_failed
from xero_sandbox.core.books import DOCUMENTS, Books, Kept
from xero_sandbox.core.documents import Contact, Document
from xero_sandbox.core.json_records import total


class _Edit(msgspec.Struct, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """An edit in the organisation of this tenant id, in the first where it is empty."""

    organisation: str = ""


class Write(_Edit, tag="write"):
    """Anything that the Accounting API can do: PUT creates, POST creates or changes, DELETE removes an item.

    `path` is what follows /api.xro/2.0/ (`Invoices`, `Contacts/<id>`, `Items/TEA-01`), `body` is Xero's JSON. So a
    status of AUTHORISED approves, VOIDED voids, DELETED deletes, and a ContactStatus of ARCHIVED archives.
    """

    path: str
    body: Any = None
    method: Literal["PUT", "POST", "DELETE"] = "POST"


class Pay(_Edit, tag="pay"):
    """A payment of an approved invoice or bill: all that is due, or an amount, which leaves it paid in part."""

    path: str
    amount: Decimal | None = None


class Merge(_Edit, tag="merge"):
    """A contact becomes another: it is archived, and its documents are the other's."""

    contact: str
    into: str


class CopyToBill(_Edit, tag="copy_to_bill"):
    """A bill with the lines of a purchase order and its number; the order itself stays as it is."""

    path: str
    status: Literal["DRAFT", "SUBMITTED", "AUTHORISED"] = "DRAFT"


class Stamp(_Edit, tag="stamp"):
    """Another UpdatedDateUTC and nothing else, for stamps that are equal, old or yet to come."""

    path: str
    at: datetime


Edit = Write | Pay | Merge | CopyToBill | Stamp


def edited(edit: Edit, books: Books) -> Answer:
    """What Xero's pages answer: the record as it is now, or why it was refused."""
    try:
        return _carried_out(edit, books)
    except InvalidError as invalid:
        return validation_failed([{"ValidationErrors": [{"Message": message} for message in invalid.messages]}])
    except Refusal as refusal:
        return refusal.answer


def _carried_out(edit: Edit, books: Books) -> Answer:
    match edit:
        case Write():
            body = b"" if edit.body is None else orjson.dumps(edit.body)
            return accounting_answer(Call(edit.method, f"{BASE}{edit.path}", {}, {}, body), books)
        case Pay():
            return record_answer(_paid(edit, books), books)
        case Merge():
            return record_answer(_merged(edit, books), books)
        case CopyToBill():
            return accounting_answer(_bill_of(edit, books), books)
        case Stamp():
            return record_answer(_stamped(edit, books), books)


def _named(path: str, books: Books) -> tuple[str, Kept]:
    """The collection and the record that a path names."""
    collection, value = address(f"{BASE}{path}", books)
    if value is None:
        raise not_found()
    return collection, value


def _paid(edit: Pay, books: Books) -> Document:
    collection, value = _named(edit.path, books)
    if not isinstance(value, Document) or collection != "invoices" or value.status != "AUTHORISED":
        raise InvalidError("Payments can only be made against Authorised documents")
    due = total(value) - value.amount_paid
    amount = due if edit.amount is None else edit.amount
    if not 0 < amount <= due:
        raise InvalidError("Payment amount exceeds the amount outstanding on this document")
    status = "PAID" if amount == due else "AUTHORISED"
    paid = msgspec.structs.replace(value, status=status, amount_paid=value.amount_paid + amount)
    books.keep(collection, paid)
    return paid


def _merged(edit: Merge, books: Books) -> Contact:
    """Whether Xero stamps documents that change hands is not known; the worse case is that it does not."""
    contact, into = (_contact(text, books) for text in (edit.contact, edit.into))
    if contact.contact_id == into.contact_id:
        raise InvalidError("A contact cannot be merged with itself")
    marks = {name: getattr(contact, name) or getattr(into, name) for name in ("is_customer", "is_supplier")}
    books.keep("contacts", msgspec.structs.replace(into, **marks), is_stamped=False)
    gone = msgspec.structs.replace(contact, status="ARCHIVED", merged_to_contact_id=into.contact_id)
    books.keep("contacts", gone)
    for collection in DOCUMENTS:
        for value in list(books.collection(collection).values()):
            if isinstance(value, Document) and value.contact_id == contact.contact_id:
                moved = msgspec.structs.replace(value, contact_id=into.contact_id)
                books.keep(collection, moved, is_stamped=books.switches.merge_bumps_documents)
    return gone


def _contact(text: str, books: Books) -> Contact:
    found = books.world.contacts.get(text.lower()) or books.contact_by_name(text)
    if found is None:
        raise not_found()
    return found


def _bill_of(edit: CopyToBill, books: Books) -> Call:
    """Xero's pages write the order's number into the bill's, which is how the two can be matched later."""
    _, order = _named(edit.path, books)
    if not isinstance(order, Document) or order.kind != "PURCHASEORDER":
        raise bad_body("Only a purchase order can be copied to a bill")
    lines = [
        {
            "ItemCode": line.item_code,
            "Description": line.description,
            "Quantity": str(line.quantity),
            "UnitAmount": str(line.unit_amount),
            "DiscountRate": str(line.discount_rate),
            "DiscountAmount": str(line.discount_amount),
            "TaxType": line.tax_type,
            "TaxAmount": str(line.tax_amount),
        }
        for line in order.lines
    ]
    bill = {
        "Type": "ACCPAY",
        "InvoiceNumber": order.number,
        "Status": edit.status,
        "Contact": {"ContactID": order.contact_id},
        "CurrencyCode": order.currency_code,
        "CurrencyRate": str(order.currency_rate),
        "LineAmountTypes": order.line_amount_types,
        "LineItems": lines,
    }
    return Call("PUT", f"{BASE}Invoices", {}, {}, orjson.dumps(bill))


def _stamped(edit: Stamp, books: Books) -> Kept:
    collection, value = _named(edit.path, books)
    at = edit.at if edit.at.tzinfo else edit.at.replace(tzinfo=UTC)
    stamped = msgspec.structs.replace(value, updated_at=at)
    books.keep(collection, stamped, is_stamped=False)
    return stamped
