"""How many units of each product of a plan are to be ordered now: what drafts hold, else what the plan says.

A quantity that a person types goes to the draft that has the product, so that the ledger alone knows it: the plan stays
as it was published, a restart loses nothing, and everybody sees it.
What belongs here: which quantity holds, and the event that changes it on a draft, pure. What does not: drafts that do
not exist yet (`pipelines.organisations.order_decisions.typed_quantities`).
Read more in docs/desk.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Final

from pipelines.purchasing.events import Drafted, Event, LineAdded, LineChanged, LineDropped, OrderLine
from pipelines.purchasing.order_changes.line_edits import change_line, drop_line
from pipelines.purchasing.orders import Order, OrderError, OrderState

LONGEST_TYPED: Final = 40
_THOUSANDS: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True)
class QuantityNow:
    """The units of a product on drafts and their value, and those on orders approved since the plan was made.

    `taken_out_of` is a draft that a person took it out of, if no draft has it.
    """

    quantity: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    drafts: tuple[Order, ...] = ()
    ordered: Decimal = Decimal(0)
    ordered_on: tuple[Order, ...] = ()
    taken_out_of: Order | None = None

    @property
    def approved_since(self) -> tuple[str, ...]:
        """The numbers of the orders approved since the plan was made."""
        return tuple(order.purchase_order_number for order in self.ordered_on)

    @property
    def is_kept(self) -> bool:
        """Whether a person changed or made a draft with it."""
        return self.taken_out_of is not None or any(order.is_edited for order in self.drafts)


def quantities_now(orders: Iterable[Order], *, planned_at: datetime | None) -> dict[str, QuantityNow]:
    """What is ordered of each product that a draft has or had, or that was approved after a plan was made."""
    found: dict[str, QuantityNow] = {}
    for order in orders:
        if order.state is OrderState.DRAFT:
            for line in order.lines:
                now = found.get(line.product_code)
                found[line.product_code] = (
                    QuantityNow(line.quantity, line.value, (order,)) if now is None
                    else replace(
                        now, quantity=now.quantity + line.quantity, value=now.value + line.value,
                        drafts=(*now.drafts, order),
                    )
                )  # fmt: skip
            for code in order.taken_out:
                found[code] = replace(found.get(code, QuantityNow()), taken_out_of=order)
        elif order.is_approved_since(planned_at):
            for line in order.lines:
                now = found.get(line.product_code, QuantityNow())
                found[line.product_code] = replace(
                    now, ordered=now.ordered + line.quantity, ordered_on=(*now.ordered_on, order)
                )
    return found


def last_change(history: Iterable[Event], product_code: str) -> tuple[str, datetime] | None:
    """Who last changed the line of a product on an order, and when; None if only the plan did."""
    found = None
    for event in history:
        is_of_line = isinstance(event, LineAdded) and event.line.product_code == product_code
        is_change = isinstance(event, LineChanged | LineDropped) and event.product_code == product_code
        is_made = isinstance(event, Drafted) and event.is_by_person
        found = (event.by, event.at) if is_of_line or is_change or is_made else found
    return found


def units_typed(text: str) -> Decimal:
    """The units that a person typed, with or without commas between thousands.

    >>> units_typed(" 1,200 "), units_typed("0.5")
    (Decimal('1200'), Decimal('0.5'))

    Raises:
        OrderError: it is no number.
    """
    typed = text.strip()
    if len(typed) > LONGEST_TYPED:
        raise OrderError(f"{typed[:12]}… has {len(typed)} characters: type a number of units, such as 24.")
    try:
        return Decimal(typed.replace(",", "") if _THOUSANDS.fullmatch(typed) else typed)
    except InvalidOperation:
        shown = f"“{typed}” is not a number" if typed else "Nothing is typed"
        raise OrderError(f"{shown}: type a number of units, such as 24, or 0 to order none.") from None


def changed_quantity(
    old: Decimal, how: str, amount: Decimal, *, in_percent: bool = False, batch_size: float | None = None
) -> Decimal:
    """A quantity that is set, raised or lowered by units or per cent, never below 0.

    What is raised is rounded up to the batch size, what is lowered down.

    >>> changed_quantity(Decimal(15), "raise", Decimal(10), in_percent=True, batch_size=6.0)
    Decimal('18')
    >>> changed_quantity(Decimal(15), "lower", Decimal(20)), changed_quantity(Decimal(15), "set", Decimal("2.5"))
    (Decimal('0'), Decimal('2.5'))

    Raises:
        OrderError: that is no way to change a quantity, or the amount is negative or no number.
    """
    if how not in {"set", "raise", "lower"} or not amount.is_finite() or amount < 0:
        raise OrderError("Give a number, such as 10, and whether quantities are set, raised or lowered.")
    if how == "set":
        return amount
    step = old * amount / 100 if in_percent else amount
    batch = Decimal(str(batch_size)) if batch_size and batch_size > 0 else Decimal(1)
    wanted = (old + step if how == "raise" else max(old - step, Decimal(0))) / batch
    return (wanted.to_integral_value(ROUND_CEILING if how == "raise" else ROUND_FLOOR) * batch).normalize() + 0


def with_quantity(
    order: Order,
    line: OrderLine,
    quantity: Decimal,
    *,
    unit_cost: Decimal | None,
    is_divisible: bool,
    by: str,
    at: datetime,
    reason: str = "",
) -> LineChanged | LineDropped:
    """The event of a person giving a line of a draft another quantity; 0 takes it out.

    Raises:
        OrderError: the order is not a draft, or Xero would not accept the quantity.
    """
    if quantity == 0:
        return drop_line(order, product_code=line.product_code, by=by, at=at, reason=reason)
    return change_line(
        order, product_code=line.product_code, quantity=quantity, unit_cost=unit_cost, is_divisible=is_divisible,
        by=by, at=at, reason=reason,
    )  # fmt: skip
