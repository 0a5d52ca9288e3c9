"""An order as it stands after its events: its lines, its state, its value.

What belongs here: what can be said of an order alone, pure. What does not: what an event makes of it (`orders.py`).
Read more in docs/operations.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from pipelines.errors import UsageError
from pipelines.purchasing.events import CENT, FirstApproved, OrderLine, Pushed, Rejected

NUMBER_PREFIX = "RP-"


class OrderError(UsageError):
    """The decision cannot be made for this order as it stands now."""


class NoSuchOrderError(OrderError):
    """The organisation has no such order."""


class OrderChangedError(OrderError):
    """Somebody else has decided on the order since a person saw it."""


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
    note: str = ""
    is_by_person: bool = False
    is_chosen: bool = False
    """Whether a person chose its lines: made it, or put lines together on it; other changes leave that to the plan."""
    has_own_reference: bool = False
    made_from: tuple[str, ...] = ()
    first_approval: FirstApproved | None = None
    rejection: Rejected | None = None
    replaced_by: str = ""
    is_surely_not_in_xero: bool = True
    was_surely_not_in_xero: bool = True

    @property
    def purchase_order_number(self) -> str:
        """The order's number in Xero; it is made from the id alone and never changes."""
        return NUMBER_PREFIX + self.order_id

    @property
    def purchase_order_id(self) -> str:
        """Xero's id of the order, empty until it is known."""
        return self.pushed.purchase_order_id if self.pushed else ""

    @property
    def awaits_second_approval(self) -> bool:
        """Whether the last thing that happened is the first of two approvals, whatever the order's state."""
        return self.first_approval is not None and self.first_approval.sequence == self.sequence

    @property
    def waits_for_a_person(self) -> bool:
        """Whether somebody has to decide on it: a draft with lines, one that Xero refused, one approved by one."""
        is_open = self.state in {OrderState.DRAFT, OrderState.FAILED} or (
            self.awaits_second_approval and self.state is OrderState.APPROVED
        )
        return is_open and bool(self.lines)

    def is_approved_since(self, planned_at: datetime | None) -> bool:
        """Whether it is supply that a plan of then does not know, as it was approved later; any is if none was made."""
        is_later = planned_at is None or (self.approved_at is not None and self.approved_at > planned_at)
        return self.state in SUPPLY_STATES and is_later

    @property
    def is_deleted_in_xero(self) -> bool:
        """Whether the order was deleted in Xero when it was read back."""
        return self.pushed is not None and self.pushed.status == "DELETED"

    @property
    def reference(self) -> str:
        """The order's reference in Xero: its plan. It stays when a person changes the number there.

        An order that a person composed refers to itself, since its products may be on another order of the plan.
        """
        return f"order {self.order_id}" if self.has_own_reference else f"plan {self.plan_id}"

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


def oldest_load(orders: Sequence[Order]) -> datetime | None:
    """When the oldest data of orders were loaded; None if that is not known of one of them."""
    loaded = [order.data_loaded_at for order in orders]
    return None if None in loaded else min(instant for instant in loaded if instant is not None)


def rounding(order: Order) -> str:
    """A clause if Xero's rounding of prices changes the order's value: as read back, or as expected before sending.

    >>> line = OrderLine("BAG", "Bag", Decimal(10631), Decimal("0.0040"), price_decimals=4)
    >>> rounding(Order("1", 1, OrderState.DRAFT, "p", "s", "S", "GBP", date(2026, 3, 2), date(2026, 3, 9), (line,),
    ...     datetime(2026, 3, 2)))
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
