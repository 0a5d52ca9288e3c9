"""The lists of Xero that are read, and what a person calls them.

What belongs here: for each list its entity, its tables and how its records become rows.
What does not: reading (`extract.py`) and landing (`land.py`).
Read more in docs/naming.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from pipelines import tables
from pipelines.tables import Table
from pipelines.xero import wire


class Entity(StrEnum):
    """What a person ticks when loading."""

    PRODUCTS = "products"
    SALES_ORDERS = "sales_orders"
    PURCHASE_ORDERS = "purchase_orders"
    SUPPLIERS = "suppliers"


USUAL_ENTITIES: Final = (Entity.PRODUCTS, Entity.SALES_ORDERS, Entity.PURCHASE_ORDERS)


@dataclass(frozen=True)
class Endpoint:
    """One list of Xero: `name` is Xero's, `table` holds a row a record, `lines` a row a document line."""

    name: str
    entity: Entity
    record: type[Any]
    table: Table
    key: str
    row: Callable[[Any], tuple[Any, ...]]
    lines: Table | None = None
    is_paged: bool = True


def _item(item: wire.Item) -> tuple[Any, ...]:
    purchase, sales = item.purchase_details, item.sales_details
    return (
        item.item_id, item.code, item.name or "", item.description or "",
        bool(item.is_sold), bool(item.is_purchased), bool(item.is_tracked_as_inventory),
        item.quantity_on_hand if item.is_tracked_as_inventory else 0.0, item.quantity_on_back_order or 0.0,
        item.total_cost_pool or 0.0,
        purchase.unit_price if purchase else None, sales.unit_price if sales else None, wire.instant(item.updated_at),
    )  # fmt: skip


def _contact(contact: wire.Contact) -> tuple[Any, ...]:
    return (
        contact.contact_id, contact.name or "", contact.contact_status or "", contact.account_number or "",
        contact.email_address or "", contact.default_currency or "", contact.merged_to_contact_id,
        wire.instant(contact.updated_at),
    )  # fmt: skip


def _named(document: Any) -> tuple[str | None, str]:
    contact = document.contact
    return (contact.contact_id, contact.name or "") if contact else (None, "")


def _invoice(invoice: wire.Invoice) -> tuple[Any, ...]:
    return (
        invoice.invoice_id, invoice.type or "", invoice.invoice_number or "", invoice.reference or "",
        invoice.status or "", *_named(invoice), wire.calendar_day(invoice.date_string, invoice.date),
        wire.calendar_day(invoice.due_date_string, invoice.due_date), invoice.currency_code or "",
        invoice.currency_rate, invoice.total or 0.0, wire.instant(invoice.updated_at),
    )  # fmt: skip


def _credit_note(note: wire.CreditNote) -> tuple[Any, ...]:
    return (
        note.credit_note_id, note.type or "", note.credit_note_number or "", note.reference or "", note.status or "",
        *_named(note), wire.calendar_day(note.date_string, note.date), note.currency_code or "", note.currency_rate,
        note.total or 0.0, wire.instant(note.updated_at),
    )  # fmt: skip


def _purchase_order(order: wire.PurchaseOrder) -> tuple[Any, ...]:
    return (
        order.purchase_order_id, order.purchase_order_number or "", order.reference or "", order.status or "",
        *_named(order), wire.calendar_day(order.date_string, order.date),
        wire.calendar_day(order.delivery_date_string, order.delivery_date),
        wire.calendar_day(order.expected_arrival_date_string, order.expected_arrival_date),
        order.currency_code or "", order.currency_rate, order.total or 0.0, wire.instant(order.updated_at),
    )  # fmt: skip


def line_rows(document_id: str | None, lines: Iterable[wire.Line]) -> Iterable[tuple[Any, ...]]:
    """A document's lines as rows, numbered from one in Xero's order."""
    for number, line in enumerate(lines, start=1):
        yield (
            document_id, number, line.line_item_id, line.item.item_id if line.item else None, line.item_code,
            line.description or "", line.quantity, line.unit_amount, line.line_amount,
        )  # fmt: skip


ENDPOINTS: Final = (
    Endpoint("Items", Entity.PRODUCTS, wire.Item, tables.XERO_ITEMS, "item_id", _item, is_paged=False),
    Endpoint(
        "Invoices", Entity.SALES_ORDERS, wire.Invoice, tables.XERO_INVOICES, "invoice_id", _invoice,
        tables.XERO_INVOICE_LINES,
    ),
    Endpoint(
        "CreditNotes", Entity.SALES_ORDERS, wire.CreditNote, tables.XERO_CREDIT_NOTES, "credit_note_id", _credit_note,
        tables.XERO_CREDIT_NOTE_LINES,
    ),
    Endpoint(
        "PurchaseOrders", Entity.PURCHASE_ORDERS, wire.PurchaseOrder, tables.XERO_PURCHASE_ORDERS,
        "purchase_order_id", _purchase_order, tables.XERO_PURCHASE_ORDER_LINES,
    ),
    Endpoint("Contacts", Entity.SUPPLIERS, wire.Contact, tables.XERO_CONTACTS, "contact_id", _contact),
)  # fmt: skip


def endpoints_of(entities: Iterable[Entity]) -> tuple[Endpoint, ...]:
    """The lists that hold these entities, in the order in which they are read: items before documents."""
    wanted = set(entities)
    return tuple(endpoint for endpoint in ENDPOINTS if endpoint.entity in wanted)


def organisation_row(organisation: wire.Organisation) -> tuple[Any, ...]:
    """The organisation's own record as a row of `raw.xero_organisation`."""
    return (
        organisation.organisation_id, organisation.name or "", organisation.base_currency or "",
        organisation.timezone or "", organisation.country_code or "", bool(organisation.is_demo_company),
        organisation.short_code or "",
    )  # fmt: skip


def start_of_server_clock(text: str | None) -> datetime:
    """Xero's clock at an answer, to the second, as a watermark counts."""
    read = wire.instant(text)
    return (read or datetime.min.replace(tzinfo=UTC)).replace(microsecond=0)
