"""An order is what its events make of it; a decision is the next event, or one sentence why not.

What belongs here: the fold and the decisions, pure. What does not: the store (`ledger.py`) and Xero (`push.py`).

    draft ──► approved ──► sending ──► sent
      │ ╲         │  ╰◄──────╯╰──► failed ──► approved again, or rejected
      │  ╲        ╰──► rejected
      │   ╰──► rejected
      ╰──► superseded (a newer plan, while nobody had touched it)

An order whose call surely did nothing in Xero is approved as before. What may be in Xero is looked for there before it
is sent again: it is then sent (or failed) without another try.

Read more in docs/operations.md.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import reduce
from typing import Any

import msgspec

from pipelines.errors import UsageError
from pipelines.product_codes import find_product
from pipelines.purchasing.events import (
    CENT,
    Approved,
    Drafted,
    Event,
    LineChanged,
    OrderLine,
    Pushed,
    PushFailed,
    PushNotReached,
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
    """The state of an order."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


SUPPLY_STATES = frozenset({State.APPROVED, State.SENDING, State.SENT})
"""What a person approved and Xero has not refused: goods to come, until Xero's own list says so or otherwise."""


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
    drafted_arrival_date: date
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
    may_be_in_xero: bool = False
    before_push: tuple[State, bool] | None = None
    first_push_at: datetime | None = None
    pushed: Pushed | None = None
    failure: str = ""
    xero_price_decimals: int = 0

    @property
    def purchase_order_number(self) -> str:
        """The number under which Xero knows the order: made from its id alone, it never changes."""
        return NUMBER_PREFIX + self.order_id

    @property
    def purchase_order_id(self) -> str:
        """Xero's id of the order, empty until it is known."""
        return self.pushed.purchase_order_id if self.pushed else ""

    @property
    def is_deleted_in_xero(self) -> bool:
        """Whether Xero said that the order was deleted when it was read back."""
        return self.pushed is not None and self.pushed.status == "DELETED"

    @property
    def reference(self) -> str:
        """What the order says of itself in Xero, whatever number a person gives it there."""
        return f"plan {self.plan_id}"

    @property
    def expected_arrival_date(self) -> date:
        """When its last line is expected: the one date that Xero has for an order."""
        return max((self.arrival_of(line) for line in self.lines), default=self.drafted_arrival_date)

    def arrival_of(self, line: OrderLine) -> date:
        """When a line is expected; the order's date where the line has none of its own."""
        return line.expected_arrival_date or self.drafted_arrival_date

    @property
    def value(self) -> Decimal:
        """What the order costs at the prices that are sent, in its currency."""
        return sum((line.value for line in self.lines), Decimal("0.00"))

    def value_at(self, decimals: int) -> Decimal:
        """What the order costs where Xero keeps prices with so many decimals."""
        return sum((line.value_at(decimals) for line in self.lines), Decimal("0.00"))

    @property
    def is_below_minimum(self) -> bool:
        """Whether the supplier asks for an order of more."""
        return self.value < self.minimum_order_value

    @property
    def remark(self) -> str:
        """What a person should know of the order itself; mostly nothing."""
        return "; ".join(filter(None, [_below_minimum(self), rounding(self)]))


def _below_minimum(order: Order) -> str:
    if not order.is_below_minimum:
        return ""
    return f"below the supplier's minimum order value of {order.minimum_order_value:,.2f} {order.currency}"


def rounding(order: Order) -> str:
    """By how much Xero's rounding of prices changes what the order comes to: read back once sent, else foretold.

    >>> line = OrderLine("BAG", "Bag", Decimal(10631), Decimal("0.0040"), price_decimals=4)
    >>> drafted = Drafted(order_id="1", sequence=1, at=datetime(2026, 3, 2), by="plan", plan_id="p", supplier_id="s",
    ...     supplier_name="S", currency="GBP", order_date=date(2026, 3, 2), expected_arrival_date=date(2026, 3, 9),
    ...     lines=(line,))
    >>> rounding(fold([drafted]))
    'Xero may round its prices to two decimals: the order would then come to 0.00 GBP there instead of 42.52'
    """
    exact = sum(((line.quantity * line.unit_cost).quantize(CENT, ROUND_HALF_UP) for line in order.lines), Decimal(0))
    if order.pushed is not None:
        held = order.pushed.value
        if held is None or order.pushed.is_changed or held == order.value == exact:
            return ""
        return f"Xero holds it at {held:,.2f} {order.currency}, not {exact:,.2f}: it rounds prices"
    if order.value != exact:
        return f"prices are rounded: it comes to {order.value:,.2f} {order.currency} in Xero instead of {exact:,.2f}"
    rounded = order.value_at(2)
    if order.xero_price_decimals or rounded == order.value:
        return ""
    return (
        f"Xero may round its prices to two decimals: the order would then come to {rounded:,.2f} {order.currency} "
        f"there instead of {order.value:,.2f}"
    )


