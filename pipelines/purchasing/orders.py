"""An order is what its events make of it; a decision is the next event, or one sentence why not.

What belongs here: the fold and the decisions, pure. What does not: the store (`ledger.py`) and Xero (`push.py`).

    draft ──► approved ──► sending ──► sent
      │ ╲         │           ╰──► failed ──► approved again, or rejected
      │  ╲        ╰──► rejected
      │   ╰──► rejected
      ╰──► superseded (a newer plan, while nobody had touched it)

What was tried before and is approved again may be found in Xero: it is then sent (or failed) without another try.

Read more in docs/operations.md.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from typing import Any

import msgspec

from pipelines.errors import UsageError
from pipelines.product_codes import find_product
from pipelines.purchasing.events import (
    Approved,
    Drafted,
    Event,
    LineChanged,
    OrderLine,
    Pushed,
    PushFailed,
    PushStarted,
    Rejected,
    Superseded,
)

NUMBER_PREFIX = "RP-"
QUANTITY_DECIMALS = 4
LARGEST_QUANTITY = Decimal(10**9)


class OrderError(UsageError):
    """The decision cannot be made for this order as it stands now."""


class State(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Order:
    """An order as it stands after its events."""

    order_id: str
    sequence: int
    state: State
    plan_id: str
    supplier_id: str
    supplier_name: str
    currency: str
    order_date: date
    expected_arrival_date: date
    lines: tuple[OrderLine, ...]
    drafted_at: datetime
    data_loaded_at: datetime | None = None
    minimum_order_value: Decimal = Decimal(0)
    is_edited: bool = False
    taken_out: frozenset[str] = frozenset()
    approved_at: datetime | None = None
    approved_by: str = ""
    approved_hash: str = ""
    is_stale_accepted: bool = False
    is_below_minimum_accepted: bool = False
    attempt: int = 0
    purchase_order_id: str = ""
    failure: str = ""

    @property
    def purchase_order_number(self) -> str:
        """The number under which Xero knows the order: made from its id alone, it never changes."""
        return NUMBER_PREFIX + self.order_id

    @property
    def value(self) -> Decimal:
        """What the order costs, in its currency."""
        return sum((line.value for line in self.lines), Decimal("0.00"))

    @property
    def is_below_minimum(self) -> bool:
        """Whether the supplier asks for an order of more."""
        return self.value < self.minimum_order_value

    @property
    def remark(self) -> str:
        """What a person should know before approving the order; mostly nothing."""
        if not self.is_below_minimum:
            return ""
        return f"below the supplier's minimum order value of {self.minimum_order_value:,.2f} {self.currency}"


def new_order_id(day: date) -> str:
    """A new order's id: its day, and six characters that no other order of the day has."""
    return f"{day:%Y%m%d}-{base64.b32encode(secrets.token_bytes(5)).decode()[:6]}"


def fold(events: Iterable[Event]) -> Order:
    """The order that its events, in sequence, make."""
    first, *rest = events
    if not isinstance(first, Drafted):
        raise TypeError(first)
    return reduce(_after, rest, _drafted(first))


def _drafted(event: Drafted) -> Order:
    return Order(
        order_id=event.order_id,
        sequence=event.sequence,
        state=State.DRAFT,
        plan_id=event.plan_id,
        supplier_id=event.supplier_id,
        supplier_name=event.supplier_name,
        currency=event.currency,
        order_date=event.order_date,
        expected_arrival_date=event.expected_arrival_date,
        lines=event.lines,
        drafted_at=event.at,
        data_loaded_at=event.data_loaded_at,
        minimum_order_value=event.minimum_order_value,
    )


def _after(order: Order, event: Event) -> Order:
    return replace(order, sequence=event.sequence, **_CHANGES[type(event)](order, event))


def _line_changed(order: Order, event: Any) -> dict[str, Any]:
    changed = (
        replace_quantity(line, event.quantity) if line.product_code == event.product_code else line
        for line in order.lines
    )
    taken_out = order.taken_out | ({event.product_code} if event.quantity == 0 else set())
    return {"is_edited": True, "lines": tuple(line for line in changed if line.quantity > 0), "taken_out": taken_out}


def replace_quantity(line: OrderLine, quantity: Decimal) -> OrderLine:
    """The line with another quantity."""
    return msgspec.structs.replace(line, quantity=quantity)


def _approved(_: Order, event: Any) -> dict[str, Any]:
    return {
        "state": State.APPROVED, "approved_at": event.at, "approved_by": event.by, "approved_hash": event.body_hash,
        "is_stale_accepted": event.is_stale_accepted, "is_below_minimum_accepted": event.is_below_minimum_accepted,
        "failure": "",
    }  # fmt: skip


_CHANGES: dict[type[Any], Callable[[Order, Any], dict[str, Any]]] = {
    LineChanged: _line_changed,
    Approved: _approved,
    Rejected: lambda _, __: {"state": State.REJECTED},
    Superseded: lambda _, __: {"state": State.SUPERSEDED},
    PushStarted: lambda _, event: {"state": State.SENDING, "attempt": event.attempt},
    Pushed: lambda _, event: {"state": State.SENT, "purchase_order_id": event.purchase_order_id},
    PushFailed: lambda _, event: {"state": State.FAILED, "failure": event.reason},
}


