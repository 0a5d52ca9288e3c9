"""A person changes a draft: its lines, its dates, its note; each change is the order's next event.

What belongs here: the checks before such an event, pure. What does not: moving lines between orders
(`merging.py`, `splitting.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pipelines.product_codes import find_product
from pipelines.purchasing.events import HeaderChanged, LineAdded, LineChanged, LineDropped, OrderLine
from pipelines.purchasing.orders import Order, OrderError, OrderState
from pipelines.purchasing.transitions import QUANTITY_DECIMALS, check_state, is_xero_quantity

LONGEST_NOTE: Final = 500
"""Xero's limit for delivery instructions."""
_LARGEST_COST: Final = Decimal(10**9)
LONGEST_AHEAD: Final = timedelta(days=1500)
"""Longer than any lead time: a day that is further ahead is a slip of the keys."""


def add_line(
    order: Order, line: OrderLine, *, by: str, at: datetime, is_divisible: bool, reason: str = ""
) -> LineAdded:
    """The event of a person adding a product to a draft.

    Raises:
        OrderError: the order is not a draft or has the product, or Xero would not accept the line.
    """
    _check_draft(order)
    if find_product((present.product_code for present in order.lines), line.product_code) is not None:
        raise OrderError(
            f"The order {order.purchase_order_number} has {line.product_code} already: change its quantity."
        )
    check_quantity(line.quantity, line.product_code, is_divisible=is_divisible)
    if line.quantity == 0:
        raise OrderError(f"A line of 0 units orders nothing: give a quantity of {line.product_code}.")
    _check_cost(line.unit_cost)
    _check_arrival(order.order_date, line.expected_arrival_date)
    return LineAdded(**_next(order, by, at, reason), line=line)


def change_line(
    order: Order,
    *,
    product_code: str,
    by: str,
    at: datetime,
    quantity: Decimal | None = None,
    unit_cost: Decimal | None = None,
    expected_arrival_date: date | None = None,
    note: str | None = None,
    is_divisible: bool = True,
    reason: str = "",
) -> LineChanged:
    """The event of a person changing a line; what is None stays, and a quantity of 0 removes the line.

    Raises:
        OrderError: the order is not a draft, has no such product, nothing would change, or Xero would not accept it.
    """
    _check_draft(order)
    line = line_of(order, product_code)
    if quantity is not None:
        check_quantity(quantity, line.product_code, is_divisible=is_divisible)
    if unit_cost is not None:
        _check_cost(unit_cost)
    _check_arrival(order.order_date, expected_arrival_date)
    changes: dict[str, Any] = {
        "quantity": quantity, "unit_cost": unit_cost, "expected_arrival_date": expected_arrival_date,
        "note": None if note is None else checked_note(note),
    }  # fmt: skip
    _check_news(order, line, changes, f"{line.product_code} on {order.purchase_order_number}")
    return LineChanged(**_next(order, by, at, reason), product_code=line.product_code, **changes)


def drop_line(order: Order, *, product_code: str, by: str, at: datetime, reason: str = "") -> LineDropped:
    """The event of a person removing a line.

    Raises:
        OrderError: the order is not a draft, or has no such product.
    """
    _check_draft(order)
    return LineDropped(**_next(order, by, at, reason), product_code=line_of(order, product_code).product_code)


def change_header(
    order: Order,
    *,
    by: str,
    at: datetime,
    order_date: date | None = None,
    expected_arrival_date: date | None = None,
    note: str | None = None,
    reason: str = "",
) -> HeaderChanged:
    """The event of a person changing an order's dates or note; what is None stays.

    Raises:
        OrderError: the order is not a draft, nothing would change, or it would arrive before it is ordered.
    """
    _check_draft(order)
    if order_date is not None and all(abs(order_date - day) > LONGEST_AHEAD for day in (at.date(), order.order_date)):
        raise OrderError(f"The order date {order_date} is more than {LONGEST_AHEAD.days:,} days away: is it right?")
    _check_arrival(order_date or order.order_date, expected_arrival_date or order.expected_arrival_date)
    changes: dict[str, Any] = {
        "order_date": order_date, "expected_arrival_date": expected_arrival_date,
        "note": None if note is None else checked_note(note),
    }  # fmt: skip
    _check_news(order, order, changes, order.purchase_order_number)
    return HeaderChanged(**_next(order, by, at, reason), **changes)


