"""What a person should know of an order as it stands now: why it waits, what Xero said, what else holds its goods.

What belongs here: putting together the sentences about an order, and the other orders that hold its goods, pure.
What does not: deciding on it (`transitions.py`) and finding out what Xero holds (`xero_matching.py`).
Read more in docs/operations.md.
"""

from collections.abc import Callable, Iterable

from pipelines.purchasing.orders import Order, OrderError, OrderState
from pipelines.purchasing.push import NOT_YET_KNOWN, waits_as_stale
from pipelines.purchasing.xero_changes import XeroChanges
from pipelines.purchasing.xero_matching import in_xero

OPEN_STATES = (OrderState.DRAFT, OrderState.APPROVED, OrderState.SENDING, OrderState.FAILED)
"""What still needs a person or a run; what was sent lives on in Xero."""

GONE_FROM_XERO = ("sent_order_deleted_in_xero", "sent_order_missing_in_xero")
"""The problems of a sent order that Xero does not hold any more."""

_ENDED = (OrderState.SENT, OrderState.REJECTED, OrderState.SUPERSEDED)


def remarks(
    order: Order,
    *,
    is_stale: Callable[[Order], bool],
    others: Iterable[Order] = (),
    changes: XeroChanges | None = None,
    since_sent: str = "",
) -> list[str]:
    """What a person should know of an order, a sentence each, without a full stop; mostly nothing.

    `since_sent` is what a later load saw become of it in Xero.
    """
    of_state = {
        OrderState.SENDING: [NOT_YET_KNOWN.rstrip(".")],
        OrderState.FAILED: [f"Xero refused it: {order.failure}".rstrip(".")],
        OrderState.SENT: [in_xero(order).rstrip("."), "" if order.is_deleted_in_xero else _clause(since_sent)],
    }.get(order.state, [])
    waits = STALE if waits_as_stale(order, is_stale) else ""
    again = ""
    if order.state is OrderState.FAILED and (holding := holding_the_same_goods(order, others)):
        again = f"some of its goods are on {_named(holding)} by now"
    facts = "" if order.state in _ENDED else order.remark
    of_xero = changes.remarks if changes is not None else []
    return [sentence for sentence in (*of_state, *of_xero, waits, again, facts) if sentence]


def holding_the_same_goods(order: Order, others: Iterable[Order]) -> list[Order]:
    """The orders, drafted after this one was approved and not ended, that hold one of its products."""
    codes = {line.product_code for line in order.lines}
    return [
        other for other in others
        if other.order_id != order.order_id
        and other.state in {OrderState.DRAFT, OrderState.APPROVED, OrderState.SENDING, OrderState.SENT}
        and (order.approved_at is None or other.drafted_at > order.approved_at)
        and not codes.isdisjoint(line.product_code for line in other.lines)
    ]  # fmt: skip


def check_not_ordered_twice(order: Order, others: Iterable[Order]) -> None:
    """Let a refused order be approved again only while its goods are on no newer order.

    Raises:
        OrderError: they are, since what Xero refuses may be suggested again.
    """
    if order.state is OrderState.FAILED and (holding := holding_the_same_goods(order, others)):
        raise OrderError(
            f"The order {order.order_id} would order goods twice: since Xero refused it some of them are on "
            f"{_named(holding)}. Reject this one, or reject the drafts among those and approve this one again."
        )


def _clause(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")


def _named(orders: Iterable[Order]) -> str:
    return ", ".join(f"{order.purchase_order_number} ({order.state.value})" for order in orders)


STALE = (
    "it is not sent, because its data are old: reject it, load and plan again, or approve it again with --even-if-stale"
)
