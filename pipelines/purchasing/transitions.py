"""Which event may follow which: each decision on an order is its next event, or one sentence why not.

What belongs here: the checks before an event, pure. What does not: what an event makes of an order (`orders.py`), the
store (`store/order_ledger.py`) and Xero (`push.py`).
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from pipelines.purchasing.events import (
    Approved,
    LineDifference,
    PushNotReached,
    PushStarted,
    Rejected,
    Reopened,
    Superseded,
)
from pipelines.purchasing.orders import Order, OrderError, OrderState, apply_event, body_hash

QUANTITY_DECIMALS = 4
LARGEST_QUANTITY = Decimal(10**9)


def is_xero_quantity(quantity: Decimal) -> bool:
    """Whether Xero accepts this quantity on an order unchanged.

    >>> [is_xero_quantity(Decimal(text)) for text in ("48", "0.0001", "0", "-1", "0.00001", "1e9", "nan", "inf")]
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
    """The event of a person approving the order as it is now, or a failed order for another attempt.

    An approved order is approved again only if that changes something: to send it although its data are old, or under
    its products' current codes. An order below its supplier's minimum is accepted once, since it cannot change later.
    `supplier` is the id and name of the contact that Xero merged the supplier into. `renamed_products` maps drafted
    codes to current ones. What is approved and sent is the order with them.

    Raises:
        OrderError: the order is neither a draft nor failed, has no lines or a line that Xero would not accept, or is
            below the minimum and that was not accepted.
    """
    is_news = bool(renamed_products) or (is_stale_accepted and not order.is_stale_accepted)
    again = {OrderState.APPROVED} if is_news or body_hash(order) != order.approved_hash else set()
    check_state(order, {OrderState.DRAFT, OrderState.FAILED} | again, "approved", "its history says why")
    if not order.lines:
        raise OrderError(f"The order {order.purchase_order_number} has no lines left; reject it.")
    _check_quantities(order)
    is_below_minimum_accepted |= order.is_below_minimum_accepted
    if order.is_below_minimum and not is_below_minimum_accepted:
        raise OrderError(
            _BELOW_MINIMUM.format(order.purchase_order_number, order.value, order.currency, order.minimum_remark)
        )
    supplier_id, supplier_name = supplier or ("", "")
    event = Approved(
        order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, body_hash="",
        is_stale_accepted=is_stale_accepted, is_below_minimum_accepted=is_below_minimum_accepted,
        supplier_id=supplier_id, supplier_name=supplier_name, renamed_products=renamed_products or {},
    )  # fmt: skip
    return msgspec.structs.replace(event, body_hash=body_hash(apply_event(order, event)))


def _check_quantities(order: Order) -> None:
    for line in order.lines:
        if not is_xero_quantity(line.quantity) or not line.quantity:
            raise OrderError(
                f"Xero does not accept {line.quantity:,} units of {line.product_code} on "
                f"{order.purchase_order_number}: give the line another quantity, or remove it."
            )


def reject(order: Order, *, by: str, at: datetime, reason: str = "") -> Rejected:
    """The event of a person rejecting the order, before it is sent.

    Raises:
        OrderError: it is being sent, was sent, or has ended.
    """
    is_over = order.state in {OrderState.REJECTED, OrderState.SUPERSEDED}
    advice = "nothing more will happen to it" if is_over else "change it in Xero instead"
    check_state(order, {OrderState.DRAFT, OrderState.APPROVED, OrderState.FAILED}, "rejected", advice)
    return Rejected(order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, reason=reason)


def reopen(order: Order, *, by: str, at: datetime, reason: str = "") -> Reopened:
    """The event of a person making a draft again of an approved, rejected or refused order.

    Raises:
        OrderError: it is in another state, or it may be in Xero.
    """
    states = {OrderState.APPROVED, OrderState.REJECTED, OrderState.FAILED}
    check_state(order, states, "reopened", "only an approved, rejected or refused order can be")
    if not order.is_surely_not_in_xero:
        raise OrderError(
            f"The order {order.purchase_order_number} may be in Xero and cannot be reopened; look for it there, then "
            f"approve it again or reject it."
        )
    return Reopened(order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, reason=reason)


def supersede(
    order: Order,
    *,
    plan_id: str,
    by: str,
    at: datetime,
    replaced_by: str = "",
    changes: tuple[LineDifference, ...] = (),
) -> Superseded:
    """The event of a newer plan replacing an untouched draft."""
    check_state(order, {OrderState.DRAFT}, "superseded", "it has been decided on")
    return Superseded(
        order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, plan_id=plan_id, replaced_by=replaced_by,
        changes=changes,
    )  # fmt: skip


def start_push(order: Order, *, by: str, at: datetime) -> PushStarted:
    """The event written before Xero is called.

    Raises:
        OrderError: the order is not approved, or is not what was approved.
    """
    check_state(order, {OrderState.APPROVED, OrderState.SENDING}, "sent", "approve it first")
    if body_hash(order) != order.approved_hash:
        raise OrderError(f"The order {order.purchase_order_number} differs from what was approved; approve it again.")
    return PushStarted(order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, attempt=order.attempt + 1)


def push_not_reached(order: Order, *, by: str, at: datetime) -> PushNotReached:
    """The event of a call that certainly changed nothing in Xero: the order is as it was before."""
    return PushNotReached(order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by)


def check_state(order: Order, states: set[OrderState], verb: str, advice: str) -> None:
    """Check that an order is in one of these states.

    Raises:
        OrderError: it is not; the sentence says what cannot be done with it, and the advice.
    """
    if order.state not in states:
        raise OrderError(
            f"The order {order.purchase_order_number} is {order.state.value} and cannot be {verb}; {advice}."
        )


_BELOW_MINIMUM = (
    "The order {} is worth {:,.2f} {}, {}; raise quantities, or approve it although it is below the minimum."
)
