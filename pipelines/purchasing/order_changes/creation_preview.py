"""What making orders of lines of the plan would do to the drafts that are there, one supplier at a time.

What belongs here: orders before and after, in words. What does not: which events follow (`creating.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.purchasing.events import Drafted, MergedInto, Split
from pipelines.purchasing.order_changes.creating import CreatedOrders
from pipelines.purchasing.orders import Order, apply_event, fold


@dataclass(frozen=True)
class OrderToBe:
    """An order that would have the wanted lines; `sentence` says whether it is new and what becomes of drafts.

    `keeps` are drafts that would keep other products: a person may want these on the same order too.
    """

    order: Order
    sentence: str
    keeps: tuple[Order, ...] = ()


def orders_to_be(created: CreatedOrders, orders: Iterable[Order]) -> list[OrderToBe]:
    """The orders after the events of `created`, each with what it does to the drafts of before."""
    before = {order.order_id: order for order in orders}
    after = dict(before)
    for event in created.events:
        is_new = isinstance(event, Drafted)
        after[event.order_id] = fold([event]) if is_new else apply_event(after[event.order_id], event)
    return [_order_to_be(order_id, created, before, after) for order_id in created.made]


def _order_to_be(order_id: str, created: CreatedOrders, before: dict[str, Order], after: dict[str, Order]) -> OrderToBe:
    order, was = after[order_id], before.get(order_id)
    moves = [
        event for event in created.events if isinstance(event, MergedInto | Split) and event.into_order == order_id
    ]
    keeps = tuple(after[event.order_id] for event in moves if isinstance(event, Split))
    ended = [before[event.order_id].purchase_order_number for event in moves if isinstance(event, MergedInto)]
    return OrderToBe(order, " ".join([_begin(order, was, ended), *map(_keeps, keeps)]), keeps)


def _begin(order: Order, was: Order | None, ended: list[str]) -> str:
    """Whether the order is new, or what joins the draft that is there."""
    if was is None:
        return f"A new draft in place of {' and '.join(ended)}." if ended else "A new draft."
    more = len(order.lines) - len(was.lines)
    number = order.purchase_order_number
    if not more:
        return f"The draft {number} has exactly these products: it stays as it is."
    ends = f" {' and '.join(ended)} ends." if ended else ""
    return f"{_count(more)} join{'s' if more == 1 else ''} the draft {number}, which then has {len(order.lines)}.{ends}"


def _keeps(order: Order) -> str:
    return f"They leave the draft {order.purchase_order_number}, which keeps {_count(len(order.lines), 'other ')}."


def _count(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}product{'' if number == 1 else 's'}"