def line_of(order: Order, product_code: str) -> OrderLine:
    """The line of a product, whose code may be typed in any case.

    Raises:
        OrderError: the order has no such line.
    """
    found = find_product((line.product_code for line in order.lines), product_code)
    for line in order.lines:
        if line.product_code == found:
            return line
    raise OrderError(f"The order {order.purchase_order_number} has no line for {product_code!r}.")


def check_quantity(quantity: Decimal, product_code: str, *, is_divisible: bool) -> None:
    """Check that Xero accepts a quantity, and that a unit which cannot be divided is not.

    Raises:
        OrderError: it is no number of units, or a fraction of one that is only sold whole.
    """
    if not is_xero_quantity(quantity):
        raise OrderError(
            f"{quantity} is not a valid quantity: give a number of units with at most {QUANTITY_DECIMALS} decimals, or "
            f"0 to remove the line."
        )
    if not is_divisible and quantity != quantity.to_integral_value():
        raise OrderError(
            f"{quantity} is a fraction, and {product_code} only comes in whole units: nothing of it was ever sold or "
            f"bought in fractions. Give a whole number; or set its batch_size to the fraction that can be ordered."
        )


def checked_note(note: str) -> str:
    r"""A note in one line, without characters that cannot be seen.

    >>> checked_note(" deliver to\nthe side\u202e door ")
    'deliver to the side door'

    Raises:
        OrderError: it is too long for Xero.
    """
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in note).split())
    if len(text) > LONGEST_NOTE:
        raise OrderError(f"The note has {len(text)} characters, and Xero takes {LONGEST_NOTE}: shorten it.")
    return text


def _check_draft(order: Order) -> None:
    advice = "reopen it first, so that it is a draft again" if order.is_surely_not_in_xero else "change it in Xero"
    check_state(order, {OrderState.DRAFT}, "changed", advice)


def _check_cost(cost: Decimal) -> None:
    if not cost.is_finite() or not 0 <= cost < _LARGEST_COST or cost != round(cost, QUANTITY_DECIMALS):
        raise OrderError(
            f"{cost} is not a valid cost: give money for one unit with at most {QUANTITY_DECIMALS} decimals."
        )


def _check_arrival(order_date: date, arrival: date | None) -> None:
    if arrival is not None and arrival < order_date:
        raise OrderError(
            f"{arrival} is before the order date {order_date}: goods cannot arrive before they are ordered."
        )
    if arrival is not None and arrival - order_date > LONGEST_AHEAD:
        raise OrderError(
            f"{arrival} is more than {LONGEST_AHEAD.days:,} days after the order date {order_date}: is the year right?"
        )


def _check_news(order: Order, present: Order | OrderLine, changes: Mapping[str, object], subject: str) -> None:
    """Check that a change changes something.

    Raises:
        OrderError: everything is already so, or nothing is given.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    if isinstance(present, OrderLine) and present.expected_arrival_date is None:
        same = {name: getattr(present, name) for name in given} | {"expected_arrival_date": order.arrival_of(present)}
    else:
        same = {name: getattr(present, name) for name in given}
    if all(same[name] == value for name, value in given.items()):
        what = "nothing is given" if not given else "it is so already"
        raise OrderError(f"Nothing changes of {subject}: {what}.")


def _next(order: Order, by: str, at: datetime, reason: str) -> dict[str, Any]:
    return {"order_id": order.order_id, "sequence": order.sequence + 1, "at": at, "by": by, "reason": reason}
