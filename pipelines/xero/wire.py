"""The wire format: Xero's JSON as typed records, with only the fields that the plan needs.

What belongs here: the shape of Xero's records and the reading of its dates. Numbers are doubles here, as on the wire;
landing rounds them to the four decimals that Xero keeps.
What does not: HTTP (`client.py`) and tables (`landing`). An unknown status or enum passes through as text.
Read more in docs/naming.md.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NET_DATE = re.compile(r"^/Date\((-?\d+)([+-]\d{4})?\)/$")
_DAYS_REMEMBERED = 16_384
Number = Annotated[float, msgspec.Meta(ge=-1e13, le=1e13)]
"""A number that the warehouse's decimals can hold."""


class _Record(msgspec.Struct, rename="pascal", kw_only=True, gc=False):
    """A record of Xero: fields by their Xero name, absent ones as None."""


class ItemReference(_Record):
    """The item a line names, as Xero embeds it."""

    item_id: str | None = msgspec.field(name="ItemID", default=None)


class TrackingRecord(_Record):
    """An option of a tracking category that a line has."""

    name: str | None = None
    option: str | None = None


class LineRecord(_Record):
    """A line of an invoice, a credit note or a purchase order."""

    line_item_id: str | None = msgspec.field(name="LineItemID", default=None)
    item_code: str | None = None
    item: ItemReference | None = None
    description: str | None = None
    quantity: Number | None = None
    unit_amount: Number | None = None
    line_amount: Number | None = None
    discount_rate: Number | None = None
    discount_amount: Number | None = None
    tax_amount: Number | None = None
    tracking: list[TrackingRecord] | None = None


class ContactReference(_Record):
    """The contact a document names."""

    contact_id: str = msgspec.field(name="ContactID")
    name: str | None = None


class Price(_Record):
    """The purchase or the sales side of an item; a tracked item is bought to an account of costs of goods sold."""

    unit_price: Number | None = None
    account_code: str | None = None
    cogs_account_code: str | None = msgspec.field(name="COGSAccountCode", default=None)


class ItemRecord(_Record):
    """An item with its stock."""

    item_id: str | None = msgspec.field(name="ItemID", default=None)
    code: str | None = None
    name: str | None = None
    description: str | None = None
    is_sold: bool | None = None
    is_purchased: bool | None = None
    is_tracked_as_inventory: bool | None = None
    quantity_on_hand: Number | None = None
    quantity_on_back_order: Number | None = None
    total_cost_pool: Number | None = None
    inventory_asset_account_code: str | None = None
    purchase_details: Price | None = None
    sales_details: Price | None = None
    updated_at: str | None = msgspec.field(name="UpdatedDateUTC", default=None)


class ContactRecord(_Record):
    """A contact, customer or supplier or both."""

    contact_id: str | None = msgspec.field(name="ContactID", default=None)
    name: str | None = None
    contact_status: str | None = None
    account_number: str | None = None
    email_address: str | None = None
    default_currency: str | None = None
    merged_to_contact_id: str | None = msgspec.field(name="MergedToContactID", default=None)
    updated_at: str | None = msgspec.field(name="UpdatedDateUTC", default=None)


class _Document(_Record, kw_only=True):
    """The fields of every document; a document without contact or lines is unreadable, since it cannot be used."""

    type: str | None = None
    status: str | None = None
    reference: str | None = None
    contact: ContactReference
    date: str | None = None
    date_string: str | None = None
    currency_code: str | None = None
    currency_rate: Number | None = None
    total: Number | None = None
    line_amount_types: str | None = None
    line_items: list[LineRecord]
    updated_at: str | None = msgspec.field(name="UpdatedDateUTC", default=None)


class InvoiceRecord(_Document):
    """A sales invoice (ACCREC) or a bill (ACCPAY)."""

    invoice_id: str | None = msgspec.field(name="InvoiceID", default=None)
    invoice_number: str | None = None
    due_date: str | None = None
    due_date_string: str | None = None


class CreditNoteRecord(_Document):
    """A sales (ACCRECCREDIT) or supplier (ACCPAYCREDIT) credit note."""

    credit_note_id: str | None = msgspec.field(name="CreditNoteID", default=None)
    credit_note_number: str | None = None


class PurchaseOrderRecord(_Document):
    """A purchase order."""

    purchase_order_id: str | None = msgspec.field(name="PurchaseOrderID", default=None)
    purchase_order_number: str | None = None
    delivery_date: str | None = None
    delivery_date_string: str | None = None
    expected_arrival_date: str | None = None
    expected_arrival_date_string: str | None = None


class OrganisationRecord(_Record):
    """The organisation itself."""

    organisation_id: str | None = msgspec.field(name="OrganisationID", default=None)
    name: str | None = None
    base_currency: str | None = None
    timezone: str | None = None
    country_code: str | None = None
    is_demo_company: bool | None = None
    short_code: str | None = None


class Pagination(msgspec.Struct, rename="camel", kw_only=True):
    """The place of a page in its list (Xero writes this object alone in camel case)."""

    page: int
    page_size: int
    page_count: int
    item_count: int


def instant(text: str | None) -> datetime | None:
    r"""The instant of Xero's `/Date(ms+hhmm)/` or ISO text, in UTC; None if unreadable.

    >>> instant("/Date(1439434356790+0000)/")
    datetime.datetime(2015, 8, 13, 2, 52, 36, 790000, tzinfo=datetime.timezone.utc)
    """
    if not text:
        return None
    if match := _NET_DATE.match(text):
        try:
            return _EPOCH + timedelta(milliseconds=int(match.group(1)))
        except OverflowError:
            return None
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


@lru_cache(maxsize=_DAYS_REMEMBERED)
def calendar_day(day_string: str | None, net_date: str | None) -> date | None:
    """The organisation's calendar day of a document: its DateString, else the day of /Date/ at its own offset.

    >>> calendar_day("2026-03-01T00:00:00", None)
    datetime.date(2026, 3, 1)
    >>> calendar_day(None, "/Date(1772323200000+0000)/")
    datetime.date(2026, 3, 1)
    >>> calendar_day(None, "/Date(1772276400000+1300)/")
    datetime.date(2026, 3, 1)
    """
    for text in (day_string, net_date):
        read = _local(text)
        if read is not None:
            return read.date()
    return None


def _local(text: str | None) -> datetime | None:
    """The local date and time that a text gives; None if unreadable."""
    if not text:
        return None
    match = _NET_DATE.match(text)
    try:
        if match is None:
            return datetime.fromisoformat(text)
        offset = match.group(2) or "+0000"
        minutes = int(offset[1:3]) * 60 + int(offset[3:])
        return _EPOCH + timedelta(milliseconds=int(match.group(1)), minutes=-minutes if offset[0] == "-" else minutes)
    except (OverflowError, ValueError):
        return None
