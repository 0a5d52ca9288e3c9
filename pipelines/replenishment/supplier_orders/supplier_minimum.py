"""An order below its supplier's minimum: the units that lose least until it is reached, and what waiting would lose.

What belongs here: both ways and their money, for the products of one order. What does not: which of them is taken, and
tables (`minimum_decisions.py`).

    adding  = holding of the added units - margin that they save      units by loss for money, the least first
    waiting = margin lost until the order would reach the minimum without added units - holding saved until then

Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.replenishment.supplier_orders.order_values import OrderTerms, OrderValues, whole_batches
from pipelines.replenishment.supplier_orders.value_steps import Steps, larger_by_cost, steps_between

LONGEST_WAIT_DAYS: Final = 90
EVERY_DAY: Final = np.arange(1, LONGEST_WAIT_DAYS + 1)
# Ways to close the last gap are sought from so many steps before the one that closes it.
_WAYS: Final = 8
_TINY: Final = 1e-9


@dataclass(frozen=True)
class Wait:
    """Waiting so many days: by line the units expected to be short, their margin, and the holding saved."""

    days: int
    units_short: Matrix
    margin_lost_by_line: Matrix
    holding_saved_by_line: Matrix

    @property
    def margin_lost(self) -> float:
        """The margin expected to be lost."""
        return float(self.margin_lost_by_line.sum())

    @property
    def holding_saved(self) -> float:
        """The holding cost that is saved."""
        return float(self.holding_saved_by_line.sum())

    @property
    def cost(self) -> float:
        """What waiting costs in all; negative if it saves more than it loses."""
        return self.margin_lost - self.holding_saved


@dataclass(frozen=True)
class LaterNeed:
    """A row per product: when it would be ordered, and how much room there is.

    `is_due` now; later once demand has taken the stock position in time down to the reorder point. `room` is the most
    that may be ordered now, infinite without a maximum shelf level.
    """

    is_due: Matrix
    position: Matrix
    reorder_point: Matrix
    room: Matrix


def least_loss_addition(
    values: OrderValues, terms: OrderTerms, start: Matrix, most: Matrix, *, gap: float
) -> Matrix | None:
    """The quantities that cost at least `gap` more than `start` and lose least; None if there is no room for that.

    Steps are taken by loss for money. Then the last gap is closed by the product that loses least in closing it, and
    batches that are not necessary after that are taken back. Of equal products the first is taken.
    """
    steps = steps_between(values, terms, start, np.maximum(start, most))
    steps = steps.rows(steps.by_worth)
    closing = int(np.searchsorted(np.cumsum(steps.cost), gap - _TINY))
    if closing >= steps.cost.size:
        return None
    ways = [_closed(values, terms, (start, most), _after(steps, start, taken), gap) for taken in _last(closing)]
    ways.append(_after(steps, start, closing + 1))
    trimmed = [_trimmed(values, terms, start, quantity, gap) for quantity in ways if quantity is not None]
    total = [float(values.value(quantity[:, None]).sum()) for quantity in trimmed]
    return trimmed[int(np.argmax(np.round(total, 9)))]


def _last(closing: int) -> range:
    return range(max(0, closing - _WAYS), closing + 1)


def _after(steps: Steps, start: Matrix, taken: int) -> Matrix:
    quantity = start.copy()
    np.maximum.at(quantity, steps.product[:taken], steps.quantity[:taken])
    return quantity


def _closed(
    values: OrderValues, terms: OrderTerms, bounds: tuple[Matrix, Matrix], quantity: Matrix, gap: float
) -> Matrix | None:
    """The quantity with one product raised so that the gap closes, the one that loses least; None if none can."""
    start, most = bounds
    left = gap - float((terms.unit_cost * (quantity - start)).sum())
    raised = larger_by_cost(terms, quantity, left)
    rows = np.flatnonzero(raised <= most + _TINY)
    if not rows.size:
        return None
    both = np.stack([quantity[rows], raised[rows]], axis=1)
    change = np.diff(values.rows(rows).value(both), axis=1)[:, 0]
    best = rows[int(np.argmax(np.round(change, 9)))]
    closed = quantity.copy()
    closed[best] = raised[best]
    return closed


def _trimmed(values: OrderValues, terms: OrderTerms, start: Matrix, quantity: Matrix, gap: float) -> Matrix:
    """The quantity without added batches that lose value and are not necessary, the dearest loss first."""
    added = np.flatnonzero(quantity > start + _TINY)
    spare = float((terms.unit_cost * (quantity - start)).sum()) - gap
    loss = -np.diff(values.rows(added).value(np.stack([start[added], quantity[added]], axis=1)), axis=1)[:, 0]
    trimmed = quantity.copy()
    for row in added[np.argsort(-np.round(loss, 9), kind="stable")].tolist():
        one = np.array([row])
        for less in _smaller(terms, row, start[row], trimmed[row], spare):
            change = np.diff(values.rows(one).value(np.array([[trimmed[row], less]])), axis=1)[0, 0]
            if change > _TINY:
                spare -= float(terms.unit_cost[row] * (trimmed[row] - less))
                trimmed[row] = less
                break
    return trimmed


def _smaller(terms: OrderTerms, row: int, start: float, quantity: float, spare: float) -> list[float]:
    """Smaller quantities of a product that the spare money allows, the smallest first."""
    batch, cost = float(terms.batch[row]), float(terms.unit_cost[row])
    if quantity - start <= spare / cost + _TINY:
        return [start]
    less = round(quantity - np.floor(spare / (batch * cost) + _TINY) * batch, 4)
    return [less] if less < quantity and less >= max(start, float(terms.least[row])) - _TINY else []


def least_wait(
    values: OrderValues, terms: OrderTerms, later: LaterNeed, ordered: Matrix, *, minimum: float,
    days: Index = EVERY_DAY,
) -> Wait | None:  # fmt: skip
    """Waiting until the order would reach the minimum without added units; None if that takes more than 90 days.

    `days` are the numbers of days that it can wait, ascending: until each order day. `ordered` are the quantities of
    today. Products that become due meanwhile are counted: without an order they wait too.
    """
    quantities = _ordered_later(values, terms, later, ordered, days)
    if not days.size:
        return None
    reached = (terms.unit_cost[:, None] * quantities).sum(axis=0) >= minimum - _TINY
    if not reached.any():
        return None
    wait = int(days[int(np.argmax(reached))])
    most = np.maximum(ordered, values.needed + wait * values.daily_demand)
    short = values.units_lost_by_waiting(wait, np.maximum(0.0, most))
    held = values.holding_a_day * wait * np.maximum(0.0, ordered - short / 2)
    return Wait(wait, short, values.margin * short, held)


def _ordered_later(values: OrderValues, terms: OrderTerms, later: LaterNeed, ordered: Matrix, days: Index) -> Matrix:
    """What would be ordered of each product on each later day, if demand comes as expected: products by days."""
    demand = values.daily_demand[:, None] * days[None, :]
    is_due = (later.is_due[:, None] > 0) | (later.position[:, None] - demand <= later.reorder_point[:, None])
    wanted = np.maximum(values.needed[:, None] + demand, ordered[:, None])
    whole = whole_batches(np.maximum(wanted, terms.least[:, None]), terms.batch[:, None], is_up=True)
    room = np.where(np.isfinite(later.room), later.room, 0.0)[:, None] + demand
    capped = np.where(np.isfinite(later.room)[:, None], whole_batches(room, terms.batch[:, None], is_up=False), whole)
    return np.where(is_due & (wanted > 0), np.minimum(whole, np.maximum(0.0, capped)), 0.0)
