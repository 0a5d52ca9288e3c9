"""Contacts as callers write them: created, renamed, archived.

What belongs here: the rules of a contact. What does not: what makes one a customer or a supplier (`invoices.py`).
Read more in docs/sandbox.md.
"""

from typing import Any

from xero_sandbox.accounting_api.incoming import Fields, InvalidError
from xero_sandbox.core.books import Books, new_id
from xero_sandbox.core.documents import Contact


def write_contact(books: Books, record: dict[str, Any], *, is_create: bool) -> tuple[Contact, list[str]]:
    """The contact as it is now kept."""
    fields = Fields(record)
    present = None if is_create else _named(books, fields)
    contact = _read(fields, books, present)
    _check(fields, books, contact, present)
    fields.finish()
    books.keep("contacts", contact)
    return contact, []


def _named(books: Books, fields: Fields) -> Contact | None:
    """The contact that an update names by id, by its own number or by name."""
    identity = fields.text("ContactID").lower()
    if identity:
        known = books.world.contacts.get(identity)
        if known is None:
            raise InvalidError("The document with the supplied id was not found for this endpoint.")
        return known
    number = fields.text("ContactNumber")
    by_number = (c for c in books.world.contacts.values() if number and c.contact_number == number)
    return next(by_number, None) or books.contact_by_name(fields.text("Name"))


def _read(fields: Fields, books: Books, present: Contact | None) -> Contact:
    return Contact(
        contact_id=present.contact_id if present else new_id(),
        name=fields.text("Name", present.name if present else "", longest=255).strip(),
        status=fields.text("ContactStatus", present.status if present else "ACTIVE").upper(),
        contact_number=fields.text("ContactNumber", present.contact_number if present else "", longest=50),
        account_number=fields.text("AccountNumber", present.account_number if present else "", longest=50),
        email_address=fields.text("EmailAddress", present.email_address if present else "", longest=255),
        default_currency=fields.text("DefaultCurrency", present.default_currency if present else "", longest=3),
        is_supplier=present.is_supplier if present else False,
        is_customer=present.is_customer if present else False,
        merged_to_contact_id=present.merged_to_contact_id if present else "",
        updated_at=books.clock.now(),
    )


def _check(fields: Fields, books: Books, contact: Contact, present: Contact | None) -> None:
    if not contact.name:
        fields.problems.append(
            "The Contact must contain at least 1 of the following elements to identify the contact: "
            "Name, ContactID, ContactNumber"
        )
    if contact.status not in {"ACTIVE", "ARCHIVED", "GDPRREQUEST"}:
        fields.problems.append(f"'{contact.status}' is not a valid ContactStatus")
    namesake = books.contact_by_name(contact.name)
    if namesake is not None and namesake is not present and namesake.status == "ACTIVE":
        fields.problems.append(
            f"The contact name {contact.name} is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        )
