"""An order, and what each event makes of it.

What belongs here: the fold of its events, pure. What does not: an order's record (`order_record.py`), which event may
come next (`transitions.py`), the store (`store/order_ledger.py`) and Xero (`push.py`).

    draft ──► approved ──► sending ──► sent
      │ ╲         │  ╰◄──────╯╰──► failed ──► approved again, or rejected
      │  ╲        ╰──► rejected
      │   ╰──► rejected
      ╰──► superseded (by a newer plan, while nobody had touched it; or merged into another order)

    approved, failed, rejected ──► draft again, while it is surely not in Xero

If a call certainly changed nothing in Xero, the order is approved as before. An order that may be in Xero is looked up
there before it is sent again.

Read more in docs/operations.md.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import assert_never

import msgspec

from pipelines.purchasing.events import (
    Approved,
    Confirmed,
    Drafted,
    Event,
    FirstApproved,
    HeaderChanged,
    LineAdded,
    LineChanged,
    LineDropped,
    Merged,
    MergedInto,
    OrderLine,
    Pushed,
    PushFailed,
    PushNotReached,
    PushStarted,
    Rejected,
    Reopened,
    Split,
    Superseded,
)
from pipelines.purchasing.order_record import NUMBER_PREFIX, SUPPLY_STATES, Order, OrderError, OrderState, rounding

__all__ = [
    "NUMBER_PREFIX", "SUPPLY_STATES", "Order", "OrderError", "OrderState", "apply_event", "body_hash", "fold",
    "new_order_id", "push_key", "rounding",
]  # fmt: skip


def new_order_id(day: date) -> str:
    """A new order's id: its day and six random characters.

    >>> new_order_id(date(2026, 3, 2))[:9]
    '20260302-'
    """
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
        is_edited=event.is_by_person,
        is_by_person=event.is_by_person,
        is_chosen=event.is_by_person,
        has_own_reference=event.is_by_person,
        made_from=event.made_from,
        note=event.note,
    )


def apply_event(order: Order, event: Event) -> Order:
    """The order after its next event.

    Raises:
        ValueError: the event drafts the order a second time.
    """
    match event:
        case Drafted():
            raise ValueError(f"The order {order.order_id} is drafted twice.")
        case LineAdded() | LineChanged() | LineDropped() | HeaderChanged() | Merged() | Split():
            changed = replace(_edited(order, event), first_approval=None)
        case Confirmed():
            changed = _confirmed(order, event)
        case Reopened():
            changed = _reopened(order)
        case FirstApproved():
            changed = replace(order, first_approval=event, is_edited=True)
        case Approved():
            changed = _approved(order, event)
        case Rejected() | MergedInto() | Superseded():
            changed = _ended(order, event)
        case PushStarted() | PushNotReached() | Pushed() | PushFailed():
            changed = _pushing(order, event)
        case _:
            assert_never(event)
    return replace(changed, sequence=event.sequence)


def _edited(order: Order, event: LineAdded | LineChanged | LineDropped | HeaderChanged | Merged | Split) -> Order:
    """The order after a person changed it."""
    match event:
        case LineAdded():
            return replace(
                order, is_edited=True, has_own_reference=True, lines=(*order.lines, event.line),
                taken_out=order.taken_out - {event.line.product_code},
            )  # fmt: skip
        case LineChanged():
            return _with_changed_line(order, event)
        case LineDropped():
            return _without_line(order, event.product_code)
        case HeaderChanged():
            return _with_header(order, event)
        case Merged():
            return replace(
                order, is_edited=True, is_chosen=True, has_own_reference=True, lines=event.lines,
                made_from=(*order.made_from, *event.from_orders), taken_out=frozenset(event.taken_out),
                data_loaded_at=event.data_loaded_at, minimum_order_value=event.minimum_order_value, note=event.note,
            )  # fmt: skip
        case Split():
            return replace(order, is_edited=order.is_edited or event.is_edited, lines=event.lines)
        case _:
            assert_never(event)


def _with_changed_line(order: Order, event: LineChanged) -> Order:
    """The order with another quantity, cost, date or note of a product; a quantity of 0 takes its line out."""
    if event.quantity == 0:
        return _without_line(order, event.product_code)
    changes = {
        name: value
        for name in ("quantity", "unit_cost", "expected_arrival_date", "note")
        if (value := getattr(event, name)) is not None
    }
    lines = tuple(
        msgspec.structs.replace(line, **changes) if line.product_code == event.product_code else line
        for line in order.lines
    )
    return replace(order, is_edited=True, lines=lines)


def _without_line(order: Order, product_code: str) -> Order:
    lines = tuple(line for line in order.lines if line.product_code != product_code)
    return replace(order, is_edited=True, lines=lines, taken_out=order.taken_out | {product_code})


def _with_header(order: Order, event: HeaderChanged) -> Order:
    """The order with other dates or another note; a new expected date is that of every line."""
    arrival = event.expected_arrival_date
    lines = order.lines
    if arrival is not None:
        lines = tuple(msgspec.structs.replace(line, expected_arrival_date=arrival) for line in lines)
    return replace(
        order, is_edited=True, lines=lines, drafted_arrival_date=arrival or order.drafted_arrival_date,
        order_date=event.order_date or order.order_date, note=order.note if event.note is None else event.note,
    )  # fmt: skip


def _ended(order: Order, event: Rejected | MergedInto | Superseded) -> Order:
    """The order after a person, a newer plan or a merger ended it."""
    if isinstance(event, Rejected):
        return replace(order, state=OrderState.REJECTED, rejection=event)
    successor = event.into_order if isinstance(event, MergedInto) else event.replaced_by
    return replace(order, state=OrderState.SUPERSEDED, replaced_by=successor)


def _confirmed(order: Order, event: Confirmed) -> Order:
    """The draft as the newer plan suggests it, under the names of that plan's day."""
    return replace(
        order, plan_id=event.plan_id, supplier_id=event.supplier_id, supplier_name=event.supplier_name,
        order_date=event.order_date, drafted_arrival_date=event.expected_arrival_date, drafted_at=event.at,
        lines=event.lines, data_loaded_at=event.data_loaded_at, minimum_order_value=event.minimum_order_value,
        xero_price_decimals=event.xero_price_decimals,
    )  # fmt: skip