def new_order_id(day: date) -> str:
    """A new order's id: its day, and six characters that no other order of the day has."""
    return f"{day:%Y%m%d}-{base64.b32encode(secrets.token_bytes(5)).decode()[:6]}"


def fold(events: Iterable[Event]) -> Order:
    """The order that its events, in sequence, make."""
    first, *rest = events
    if not isinstance(first, Drafted):
        raise TypeError(first)
    return reduce(after, rest, _drafted(first))


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
        drafted_arrival_date=event.expected_arrival_date,
        lines=event.lines,
        drafted_at=event.at,
        data_loaded_at=event.data_loaded_at,
        minimum_order_value=event.minimum_order_value,
        xero_price_decimals=event.xero_price_decimals,
    )


def after(order: Order, event: Event) -> Order:
    """The order once something has happened to it."""
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


def _approved(order: Order, event: Any) -> dict[str, Any]:
    return {
        "state": State.APPROVED, "approved_at": event.at, "approved_by": event.by, "approved_hash": event.body_hash,
        "is_stale_accepted": event.is_stale_accepted, "is_below_minimum_accepted": event.is_below_minimum_accepted,
        "failure": "", "supplier_id": event.supplier_id or order.supplier_id,
        "supplier_name": event.supplier_name or order.supplier_name,
        "lines": tuple(_renamed(line, event.renamed_products) for line in order.lines),
    }  # fmt: skip


def _renamed(line: OrderLine, codes: Mapping[str, str]) -> OrderLine:
    return msgspec.structs.replace(line, product_code=codes.get(line.product_code, line.product_code))


def _push_started(order: Order, event: Any) -> dict[str, Any]:
    return {
        "state": State.SENDING, "attempt": event.attempt, "may_be_in_xero": True,
        "before_push": (order.state, order.may_be_in_xero), "first_push_at": order.first_push_at or event.at,
    }  # fmt: skip


def _push_not_reached(order: Order, _: Any) -> dict[str, Any]:
    """As before the call: what may be in Xero since an earlier one is still being sent."""
    state, may_be_in_xero = order.before_push or (State.APPROVED, False)
    return {"state": state, "may_be_in_xero": may_be_in_xero}


_CHANGES: dict[type[Any], Callable[[Order, Any], dict[str, Any]]] = {
    LineChanged: _line_changed,
    Approved: _approved,
    Rejected: lambda _, __: {"state": State.REJECTED},
    Superseded: lambda _, __: {"state": State.SUPERSEDED},
    PushStarted: _push_started,
    PushNotReached: _push_not_reached,
    Pushed: lambda _, event: {"state": State.SENT, "pushed": event},
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
    supplier: tuple[str, str] | None = None,
    renamed_products: Mapping[str, str] | None = None,
) -> Approved:
    """The event of a person approving the order as it stands, or a failed one for another try.

    An approved order is approved again only where that says something new: to send it although its data are old, or
    under the codes that its products have now.
    That an order is below its supplier's minimum is accepted once, for it cannot change after that.
    `supplier` is the id and name of the contact that Xero has merged the supplier into, `renamed_products` the current
    codes by the drafted ones: what is approved, and sent, is the order with them.

    Raises:
        OrderError: the order is neither a draft nor failed, is empty, or below the minimum without a deliberate word.
    """
    is_news = bool(renamed_products) or (is_stale_accepted and not order.is_stale_accepted)
    again = {State.APPROVED} if is_news or body_hash(order) != order.approved_hash else set()
    _must_be(order, {State.DRAFT, State.FAILED} | again, "approved", "see `stocktrim orders show`")
    if not order.lines:
        raise OrderError(f"The order {order.order_id} has no lines left; reject it.")
    is_below_minimum_accepted |= order.is_below_minimum_accepted
    if order.is_below_minimum and not is_below_minimum_accepted:
        raise OrderError(_BELOW_MINIMUM.format(order.order_id, order.value, order.currency, _below_minimum(order)))
    supplier_id, supplier_name = supplier or ("", "")
    event = Approved(
        order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, body_hash="",
        is_stale_accepted=is_stale_accepted, is_below_minimum_accepted=is_below_minimum_accepted,
        supplier_id=supplier_id, supplier_name=supplier_name, renamed_products=renamed_products or {},
    )  # fmt: skip
    return msgspec.structs.replace(event, body_hash=body_hash(after(order, event)))


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


def push_not_reached(order: Order, *, by: str, at: datetime) -> PushNotReached:
    """The event of a call that surely did nothing in Xero: the order is as it was before it."""
    return PushNotReached(order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by)


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
