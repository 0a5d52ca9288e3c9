"""The wholesaler's past: sales, purchases and stock by a plain rule, up to the evening before the first review.

What belongs here: writing it down. What does not: how it goes on (`world.py`).
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from benchmarks.simulated_year.story import EVENT_FACTOR, GROUP_PLACES, Story
from benchmarks.simulated_year.world_demand import DAYS, Amounts, Lift, WorldDemand
from xero_sandbox.core.documents import Contact, Item, World
from xero_sandbox.worlds.generator import demo_organisation
from xero_sandbox.worlds.simulated_history.supply import Suppliers, Supply, simulate_supply
from xero_sandbox.worlds.simulated_history.world_writer import CENT, WorldWriter

CUSTOMERS: Final = 4
LATE_SHARE, LATE_FACTOR = 0.08, 1.5
_PRODUCTS_IN_A_ROW: Final = 2


@dataclass(frozen=True)
class Past:
    """A wholesaler up to the evening before the first review, and what comes after it.

    Its suppliers go on as they were: the same lead times, parts and delays before and after. `supplied_by` is the place
    of each product's supplier.
    """

    world: World
    distribution: WorldDemand
    items: list[Item]
    suppliers: list[Contact]
    lead: Suppliers
    supplied_by: list[int]
    demand: Amounts
    coming: dict[date, dict[str, dict[str, int]]]


def past_of(story: Story) -> Past:
    """The past of a story; the same story gives the same one."""
    rng = np.random.default_rng(story.seed)
    days = story.history_weeks * DAYS
    start = story.first_review - timedelta(days=days)
    writer = WorldWriter(demo_organisation(), end=story.first_review - timedelta(days=1), rng=rng)
    distribution = replace(
        WorldDemand.of(story.products, rng), lift=Lift(*story.event_days(), EVENT_FACTOR, GROUP_PLACES)
    )
    lead = Suppliers(
        lead_days=rng.integers(8, 25, story.suppliers), noise=rng.uniform(0.1, 0.25, story.suppliers),
        partial=rng.uniform(0.05, 0.2, story.suppliers), late_share=LATE_SHARE, late_factor=LATE_FACTOR,
    )  # fmt: skip
    suppliers = [writer.contact(f"Supplier {place + 1:02}", is_supplier=True) for place in range(story.suppliers)]
    customers = [writer.contact(f"Customer {place + 1:02}", is_customer=True) for place in range(CUSTOMERS)]
    items = [_item(writer, place, start) for place in range(story.products)]
    demand = distribution.draw(start, days + story.weeks * DAYS, rng)[0]
    supplier_of = np.arange(story.products) // _PRODUCTS_IN_A_ROW % story.suppliers
    supply = simulate_supply(demand[:days], supplier_of=supplier_of, suppliers=lead, rng=rng, is_limited_by_stock=True)
    held = zip(items, supply.opening.astype(int).tolist(), strict=True)
    writer.open_with(held, day=start - timedelta(days=1))
    _write_sales(writer, items, customers, supply, start)
    coming = _write_purchases(writer, items, suppliers, supply, start)
    writer.count_stock()
    return Past(writer.world, distribution, items, suppliers, lead, supplier_of.tolist(), demand[days:], coming)


def _item(writer: WorldWriter, place: int, start: date) -> Item:
    cost = Decimal(str(round(float(writer.rng.lognormal(1.4, 0.7)) + 0.4, 2)))
    return writer.item(
        Item(
            item_id=writer.new_id(), code=f"P-{place + 1:04}", name=f"Product {place + 1}", purchase_unit_price=cost,
            sales_unit_price=(cost * 2).quantize(CENT), updated_at=writer.instant(start),
        )
    )  # fmt: skip


def _write_sales(writer: WorldWriter, items: list[Item], customers: list[Contact], supply: Supply, start: date) -> None:
    for day, sold in enumerate(supply.sold):
        on = start + timedelta(days=day)
        for place, customer in enumerate(customers):
            pairs = list(zip(items, sold, strict=True))[place::CUSTOMERS]
            lines = [
                writer.line(item, Decimal(int(units)), item.sales_unit_price or CENT) for item, units in pairs if units
            ]
            if lines:
                number = f"INV-{day:05}-{place}"
                writer.document("ACCREC", number, customer, on, lines, status="PAID", due_date=on + timedelta(days=30))


def _write_purchases(
    writer: WorldWriter, items: list[Item], suppliers: list[Contact], supply: Supply, start: date
) -> dict[date, dict[str, dict[str, int]]]:
    """The orders with their bills; of an order that came in part, the rest, and when it comes."""
    coming: dict[date, dict[str, dict[str, int]]] = defaultdict(dict)
    for simulated in supply.orders:
        order = writer.purchase(
            simulated, start=start, supplier=suppliers[simulated.supplier], items=items, rate=Decimal(1)
        )
        left: dict[str, int] = defaultdict(int)
        for at, parts in simulated.arrivals:
            day = start + timedelta(days=at)
            if day > writer.end:
                named = {items[place].code: quantity for place, quantity in parts.items()}
                coming[day][order.document_id] = named
                for code, quantity in named.items():
                    left[code] += quantity
        if left:
            order.lines = [line for line in order.lines if left[line.item_code]]
            for line in order.lines:
                line.quantity = Decimal(left[line.item_code])
    return coming
