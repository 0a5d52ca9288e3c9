"""The lists of Xero that are read, and what a person calls them.

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
    """What a person ticks when loading."""

    PRODUCTS = "products"
    SALES_ORDERS = "sales_orders"
    PURCHASE_ORDERS = "purchase_orders"
    SUPPLIERS = "suppliers"


USUAL_ENTITIES: Final = (Entity.PRODUCTS, Entity.SALES_ORDERS, Entity.PURCHASE_ORDERS)


Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Endpoint:
    """One list of Xero: `name` is Xero's, `table` holds a row a record, `lines` a row a document line."""

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
        """What a page of this list is, read in one pass: its records, where it stands, and Xero's clock."""
        return msgspec.defstruct(
            f"{self.name}Page",
            [
                ("records", list[self.record] | None, msgspec.field(name=self.name)),  # type: ignore[name-defined]
                ("pagination", wire.Pagination | None, None),
                ("server_time", str | None, msgspec.field(name="DateTimeUTC", default=None)),
            ],
        )


def _items(items: Sequence[wire.ItemRecord]) -> Columns:
    return {
        "item_id": [one.item_id for one in items],
        "code": [one.code for one in items],
        "name": [one.name or "" for one in items],
        "description": [one.description or "" for one in items],
        "is_sold": [bool(one.is_sold) for one in items],
        "is_purchased": [bool(one.is_purchased) for one in items],
        "is_tracked_as_inventory": [bool(one.is_tracked_as_inventory) for one in items],
        "quantity_on_hand": [one.quantity_on_hand if one.is_tracked_as_inventory else 0.0 for one in items],
        "quantity_on_back_order": [one.quantity_on_back_order or 0.0 for one in items],
        "total_cost_pool": [one.total_cost_pool or 0.0 for one in items],
        "purchase_unit_price": [one.purchase_details and one.purchase_details.unit_price for one in items],
        "sales_unit_price": [one.sales_details and one.sales_details.unit_price for one in items],
        "updated_at": [wire.instant(one.updated_at) for one in items],
    }


def _contacts(contacts: Sequence[wire.ContactRecord]) -> Columns:
    return {
        "contact_id": [one.contact_id for one in contacts],
        "name": [one.name or "" for one in contacts],
        "contact_status": [one.contact_status or "" for one in contacts],
        "account_number": [one.account_number or "" for one in contacts],
        "email_address": [one.email_address or "" for one in contacts],
        "default_currency": [one.default_currency or "" for one in contacts],
        "merged_to_contact_id": [one.merged_to_contact_id for one in contacts],
        "updated_at": [wire.instant(one.updated_at) for one in contacts],
    }


def _documents(documents: Sequence[Any]) -> Columns:
    """What every document has."""
    return {
        "reference": [one.reference or "" for one in documents],
        "status": [one.status or "" for one in documents],
        "contact_id": [one.contact.contact_id for one in documents],
        "contact_name": [one.contact.name or "" for one in documents],
        "currency_code": [one.currency_code or "" for one in documents],
        "currency_rate": [one.currency_rate for one in documents],
        "total": [one.total or 0.0 for one in documents],
        "line_amount_types": [one.line_amount_types or "" for one in documents],
        "updated_at": [wire.instant(one.updated_at) for one in documents],
    }


def _invoices(invoices: Sequence[wire.InvoiceRecord]) -> Columns:
    return _documents(invoices) | {
        "invoice_id": [one.invoice_id for one in invoices],
        "type": [one.type or "" for one in invoices],
        "invoice_number": [one.invoice_number or "" for one in invoices],
        "invoice_date": [wire.calendar_day(one.date_string, one.date) for one in invoices],
        "due_date": [wire.calendar_day(one.due_date_string, one.due_date) for one in invoices],
    }


def _credit_notes(notes: Sequence[wire.CreditNoteRecord]) -> Columns:
    return _documents(notes) | {
        "credit_note_id": [one.credit_note_id for one in notes],
        "type": [one.type or "" for one in notes],
        "credit_note_number": [one.credit_note_number or "" for one in notes],
        "credit_note_date": [wire.calendar_day(one.date_string, one.date) for one in notes],
    }


def _purchase_orders(orders: Sequence[wire.PurchaseOrderRecord]) -> Columns:
    return _documents(orders) | {
        "purchase_order_id": [one.purchase_order_id for one in orders],
        "purchase_order_number": [one.purchase_order_number or "" for one in orders],
        "order_date": [wire.calendar_day(one.date_string, one.date) for one in orders],
        "delivery_date": [wire.calendar_day(one.delivery_date_string, one.delivery_date) for one in orders],
        "expected_arrival_date": [
            wire.calendar_day(one.expected_arrival_date_string, one.expected_arrival_date) for one in orders
        ],
    }


def line_columns(documents: Sequence[Any], key: str) -> Columns:
    """The documents' lines, numbered from one in Xero's order; `key` is the documents' id."""
    lines = [line for document in documents for line in document.line_items]
    return {
        key: [identity for one in documents for identity in [getattr(one, key)] * len(one.line_items)],
        "line_number": [number for one in documents for number in range(1, len(one.line_items) + 1)],
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
    }


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
