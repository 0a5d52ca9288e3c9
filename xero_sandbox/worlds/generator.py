"""A believable wholesaler, made from a seed: months of sales, purchases and stock, with what goes wrong in real life.

What belongs here: demand by pattern, and the situations that a planner must cope with. What does not: supply
(`simulated_history.supply`) and writing documents (`simulated_history.world_writer`).
Planted, so that each can be found: orders late and unbilled, an order that still counts although a bill delivered it,
orders with no, a future and an expected date, drafts of every kind, voided and deleted papers, credit notes of every
kind, an untracked item that is sold, lines that name no item, products without a supplier, stock-outs, successors.
Read more in docs/sandbox.md.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from xero_sandbox.core.documents import Contact, Document, Item, Line, Organisation, World
from xero_sandbox.worlds.simulated_history.supply import (
    NO_SUPPLIER,
    Amounts,
    Numbers,
    Suppliers,
    Supply,
    simulate_supply,
)
from xero_sandbox.worlds.simulated_history.world_writer import CENT, WorldWriter

PATTERNS: Final = ("smooth", "seasonal", "trending", "erratic", "intermittent", "lumpy", "new", "dead", "successor")
_SHARES: Final = (0.22, 0.16, 0.08, 0.14, 0.20, 0.10, 0.04, 0.03, 0.03)
_NOUNS: Final = ("Mug", "Bowl", "Tray", "Lamp", "Vase", "Clock", "Basket", "Candle", "Cushion", "Frame", "Jar", "Tin")
_COLOURS: Final = ("blue", "red", "green", "white", "black", "grey", "yellow", "natural")
_SIZES: Final = ("small", "medium", "large", "set of 2", "set of 4", "set of 6")
CUSTOMERS: Final = 60
SUPPLIERS: Final = 18
RATES: Final[dict[str, list[tuple[str, Decimal]]]] = {
    "GBP": [("USD", Decimal("1.270000")), ("EUR", Decimal("1.170000"))],
    "NZD": [("AUD", Decimal("0.920000")), ("USD", Decimal("0.600000"))],
    "USD": [("EUR", Decimal("0.920000")), ("GBP", Decimal("0.790000"))],
}
FOREIGN: Final = {3: 0, 7: 1, 11: 0}


@dataclass(frozen=True)
class _Range:
    """The products: their items, patterns and suppliers, and their demand, a row a day."""

    items: list[Item]
    patterns: list[str]
    supplier_of: Numbers
    demand: Amounts


def demo_organisation() -> Organisation:
    """The wholesaler's own record."""
    return Organisation(
        tenant_id=str(uuid.UUID(int=0xDE30)), organisation_id=str(uuid.UUID(int=0xDE31)), name="Demo Wholesale",
        short_code="!dEm0",
    )  # fmt: skip


def generate_wholesaler(
    *, end: date, products: int = 400, months: int = 26, seed: int = 7, organisation: Organisation | None = None
) -> World:
    """A world whose history ends on `end`; the same arguments give the same world."""
    rng = np.random.default_rng(seed)
    days = round(months * 30.44)
    start = end - timedelta(days=days - 1)
    writer = WorldWriter(organisation or demo_organisation(), end=end, rng=rng)
    suppliers = _suppliers(writer)
    customers = [writer.contact(f"Customer {number:03}", is_customer=True) for number in range(1, CUSTOMERS + 1)]
    writer.contact("Customer 900", is_customer=True, status="ARCHIVED")
    sold_range = _products(writer, products, days=days, start=start)
    supply = simulate_supply(
        sold_range.demand,
        supplier_of=sold_range.supplier_of,
        suppliers=Suppliers(
            lead_days=rng.integers(5, 40, SUPPLIERS), noise=rng.uniform(0.1, 0.4, SUPPLIERS),
            partial=rng.uniform(0.0, 0.3, SUPPLIERS),
        ),
        rng=rng,
        is_limited_by_stock=True,
    )  # fmt: skip
    writer.open_with(
        zip(sold_range.items, supply.opening.astype(int).tolist(), strict=True), day=start - timedelta(days=1)
    )
    _write_sales(writer, sold_range, supply, customers, start=start)
    _write_purchases(writer, sold_range, supply, suppliers, start=start)
    _plant_papers(writer, sold_range, customers, suppliers)
    writer.count_stock()
    return writer.world


def _suppliers(writer: WorldWriter) -> list[Contact]:
    return [
        writer.contact(f"Supplier {number:02}", is_supplier=True, default_currency=_currency(writer, number)[0])
        for number in range(1, SUPPLIERS + 1)
    ]


