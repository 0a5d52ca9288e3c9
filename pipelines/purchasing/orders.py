"""An order, and what each event makes of it.

What belongs here: an order's state, and the fold of its events, pure. What does not: which event may come next
(`transitions.py`), the store (`store/order_ledger.py`) and Xero (`push.py`).

    draft ──► approved ──► sending ──► sent
      │ ╲         │  ╰◄──────╯╰──► failed ──► approved again, or rejected
      │  ╲        ╰──► rejected
      │   ╰──► rejected
      ╰──► superseded (a newer plan, while nobody had touched it)

If a call certainly changed nothing in Xero, the order is approved as before. An order that may be in Xero is looked up
there before it is sent again.

Read more in docs/operations.md.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import reduce
from typing import assert_never

import msgspec

from pipelines.errors import UsageError
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


class OrderError(UsageError):
    """The decision cannot be made for this order as it stands now."""


class OrderState(StrEnum):
    """The state of an order."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


SUPPLY_STATES = frozenset({OrderState.APPROVED, OrderState.SENDING, OrderState.SENT})
"""States that count as supply: approved by a person, not refused by Xero, until Xero's own list shows the order."""


@dataclass(frozen=True)
class Order:
    """An order after its events."""

    order_id: str
    sequence: int
    state: OrderState
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
    before_push: tuple[OrderState, bool] | None = None
    first_push_at: datetime | None = None
    pushed: Pushed | None = None
    failure: str = ""
    xero_price_decimals: int = 0

    @property
    def purchase_order_number(self) -> str:
        """The order's number in Xero; it is made from the id alone and never changes."""
        return NUMBER_PREFIX + self.order_id

    @property
    def purchase_order_id(self) -> str:
        """Xero's id of the order, empty until it is known."""
        return self.pushed.purchase_order_id if self.pushed else ""

    @property
    def is_deleted_in_xero(self) -> bool:
        """Whether the order was deleted in Xero when it was read back."""
        return self.pushed is not None and self.pushed.status == "DELETED"

    @property
    def reference(self) -> str:
        """The order's reference in Xero: its plan. It stays when a person changes the number there."""
        return f"plan {self.plan_id}"

    @property
    def expected_arrival_date(self) -> date:
        """When the last line is expected: Xero has a single date for an order."""
        return max((self.arrival_of(line) for line in self.lines), default=self.drafted_arrival_date)

    def arrival_of(self, line: OrderLine) -> date:
        """When a line is expected; the order's date if the line has none."""
        return line.expected_arrival_date or self.drafted_arrival_date

    @property
    def value(self) -> Decimal:
        """The order's value at the prices that are sent, in its currency."""
        return sum((line.value for line in self.lines), Decimal("0.00"))

    def value_at(self, decimals: int) -> Decimal:
        """The order's value if Xero keeps this number of decimals of a price."""
        return sum((line.value_at(decimals) for line in self.lines), Decimal("0.00"))

    @property
    def is_below_minimum(self) -> bool:
        """Whether the order is below the supplier's minimum order value."""
        return self.value < self.minimum_order_value

    @property
    def remark(self) -> str:
        """What a person should know about the order's value; usually empty."""
        return "; ".join(filter(None, [self.minimum_remark, rounding(self)]))

    @property
    def minimum_remark(self) -> str:
        """A clause if the order is below its supplier's minimum; empty if it is not."""
        if not self.is_below_minimum:
            return ""
        return f"below the supplier's minimum order value of {self.minimum_order_value:,.2f} {self.currency}"


def rounding(order: Order) -> str:
    """A clause if Xero's rounding of prices changes the order's value: as read back, or as expected before sending.

    >>> line = OrderLine("BAG", "Bag", Decimal(10631), Decimal("0.0040"), price_decimals=4)
    >>> drafted = Drafted(order_id="1", sequence=1, at=datetime(2026, 3, 2), by="plan", plan_id="p", supplier_id="s",
    ...     supplier_name="S", currency="GBP", order_date=date(2026, 3, 2), expected_arrival_date=date(2026, 3, 9),
    ...     lines=(line,))
    >>> rounding(fold([drafted]))
    'Xero may round its prices to two decimals: its value there would be 0.00 GBP instead of 42.52'
    """
    exact = sum(((line.quantity * line.unit_cost).quantize(CENT, ROUND_HALF_UP) for line in order.lines), Decimal(0))
    if order.pushed is not None:
        held = order.pushed.value
        if held is None or order.pushed.is_changed or held == order.value == exact:
            return ""
        return f"Xero rounds prices: its value there is {held:,.2f} {order.currency} instead of {exact:,.2f}"
    if order.value != exact:
        return f"prices are rounded: its value in Xero is {order.value:,.2f} {order.currency} instead of {exact:,.2f}"
    rounded = order.value_at(2)
    if order.xero_price_decimals or rounded == order.value:
        return ""
    return (
        f"Xero may round its prices to two decimals: its value there would be {rounded:,.2f} {order.currency} "
        f"instead of {order.value:,.2f}"
    )


