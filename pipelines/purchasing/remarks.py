"""What a person should know about an order now: why it waits, Xero's answer, other orders of the same products.

What belongs here: the sentences about an order, and the other orders that have its products, pure.
What does not: deciding on it (`transitions.py`) and finding out what Xero holds (`xero_matching.py`).
Read more in docs/operations.md.
"""

from collections.abc import Callable, Iterable

from pipelines.purchasing.orders import Order, OrderError, OrderState
from pipelines.purchasing.rejections import rejected_before
from pipelines.purchasing.sending.push import NOT_YET_KNOWN, waits_as_stale
from pipelines.purchasing.sending.xero_matching import in_xero
from pipelines.purchasing.xero_changes import XeroChanges

OPEN_STATES = (OrderState.DRAFT, OrderState.APPROVED, OrderState.SENDING, OrderState.FAILED)
"""Orders that still need a person or a run; a sent order lives on in Xero."""

GONE_FROM_XERO = ("sent_order_deleted_in_xero", "sent_order_missing_in_xero")
"""The problems of a sent order that Xero no longer has."""

ENDED_STATES = (OrderState.SENT, OrderState.REJECTED, OrderState.SUPERSEDED)


def remarks(
    order: Order,
    *,
    is_stale: Callable[[Order], bool],
    others: Iterable[Order] = (),
    changes: XeroChanges | None = None,
    since_sent: str = "",
) -> list[str]:
    """What a person should know about an order: sentences without a full stop; usually none.

    `since_sent` is what a later load found about it in Xero.
    """
    waits = STALE if waits_as_stale(order, is_stale) else ""
    again = ""
    if order.state is OrderState.FAILED and (holding := holding_the_same_goods(order, others)):
        again = f"some of its products are now also on {_named(holding)}"
    facts = "" if order.state in ENDED_STATES else order.remark
    of_xero = changes.remarks if changes is not None else []
    others = list(others)
    found = (*_about_state(order, since_sent), *of_xero, waits, again, facts, _beside(order, others))
    found += (rejected_before(order, others),)
    return [sentence for sentence in found if sentence]


def _beside(order: Order, others: Iterable[Order]) -> str:
    """What a draft below its supplier's minimum comes to with other drafts to the supplier; empty if there are none."""
    if order.state is not OrderState.DRAFT or not order.is_below_minimum:
        return ""
    same = [
        other for other in others
        if other.order_id != order.order_id and other.state is OrderState.DRAFT and other.lines
        and (other.supplier_id, other.currency) == (order.supplier_id, order.currency)
    ]  # fmt: skip
    if not same:
        return ""
    value = order.value + sum(other.value for other in same)
    return (
        f"with {', '.join(other.purchase_order_number for other in same)} to the same supplier it comes to "
        f"{value:,.2f} {order.currency}: merged they are one order"
    )


def _about_state(order: Order, since_sent: str) -> list[str]:
    match order.state:
        case OrderState.SENDING:
            return [NOT_YET_KNOWN.rstrip(".")]
        case OrderState.FAILED:
            return [f"Xero refused it: {order.failure}".rstrip(".")]
        case OrderState.SENT:
            return [in_xero(order).rstrip("."), "" if order.is_deleted_in_xero else _clause(since_sent)]
        case OrderState.DRAFT | OrderState.APPROVED | OrderState.REJECTED | OrderState.SUPERSEDED:
            return []


def holding_the_same_goods(order: Order, others: Iterable[Order]) -> list[Order]:
    """The open or sent orders with a product of this order that were drafted after its approval."""
    codes = {line.product_code for line in order.lines}
    return [
        later for later in others
        if later.order_id != order.order_id
        and later.state in {OrderState.DRAFT, OrderState.APPROVED, OrderState.SENDING, OrderState.SENT}
        and (order.approved_at is None or later.drafted_at > order.approved_at)
        and not codes.isdisjoint(line.product_code for line in later.lines)
    ]  # fmt: skip


def check_not_ordered_twice(order: Order, others: Iterable[Order]) -> None:
    """Check that a refused order may be approved again: its products are on no newer order.

    Raises:
        OrderError: they are, since a plan suggests the products of a refused order again.
    """
    if order.state is OrderState.FAILED and (holding := holding_the_same_goods(order, others)):
        raise OrderError(
            f"The order {order.purchase_order_number} would order products twice: since Xero refused it, some of them "
            f"are on {_named(holding)}. Reject this order; or reject those drafts, and approve this order again."
        )


def check_not_drafted_since(order: Order, others: Iterable[Order]) -> None:
    """Check that a rejected or refused order may be a draft again: its products are on no order that was drafted since.

    Raises:
        OrderError: they are, since a plan suggests the products of such an order again.
    """
    if order.state not in {OrderState.REJECTED, OrderState.FAILED}:
        return
    holding = [
        later for later in holding_the_same_goods(order, others)
        if later.drafted_at > order.drafted_at and order.order_id not in later.made_from
        and later.order_id not in order.made_from
    ]  # fmt: skip
    if holding:
        raise OrderError(
            f"The order {order.purchase_order_number} would order products twice: some of them are on "
            f"{_named(holding)}, drafted since. Reject that first, or leave this order as it is."
        )


def _clause(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")


def _named(orders: Iterable[Order]) -> str:
    return ", ".join(f"{order.purchase_order_number} ({order.state.value})" for order in orders)


STALE = (
    "it is not sent because its data are old: reject it, load and plan again; or approve it again although they are old"
)
