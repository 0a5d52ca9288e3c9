"""A plain reorder rule run day by day against demand: what was ordered, when it came, what could be sold.

What belongs here: the simulation, on arrays. What does not: documents (`world_writer.py`).
Read more in docs/sandbox.md.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]
Numbers = NDArray[np.int64]

REVIEW_EVERY_DAYS: Final = 7
COVER_DAYS: Final = 35
LOOK_BACK_DAYS: Final = 56
NO_SUPPLIER: Final = -1


@dataclass(frozen=True)
class Suppliers:
    """By supplier: the mean lead time, how noisy it is, how often it delivers in two parts, how often late."""

    lead_days: Numbers
    noise: Amounts
    partial: Amounts


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


def _promise(order: SimulatedOrder, suppliers: Suppliers, rng: np.random.Generator) -> None:
    """Draw when the order arrives, whole or in two parts."""
    mean, noise = suppliers.lead_days[order.supplier], suppliers.noise[order.supplier]
    arrival = order.day + max(1, round(mean * float(rng.gamma(1 / noise**2, noise**2))))
    if rng.random() >= suppliers.partial[order.supplier]:
        order.arrivals.append((arrival, dict(order.quantities)))
        return
    first = {product: max(1, quantity * 6 // 10) for product, quantity in order.quantities.items()}
    rest = {product: order.quantities[product] - quantity for product, quantity in first.items()}
    order.arrivals.append((arrival, first))
    order.arrivals.append((arrival + int(rng.integers(4, 21)), {p: q for p, q in rest.items() if q > 0}))
