"""Write a past down as Xero's documents, each at a believable instant, and count the stock they leave.

What belongs here: making documents, the opening adjustment, bills for what arrived, stock by replay.
What does not: how much was sold or ordered (`supply.py`).
Read more in docs/sandbox.md.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np

from xero_sandbox.core.documents import Contact, Document, Item, Line, Organisation, World
from xero_sandbox.worlds.simulated_history.supply import SimulatedOrder

ADJUSTMENTS: Final = "Inventory Adjustments"
LINES_PER_ADJUSTMENT: Final = 400
CENT: Final = Decimal("0.01")


class WorldWriter:
    """A world being written: contacts, items and documents with ids drawn from one seed."""

    def __init__(self, organisation: Organisation, *, end: date, rng: np.random.Generator) -> None:
        self.world = World(organisation=organisation)
        self.end = end
        self.rng = rng
        self._orders = 0

    def new_id(self) -> str:
        """A GUID that the seed determines."""
        return str(uuid.UUID(bytes=self.rng.bytes(16), version=4))

    def instant(self, day: date) -> datetime:
        """A moment of a working day, never after the end of the history."""
        seconds = int(self.rng.integers(8 * 3600, 18 * 3600))
        return datetime.combine(min(day, self.end), time(), UTC) + timedelta(seconds=seconds)

    def contact(self, name: str, **fields: Any) -> Contact:
        """A new contact, as old as the organisation."""
        contact = Contact(
            contact_id=self.new_id(),
            name=name,
            updated_at=datetime(2020, 1, 1, 9, tzinfo=UTC),
            **fields,
        )
        self.world.contacts[contact.contact_id] = contact
        return contact

    def item(self, item: Item) -> Item:
        """Keep an item."""
        self.world.items[item.item_id] = item
        return item

    def line(self, item: Item | None, quantity: Decimal, unit_amount: Decimal, description: str = "") -> Line:
        """A line that names an item, or none."""
        return Line(
            self.new_id(), item.code if item else "", description or (item.name if item else ""), quantity, unit_amount
        )

    def document(
        self, document_type: str, number: str, contact: Contact, day: date, lines: list[Line], **fields: Any
    ) -> Document:
        """A new document in its place."""
        currency = self.world.organisation.base_currency
        usual = {"status": "AUTHORISED", "updated_at": self.instant(day), "currency_code": currency}
        given: dict[str, Any] = {**usual, **fields}
        document = Document(
            document_id=self.new_id(), kind=document_type, number=number, contact_id=contact.contact_id, date=day,
            lines=lines, **given,
        )  # fmt: skip
        self._shelf(document_type)[document.document_id] = document
        return document

    def open_with(self, stock: Iterable[tuple[Item, int]], *, day: date) -> None:
        """Opening stock, as Xero takes it: bills that total nothing, with an item line and its opposite."""
        contact = self.contact(ADJUSTMENTS)
        held = [(item, quantity) for item, quantity in stock if quantity > 0]
        for start in range(0, len(held), LINES_PER_ADJUSTMENT):
            lines = []
            for item, quantity in held[start : start + LINES_PER_ADJUSTMENT]:
                cost = item.purchase_unit_price or CENT
                lines.append(self.line(item, Decimal(quantity), cost))
                lines.append(self.line(None, Decimal(-quantity), cost, f"Opening balance of {item.code}"))
            self.document("ACCPAY", f"OPEN-{start // LINES_PER_ADJUSTMENT + 1:02}", contact, day, lines)

    def purchase(
        self, order: SimulatedOrder, *, start: date, supplier: Contact, items: Sequence[Item], rate: Decimal
    ) -> Document:
        """An order and a bill for each part of it that has arrived; what has arrived in full is billed."""
        self._orders += 1
        day = start + timedelta(days=order.day)
        currency = supplier.default_currency or self.world.organisation.base_currency
        prices = {p: _in_currency(items[p], rate) for p in order.quantities}
        purchase_order = self.document(
            "PURCHASEORDER", f"PO-{self._orders:05}", supplier, day,
            [self.line(items[p], Decimal(q), prices[p]) for p, q in order.quantities.items()],
            currency_code=currency, currency_rate=rate, sent_to_contact=True,
        )  # fmt: skip
        arrived = [(start + timedelta(days=at), parts) for at, parts in order.arrivals]
        arrived = [(at, parts) for at, parts in arrived if at <= self.end]
        for part, (at, quantities) in enumerate(arrived, start=1):
            names_order = self.rng.random() < 0.75
            self.document(
                "ACCPAY", purchase_order.number if names_order else f"SI-{self._orders:05}-{part}", supplier, at,
                [self.line(items[p], Decimal(q), prices[p]) for p, q in quantities.items()],
                status="PAID" if at < self.end - timedelta(days=30) else "AUTHORISED",
                reference="" if names_order else purchase_order.number, due_date=at + timedelta(days=30),
                currency_code=currency, currency_rate=rate,
            )  # fmt: skip
        if len(arrived) == len(order.arrivals):
            purchase_order.status = "BILLED"
            purchase_order.updated_at = self.instant(arrived[-1][0])
        return purchase_order

    def count_stock(self) -> None:
        """Set every tracked item's quantity and cost to what its documents leave, by moving average."""
        for item in self.world.items.values():
            item.quantity_on_hand, item.total_cost_pool = Decimal(0), Decimal(0)
        by_code = {item.code: item for item in self.world.items.values() if item.is_tracked}
        moving = [
            document
            for document in (*self.world.invoices.values(), *self.world.credit_notes.values())
            if document.status in {"AUTHORISED", "PAID"}
        ]
        for document in sorted(moving, key=lambda it: (it.date, it.kind not in {"ACCPAY", "ACCRECCREDIT"}, it.number)):
            for line in document.lines:
                if line.item_code in by_code:
                    _move(by_code[line.item_code], document, line)
        for item in by_code.values():
            item.total_cost_pool = item.total_cost_pool.quantize(CENT)

    def _shelf(self, document_type: str) -> dict[str, Document]:
        if document_type == "PURCHASEORDER":
            return self.world.purchase_orders
        return self.world.invoices if document_type in {"ACCREC", "ACCPAY"} else self.world.credit_notes


def _in_currency(item: Item, rate: Decimal) -> Decimal:
    return ((item.purchase_unit_price or CENT) * rate).quantize(CENT)


def _move(item: Item, document: Document, line: Line) -> None:
    """Bills and sales credit notes bring stock in, sales and supplier credit notes take it out."""
    average = item.total_cost_pool / item.quantity_on_hand if item.quantity_on_hand > 0 else Decimal(0)
    if document.kind == "ACCPAY":
        item.quantity_on_hand += line.quantity
        item.total_cost_pool += line.quantity * line.unit_amount / document.currency_rate
    elif document.kind == "ACCRECCREDIT":
        item.quantity_on_hand += line.quantity
        item.total_cost_pool += line.quantity * (average or item.purchase_unit_price or CENT)
    else:
        item.quantity_on_hand -= line.quantity
        item.total_cost_pool -= line.quantity * average