def _reopened(order: Order) -> Order:
    """A draft again, of which a person has to decide anew."""
    return replace(
        order, state=OrderState.DRAFT, is_edited=True, approved_at=None, approved_by="", approved_hash="",
        is_stale_accepted=False, is_below_minimum_accepted=False, first_approval=None, failure="",
        rejection=None,
    )  # fmt: skip


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


def _pushing(order: Order, event: PushStarted | PushNotReached | Pushed | PushFailed) -> Order:
    """The order after a step of sending it."""
    match event:
        case PushStarted():
            return replace(
                order, state=OrderState.SENDING, attempt=event.attempt, may_be_in_xero=True,
                before_push=(order.state, order.may_be_in_xero), first_push_at=order.first_push_at or event.at,
                is_surely_not_in_xero=False, was_surely_not_in_xero=order.is_surely_not_in_xero,
            )  # fmt: skip
        case PushNotReached():
            # It is as it was before the call; if an earlier call may have reached Xero, it is still being sent.
            state, may_be_in_xero = order.before_push or (OrderState.APPROVED, False)
            return replace(
                order, state=state, may_be_in_xero=may_be_in_xero, is_surely_not_in_xero=order.was_surely_not_in_xero
            )
        case Pushed():
            return replace(order, state=OrderState.SENT, pushed=event, is_surely_not_in_xero=False)
        case PushFailed():
            is_sure = event.is_nothing_in_xero and order.was_surely_not_in_xero
            return replace(
                order, state=OrderState.FAILED, failure=event.reason, first_approval=None,
                is_surely_not_in_xero=is_sure,
            )  # fmt: skip
        case _:
            assert_never(event)


def body_hash(order: Order) -> str:
    """The fingerprint of everything that would be sent, to compare what is sent with what was approved.

    What orders of older ledgers do not have is left out, so that their fingerprints are as they were.
    """
    content: tuple[object, ...] = (
        order.supplier_id, order.currency, order.order_date, order.expected_arrival_date, order.plan_id,
        [(line.product_code, str(line.quantity), str(line.sent_price)) for line in order.lines],
    )  # fmt: skip
    notes = [order.note, *(line.note for line in order.lines)]
    content += (notes,) if any(notes) else ()
    content += (order.reference,) if order.has_own_reference else ()
    return hashlib.sha256(repr(content).encode()).hexdigest()


def push_key(orders: Sequence[Order]) -> str:
    """A key for sending exactly these orders as they were approved; every attempt has the same key."""
    approvals = sorted((order.order_id, str(order.approved_at), order.approved_hash) for order in orders)
    return hashlib.sha256(repr(approvals).encode()).hexdigest()[:32]
