"""Sales invoices, bills and credit notes as callers write them: drafted, approved, changed, voided.

What belongs here: their rules and numbers. What does not: stock (`stock.py`), and paying, which no caller here does.
Read more in docs/sandbox.md.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from xero_sandbox.accounting_api.drafting import contact_of, currency_of, lines_of, tax_mode_of, today
from xero_sandbox.accounting_api.incoming import Fields, InvalidError
from xero_sandbox.core.books import Books, is_guid, new_id, next_number
from xero_sandbox.core.documents import Contact, Document
from xero_sandbox.core.stock import move_stock

_NEW: Final = frozenset({"DRAFT", "SUBMITTED", "AUTHORISED"})
_NEXT: Final = {
    "DRAFT": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "SUBMITTED": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "AUTHORISED": {"AUTHORISED", "VOIDED"},
    "PAID": {"PAID"},
    "VOIDED": set(),
    "DELETED": set(),
    "ARCHIVED": set(),
}
_TERMS: Final = timedelta(days=30)


@dataclass(frozen=True)
class Sort:
    """What differs between invoices and credit notes."""

    collection: str
    id_field: str
    number_field: str
    kinds: frozenset[str]
    numbered_kind: str
    prefix: str
    not_unique: str
    not_modifiable: str


INVOICE: Final = Sort(
    collection="invoices",
    id_field="InvoiceID",
    number_field="InvoiceNumber",
    kinds=frozenset({"ACCREC", "ACCPAY"}),
    numbered_kind="ACCREC",
    prefix="INV-",
    not_unique="Invoice # must be unique.",
    not_modifiable="Invoice not of valid status for modification",
)
CREDIT_NOTE: Final = Sort(
    collection="credit_notes",
    id_field="CreditNoteID",
    number_field="CreditNoteNumber",
    kinds=frozenset({"ACCRECCREDIT", "ACCPAYCREDIT"}),
    numbered_kind="ACCRECCREDIT",
    prefix="CN-",
    not_unique="Credit Note # must be unique.",
    not_modifiable="Credit note not of valid status for modification",
)


def write_invoice(books: Books, record: dict[str, Any], *, is_create: bool) -> tuple[Document, list[str]]:
    """The invoice or bill as it is now kept."""
    return _write(books, record, INVOICE, is_create=is_create)


def write_credit_note(books: Books, record: dict[str, Any], *, is_create: bool) -> tuple[Document, list[str]]:
    """The credit note as it is now kept."""
    return _write(books, record, CREDIT_NOTE, is_create=is_create)


def _write(books: Books, record: dict[str, Any], sort: Sort, *, is_create: bool) -> tuple[Document, list[str]]:
    fields = Fields(record)
    present = None if is_create else _named(books, fields, sort)
    document = _read(fields, books, present, sort)
    _check(fields, books, document, present, sort)
    fields.finish()
    _give_number(books, document, sort)
    move_stock(books, before=present, after=document)
    books.keep(sort.collection, document, is_stamped=not _is_silent(document, present))
    _mark_contact(books, document)
    return document, []


def _named(books: Books, fields: Fields, sort: Sort) -> Document | None:
    """The document that an update names by id, or a sales document by number."""
    identity = fields.text(sort.id_field).lower()
    if not identity:
        number = fields.text(sort.number_field)
        return books.document_by_number(sort.collection, number, document_type=sort.numbered_kind) if number else None
    known = books.collection(sort.collection).get(identity) if is_guid(identity) else None
    if not isinstance(known, Document):
        raise InvalidError("The document with the supplied id was not found for this endpoint.")
    return known


def _read(fields: Fields, books: Books, present: Document | None, sort: Sort) -> Document:
    contact = contact_of(fields, books, present=present.contact_id if present else "")
    code, rate = currency_of(fields, books, contact, present)
    tax_mode = tax_mode_of(fields, present)
    document_type = fields.text("Type", present.kind if present else "").upper()
    date = fields.day("Date", present.date if present else None) or today(books)
    due_date = fields.day("DueDate", present.due_date if present else date + _TERMS)
    return Document(
        document_id=present.document_id if present else new_id(),
        kind=document_type,
        number=fields.text(sort.number_field, present.number if present else "", longest=255),
        status=fields.text("Status", present.status if present else "DRAFT").upper(),
        contact_id=contact.contact_id if contact else "",
        date=date,
        lines=lines_of(
            fields,
            books,
            is_purchase=document_type.startswith("ACCPAY"),
            tax_mode=tax_mode,
            present=present.lines if present else [],
        ),
        updated_at=present.updated_at if present else books.clock.now(),
        reference=fields.text("Reference", present.reference if present else ""),
        due_date=due_date if sort is INVOICE else None,
        currency_code=code,
        currency_rate=rate or Decimal(1),
        line_amount_types=tax_mode,
        allow_back_orders=books.allows_back_orders or (present.allow_back_orders if present else False),
        sent_to_contact=fields.flag("SentToContact", default=present.sent_to_contact if present else False),
        amount_paid=present.amount_paid if present else Decimal(0),
    )


def _check(fields: Fields, books: Books, document: Document, present: Document | None, sort: Sort) -> None:
    if document.kind not in sort.kinds:
        fields.problems.append(f"'{document.kind}' is not a valid Type")
    if document.number and document.kind == sort.numbered_kind:
        namesake = books.document_by_number(sort.collection, document.number, document_type=sort.numbered_kind)
        if namesake is not None and namesake is not present:
            fields.problems.append(sort.not_unique)
    if document.status not in _NEXT:
        fields.problems.append(f"'{document.status}' is not a valid Status")
    elif present is None and document.status not in _NEW:
        fields.problems.append(f"A new document cannot have the status {document.status}")
    elif present is not None and not _may_follow(present, document):
        fields.problems.append(sort.not_modifiable)
    if document.status in {"SUBMITTED", "AUTHORISED"} and not document.lines:
        fields.problems.append("One or more line items must be specified")


def _may_follow(present: Document, document: Document) -> bool:
    """Whether a change is one that Xero allows: once paid, also in part, only due date, reference and sent mark."""
    if document.status not in _NEXT[present.status]:
        return False
    return not _has_payment(present) or _without_marks(present, document, is_reference_too=True)


def _is_silent(document: Document, present: Document | None) -> bool:
    """Whether Xero leaves the stamp alone: only due date or sent mark changed, of what is paid, also in part."""
    return present is not None and _has_payment(present) and _without_marks(present, document)


def _has_payment(document: Document) -> bool:
    return document.status == "PAID" or document.amount_paid > 0


def _without_marks(present: Document, document: Document, *, is_reference_too: bool = False) -> bool:
    marks = {"due_date": None, "sent_to_contact": False} | ({"reference": ""} if is_reference_too else {})
    left, right = (msgspec.structs.replace(version, **marks) for version in (present, document))
    return left == right


def _give_number(books: Books, document: Document, sort: Sort) -> None:
    """A sales document without a number gets the next; a bill stays without."""
    if not document.number and document.kind == sort.numbered_kind:
        taken = {paper.number for paper in books.collection(sort.collection).values() if isinstance(paper, Document)}
        document.number = next_number(taken, sort.prefix, lambda number: f"{sort.prefix}{number:04d}")


def _mark_contact(books: Books, document: Document) -> None:
    """The first document makes its contact a customer or a supplier; Xero does not stamp the contact for that."""
    known: Contact = books.world.contacts[document.contact_id]
    is_sale = document.kind.startswith("ACCREC")
    if known.is_customer if is_sale else known.is_supplier:
        return
    mark = {"is_customer": True} if is_sale else {"is_supplier": True}
    books.keep("contacts", msgspec.structs.replace(known, **mark), is_stamped=False)