def _currency(writer: WorldWriter, supplier: int) -> tuple[str, Decimal]:
    """The currency of a supplier's papers and its rate; none of its own for most."""
    known = RATES.get(writer.world.organisation.base_currency, [])
    return known[FOREIGN[supplier]] if known and supplier in FOREIGN else ("", Decimal(1))


def _products(writer: WorldWriter, products: int, *, days: int, start: date) -> _Range:
    rng = writer.rng
    names = [f"{noun}, {colour}, {size}" for noun in _NOUNS for colour in _COLOURS for size in _SIZES]
    patterns = [str(pattern) for pattern in rng.choice(PATTERNS, size=products, p=_SHARES)]
    items = []
    for number in range(products):
        cost = Decimal(str(round(float(rng.lognormal(1.4, 0.7)) + 0.4, 2)))
        items.append(
            writer.item(
                Item(
                    item_id=writer.new_id(), code=f"P-{number + 1:04}", name=names[number * 7 % len(names)],
                    purchase_unit_price=cost, sales_unit_price=(cost * Decimal("2.1")).quantize(CENT),
                    updated_at=writer.instant(start),
                )
            )
        )  # fmt: skip
    supplier_of = rng.integers(0, SUPPLIERS, products)
    supplier_of[rng.choice(products, size=max(1, products // 80), replace=False)] = NO_SUPPLIER
    demand = np.stack([_demand(pattern, days, start, rng) for pattern in patterns], axis=1)
    return _Range(items, patterns, supplier_of, demand)


def _demand(pattern: str, days: int, start: date, rng: np.random.Generator) -> Amounts:
    """Units demanded on each day, by demand pattern; few on Saturdays, none on Sundays."""
    day = np.arange(days)
    weekday = (day + start.weekday()) % 7
    year_day = (day + start.timetuple().tm_yday) / 365.25
    pace = float(rng.lognormal(0.0, 0.9))
    level = np.full(days, pace)
    if pattern == "seasonal":
        level *= np.exp(0.9 * np.cos(2 * np.pi * (year_day - float(rng.choice([0.93, 0.5])))))
    if pattern == "trending":
        level *= np.exp(float(rng.choice([-1.2, 1.2])) * day / days)
    if pattern == "new":
        level *= day >= days - int(rng.integers(14, 120))
    if pattern == "dead":
        level *= day < days - int(rng.integers(370, 420))
    if pattern == "successor":
        level *= day >= days - int(rng.integers(180, 300))
    open_share = np.select([weekday == 6, weekday == 5], [0.0, 0.3], default=1.0)
    if pattern in {"intermittent", "lumpy"}:
        size = rng.negative_binomial(
            1 if pattern == "lumpy" else 6, 1 / (1 + pace * (3 if pattern == "lumpy" else 1.0)), days
        )
        return np.asarray((rng.random(days) < 0.05 * open_share) * (1 + size), dtype=float)
    shape = 1.2 if pattern == "erratic" else 6.0
    return np.asarray(rng.poisson(level * open_share * rng.gamma(shape, 1 / shape, days)), dtype=float)


def _write_sales(
    writer: WorldWriter, sold_range: _Range, supply: Supply, customers: list[Contact], *, start: date
) -> None:
    """Each day's units go to a few customers, one invoice each; some of it comes back later."""
    rng = writer.rng
    delivery = writer.item(
        Item(
            item_id=writer.new_id(), code="DELIVERY", name="Delivery charge", is_tracked=False, is_purchased=False,
            sales_unit_price=Decimal("7.50"), updated_at=writer.instant(start),
        )
    )  # fmt: skip
    number = credit_notes = 0
    for day in range(supply.sold.shape[0]):
        date_ = start + timedelta(days=day)
        for customer, lines in _baskets(writer, sold_range, supply.sold[day], customers):
            number += 1
            if rng.random() < 0.25:
                lines.append(writer.line(delivery, Decimal(1), Decimal("7.50")))
            if rng.random() < 0.08:
                lines.append(writer.line(None, Decimal(1), Decimal("15.00"), "Packing by hand"))
            is_paid = date_ < writer.end - timedelta(days=30)
            invoice = writer.document(
                "ACCREC", f"INV-{number:05}", customer, date_, lines, status="PAID" if is_paid else "AUTHORISED",
                due_date=date_ + timedelta(days=30),
            )  # fmt: skip
            if rng.random() < 0.02 and date_ < writer.end - timedelta(days=4):
                credit_notes += 1
                _credit(writer, invoice, customer, credit_notes)


def _baskets(
    writer: WorldWriter, sold_range: _Range, sold: Amounts, customers: list[Contact]
) -> Iterator[tuple[Contact, list[Line]]]:
    """The day's units by customer."""
    rng = writer.rng
    baskets: dict[int, list[Line]] = {}
    for product in np.flatnonzero(sold).tolist():
        item, left = sold_range.items[product], int(sold[product])
        while left > 0:
            quantity = min(left, int(rng.integers(2, 25)))
            customer = int(rng.integers(0, len(customers)) ** 3 // len(customers) ** 2)
            baskets.setdefault(customer, []).append(writer.line(item, Decimal(quantity), item.sales_unit_price or CENT))
            left -= quantity
    for customer, lines in sorted(baskets.items()):
        yield customers[customer], lines


def _credit(writer: WorldWriter, invoice: Document, customer: Contact, number: int) -> None:
    line = invoice.lines[0]
    quantity = Decimal(int(writer.rng.integers(1, int(line.quantity) + 1)))
    day = min(writer.end, invoice.date + timedelta(days=int(writer.rng.integers(1, 15))))
    writer.document(
        "ACCRECCREDIT", f"CN-{number:04}", customer, day,
        [Line(writer.new_id(), line.item_code, line.description, quantity, line.unit_amount)],
        status="PAID" if number % 2 else "AUTHORISED",
    )  # fmt: skip


def _write_purchases(
    writer: WorldWriter, sold_range: _Range, supply: Supply, suppliers: list[Contact], *, start: date
) -> None:
    """The orders with their bills; the open ones get every kind of date, and a few were forgotten."""
    for simulated in supply.orders:
        rate = _currency(writer, simulated.supplier + 1)[1]
        supplier = suppliers[simulated.supplier]
        writer.purchase(simulated, start=start, supplier=supplier, items=sold_range.items, rate=rate)
    orders = list(writer.world.purchase_orders.values())
    for position, order in enumerate(order for order in orders if order.status == "AUTHORISED"):
        _date_open_order(writer, order, position)
    for order in [order for order in orders if order.status == "BILLED"][-2:]:
        order.status = "AUTHORISED"


def _date_open_order(writer: WorldWriter, order: Document, position: int) -> None:
    """No date, a promise, a date to come, a date gone by: as people fill them in."""
    end = writer.end
    match position % 5:
        case 0:
            order.expected_arrival_date = end + timedelta(days=3 + position % 20)
        case 1:
            order.delivery_date = end + timedelta(days=2 + position % 25)
        case 2:
            order.delivery_date = max(order.date, end - timedelta(days=position % 9))
        case 3 if order.date > end - timedelta(days=10):
            order.status = "SUBMITTED" if position % 2 else "DRAFT"
            order.sent_to_contact = False


def _plant_papers(writer: WorldWriter, sold_range: _Range, customers: list[Contact], suppliers: list[Contact]) -> None:
    """Papers that must not count, that count although nothing was delivered yet, and that only look like purchases."""
    items = [item for item, pattern in zip(sold_range.items, sold_range.patterns, strict=True) if pattern == "smooth"]
    pick = [items[k % len(items)] for k in range(12)]

    def papers(document_type: str, prefix: str, statuses: str, *, days_ago: int, contacts: list[Contact]) -> None:
        for number, status in enumerate(statuses.split(), start=1):
            item = pick[number % len(pick)]
            day = writer.end - timedelta(days=days_ago * number % 60)
            lines = [writer.line(item, Decimal(number + 1), item.sales_unit_price or CENT)]
            writer.document(
                document_type, f"{prefix}-{number:03}", contacts[number % len(contacts)], day, lines, status=status
            )

    papers("ACCREC", "INV-D", "DRAFT SUBMITTED DRAFT SUBMITTED DRAFT", days_ago=1, contacts=customers)
    papers("ACCREC", "INV-V", "VOIDED VOIDED DELETED VOIDED DELETED", days_ago=7, contacts=customers)
    papers("ACCRECCREDIT", "CN-D", "DRAFT VOIDED", days_ago=3, contacts=customers)
    papers("ACCPAY", "SI-D", "DRAFT VOIDED", days_ago=5, contacts=suppliers)
    papers("ACCPAYCREDIT", "SC", "DRAFT VOIDED", days_ago=5, contacts=suppliers)
    found = pick[0]
    adjustments = next(contact for contact in writer.world.contacts.values() if contact.name == "Inventory Adjustments")
    cost = found.purchase_unit_price or CENT
    lines = [writer.line(found, Decimal(6), cost), writer.line(None, Decimal(-6), cost, "Stocktake")]
    writer.document("ACCPAY", "ADJ-001", adjustments, writer.end - timedelta(days=20), lines)
