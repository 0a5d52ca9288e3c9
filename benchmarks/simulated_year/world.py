"""The world that the planner lives in: a wholesaler with a past, whose customers and suppliers go on day by day.

What belongs here: demand, deliveries, and what people do in Xero. What does not: the past (`past.py`), the buyer.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np

from benchmarks.simulated_year.past import CUSTOMERS, Past
from benchmarks.simulated_year.story import Story
from benchmarks.simulated_year.world_demand import DAYS, Amounts, WorldDemand
from xero_sandbox.app.testing import RunningSandbox
from xero_sandbox.behaviour.edits import Edit, Merge, Write
from xero_sandbox.core.documents import Contact, Document, Item, World
from xero_sandbox.worlds.simulated_history.supply import Suppliers, draw_delivery, in_two_parts
from xero_sandbox.worlds.simulated_history.world_writer import CENT

OPEN: Final = frozenset({"DRAFT", "SUBMITTED", "AUTHORISED"})
OURS: Final = "RP-"
_MORNING, _NOON, _EVENING = time(6), time(11), time(17)


@dataclass(frozen=True)
class Day:
    """What a day brought, by product: wanted, served, and the value of stock at its end."""

    wanted: Amounts
    served: Amounts
    stock_value: Amounts


@dataclass
class Wholesaler:
    """The wholesaler in the sandbox: its products and suppliers in order, its demand, and what is on its way.

    `coming` has, by day and order, the units of each product code that arrive then.
    """

    story: Story
    sandbox: RunningSandbox
    distribution: WorldDemand
    items: list[Item]
    suppliers: list[Contact]
    lead: Suppliers
    supplied_by: list[int]
    demand: Amounts
    rng: np.random.Generator
    coming: dict[date, dict[str, dict[str, int]]] = field(default_factory=lambda: defaultdict(dict))
    known: set[str] = field(default_factory=set)
    invoices: int = 0
    is_renumbered: bool = False

    @property
    def world(self) -> World:
        """What Xero holds."""
        return self.sandbox.worlds[0]

    def stock(self, item: Item) -> float:
        """Units of a product on the shelf."""
        return float(self.held(item).quantity_on_hand)

    def held(self, item: Item) -> Item:
        """A product as Xero has it now."""
        return self.world.items[item.item_id]

    def on_order(self) -> dict[str, float]:
        """Units of each product on open orders in Xero."""
        total: dict[str, float] = defaultdict(float)
        for order in self.world.purchase_orders.values():
            for line in order.lines if order.status in OPEN else ():
                total[line.item_code] += float(line.quantity)
        return total

    def review_begins(self, week: int) -> None:
        """It is the morning of a review."""
        self.sandbox.clock.freeze(_at(self.story.monday(week), _MORNING))

    def place(self) -> list[Document]:
        """A clerk approves the orders that are new in Xero and sends them to their suppliers; these orders."""
        orders = self.world.purchase_orders.values()
        new = [order for order in orders if order.number.startswith(OURS) and order.document_id not in self.known]
        for order in new:
            self.known.add(order.document_id)
            self.edit(Write(path=f"PurchaseOrders/{order.document_id}", body={"Status": "AUTHORISED"}))
            self._promise(order)
        return new

    def lives(self, week: int) -> list[Day]:
        """The week after a review: what happens in Xero, deliveries, sales."""
        self._happens(week)
        return [self._day(self.story.monday(week) + timedelta(days=day)) for day in range(DAYS)]

    def edit(self, *edits: Edit) -> None:
        """People edit in Xero's own pages; nothing of it may be refused."""
        for answer in self.sandbox.edit(*edits):
            assert answer["status"] == 200, answer  # noqa: S101, PLR2004, the world must not break its own rules

    def supplier_of(self, order: Document) -> int:
        """The place of an order's supplier."""
        return next(place for place, one in enumerate(self.suppliers) if one.contact_id == order.contact_id)

    def shutdown(self) -> tuple[Contact, date, date]:
        """Who makes and ships nothing from the first day to the last."""
        first, last = self.story.shutdown
        return self.suppliers[2], self.story.monday(first), self.story.monday(last + 1) - timedelta(days=1)

    @property
    def gone(self) -> int:
        """The place of the supplier that goes out of business."""
        return len(self.suppliers) - 1

    @property
    def instead(self) -> int:
        """The place of the supplier from whom its products are bought then."""
        return 1

    def _promise(self, order: Document) -> None:
        """Draw when an order arrives, as all orders of the past were drawn."""
        place = self.supplier_of(order)
        delivery = draw_delivery(self.lead, place, self.rng)
        arrival = self._shipped(place, order.date, delivery.days)
        whole = {line.item_code: int(line.quantity) for line in order.lines}
        if delivery.days_to_rest is None:
            self.coming[arrival][order.document_id] = whole
            return
        first, rest = in_two_parts(whole)
        self.coming[arrival][order.document_id] = first
        if rest:
            self.coming[self._shipped(place, arrival, delivery.days_to_rest)][order.document_id] = rest

    def _shipped(self, place: int, ordered: date, days: int) -> date:
        """The day on which goods come that take so many days: those of a shutdown do not count."""
        supplier, first, last = self.shutdown()
        arrival = ordered + timedelta(days=days)
        is_met = self.suppliers[place] is supplier and ordered <= last and arrival >= first
        return arrival + timedelta(days=(last - max(first, ordered)).days + 1) if is_met else arrival

    def _happens(self, week: int) -> None:
        story = self.story
        self.sandbox.clock.freeze(_at(story.monday(week), _NOON))
        if week >= story.renumbered and not self.is_renumbered:
            self._renumber_one()
        if week == story.merged:
            self.edit(Merge(contact=self.suppliers[0].contact_id, into=self.suppliers[1].contact_id))
        if week == story.archived:
            self._goes_out_of_business(self.suppliers[self.gone])
        if week == story.dearer:
            for item in self.items[::4]:
                price = (self.held(item).purchase_unit_price or CENT) * Decimal("1.15")
                body = {"Code": item.code, "PurchaseDetails": {"UnitPrice": str(price.quantize(CENT))}}
                self.edit(Write(path=f"Items/{item.item_id}", body=body))

    def _renumber_one(self) -> None:
        """One of our open orders gets another number, as soon as there is one."""
        for order in [order for order in self.world.purchase_orders.values() if self._is_open_ours(order)][:1]:
            self.edit(Write(path=self._path(order), body={"PurchaseOrderNumber": f"PO-N-{order.number}"}))
            self.is_renumbered = True

    def _goes_out_of_business(self, supplier: Contact) -> None:
        """Its open orders will never come, and its contact is archived."""
        for order in list(self.world.purchase_orders.values()):
            if order.contact_id == supplier.contact_id and order.status in OPEN:
                self.edit(Write(path=self._path(order), body={"Status": "DELETED"}))
                for arrivals in self.coming.values():
                    arrivals.pop(order.document_id, None)
        body = {"ContactID": supplier.contact_id, "ContactStatus": "ARCHIVED"}
        self.edit(Write(path=f"Contacts/{supplier.contact_id}", body=body))

    def _is_open_ours(self, order: Document) -> bool:
        return order.number.startswith(OURS) and order.status in OPEN

    def _day(self, day: date) -> Day:
        """Goods come at noon; customers have what there is by the evening."""
        self.sandbox.clock.freeze(_at(day, _NOON))
        for order_id, quantities in self.coming.pop(day, {}).items():
            self._arrives(self.world.purchase_orders[order_id], quantities)
        self.sandbox.clock.freeze(_at(day, _EVENING))
        wanted = self.demand[(day - self.story.first_review).days]
        stock = np.array([self.stock(item) for item in self.items])
        served = np.minimum(wanted, stock)
        self._sell(served)
        cost = np.array([float(self.held(item).purchase_unit_price or 0) for item in self.items])
        return Day(wanted, served, (stock - served) * cost)

    def _arrives(self, order: Document, quantities: dict[str, int]) -> None:
        """A bill for what came, and the order as it is then: what is still to come, or billed."""
        lines = [
            {"ItemCode": line.item_code, "Quantity": quantities[line.item_code], "UnitAmount": str(line.unit_amount)}
            for line in order.lines if line.item_code in quantities
        ]  # fmt: skip
        bill = {
            "Type": "ACCPAY", "Contact": {"ContactID": order.contact_id}, "InvoiceNumber": order.number,
            "Status": "AUTHORISED", "DueDate": str(self.sandbox.clock.now().date() + timedelta(days=30)),
            "LineItems": lines,
        }  # fmt: skip
        rest = [
            {"LineItemID": line.line_item_id, "Quantity": str(line.quantity - quantities.get(line.item_code, 0))}
            for line in order.lines if line.quantity > quantities.get(line.item_code, 0)
        ]  # fmt: skip
        change: dict[str, Any] = {"LineItems": rest} if rest else {"Status": "BILLED"}
        self.edit(Write(path="Invoices", method="PUT", body=bill), Write(path=self._path(order), body=change))

    def _path(self, order: Document) -> str:
        return f"PurchaseOrders/{order.document_id}"

    def _sell(self, served: Amounts) -> None:
        customers = [contact for contact in self.world.contacts.values() if contact.is_customer]
        for place, customer in enumerate(customers):
            lines = [
                {"ItemCode": item.code, "Quantity": int(units), "UnitAmount": str(item.sales_unit_price)}
                for item, units in list(zip(self.items, served, strict=True))[place::CUSTOMERS] if units > 0
            ]  # fmt: skip
            if lines:
                self.invoices += 1
                body = {
                    "Type": "ACCREC", "Contact": {"ContactID": customer.contact_id}, "Status": "AUTHORISED",
                    "InvoiceNumber": f"S-{self.invoices:06}", "LineItems": lines,
                    "DueDate": str(self.sandbox.clock.now().date() + timedelta(days=30)),
                }  # fmt: skip
                self.edit(Write(path="Invoices", method="PUT", body=body))


def wholesaler(past: Past, story: Story, sandbox: RunningSandbox) -> Wholesaler:
    """The wholesaler, as it goes on from its past."""
    rng = np.random.default_rng(story.seed + 1)
    coming: dict[date, dict[str, dict[str, int]]] = defaultdict(dict, past.coming)
    return Wholesaler(
        story, sandbox, past.distribution, past.items, past.suppliers, past.lead, past.supplied_by, past.demand,
        rng, coming,
    )  # fmt: skip


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, UTC)
