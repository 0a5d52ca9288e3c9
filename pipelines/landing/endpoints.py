"""The lists of Xero that a load reads, and the entities that a person chooses.

What belongs here: for each list its entity, its tables and how its records become columns.
What does not: reading (`extract.py`) and landing (`land.py`).
Read more in docs/naming.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import msgspec

from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.xero import wire


class Entity(StrEnum):
    """An entity that a person chooses to load."""

    PRODUCTS = "products"
    SALES_ORDERS = "sales_orders"
    PURCHASE_ORDERS = "purchase_orders"
    SUPPLIERS = "suppliers"


USUAL_ENTITIES: Final = (Entity.PRODUCTS, Entity.SALES_ORDERS, Entity.PURCHASE_ORDERS)


Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Endpoint:
    """A list of Xero: its name there, the table with a row a record, and `lines` with a row a document line."""

    name: str
    entity: Entity
    record: type[Any]
    table: Table
    key: str
    columns: Callable[[Sequence[Any]], Columns]
    lines: Table | None = None
    is_paged: bool = True

    @property
    def number(self) -> str:
        """The column by which people know a record."""
        return {"Items": "code", "Contacts": "name"}.get(self.name, self.key.replace("_id", "_number"))

    @cached_property
    def envelope(self) -> type[Any]:
        """The type of a page of this list: its records, its place in the list, and Xero's clock."""
        return msgspec.defstruct(
            f"{self.name}Page",
            [
                # a type that is known only at run time, which mypy cannot read
                ("records", list[self.record] | None, msgspec.field(name=self.name)),  # type: ignore[name-defined]
                ("pagination", wire.Pagination | None, None),
                ("server_time", str | None, msgspec.field(name="DateTimeUTC", default=None)),
            ],
        )


def _items(items: Sequence[wire.ItemRecord]) -> Columns:
    return {
        "item_id": [item.item_id for item in items],
        "code": [item.code for item in items],
        "name": [item.name or "" for item in items],
        "description": [item.description or "" for item in items],
        "is_sold": [bool(item.is_sold) for item in items],
        "is_purchased": [bool(item.is_purchased) for item in items],
        "is_tracked_as_inventory": [bool(item.is_tracked_as_inventory) for item in items],
        "quantity_on_hand": [item.quantity_on_hand if item.is_tracked_as_inventory else 0.0 for item in items],
        "quantity_on_back_order": [item.quantity_on_back_order or 0.0 for item in items],
        "total_cost_pool": [item.total_cost_pool or 0.0 for item in items],
        "purchase_unit_price": [item.purchase_details and item.purchase_details.unit_price for item in items],
        "sales_unit_price": [item.sales_details and item.sales_details.unit_price for item in items],
        "updated_at": [wire.instant(item.updated_at) for item in items],
        "sales_account_code": [_account(item.sales_details) for item in items],
        "purchase_account_code": [_account(item.purchase_details) for item in items],
        "inventory_account_code": [item.inventory_asset_account_code or "" for item in items],
    }


def _account(side: wire.Price | None) -> str:
    """The account of the sales or purchase side of an item; empty if it has none."""
    return (side and (side.cogs_account_code or side.account_code)) or ""


def _contacts(contacts: Sequence[wire.ContactRecord]) -> Columns:
    return {
        "contact_id": [contact.contact_id for contact in contacts],
        "name": [contact.name or "" for contact in contacts],
        "contact_status": [contact.contact_status or "" for contact in contacts],
        "account_number": [contact.account_number or "" for contact in contacts],
        "email_address": [contact.email_address or "" for contact in contacts],
        "default_currency": [contact.default_currency or "" for contact in contacts],
        "merged_to_contact_id": [contact.merged_to_contact_id for contact in contacts],
        "updated_at": [wire.instant(contact.updated_at) for contact in contacts],
    }


def _documents(documents: Sequence[Any]) -> Columns:
    """The columns that every document has."""
    return {
        "reference": [document.reference or "" for document in documents],
        "status": [document.status or "" for document in documents],
        "contact_id": [document.contact.contact_id for document in documents],
        "contact_name": [document.contact.name or "" for document in documents],
        "currency_code": [document.currency_code or "" for document in documents],
        "currency_rate": [document.currency_rate for document in documents],
        "total": [document.total or 0.0 for document in documents],
        "line_amount_types": [document.line_amount_types or "" for document in documents],
        "updated_at": [wire.instant(document.updated_at) for document in documents],
    }


