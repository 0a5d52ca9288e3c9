"""Drafts merged into one: its lines are those of all of them, no unit lost or counted twice.

What belongs here: the checks and the events of a merger, pure. What does not: changing a line (`line_edits.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from pipelines.purchasing.events import Event, Merged, MergedInto, OrderLine
from pipelines.purchasing.order_changes.line_edits import LONGEST_NOTE
from pipelines.purchasing.order_record import oldest_load
from pipelines.purchasing.orders import Order, OrderError, OrderState
from pipelines.purchasing.transitions import check_state


def merge(order: Order, others: Sequence[Order], *, by: str, at: datetime, reason: str = "") -> list[Event]:
    """The events of merging other drafts into an order: it takes their lines, and they end.

    The quantities of a product that several have are added up; its line is expected on the latest of their dates.

    Raises:
        OrderError: one is no draft, or of another supplier or currency, or a product costs differently on two of them.
    """
    every = [order, *others]
    _check_together(every)
    lines = _added_up(every)
    codes = {line.product_code for line in lines}
    event = Merged(
        order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, reason=reason, lines=lines,
        from_orders=tuple(other.order_id for other in others),
        taken_out=tuple(sorted(frozenset().union(*(merged.taken_out for merged in every)) - codes)),
        data_loaded_at=oldest_load(every),
        minimum_order_value=max(merged.minimum_order_value for merged in every),
        note=_notes(merged.note for merged in every),
    )  # fmt: skip
    ends = [
        MergedInto(
            order_id=other.order_id, sequence=other.sequence + 1, at=at, by=by, into_order=order.order_id, reason=reason
        )
        for other in others
    ]
    return [event, *ends]


def _check_together(orders: Sequence[Order]) -> None:
    first = orders[0]
    if len({order.order_id for order in orders}) < max(2, len(orders)):
        raise OrderError("Merging takes two or more different orders.")
    for order in orders:
        check_state(order, {OrderState.DRAFT}, "merged", "only drafts can be: reopen it first")
        if order.supplier_id != first.supplier_id:
            raise OrderError(
                f"{order.purchase_order_number} goes to {order.supplier_name} and {first.purchase_order_number} to "
                f"{first.supplier_name}: only orders to the same supplier can be merged."
            )
        if order.currency != first.currency:
            raise OrderError(
                f"{order.purchase_order_number} is in {order.currency} and {first.purchase_order_number} in "
                f"{first.currency}: only orders in the same currency can be merged."
            )


def _added_up(orders: Iterable[Order]) -> tuple[OrderLine, ...]:
    """The lines of all orders, one line per product."""
    lines: dict[str, OrderLine] = {}
    for order in orders:
        for line in order.lines:
            dated = msgspec.structs.replace(line, expected_arrival_date=order.arrival_of(line))
            present = lines.get(line.product_code)
            lines[line.product_code] = dated if present is None else _sum(present, dated, order)
    return tuple(lines.values())


def _sum(present: OrderLine, line: OrderLine, order: Order) -> OrderLine:
    if present.sent_price != line.sent_price or present.unit_cost != line.unit_cost:
        raise OrderError(
            f"{line.product_code} costs {line.unit_cost} on {order.purchase_order_number} and {present.unit_cost} on "
            f"another: change one of the costs, then merge."
        )
    dates = [date for date in (present.expected_arrival_date, line.expected_arrival_date) if date is not None]
    return msgspec.structs.replace(
        present,
        quantity=present.quantity + line.quantity,
        expected_arrival_date=max(dates, default=None),
        note=_notes([present.note, line.note]),
    )


def _notes(notes: Iterable[str]) -> str:
    """Different notes in one."""
    together = "; ".join(dict.fromkeys(filter(None, notes)))
    if len(together) > LONGEST_NOTE:
        raise OrderError(
            f"The notes have {len(together)} characters together, and Xero takes {LONGEST_NOTE}: shorten one "
            f"of them, then merge."
        )
    return together
