"""What all documents that a caller writes have in common: their contact, their lines, their currency and their day.

What belongs here: reading and checking those parts. What does not: what each kind of document adds
(`purchase_orders.py`, `invoices.py`) and stock (`stock.py`).
Read more in docs/sandbox.md.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from xero_sandbox.books import Books, new_id
from xero_sandbox.documents import Contact, Document, Item, Line
from xero_sandbox.incoming import Fields

_GIVEN_UP: Final = {"Kamchatka Standard Time": "Asia/Kamchatka", "Mid-Atlantic Standard Time": "Etc/GMT+2"}
_ZONES: Final = {re.sub(r"[ .-]", "", name).upper(): iana for name, iana in (win_tz | _GIVEN_UP).items()}

Record = dict[str, Any]


def today(books: Books) -> date:
    """The organisation's own day."""
    zone = _ZONES.get(books.world.organisation.time_zone.upper(), "UTC")
    return books.clock.now().astimezone(ZoneInfo(zone)).date()


def contact_of(fields: Fields, books: Books, *, present: str = "") -> Contact | None:
    """The contact that a document names by id or by name; it must exist and not be archived."""
    named = fields.record.get("Contact")
    if not isinstance(named, dict) or not (named.get("ContactID") or named.get("Name")):
        if not present:
            fields.problems.append("A Contact must be specified for this type of transaction")
        return books.world.contacts.get(present)
    if named.get("ContactID"):
        contact = books.world.contacts.get(str(named["ContactID"]).lower())
    else:
        contact = books.contact_by_name(str(named["Name"]))
    if contact is None:
        fields.problems.append("The contact with the specified contact details could not be found")
    elif contact.status == "ARCHIVED":
        fields.problems.append(
            "The contact with the specified contact details has been archived. "
            "The contact must be un-archived before creating new invoices or credit notes."
        )
    return contact


def lines_of(fields: Fields, books: Books, *, is_purchase: bool, present: list[Line]) -> list[Line]:
    """The lines as sent, or the present ones where none were; a line keeps its id only where the caller names it."""
    sent = fields.record.get("LineItems")
    if not isinstance(sent, list):
        return present
    items = books.names().items_by_code
    kept = {line.line_item_id: line for line in present}
    return [_line(row, fields.problems, items, kept, is_purchase=is_purchase) for row in sent if isinstance(row, dict)]


def currency_of(fields: Fields, books: Books, contact: Contact | None, present: Document | None) -> tuple[str, Decimal]:
    """Code and rate: as sent, else as before, else the contact's currency, else the organisation's."""
    default = books.world.organisation.base_currency
    if present is not None:
        default = present.currency_code
    elif contact is not None and contact.default_currency:
        default = contact.default_currency
    code = fields.text("CurrencyCode", default, longest=3).upper()
    rate = fields.number("CurrencyRate", present.currency_rate if present else Decimal(1))
    return code, rate


def _line(
    row: Record, problems: list[str], items: Mapping[str, Item], kept: Mapping[str, Line], *, is_purchase: bool
) -> Line:
    fields = Fields(row)
    before = kept.get(str(row.get("LineItemID", "")).lower())
    code = fields.text("ItemCode", before.item_code if before else "")
    item = items.get(code)
    if code and item is None:
        problems.append(f"Item code '{code}' is not valid")
    line = Line(
        line_item_id=before.line_item_id if before else new_id(),
        item_code=code,
        description=fields.text("Description", before.description if before else _usual_description(item)),
        quantity=fields.number("Quantity", before.quantity if before else Decimal(1)),
        unit_amount=fields.number("UnitAmount", before.unit_amount if before else _usual_price(item, is_purchase)),
    )
    problems.extend(fields.problems)
    return line


def _usual_description(item: Item | None) -> str:
    return (item.description or item.name) if item else ""


def _usual_price(item: Item | None, is_purchase: bool) -> Decimal:
    price = None if item is None else item.purchase_unit_price if is_purchase else item.sales_unit_price
    return price or Decimal(0)
