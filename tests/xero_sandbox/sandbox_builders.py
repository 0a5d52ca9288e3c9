"""Words for small organisations: each builder names only what its test is about."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from xero_sandbox.core.documents import Contact, Document, Item, Line, Organisation, World

LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def an_organisation(name: str = "Harbour Wholesale", **more: Any) -> Organisation:
    defaults = {"tenant_id": guid(f"tenant {name}"), "organisation_id": guid(name), "short_code": "!harb0"}
    return Organisation(name=name, **(defaults | more))


def an_item(code: str = "TEA-01", *, on_hand: int = 100, cost: str = "2.50", **more: Any) -> Item:
    defaults: dict[str, Any] = {
        "item_id": guid(f"item {code}"),
        "name": f"Name of {code}",
        "purchase_unit_price": Decimal(cost),
        "sales_unit_price": Decimal("5.00"),
        "quantity_on_hand": Decimal(on_hand),
        "total_cost_pool": Decimal(on_hand) * Decimal(cost),
        "updated_at": LONG_AGO,
    }
    return Item(code=code, **(defaults | more))


def a_contact(name: str = "Customer 01", **more: Any) -> Contact:
    defaults: dict[str, Any] = {"contact_id": guid(f"contact {name}"), "updated_at": LONG_AGO}
    return Contact(name=name, **(defaults | more))


def a_line(code: str = "TEA-01", quantity: float = 1, price: str = "5.00", **more: Any) -> Line:
    defaults = {"line_item_id": str(uuid.uuid4()), "description": f"Name of {code}"}
    return Line(item_code=code, quantity=Decimal(str(quantity)), unit_amount=Decimal(price), **(defaults | more))


def a_document(kind: str, number: str, *lines: Line, contact: str = "Customer 01", **more: Any) -> Document:
    defaults: dict[str, Any] = {
        "document_id": guid(f"{kind} {number}"),
        "status": "AUTHORISED",
        "date": date(2026, 1, 5),
        "updated_at": LONG_AGO,
    }
    return Document(
        kind=kind,
        number=number,
        contact_id=guid(f"contact {contact}"),
        lines=list(lines) or [a_line()],
        **(defaults | more),
    )


def an_invoice(number: str = "INV-0001", *lines: Line, **more: Any) -> Document:
    return a_document("ACCREC", number, *lines, **({"due_date": date(2026, 2, 4)} | more))


def a_bill(number: str = "BILL-1", *lines: Line, **more: Any) -> Document:
    defaults: dict[str, Any] = {"due_date": date(2026, 2, 4), "contact": "Supplier 01"}
    return a_document("ACCPAY", number, *lines, **(defaults | more))


def a_credit_note(number: str = "CN-0001", *lines: Line, **more: Any) -> Document:
    return a_document("ACCRECCREDIT", number, *lines, **more)


def a_purchase_order(number: str = "PO-0001", *lines: Line, **more: Any) -> Document:
    return a_document("PURCHASEORDER", number, *lines, **({"contact": "Supplier 01"} | more))


def a_world(*things: Item | Contact | Document, organisation: Organisation | None = None) -> World:
    """A world with one item and two contacts besides what is named."""
    world = World(organisation=organisation or an_organisation())
    for thing in (an_item(), a_contact(), a_contact("Supplier 01"), *things):
        _put(world, thing)
    return world


def _put(world: World, thing: Item | Contact | Document) -> None:
    if isinstance(thing, Item):
        world.items[thing.item_id] = thing
    elif isinstance(thing, Contact):
        world.contacts[thing.contact_id] = thing
    elif thing.kind == "PURCHASEORDER":
        world.purchase_orders[thing.document_id] = thing
    elif thing.kind.endswith("CREDIT"):
        world.credit_notes[thing.document_id] = thing
    else:
        world.invoices[thing.document_id] = thing
