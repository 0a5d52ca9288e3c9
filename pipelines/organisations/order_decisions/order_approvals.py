"""A person approves orders: of many all are approved, or none.

What belongs here: from the orders chosen to their approvals in the ledger. What does not: whether one can be approved
(`pipelines/purchasing`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.errors import UsageError
from pipelines.organisations.order_decisions.order_desk import OrderDesk
from pipelines.purchasing.orders import Order, OrderState


class NotApprovedError(UsageError):
    """Some of the orders cannot be approved, so none is; `refused` has each of these with its reason."""

    def __init__(self, refused: Sequence[tuple[Order, str]], chosen: int) -> None:
        self.refused, self.chosen = refused, chosen
        super().__init__(
            refused[0][1] if chosen == 1
            else f"{len(refused)} of {chosen} orders cannot be approved, so none is. "
            + " ".join(dict.fromkeys(why for _, why in refused))
        )  # fmt: skip


@dataclass(frozen=True)
class ApprovedOrders:
    """The orders after their approvals, what a person should know, and why some wait for a second approval."""

    orders: Sequence[Order]
    notes: Sequence[str]
    waiting: Sequence[str]

    @property
    def to_be_sent(self) -> Sequence[Order]:
        """Those that need nobody else."""
        return [
            order for order in self.orders if order.state is OrderState.APPROVED and not order.awaits_second_approval
        ]


def approve_orders(
    desk: OrderDesk,
    chosen: Sequence[Order],
    *,
    by: str,
    is_stale_accepted: bool = False,
    is_below_minimum_accepted: bool = False,
    ask: Callable[[], None] = lambda: None,
) -> ApprovedOrders:
    """Approve orders of the ledger; each supplier is looked up in Xero as it is now.

    `ask` is called once all can be approved, before anything is written.

    Raises:
        NotApprovedError: some cannot be approved.
        OrderChangedError: somebody else decided on one of them since; the sentence says what.
    """
    found = desk.approvals(
        chosen, by=by, is_stale_accepted=is_stale_accepted, is_below_minimum_accepted=is_below_minimum_accepted
    )
    if found.refused:
        raise NotApprovedError(found.refused, len(chosen))
    ask()
    decided = desk.opened.ledger.append_all(found.events)
    waiting = [
        f"{order.purchase_order_number}: {why}"
        for order in decided
        if order.awaits_second_approval and (why := desk.rule.remark(order))
    ]
    return ApprovedOrders(decided, found.notes, waiting)
