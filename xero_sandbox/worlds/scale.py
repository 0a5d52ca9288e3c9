"""An organisation of any size, for measurements: so many documents of so many lines, made from a seed.

What belongs here: volume. What does not: a believable history, which a planner could learn from (`generator.py`).
Read more in docs/sandbox.md.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from xero_sandbox.core.documents import Contact, Document, Item, Line, Organisation, World

_OLD: Final = datetime(2020, 1, 1, 9, tzinfo=UTC)
_TERMS: Final = timedelta(days=30)
_ARCHIVED_SHARE: Final = 20


@dataclass(frozen=True)
class Size:
    """How much of everything; every twentieth contact is archived, every fourth is a supplier."""

    invoices: int = 5_000
    lines: int = 10
    purchase_orders: int = 800
    order_lines: int = 5
    credit_notes: int = 300
    contacts: int = 600
    items: int = 900


def world_of_size(size: Size, *, end: date, seed: int = 7, organisation: Organisation | None = None) -> World:
    """An organisation of this size whose last document is dated `end`; the same arguments give the same one."""
    chance = random.Random(seed)  # noqa: S311, believable is enough
    world = World(organisation=organisation or _organisation(chance))
    items = [_item(number, chance) for number in range(size.items)]
    contacts = [_contact(number, chance) for number in range(size.contacts)]
    world.items = {item.item_id: item for item in items}
    world.contacts = {contact.contact_id: contact for contact in contacts}
    active = [contact for contact in contacts if contact.status == "ACTIVE"]
    writer = _Writer(chance, end, items)
    customers = [contact for contact in active if contact.is_customer]
    suppliers = [contact for contact in active if contact.is_supplier]
    world.invoices = writer.documents("ACCREC", "INV-", size.invoices, size.lines, customers)
    world.credit_notes = writer.documents("ACCRECCREDIT", "CN-", size.credit_notes, 1, customers)
    world.purchase_orders = writer.documents("PURCHASEORDER", "PO-", size.purchase_orders, size.order_lines, suppliers)
    return world


class _Writer:
    """Documents spread evenly over a year, old ones closed."""

    def __init__(self, chance: random.Random, end: date, items: list[Item]) -> None:
        self._chance, self._end, self._items = chance, end, items
        self._quantities = [Decimal(quantity) for quantity in range(1, 25)]

    def documents(
        self, document_type: str, prefix: str, count: int, lines: int, contacts: list[Contact]
    ) -> dict[str, Document]:
        """So many documents of a type, by id."""
        return {
            document.document_id: document for document in self._written(document_type, prefix, count, lines, contacts)
        }

    def _written(
        self, document_type: str, prefix: str, count: int, lines: int, contacts: list[Contact]
    ) -> Iterator[Document]:
        for number in range(count):
            day = self._end - timedelta(days=(count - 1 - number) * 365 // count)
            is_old = day < self._end - _TERMS
            closed = "BILLED" if document_type == "PURCHASEORDER" else "PAID"
            seconds = 8 * 3600 + number % 36_000
            yield Document(
                document_id=_new_id(self._chance),
                kind=document_type,
                number=f"{prefix}{number + 1:06}",
                status=closed if is_old else "AUTHORISED",
                contact_id=contacts[number % len(contacts)].contact_id,
                date=day,
                lines=[self._line() for _ in range(lines)],
                updated_at=datetime.combine(day, time(), UTC) + timedelta(seconds=seconds),
                due_date=day + _TERMS if document_type == "ACCREC" else None,
                expected_arrival_date=day + _TERMS if document_type == "PURCHASEORDER" else None,
            )

    def _line(self) -> Line:
        item = self._chance.choice(self._items)
        quantity = self._chance.choice(self._quantities)
        price = item.sales_unit_price or Decimal(1)
        return Line(_new_id(self._chance), item.code, item.name, quantity, price)


def _organisation(chance: random.Random) -> Organisation:
    return Organisation(
        tenant_id=_new_id(chance), organisation_id=_new_id(chance), name="Volume Wholesale", short_code="!sCaL"
    )


def _item(number: int, chance: random.Random) -> Item:
    cost = Decimal(chance.randrange(50, 5_000)) / 100
    return Item(
        item_id=_new_id(chance),
        code=f"V-{number + 1:05}",
        name=f"Item number {number + 1} of the price list",
        purchase_unit_price=cost,
        sales_unit_price=cost * 2,
        quantity_on_hand=Decimal(100),
        total_cost_pool=cost * 100,
        updated_at=_OLD,
    )


def _contact(number: int, chance: random.Random) -> Contact:
    is_supplier = number % 4 == 1
    return Contact(
        contact_id=_new_id(chance),
        name=f"{'Supplier' if is_supplier else 'Customer'} {number + 1:04}",
        status="ARCHIVED" if number % _ARCHIVED_SHARE == 0 else "ACTIVE",
        is_supplier=is_supplier,
        is_customer=not is_supplier,
        updated_at=_OLD,
    )


def _new_id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
