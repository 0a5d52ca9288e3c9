"""What all documents that a caller writes have in common: their contact, their lines, their currency and their day.

What belongs here: reading and checking those parts. What does not: what each kind of document adds
(`purchase_orders.py`, `invoices.py`) and stock (`stock.py`).
Read more in docs/sandbox.md.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from tzlocal.windows_tz import win_tz

from xero_sandbox.accounting_api.incoming import Fields
from xero_sandbox.core.books import Books, new_id
from xero_sandbox.core.documents import Contact, Document, Item, Line
from xero_sandbox.core.json_records import CENT, line_amount

_GIVEN_UP: Final = {"Kamchatka Standard Time": "Asia/Kamchatka", "Mid-Atlantic Standard Time": "Etc/GMT+2"}
_ZONES: Final = {re.sub(r"[ .-]", "", name).upper(): iana for name, iana in (win_tz | _GIVEN_UP).items()}
TAX_RATES: Final = {
    "NONE": Decimal(0), "INPUT2": Decimal("0.20"), "OUTPUT2": Decimal("0.20"), "RRINPUT": Decimal("0.05"),
    "RROUTPUT": Decimal("0.05"), "ZERORATEDINPUT": Decimal(0), "ZERORATEDOUTPUT": Decimal(0),
}  # fmt: skip
"""The rates of the tax types that a British organisation has; of another type the caller sends the amount."""

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


def tax_mode_of(fields: Fields, present: Document | None) -> str:
    """Whether the amounts of a document's lines include tax: Exclusive, Inclusive or NoTax, as sent or as before."""
    sent = fields.text("LineAmountTypes", present.line_amount_types if present else "Exclusive")
    known = {mode.upper(): mode for mode in ("Exclusive", "Inclusive", "NoTax")}
    if sent.upper() not in known:
        fields.problems.append(f"'{sent}' is not a valid LineAmountTypes")
    return known.get(sent.upper(), "Exclusive")


def lines_of(fields: Fields, books: Books, *, is_purchase: bool, tax_mode: str, present: list[Line]) -> list[Line]:
    """The lines as sent, or the present ones where none were; a line keeps its id only where the caller names it."""
    sent = fields.record.get("LineItems")
    if not isinstance(sent, list):
        return present
    items = books.names().items_by_code
    kept = {line.line_item_id: line for line in present}
    rows = [row for row in sent if isinstance(row, dict)]
    return [_taxed(_line(row, fields.problems, items, kept, is_purchase=is_purchase), row, tax_mode) for row in rows]


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
        discount_rate=fields.number("DiscountRate", before.discount_rate if before else Decimal(0)),
        discount_amount=fields.number("DiscountAmount", before.discount_amount if before else Decimal(0)),
        tax_type=fields.text("TaxType", before.tax_type if before else "NONE"),
        tax_amount=fields.number("TaxAmount", before.tax_amount if before else Decimal(0)),
    )
    problems.extend(fields.problems)
    return line


def _taxed(line: Line, row: Record, tax_mode: str) -> Line:
    """The line with its tax: none without tax, else as sent, else by the rate of its tax type."""
    if tax_mode == "NoTax":
        return msgspec.structs.replace(line, tax_amount=Decimal(0))
    if row.get("TaxAmount") is not None or line.tax_type not in TAX_RATES:
        return line
    rate, amount = TAX_RATES[line.tax_type], line_amount(line)
    tax = amount * rate / (1 + rate) if tax_mode == "Inclusive" else amount * rate
    return msgspec.structs.replace(line, tax_amount=tax.quantize(CENT, ROUND_HALF_UP))


def _usual_description(item: Item | None) -> str:
    return (item.description or item.name) if item else ""


def _usual_price(item: Item | None, is_purchase: bool) -> Decimal:
    price = None if item is None else item.purchase_unit_price if is_purchase else item.sales_unit_price
    return price or Decimal(0)
