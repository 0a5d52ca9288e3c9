"""The spend cap: which units of all orders are bought if the money does not suffice for all of them.

What belongs here: the choice. What does not: the value of units (`order_values.py`), tables (`cap_decisions.py`).
Units are bought by value for money. An order with a supplier's minimum is bought up to it or not at all: the steps that
reach the minimum are one. After the step that no longer fits, smaller ones are tried, then single batches; then whether
another order with a minimum, or one less, saves more. What is lost against the optimum is less than the value of the
first step that does not fit. Read more in docs/maths.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.replenishment.supplier_orders.order_values import OrderTerms, OrderValues, whole_batches
from pipelines.replenishment.supplier_orders.value_steps import Steps, steps_between

# How many orders with a minimum are tried in and out, and how often a step that does not fit is passed over.
MOST_EXCHANGES: Final = 24
MOST_SKIPS: Final = 60
MOST_FILLS: Final = 100
_TINY: Final = 1e-9


@dataclass(frozen=True)
class Wanted:
    """What the plan would order: a row per product, all money in one currency.

    `order` is the number of the order that a product is on, `minimums` the least value of each order, 0 for none.
    """

    values: OrderValues
    terms: OrderTerms
    quantity: Matrix
    order: Index
    minimums: Matrix


@dataclass(frozen=True)
class _Blocks:
    """Steps by value for money; those that reach an order's minimum together are of one block, which comes first.

    `block` numbers the blocks: a row of `cost` and `value` per block, with the block's order.
    """

    steps: Steps
    block: Index
    cost: Matrix
    value: Matrix
    order: Index
    is_first: NDArray[np.bool_]


def within_cap(wanted: Wanted, cap: float) -> Matrix:
    """The quantity of each product, so that all together cost at most the cap.

    Products without a cost keep their quantity: they take nothing from the cap, and go with the others of their order.
    """
    blocks = _blocks(wanted)
    taken = _greedy(blocks, cap)
    for _ in range(2):
        taken = _exchanged(blocks, cap, taken)
    quantity = _filled(wanted, _quantities(wanted, blocks, taken), cap)
    is_free = wanted.terms.unit_cost * wanted.quantity <= _TINY
    return np.where(is_free & _may_grow(wanted, quantity), wanted.quantity, quantity)


def _blocks(wanted: Wanted) -> _Blocks:
    steps = steps_between(wanted.values, wanted.terms, np.zeros_like(wanted.quantity), wanted.quantity)
    steps = steps.rows(steps.by_worth)
    order = wanted.order[steps.product]
    block, is_first = np.arange(order.size), np.zeros(order.size, dtype=bool)
    for number in np.flatnonzero(wanted.minimums > 0).tolist():
        places = np.flatnonzero(order == number)
        if places.size:
            reached = np.searchsorted(np.cumsum(steps.cost[places]), wanted.minimums[number] - _TINY) + 1
            joined = places[: int(reached)]
            block[joined], is_first[joined[0]] = joined[0], True
    cost, value = (np.bincount(block, numbers, order.size).astype(float) for numbers in (steps.cost, steps.value))
    there = np.unique(block)
    worth = np.round(value[there] / cost[there], 12)
    there = there[np.lexsort((there, ~is_first[there], -worth))]
    place = np.zeros(order.size, dtype=np.int64)
    place[there] = np.arange(there.size)
    return _Blocks(steps, place[block], cost[there], value[there], order[there], is_first[there])


def _greedy(
    blocks: _Blocks, cap: float, *, forced: Iterable[int] = (), without: Iterable[int] = ()
) -> NDArray[np.bool_]:
    """The blocks that fit, by value for money; blocks behind one that does not fit are left out with it."""
    taken, is_open = np.zeros(blocks.cost.size, dtype=bool), np.ones(blocks.cost.size, dtype=bool)
    for place in without:
        is_open &= ~_behind(blocks, place)
    for place in forced:
        taken[place] = True
        cap -= float(blocks.cost[place])
    is_open &= ~taken
    for _ in range(MOST_SKIPS):
        places = np.flatnonzero(is_open)
        spent = np.cumsum(blocks.cost[places])
        fits = int(np.searchsorted(spent, cap + _TINY, side="right"))
        taken[places[:fits]] = True
        is_open[places[:fits]] = False
        if fits == places.size:
            break
        cap -= float(spent[fits - 1]) if fits else 0.0
        is_open &= ~_behind(blocks, int(places[fits])) & (blocks.cost <= cap + _TINY)
    return taken


def _behind(blocks: _Blocks, place: int) -> NDArray[np.bool_]:
    """A block and those that need it: later steps of its product, or of its order if it reaches the minimum."""
    later = np.arange(blocks.cost.size) >= place
    if blocks.is_first[place]:
        return np.asarray(later & (blocks.order == blocks.order[place]))
    product = int(blocks.steps.product[np.argmax(blocks.block == place)])
    of_product = np.zeros(blocks.cost.size, dtype=bool)
    of_product[blocks.block[blocks.steps.product == product]] = True
    return np.asarray(later & of_product)


def _exchanged(blocks: _Blocks, cap: float, taken: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The best of the choice, the choice with another order's minimum forced in, and that with one left out."""
    first = np.flatnonzero(blocks.is_first)
    missing = [place for place in first[~taken[first]].tolist() if blocks.cost[place] <= cap + _TINY]
    there = first[taken[first]].tolist()
    choices = [taken]
    choices += [_greedy(blocks, cap, forced=[place]) for place in missing[:MOST_EXCHANGES]]
    choices += [_greedy(blocks, cap, without=[place]) for place in there[-MOST_EXCHANGES:]]
    saved = [float(np.maximum(blocks.value[choice], 0.0).sum()) for choice in choices]
    return choices[int(np.argmax(np.round(saved, 9)))]