def new_order_id(day: date) -> str:
    """A new order's id: its day and six random characters."""
    return f"{day:%Y%m%d}-{base64.b32encode(secrets.token_bytes(5)).decode()[:6]}"


def fold(events: Iterable[Event]) -> Order:
    """The order after its events, in sequence.

    Raises:
        ValueError: the first event does not draft the order, or a later one does.
    """
    first, *rest = events
    if not isinstance(first, Drafted):
        raise ValueError(f"The first event of the order {first.order_id} does not draft it.")  # noqa: TRY004, no type is wrong
    return reduce(apply_event, rest, _drafted(first))


def _drafted(event: Drafted) -> Order:
    return Order(
        order_id=event.order_id,
        sequence=event.sequence,
        state=OrderState.DRAFT,
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


def apply_event(order: Order, event: Event) -> Order:
    """The order after its next event.

    Raises:
        ValueError: the event drafts the order a second time.
    """
    match event:
        case Drafted():
            raise ValueError(f"The order {order.order_id} is drafted twice.")
        case LineChanged():
            changed = _with_quantity(order, event)
        case Approved():
            changed = _approved(order, event)
        case Rejected():
            changed = replace(order, state=OrderState.REJECTED)
        case Superseded():
            changed = replace(order, state=OrderState.SUPERSEDED)
        case PushStarted():
            changed = _push_started(order, event)
        case PushNotReached():
            changed = _push_not_reached(order)
        case Pushed():
            changed = replace(order, state=OrderState.SENT, pushed=event)
        case PushFailed():
            changed = replace(order, state=OrderState.FAILED, failure=event.reason)
        case _:
            assert_never(event)
    return replace(changed, sequence=event.sequence)


def _with_quantity(order: Order, event: LineChanged) -> Order:
    """The order with another quantity of a product; a quantity of 0 takes its line out."""
    changed = (
        msgspec.structs.replace(line, quantity=event.quantity) if line.product_code == event.product_code else line
        for line in order.lines
    )
    taken_out = order.taken_out | ({event.product_code} if event.quantity == 0 else set())
    lines = tuple(line for line in changed if line.quantity > 0)
    return replace(order, is_edited=True, lines=lines, taken_out=taken_out)


def _approved(order: Order, event: Approved) -> Order:
    return replace(
        order, state=OrderState.APPROVED, approved_at=event.at, approved_by=event.by, approved_hash=event.body_hash,
        is_stale_accepted=event.is_stale_accepted, is_below_minimum_accepted=event.is_below_minimum_accepted,
        failure="", supplier_id=event.supplier_id or order.supplier_id,
        supplier_name=event.supplier_name or order.supplier_name,
        lines=tuple(_renamed(line, event.renamed_products) for line in order.lines),
    )  # fmt: skip


def _renamed(line: OrderLine, codes: Mapping[str, str]) -> OrderLine:
    return msgspec.structs.replace(line, product_code=codes.get(line.product_code, line.product_code))


def _push_started(order: Order, event: PushStarted) -> Order:
    return replace(
        order, state=OrderState.SENDING, attempt=event.attempt, may_be_in_xero=True,
        before_push=(order.state, order.may_be_in_xero), first_push_at=order.first_push_at or event.at,
    )  # fmt: skip


def _push_not_reached(order: Order) -> Order:
    """The order as it was before the call; if an earlier call may have reached Xero, it is still being sent."""
    state, may_be_in_xero = order.before_push or (OrderState.APPROVED, False)
    return replace(order, state=state, may_be_in_xero=may_be_in_xero)


def body_hash(order: Order) -> str:
    """The fingerprint of everything that would be sent, to compare what is sent with what was approved."""
    content = (order.supplier_id, order.currency, order.order_date, order.expected_arrival_date, order.plan_id,
               [(line.product_code, str(line.quantity), str(line.sent_price)) for line in order.lines])  # fmt: skip
    return hashlib.sha256(repr(content).encode()).hexdigest()


def push_key(orders: Sequence[Order]) -> str:
    """A key for sending exactly these orders as they were approved; every attempt has the same key."""
    approvals = sorted((order.order_id, str(order.approved_at), order.approved_hash) for order in orders)
    return hashlib.sha256(repr(approvals).encode()).hexdigest()[:32]
