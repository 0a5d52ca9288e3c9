"""Which records a list answers with: filters, order and pages, as Xero does it for each endpoint.

What belongs here: the rules of GET on a list. What does not: how a record looks (`json_records.py`), and the
languages of `where` and `order` (`where.py`).
Read more in docs/sandbox.md.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from xero_sandbox.accounting_api.where import field_names, ordered, predicate
from xero_sandbox.core.answers import Answer, Call, Refusal, bad_query, envelope, error
from xero_sandbox.core.books import Books, Kept, ReadFault, identity_of
from xero_sandbox.core.documents import Contact
from xero_sandbox.core.json_records import RecordDetail
from xero_sandbox.core.rendering import record_of
from xero_sandbox.core.switches import Switches

DEFAULT_PAGE_SIZE: Final = 100
LARGEST_PAGE_SIZE: Final = 1000
HIGH_VOLUME: Final = 100_000
USUAL_ORDER: Final = "UpdatedDateUTC ASC"
_OPTIMISED: Final = {"Date", "Type", "Status", "UpdatedDateUTC"}

Record = dict[str, Any]
Keeps = Callable[[Any], bool]


@dataclass(frozen=True)
class XeroList:
    """One list of Xero and what it understands."""

    name: str
    collection: str
    id_field: str
    id_attribute: str = "document_id"
    is_paged: bool = True
    is_always_paged: bool = False
    has_where: bool = True
    needs_page_for_lines: bool = False


ITEMS: Final = XeroList("Items", "items", "ItemID", "item_id", is_paged=False)
CONTACTS: Final = XeroList("Contacts", "contacts", "ContactID", "contact_id")
INVOICES: Final = XeroList("Invoices", "invoices", "InvoiceID", needs_page_for_lines=True)
CREDIT_NOTES: Final = XeroList("CreditNotes", "credit_notes", "CreditNoteID", needs_page_for_lines=True)
PURCHASE_ORDERS: Final = XeroList(
    "PurchaseOrders", "purchase_orders", "PurchaseOrderID", is_always_paged=True, has_where=False
)
ENDPOINTS: Final = {
    endpoint.name.lower(): endpoint for endpoint in (ITEMS, CONTACTS, INVOICES, CREDIT_NOTES, PURCHASE_ORDERS)
}


def list_answer(endpoint: XeroList, call: Call, books: Books) -> Answer:
    """The answer to GET on a list."""
    names = books.names()
    is_paged = endpoint.is_paged and (endpoint.is_always_paged or call.parameter("page") is not None)
    view = _view(endpoint, call, books, is_paged=is_paged)
    warnings = _high_volume(endpoint, call, books)
    found = _arranged(endpoint, call, _kept(endpoint, call, books), books)
    pagination = None
    if is_paged:
        found, pagination = _page(call, found, books.reading)
    rows = [books.rendering.body(value, names=names, view=view) for value in found]
    return envelope(endpoint.name, rows, now=books.clock.shown(), pagination=pagination, warnings=warnings)


def all_records(books: Books) -> dict[str, list[Record]]:
    """Everything that the books hold, each list under its name, every record whole."""
    names, view = books.names(), RecordDetail(unit_decimals=4)
    return {
        endpoint.name: [record_of(value, names=names, view=view) for value in books.readable(endpoint.collection)]
        for endpoint in ENDPOINTS.values()
    }


def unit_decimals(endpoint: XeroList, call: Call, books: Books) -> int:
    """Two decimals of prices, or four where the caller asked for them and the endpoint heeds it."""
    is_heeded = endpoint is not PURCHASE_ORDERS or books.switches.orders_have_unit_decimals
    return 4 if call.parameter("unitdp") == "4" and is_heeded else 2


def _view(endpoint: XeroList, call: Call, books: Books, *, is_paged: bool) -> RecordDetail:
    is_summary = call.is_on("summaryOnly")
    return RecordDetail(
        unit_decimals=unit_decimals(endpoint, call, books),
        has_lines=not is_summary and (is_paged or not endpoint.needs_page_for_lines),
        is_summary=is_summary or (endpoint is CONTACTS and not is_paged),
    )


def _kept(endpoint: XeroList, call: Call, books: Books) -> list[Kept]:
    values: list[Kept] = books.readable(endpoint.collection)
    for keeps in _filters(endpoint, call, books.switches):
        values = [value for value in values if keeps(value)]
    return values


def _filters(endpoint: XeroList, call: Call, switches: Switches) -> Iterable[Keeps]:
    """One test for each filter of the request."""
    if (since := modified_since(call)) is not None:
        first = since if switches.is_modified_since_inclusive else since + timedelta(seconds=1)
        yield lambda value: value.updated_at >= first
    if endpoint is CONTACTS and not call.is_on("includeArchived"):
        yield lambda contact: contact.status != "ARCHIVED"
    if endpoint is INVOICES and not call.is_on("includeArchived"):
        yield lambda invoice: invoice.status != "ARCHIVED"
    if (identities := _listed(call, "IDs")) and endpoint in {CONTACTS, INVOICES}:
        yield lambda value: identity_of(value) in identities
    if endpoint is INVOICES:
        yield from _invoice_filters(call)
    if endpoint is PURCHASE_ORDERS:
        yield from _purchase_order_filters(call)
    if (search := call.parameter("searchTerm")) and endpoint in {CONTACTS, INVOICES}:
        yield lambda value: search.lower() in _searched(value)


def _invoice_filters(call: Call) -> Iterable[Keeps]:
    if numbers := _listed(call, "InvoiceNumbers"):
        yield lambda invoice: invoice.number.lower() in numbers
    if contacts := _listed(call, "ContactIDs"):
        yield lambda invoice: invoice.contact_id in contacts
    if statuses := _listed(call, "Statuses"):
        yield lambda invoice: invoice.status.lower() in statuses


def _purchase_order_filters(call: Call) -> Iterable[Keeps]:
    """Status takes one value; more than one names no status, so nothing has it."""
    if status := call.parameter("Status"):
        yield lambda order: order.status == status.upper()
    if text := call.parameter("DateFrom"):
        first = _day(text)
        yield lambda order: order.date >= first
    if text := call.parameter("DateTo"):
        last = _day(text)
        yield lambda order: order.date <= last


def _listed(call: Call, name: str) -> set[str]:
    return {part.strip().lower() for part in (call.parameter(name) or "").split(",") if part.strip()}


def _searched(value: Any) -> str:
    if isinstance(value, Contact):
        return f"{value.name} {value.email_address} {value.contact_number}".lower()
    return f"{value.number} {value.reference}".lower()


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise bad_query(f"'{text}' is not a date") from None


def modified_since(call: Call) -> datetime | None:
    """If-Modified-Since to the second, UTC where it names no zone; ISO and RFC 1123 are both read."""
    text = call.headers.get("if-modified-since", "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except ValueError:
            raise bad_query("If-Modified-Since is not a date") from None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def _arranged(endpoint: XeroList, call: Call, found: list[Kept], books: Books) -> list[Kept]:
    """Filtered by `where` and sorted; the usual order goes by stamp, then id, and never builds a record."""
    where = call.parameter("where") if endpoint.has_where else None
    order = call.parameter("order") or USUAL_ORDER
    if order.split()[0] == endpoint.id_field and not books.switches.is_order_by_id_honoured:
        order = USUAL_ORDER
    if not books.switches.are_ties_stable:
        random.shuffle(found)
    is_sorted = _sort_by_attribute(endpoint, order, found, has_stable_ties=books.switches.are_ties_stable)
    if is_sorted and where is None:
        return found
    names, view = books.names(), RecordDetail(unit_decimals=4, has_lines=False)
    pairs = [(record_of(value, names=names, view=view), value) for value in found]
    if where is not None:
        keeps = predicate(where)
        pairs = [pair for pair in pairs if keeps(pair[0])]
    return [value for _, value in (pairs if is_sorted else ordered(pairs, order))]


def _sort_by_attribute(endpoint: XeroList, order: str, found: list[Any], *, has_stable_ties: bool) -> bool:
    """Sort by stamp, id or date without building records, ties by id; False where the order asks for more."""
    field, _, direction = order.strip().partition(" ")
    attributes = {"UpdatedDateUTC": "updated_at", endpoint.id_field: endpoint.id_attribute}
    if endpoint not in {ITEMS, CONTACTS}:
        attributes["Date"] = "date"
    if field not in attributes or direction.strip().upper() not in {"", "ASC", "DESC"}:
        return False
    is_descending = direction.strip().upper() == "DESC"
    value, identity = attrgetter(attributes[field]), attrgetter(endpoint.id_attribute)
    found.sort(key=value, reverse=is_descending)
    if has_stable_ties and len(set(map(value, found))) < len(found):
        found[:] = [record for _, ties in groupby(found, value) for record in sorted(ties, key=identity)]
    return True


def _high_volume(endpoint: XeroList, call: Call, books: Books) -> list[str]:
    """Refuse a filter that Xero cannot serve over more than 100,000 documents, and warn before that."""
    size = len(books.collection(endpoint.collection))
    where = call.parameter("where") if endpoint.has_where else None
    if where is None or size <= HIGH_VOLUME // 2 or field_names(where) & _OPTIMISED:
        return []
    message = (
        f"Your request is not filtering {endpoint.name} efficiently, given the extremely high volume for this "
        "organisation. Please use more efficient filters."
    )
    if size > HIGH_VOLUME:
        raise Refusal(error(16, "QueryParseException", message))
    return [message]


def _page(call: Call, found: list[Kept], reading: ReadFault) -> tuple[list[Kept], dict[str, int]]:
    """The rows of a page; a fault may make each page shorter than asked for, or repeat rows of the one before."""
    page = max(_whole(call.parameter("page"), 1), 1)
    size = min(max(_whole(call.parameter("pageSize"), DEFAULT_PAGE_SIZE), 1), LARGEST_PAGE_SIZE)
    step = max(size - reading.missing_rows, 1)
    repeated = reading.repeated_rows if page > 1 else 0
    first = max((page - 1) * step - repeated, 0)
    pagination = {
        "page": page,
        "pageSize": size,
        "pageCount": -(-len(found) // step),
        "itemCount": len(found),
    }
    return found[first : page * step], pagination


def _whole(text: str | None, default: int) -> int:
    try:
        return int(text) if text else default
    except ValueError:
        raise bad_query(f"'{text}' is not a whole number") from None
