"""The Accounting API: which address does what, and which scope it needs.

What belongs here: paths, methods and scopes below /api.xro/2.0. What does not: lists (`listing.py`), writes
(`writing.py`) and everything before the organisation is known (`sandbox.py`).
Read more in docs/sandbox.md.
"""

from typing import Final

from xero_sandbox.accounting_api.contacts import write_contact
from xero_sandbox.accounting_api.drafting import today
from xero_sandbox.accounting_api.invoices import write_credit_note, write_invoice
from xero_sandbox.accounting_api.items import write_item
from xero_sandbox.accounting_api.listing import ENDPOINTS, ITEMS, XeroList, list_answer, unit_decimals
from xero_sandbox.accounting_api.purchase_orders import write_purchase_order
from xero_sandbox.accounting_api.writing import Writer, write_answer
from xero_sandbox.core import json_records
from xero_sandbox.core.answers import Answer, Call, envelope, not_found, rendered
from xero_sandbox.core.books import Books, Kept, identity_of, is_guid, name_of
from xero_sandbox.core.documents import Contact
from xero_sandbox.core.json_records import RecordDetail, balances
from xero_sandbox.core.rendering import record_of

BASE: Final = "/api.xro/2.0/"
_WRITERS: Final[dict[str, Writer]] = {
    "Items": write_item,
    "Contacts": write_contact,
    "Invoices": write_invoice,
    "CreditNotes": write_credit_note,
    "PurchaseOrders": write_purchase_order,
}
_READ: Final = {
    "organisation": ("accounting.settings.read",),
    "items": ("accounting.settings.read", "accounting.invoices.read", "accounting.transactions.read"),
    "contacts": ("accounting.contacts.read",),
    "invoices": ("accounting.invoices.read", "accounting.transactions.read"),
    "creditnotes": ("accounting.invoices.read", "accounting.transactions.read"),
    "purchaseorders": ("accounting.invoices.read", "accounting.transactions.read"),
}


def _parts(path: str) -> tuple[str, str]:
    """The endpoint in lower case, and what follows it."""
    name, _, rest = path[len(BASE) :].strip("/").partition("/")
    lower = name.lower()
    return ("organisation" if lower == "organisations" else lower), rest


def scopes_for(call: Call) -> tuple[str, ...]:
    """The scopes of which one is needed; writing needs the one without `.read`, an item's that of the settings."""
    name, _ = _parts(call.path)
    wanted = _READ.get(name, ())
    if call.method == "GET":
        return wanted
    return tuple(scope.removesuffix(".read") for scope in (wanted[:1] if name == "items" else wanted))


def accounting_answer(call: Call, books: Books) -> Answer:
    """The answer to a request of an organisation's books."""
    name, rest = _parts(call.path)
    if name == "organisation" and call.method == "GET" and not rest:
        organisation = rendered(json_records.organisation(books.world.organisation))
        return envelope("Organisations", [organisation], now=books.clock.shown())
    endpoint = ENDPOINTS.get(name)
    if endpoint is None:
        raise not_found()
    if call.method == "GET":
        return _one(endpoint, call, books, rest) if rest else list_answer(endpoint, call, books)
    if call.method in {"PUT", "POST"}:
        return _written(endpoint, call, books, rest)
    if call.method == "DELETE" and endpoint is ITEMS and rest:
        books.remove("items", _identity(endpoint, books, rest))
        return Answer(204)
    raise not_found()


def _written(endpoint: XeroList, call: Call, books: Books, rest: str) -> Answer:
    identity = _identity(endpoint, books, rest) if rest else None
    books.allows_back_orders = call.is_on("allowBackorders")
    books.unit_decimals = unit_decimals(endpoint, call, books)
    return write_answer(endpoint, call, books, writer=_WRITERS[endpoint.name], identity=identity)


def _one(endpoint: XeroList, call: Call, books: Books, rest: str) -> Answer:
    """GET of one document by its id, number or code; the whole record."""
    value = _found(endpoint, books, rest)
    if value is None:
        raise not_found()
    return record_answer(value, books, decimals=unit_decimals(endpoint, call, books))


def record_answer(value: Kept, books: Books, *, decimals: int = 4) -> Answer:
    """The whole record of one thing."""
    endpoint = next(found for found in ENDPOINTS.values() if books.collection(found.collection).get(identity_of(value)))
    record = record_of(value, names=books.names(), view=RecordDetail(unit_decimals=decimals))
    if isinstance(value, Contact):
        record["Balances"] = balances(value, books.world.invoices.values(), today=today(books))
    return envelope(endpoint.name, [rendered(record)], now=books.clock.shown())


def address(path: str, books: Books) -> tuple[str, Kept | None]:
    """The collection of a path, and the record that it names by id, number or code."""
    name, rest = _parts(path)
    endpoint = ENDPOINTS.get(name)
    if endpoint is None or not rest:
        raise not_found()
    return endpoint.collection, _found(endpoint, books, rest)


def _identity(endpoint: XeroList, books: Books, rest: str) -> str:
    value = _found(endpoint, books, rest)
    if value is None:
        raise not_found()
    return identity_of(value)


def _found(endpoint: XeroList, books: Books, text: str) -> Kept | None:
    """The record that a path names, by its id, number or code."""
    if is_guid(text):
        matches = (value for value in books.readable(endpoint.collection) if identity_of(value) == text.lower())
    else:
        matches = (value for value in books.readable(endpoint.collection) if name_of(value) == text)
    return next(matches, None)