def _invoices(invoices: Sequence[wire.InvoiceRecord]) -> Columns:
    return _documents(invoices) | {
        "invoice_id": [invoice.invoice_id for invoice in invoices],
        "type": [invoice.type or "" for invoice in invoices],
        "invoice_number": [invoice.invoice_number or "" for invoice in invoices],
        "invoice_date": [wire.calendar_day(invoice.date_string, invoice.date) for invoice in invoices],
        "due_date": [wire.calendar_day(invoice.due_date_string, invoice.due_date) for invoice in invoices],
    }


def _credit_notes(notes: Sequence[wire.CreditNoteRecord]) -> Columns:
    return _documents(notes) | {
        "credit_note_id": [note.credit_note_id for note in notes],
        "type": [note.type or "" for note in notes],
        "credit_note_number": [note.credit_note_number or "" for note in notes],
        "credit_note_date": [wire.calendar_day(note.date_string, note.date) for note in notes],
    }


def _purchase_orders(orders: Sequence[wire.PurchaseOrderRecord]) -> Columns:
    return _documents(orders) | {
        "purchase_order_id": [order.purchase_order_id for order in orders],
        "purchase_order_number": [order.purchase_order_number or "" for order in orders],
        "order_date": [wire.calendar_day(order.date_string, order.date) for order in orders],
        "delivery_date": [wire.calendar_day(order.delivery_date_string, order.delivery_date) for order in orders],
        "expected_arrival_date": [
            wire.calendar_day(order.expected_arrival_date_string, order.expected_arrival_date) for order in orders
        ],
    }


def line_columns(documents: Sequence[Any], key: str) -> Columns:
    """The documents' lines, numbered from one in Xero's order; `key` is the documents' id."""
    lines = [line for document in documents for line in document.line_items]
    return {
        key: [identity for document in documents for identity in [getattr(document, key)] * len(document.line_items)],
        "line_number": [number for document in documents for number in range(1, len(document.line_items) + 1)],
        "line_item_id": [line.line_item_id for line in lines],
        "item_id": [line.item and line.item.item_id for line in lines],
        "item_code": [line.item_code for line in lines],
        "description": [line.description or "" for line in lines],
        "quantity": [line.quantity for line in lines],
        "unit_amount": [line.unit_amount for line in lines],
        "line_amount": [line.line_amount for line in lines],
        "discount_rate": [line.discount_rate for line in lines],
        "discount_amount": [line.discount_amount for line in lines],
        "tax_amount": [line.tax_amount for line in lines],
        "tracking": [tracking_text(line.tracking) if line.tracking else "" for line in lines],
    }


def tracking_text(options: Iterable[wire.TrackingRecord]) -> str:
    """The tracking options of a line, each on a line of its own.

    >>> tracking_text([wire.TrackingRecord(name="Region ", option="North")])
    'Region: North'
    """
    return "\n".join(f"{' '.join((one.name or '').split())}: {' '.join((one.option or '').split())}" for one in options)


CONTACTS: Final = Endpoint(
    "Contacts", Entity.SUPPLIERS, wire.ContactRecord, tables.XERO_CONTACTS, "contact_id", _contacts
)
ENDPOINTS: Final = (
    Endpoint("Items", Entity.PRODUCTS, wire.ItemRecord, tables.XERO_ITEMS, "item_id", _items, is_paged=False),
    Endpoint(
        "Invoices", Entity.SALES_ORDERS, wire.InvoiceRecord, tables.XERO_INVOICES, "invoice_id", _invoices,
        tables.XERO_INVOICE_LINES,
    ),
    Endpoint(
        "CreditNotes", Entity.SALES_ORDERS, wire.CreditNoteRecord, tables.XERO_CREDIT_NOTES, "credit_note_id",
        _credit_notes, tables.XERO_CREDIT_NOTE_LINES,
    ),
    Endpoint(
        "PurchaseOrders", Entity.PURCHASE_ORDERS, wire.PurchaseOrderRecord, tables.XERO_PURCHASE_ORDERS,
        "purchase_order_id", _purchase_orders, tables.XERO_PURCHASE_ORDER_LINES,
    ),
    CONTACTS,
)  # fmt: skip


def endpoints_of(entities: Iterable[Entity]) -> tuple[Endpoint, ...]:
    """The lists that hold these entities, in the order in which they are read: items before documents."""
    wanted = set(entities)
    return tuple(endpoint for endpoint in ENDPOINTS if endpoint.entity in wanted)


def organisation_columns(organisation: wire.OrganisationRecord) -> Columns:
    """The organisation's own record as the row of `raw.xero_organisation`."""
    return {
        "organisation_id": [organisation.organisation_id],
        "name": [organisation.name or ""],
        "base_currency": [organisation.base_currency or ""],
        "time_zone": [organisation.timezone or ""],
        "country_code": [organisation.country_code or ""],
        "is_demo_company": [bool(organisation.is_demo_company)],
        "short_code": [organisation.short_code or ""],
    }
