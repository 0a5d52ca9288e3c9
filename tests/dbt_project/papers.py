"""Small organisations of any shape, and their documents as the rows of `raw`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from pipelines.storage import tables
from pipelines.storage.tables import Table
from xero_sandbox.core.documents import Document, Item, Line, Organisation, World
from xero_sandbox.core.json_records import line_amount, total

TODAY = date(2026, 6, 15)
_THEN = datetime(2026, 1, 1, tzinfo=UTC)
Rows = dict[Table, list[dict[str, Any]]]


class Paper(NamedTuple):
    """A document of one line: `days` from today, negative before it."""

    kind: str
    status: str
    contact: str
    product: str
    days: int
    quantity: int
    number: str = ""
    dates: Mapping[str, int | None] = {}


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def a_world(papers: Iterable[Paper], *, products: Iterable[str] = ("MUG", "CUP")) -> World:
    """An organisation that has these products and these documents, numbered as they come."""
    organisation = Organisation(
        tenant_id="t", organisation_id="o", name="Any Company", short_code="!any", base_currency="GBP"
    )
    world = World(organisation=organisation)
    for code in products:
        world.items[f"id of {code}"] = Item(item_id=f"id of {code}", code=code, name=code, updated_at=_THEN)
    shelves = {"PURCHASEORDER": world.purchase_orders, "ACCREC": world.invoices, "ACCPAY": world.invoices}
    for place, paper in enumerate(papers):
        dates: dict[str, Any] = {name: None if days is None else in_days(days) for name, days in paper.dates.items()}
        line = Line("", paper.product, "", Decimal(paper.quantity), Decimal(2))
        shelves.get(paper.kind, world.credit_notes)[f"document {place:04}"] = Document(
            document_id=f"document {place:04}", kind=paper.kind, number=paper.number or f"N{place:04}",
            status=paper.status, contact_id=paper.contact, date=in_days(paper.days), lines=[line], updated_at=_THEN,
            **dates,
        )  # fmt: skip
    return world


def raw_of(world: World, **settings: str) -> Rows:
    """What loading the organisation would put into `raw`, and the settings that people made."""
    rows: Rows = {
        tables.XERO_ORGANISATION: [{"organisation_id": "o", "base_currency": "GBP", "short_code": "!any"}],
        tables.AS_OF: [{"as_of_date": TODAY}],
        tables.PLANNING_SETTINGS: [
            {"level": "global", "subject": "", "name": name, "value": value}
            for name, value in ({"lead_time_days": "14"} | settings).items()
        ],
        tables.XERO_ITEMS: [
            {
                "item_id": item.item_id, "code": item.code, "name": item.name,
                "is_tracked_as_inventory": item.is_tracked, "quantity_on_hand": item.quantity_on_hand,
                "quantity_on_back_order": item.quantity_on_back_order, "purchase_unit_price": item.purchase_unit_price,
            }
            for item in world.items.values()
        ],
    }  # fmt: skip
    _add(rows, world, world.invoices, tables.XERO_INVOICES, tables.XERO_INVOICE_LINES)
    _add(rows, world, world.credit_notes, tables.XERO_CREDIT_NOTES, tables.XERO_CREDIT_NOTE_LINES)
    _add(rows, world, world.purchase_orders, tables.XERO_PURCHASE_ORDERS, tables.XERO_PURCHASE_ORDER_LINES)
    return rows


def _add(rows: Rows, world: World, documents: Mapping[str, Document], head: Table, lines: Table) -> None:
    """The documents and their lines; a line carries the id of the item that has its very code."""
    ids = {item.code: item.item_id for item in world.items.values()}
    key, day = next(iter(head.columns)), next(name for name in head.columns if name.endswith("_date"))
    number = key.replace("_id", "_number")
    rows[head], rows[lines] = [], []
    for document in documents.values():
        fields = {
            key: document.document_id, number: document.number, "type": document.kind, "status": document.status,
            "contact_id": document.contact_id, "contact_name": document.contact_id, day: document.date,
            "reference": document.reference, "updated_at": document.updated_at,
            "delivery_date": document.delivery_date, "expected_arrival_date": document.expected_arrival_date,
            "currency_code": document.currency_code, "currency_rate": document.currency_rate,
            "total": total(document), "line_amount_types": document.line_amount_types,
        }  # fmt: skip
        rows[head].append({name: value for name, value in fields.items() if name in head.columns})
        rows[lines] += [
            {
                key: document.document_id, "line_number": place, "item_code": line.item_code,
                "item_id": ids.get(line.item_code), "quantity": line.quantity, "unit_amount": line.unit_amount,
                "line_amount": line_amount(line), "discount_rate": line.discount_rate, "tax_amount": line.tax_amount,
            }
            for place, line in enumerate(document.lines, start=1)
        ]  # fmt: skip