def _quantities(wanted: Wanted, blocks: _Blocks, taken: NDArray[np.bool_]) -> Matrix:
    is_bought = taken[blocks.block]
    quantity = np.zeros_like(wanted.quantity)
    np.maximum.at(quantity, blocks.steps.product[is_bought], blocks.steps.quantity[is_bought])
    return quantity


def _filled(wanted: Wanted, quantity: Matrix, cap: float) -> Matrix:
    """The quantity with single batches for the money that is left, the best first; no order is begun with a minimum."""
    terms, filled = wanted.terms, quantity.copy()
    may_grow = _may_grow(wanted, quantity)
    for _ in range(MOST_FILLS):
        left = cap - float((filled * terms.unit_cost).sum())
        more = whole_batches(
            filled + np.maximum(0.0, left + _TINY) / np.maximum(terms.unit_cost, 1e-12), terms.batch, is_up=False
        )
        more = np.minimum(more, wanted.quantity)
        can = (
            may_grow & (terms.unit_cost > 0) & (more > filled + _TINY) & ((filled > 0) | (more >= terms.least - _TINY))
        )
        rows = np.flatnonzero(can)
        if not rows.size:
            break
        both = np.stack([filled[rows], more[rows]], axis=1)
        saved = np.diff(wanted.values.rows(rows).value(both), axis=1)[:, 0]
        best = rows[int(np.argmax(np.round(saved, 9)))]
        filled[best] = more[best]
    return filled


def _may_grow(wanted: Wanted, quantity: Matrix) -> NDArray[np.bool_]:
    """For each product whether its order is begun, or needs no minimum."""
    begun = np.bincount(wanted.order, quantity * wanted.terms.unit_cost, wanted.minimums.size) > 0
    return np.asarray(begun[wanted.order] | (wanted.minimums[wanted.order] <= 0))


def in_currency(wanted: Wanted, rate: Matrix) -> Wanted:
    """The same with all money divided by a rate of each product: in base currency."""
    margin, holding_a_day = wanted.values.margin / rate, wanted.values.holding_a_day / rate
    values = replace(wanted.values, margin=margin, holding_a_day=holding_a_day)
    return replace(wanted, values=values, terms=replace(wanted.terms, unit_cost=wanted.terms.unit_cost / rate))