def body_hash(order: Order) -> str:
    """A fingerprint of everything that would be sent: what was approved is what is sent."""
    told = (order.supplier_id, order.currency, order.order_date, order.expected_arrival_date, order.plan_id,
            [(line.product_code, str(line.quantity), str(line.sent_price)) for line in order.lines])  # fmt: skip
    return hashlib.sha256(repr(told).encode()).hexdigest()


def change_line(order: Order, *, product_code: str, quantity: Decimal, by: str, at: datetime) -> LineChanged:
    """The event of a person setting a quantity.

    Raises:
        OrderError: the order is no draft, does not hold the product, or the quantity is none that Xero takes.
    """
    _must_be(order, {State.DRAFT}, "changed", "reject it and let the next plan draft anew")
    found = find_product((line.product_code for line in order.lines), product_code)
    if found is None:
        raise OrderError(f"The order {order.order_id} has no line for {product_code!r}.")
    if not is_quantity(quantity):
        raise OrderError(
            f"{quantity} is no quantity; give a number of pieces with at most {QUANTITY_DECIMALS} decimals, or 0 to "
            f"take the line out."
        )
    return LineChanged(
        order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, product_code=found, quantity=quantity,
    )  # fmt: skip


def is_quantity(quantity: Decimal) -> bool:
    """Whether Xero keeps this quantity on an order as it is.

    >>> [is_quantity(Decimal(text)) for text in ("48", "0.0001", "0", "-1", "0.00001", "1e9", "nan", "inf")]
    [True, True, True, False, False, False, False, False]
    """
    if not quantity.is_finite():
        return False
    return 0 <= quantity < LARGEST_QUANTITY and quantity == round(quantity, QUANTITY_DECIMALS)


def approve(
    order: Order,
    *,
    by: str,
    at: datetime,
    is_stale_accepted: bool = False,
    is_below_minimum_accepted: bool = False,
) -> Approved:
    """The event of a person approving the order as it stands, or a failed one for another try.

    An approved order is approved again only where that says something new: to send it although its data are old.
    That an order is below its supplier's minimum is accepted once, for it cannot change after that.

    Raises:
        OrderError: the order is neither a draft nor failed, is empty, or below the minimum without a deliberate word.
    """
    is_news = is_stale_accepted and not order.is_stale_accepted
    again = {State.APPROVED} if is_news or body_hash(order) != order.approved_hash else set()
    _must_be(order, {State.DRAFT, State.FAILED} | again, "approved", "see `stocktrim orders show`")
    if not order.lines:
        raise OrderError(f"The order {order.order_id} has no lines left; reject it.")
    is_below_minimum_accepted |= order.is_below_minimum_accepted
    if order.is_below_minimum and not is_below_minimum_accepted:
        raise OrderError(_BELOW_MINIMUM.format(order.order_id, order.value, order.currency, order.remark))
    return Approved(
        order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, body_hash=body_hash(order),
        is_stale_accepted=is_stale_accepted, is_below_minimum_accepted=is_below_minimum_accepted,
    )  # fmt: skip


def reject(order: Order, *, by: str, at: datetime, reason: str = "") -> Rejected:
    """The event of a person deciding against the order, before it is being sent.

    Raises:
        OrderError: it is being sent, was sent, or has ended.
    """
    _must_be(order, {State.DRAFT, State.APPROVED, State.FAILED}, "rejected", "change it in Xero instead")
    return Rejected(order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, reason=reason)


def supersede(order: Order, *, plan_id: str, by: str, at: datetime) -> Superseded:
    """The event of a newer plan taking the place of an untouched draft."""
    _must_be(order, {State.DRAFT}, "superseded", "it has been decided on")
    return Superseded(order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, plan_id=plan_id)


def start_push(order: Order, *, by: str, at: datetime) -> PushStarted:
    """The event written before Xero is called.

    Raises:
        OrderError: the order is not approved, or is not what was approved.
    """
    _must_be(order, {State.APPROVED, State.SENDING}, "sent", "approve it first")
    if body_hash(order) != order.approved_hash:
        raise OrderError(f"The order {order.order_id} is not what was approved; approve it again.")
    return PushStarted(order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, attempt=order.attempt + 1)


def push_key(orders: Sequence[Order]) -> str:
    """A key for sending exactly these orders as they were approved: each try at them has the same key."""
    told = sorted((order.order_id, str(order.approved_at), order.approved_hash) for order in orders)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def _must_be(order: Order, states: set[State], verb: str, advice: str) -> None:
    if order.state not in states:
        raise OrderError(f"The order {order.order_id} is {order.state.value} and cannot be {verb}; {advice}.")


_BELOW_MINIMUM = (
    "The order {} comes to {:,.2f} {}, {}; raise quantities with `stocktrim orders change`, or approve it with "
    "--even-if-below-minimum."
)
