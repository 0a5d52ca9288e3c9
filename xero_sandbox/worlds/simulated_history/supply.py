"""A plain reorder rule run day by day against demand: what was ordered, when it came, what could be sold.

What belongs here: the simulation, on arrays. What does not: documents (`world_writer.py`).
Read more in docs/sandbox.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]
Numbers = NDArray[np.int64]
Product = TypeVar("Product")

REVIEW_EVERY_DAYS: Final = 7
COVER_DAYS: Final = 35
LOOK_BACK_DAYS: Final = 56
NO_SUPPLIER: Final = -1


@dataclass(frozen=True)
class Suppliers:
    """By supplier: the mean lead time, how noisy it is, how often it delivers in two parts.

    Of all orders a share is late: it takes so many times its days.
    """

    lead_days: Numbers
    noise: Amounts
    partial: Amounts
    late_share: float = 0.0
    late_factor: float = 1.0


@dataclass(frozen=True)
class Delivery:
    """After how many days an order comes, and after how many more its second part, if it comes in two."""

    days: int
    days_to_rest: int | None


@dataclass
class SimulatedOrder:
    """An order: the day, the supplier, what was ordered by product, and what arrives on which day."""

    day: int
    supplier: int
    quantities: dict[int, int]
    arrivals: list[tuple[int, dict[int, int]]] = field(default_factory=list)


@dataclass(frozen=True)
class Supply:
    """What came of a simulation: units sold by day and product, the orders, the stock at the start."""

    sold: Amounts
    orders: list[SimulatedOrder]
    opening: Amounts


def simulate_supply(
    demand: Amounts,
    *,
    supplier_of: Numbers,
    suppliers: Suppliers,
    rng: np.random.Generator,
    is_limited_by_stock: bool,
) -> Supply:
    """Run the rule over `demand`, a row a day and a column a product.

    With `is_limited_by_stock` an empty shelf sells nothing; without it every sale happens and the opening stock is
    raised until none was too much.
    """
    days, products = demand.shape
    has_supplier = supplier_of != NO_SUPPLIER
    lead = np.where(has_supplier, suppliers.lead_days[np.maximum(0, supplier_of)], 30)
    early = demand[: LOOK_BACK_DAYS + lead.max()].mean(axis=0)
    opening = np.ceil(np.where(has_supplier, early * (lead + COVER_DAYS), demand.sum(axis=0) * 1.02)) + 1.0
    stock, on_order, lowest = opening.copy(), np.zeros(products), np.full(products, np.inf)
    sold, orders = np.zeros_like(demand), []
    arriving: dict[int, list[dict[int, int]]] = {}
    for day in range(days):
        for quantities in arriving.pop(day, []):
            for product, quantity in quantities.items():
                stock[product] += quantity
                on_order[product] -= quantity
        sold[day] = np.minimum(demand[day], np.maximum(0.0, stock)) if is_limited_by_stock else demand[day]
        stock -= sold[day]
        lowest = np.minimum(lowest, stock)
        pace = demand[max(0, day - LOOK_BACK_DAYS) : day + 1].mean(axis=0)
        due = (supplier_of % REVIEW_EVERY_DAYS == day % REVIEW_EVERY_DAYS) & has_supplier & (pace > 0)
        for order in _review(day, due, stock + on_order, pace, lead, supplier_of):
            _promise(order, suppliers, rng)
            orders.append(order)
            for product, quantity in order.quantities.items():
                on_order[product] += quantity
            for arrival, quantities in order.arrivals:
                arriving.setdefault(arrival, []).append(quantities)
    if not is_limited_by_stock:
        opening += np.maximum(0.0, -lowest)
    return Supply(sold, orders, opening)


def _review(
    day: int, due: NDArray[np.bool_], position: Amounts, pace: Amounts, lead: Numbers, supplier_of: Numbers
) -> list[SimulatedOrder]:
    """One order a supplier for its products below the reorder level."""
    level = pace * (lead + REVIEW_EVERY_DAYS) * 1.25
    wanted = np.flatnonzero(due & (position < level))
    orders: dict[int, SimulatedOrder] = {}
    for product in wanted.tolist():
        supplier = int(supplier_of[product])
        quantity = int(np.ceil(level[product] + pace[product] * COVER_DAYS - position[product]))
        order = orders.setdefault(supplier, SimulatedOrder(day, supplier, {}))
        order.quantities[product] = quantity
    return list(orders.values())


def draw_delivery(suppliers: Suppliers, supplier: int, rng: np.random.Generator) -> Delivery:
    """Draw when an order arrives, whole or in two parts."""
    mean, noise = suppliers.lead_days[supplier], suppliers.noise[supplier]
    days = mean * float(rng.gamma(1 / noise**2, noise**2))
    if suppliers.late_share:
        days *= suppliers.late_factor if rng.random() < suppliers.late_share else 1.0
    whole = rng.random() >= suppliers.partial[supplier]
    return Delivery(max(1, round(days)), None if whole else int(rng.integers(4, 21)))


def in_two_parts(quantities: Mapping[Product, int]) -> tuple[dict[Product, int], dict[Product, int]]:
    """What comes of an order at first, six tenths of each line, and the rest."""
    first = {product: max(1, quantity * 6 // 10) for product, quantity in quantities.items()}
    rest = {product: quantities[product] - quantity for product, quantity in first.items()}
    return first, {product: quantity for product, quantity in rest.items() if quantity > 0}


def _promise(order: SimulatedOrder, suppliers: Suppliers, rng: np.random.Generator) -> None:
    """Draw when the order arrives, and put it down."""
    delivery = draw_delivery(suppliers, order.supplier, rng)
    arrival = order.day + delivery.days
    if delivery.days_to_rest is None:
        order.arrivals.append((arrival, dict(order.quantities)))
        return
    first, rest = in_two_parts(order.quantities)
    order.arrivals += [(arrival, first), (arrival + delivery.days_to_rest, rest)]
