"""What a person approves: the orders as they are now, what changed since they were seen, what needs a tick.

What belongs here: shaping the dialog. What does not: whether an order can be approved (`pipelines/purchasing`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from pipelines.organisations.order_decisions.order_desk import OrderDesk, totals
from pipelines.purchasing.order_history import history_of
from pipelines.purchasing.orders import Order
from planner.shown.orders_shown.order_rows import OrderRow


@dataclass(frozen=True)
class OrderToApprove:
    """An order in the dialog, with what happened since the page was opened."""

    row: OrderRow
    changes: Sequence[str]

    @property
    def order(self) -> Order:
        """The order as it is now."""
        return self.row.order


@dataclass(frozen=True)
class ApprovalView:
    """The orders that somebody is about to approve."""

    book: OrderDesk
    orders: Sequence[OrderToApprove]

    @cached_property
    def totals(self) -> dict[str, Decimal]:
        """What they come to, by currency."""
        return totals([one.order for one in self.orders])

    @cached_property
    def stale(self) -> Sequence[Order]:
        """Those whose data are old."""
        return [one.order for one in self.orders if self.book.is_stale(one.order)]

    @cached_property
    def below_minimum(self) -> Sequence[Order]:
        """Those below their supplier's minimum, unless that was accepted before."""
        return [
            one.order for one in self.orders
            if one.order.is_below_minimum and not one.order.is_below_minimum_accepted
        ]  # fmt: skip

    @property
    def changed(self) -> Sequence[OrderToApprove]:
        """Those that changed since they were seen."""
        return [one for one in self.orders if one.changes]


def approval_view(book: OrderDesk, seen: Mapping[str, int]) -> ApprovalView:
    """The dialog for orders by id, with the version of each that was seen.

    Raises:
        OrderError: there is no such order.
    """
    return ApprovalView(book, [_to_approve(book, order_id, version) for order_id, version in seen.items()])


def _to_approve(book: OrderDesk, order_id: str, version: int) -> OrderToApprove:
    order = book.order(order_id)
    changes = []
    if order.sequence > version:
        history = history_of(book.opened.ledger.history(order_id))
        changes = [entry.sentence for entry in history if entry.sequence > version]
    return OrderToApprove(OrderRow(order, book.remarks_of(order)), changes)
