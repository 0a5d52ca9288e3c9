"""A draft split in two: lines, or a part of their quantities, move to a new order; no unit is lost or counted twice.

What belongs here: the checks and the events of a split, pure. What does not: changing a line (`line_edits.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from pipelines.purchasing.events import Drafted, Event, OrderLine, Split
from pipelines.purchasing.order_changes.line_edits import line_of
from pipelines.purchasing.order_record import oldest_load
from pipelines.purchasing.orders import Order, OrderError, OrderState
from pipelines.purchasing.transitions import check_state, is_xero_quantity


def split(
    order: Order,
    moves: Mapping[str, Decimal | None],
    *,
    new_id: str,
    by: str,
    at: datetime,
    is_edited: bool = True,
    reason: str = "",
) -> list[Event]:
    """The events of moving products to a new order: `moves` says how many units of each, None for all of them.

    With `is_edited` false the rest stays a draft that a newer plan may replace.

    Raises:
        OrderError: the order is no draft, has not so much of a product, or nothing would stay.
    """
    check_state(order, {OrderState.DRAFT}, "split", "only a draft can be: reopen it first")
    moved = _moved(order, moves)
    stay = _rest(order, moved)
    if not moved:
        raise OrderError("Say which products go to the new order.")
    if not stay:
        raise OrderError(
            f"Nothing would stay on {order.purchase_order_number}: leave at least one line, or keep the order as it is."
        )
    staying = Split(
        order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, into_order=new_id, moved=moved, lines=stay,
        is_edited=is_edited, reason=reason,
    )  # fmt: skip
    return [staying, order_from([order], moved, new_id=new_id, by=by, at=at, reason=reason)]


def order_from(
    orders: Sequence[Order], lines: tuple[OrderLine, ...], *, new_id: str, by: str, at: datetime, reason: str = ""
) -> Drafted:
    """The event of a person making a new order of lines of others, which are of one supplier and currency."""
    first = orders[0]
    dates = [line.expected_arrival_date for line in lines if line.expected_arrival_date is not None]
    return Drafted(
        order_id=new_id, sequence=1, at=at, by=by, plan_id=first.plan_id, supplier_id=first.supplier_id,
        supplier_name=first.supplier_name, currency=first.currency, order_date=first.order_date,
        expected_arrival_date=max(dates, default=first.drafted_arrival_date), lines=lines,
        data_loaded_at=oldest_load(orders),
        minimum_order_value=first.minimum_order_value, xero_price_decimals=first.xero_price_decimals,
        is_by_person=True, made_from=tuple(order.order_id for order in orders), note=first.note, reason=reason,
    )  # fmt: skip


def _moved(order: Order, moves: Mapping[str, Decimal | None]) -> tuple[OrderLine, ...]:
    """The lines of the new order."""
    wanted: dict[str, Decimal] = {}
    for product_code, quantity in moves.items():
        line = line_of(order, product_code)
        if line.product_code in wanted:
            raise OrderError(f"{line.product_code} is named twice: say once how many units of it move.")
        units = line.quantity if quantity is None else quantity
        if not is_xero_quantity(units) or not 0 < units <= line.quantity:
            raise OrderError(
                f"{units} of {line.product_code} cannot be moved: {order.purchase_order_number} has {line.quantity}."
            )
        wanted[line.product_code] = units
    return tuple(
        msgspec.structs.replace(
            line, quantity=wanted[line.product_code], expected_arrival_date=order.arrival_of(line)
        )
        for line in order.lines if line.product_code in wanted
    )  # fmt: skip


def _rest(order: Order, moved: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """The lines that stay, without what was moved."""
    gone = {line.product_code: line.quantity for line in moved}
    left = (
        msgspec.structs.replace(line, quantity=line.quantity - gone.get(line.product_code, Decimal(0)))
        for line in order.lines
    )
    return tuple(line for line in left if line.quantity > 0)
