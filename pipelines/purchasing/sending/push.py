"""Send approved orders to Xero, each exactly once, whatever breaks on the way.

What belongs here: the order of the steps that makes it so. What does not: HTTP (`pipelines.xero`) and storage.
Four safeguards, which together cover every failure that we know:
1. An event is written before the call to Xero, so that a crash is noticed.
2. The order's number never changes, and Xero keeps numbers unique.
3. An order that was tried before is looked up by its number before it is sent again.
4. The call carries an Idempotency-Key, a new one for each attempt: Xero remembers errors under a key, and soon forgets
   keys.
Read more in docs/operations.md.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Final, Protocol

import msgspec

from pipelines.errors import NotReachedError, OutcomeUnknownError, PlannerError, RequestRefusedError
from pipelines.purchasing.events import Event, OrderLine, Pushed, PushFailed
from pipelines.purchasing.orders import Order, OrderError, OrderState, apply_event
from pipelines.purchasing.sending.gateway import PurchaseOrderGateway
from pipelines.purchasing.sending.xero_matching import (
    ZERO_ID,
    XeroOrder,
    elements_of,
    identity_of,
    in_xero,
    instant_of,
    is_ours,
    is_same_order,
    kept_decimals,
    number_of,
)
from pipelines.purchasing.transitions import push_not_reached, start_push

log = logging.getLogger(__name__)

ORDERS_PER_CALL: Final = 50
BYTES_PER_CALL: Final = 3_000_000
LONGEST_DESCRIPTION: Final = 4000
_NOT_UNIQUE: Final = re.compile("order number must be unique", re.IGNORECASE)
_CLOCKS_DIFFER: Final = timedelta(days=1)
"""How far Xero's clock may be behind ours; far more than is likely."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class PushResult(StrEnum):
    """The result of sending an order."""

    SENT = "sent"
    ADOPTED = "adopted"
    DELETED = "deleted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    STALE = "stale"
    RENAMED = "renamed"


class OutcomesUnknownError(PlannerError):
    """It is not yet known whether Xero accepted some of the orders."""

    exit_code = 5


class NotSentError(PlannerError):
    """Xero could not be reached, so nothing was sent; the orders are as they were."""

    exit_code = 5
    is_passing: ClassVar[bool] = True


@dataclass(frozen=True)
class PushOutcome:
    """The result of sending an order, with a sentence."""

    order_id: str
    result: PushResult
    sentence: str


class Ledger(Protocol):
    """Where events are kept."""

    def append(self, event: Event) -> Order:
        """Write the next event of an order; return the order after it."""
        ...


@dataclass(frozen=True)
class _Sender:
    """What every step of one push needs."""

    gateway: PurchaseOrderGateway
    ledger: Ledger
    tenant_id: str
    push_status: str
    by: str
    now: Callable[[], datetime]
    known_numbers: frozenset[str]
    known_ids: set[str]


def push_orders(
    orders: Sequence[Order],
    *,
    gateway: PurchaseOrderGateway,
    ledger: Ledger,
    tenant_id: str,
    push_status: str,
    is_stale: Callable[[Order], bool],
    by: str,
    now: Callable[[], datetime],
    is_renamed: Callable[[Order], bool] = lambda _: False,
    others: Iterable[Order] = (),
) -> list[PushOutcome]:
    """Send the approved orders, and those that may have been sent before; return the outcome of each.

    An order is not sent if its data are old and nobody accepted that, or if its products were renamed since its
    approval. Orders that were never tried go first, many to a call. `others` are the ledger's remaining orders, so that
    what Xero holds of them is not taken for one of these.
    Expected outcomes are values. An error means that Xero cannot be reached now; nothing is lost, and an order that
    certainly was not sent stays approved.
    """
    known = [*orders, *others]
    sender = _Sender(
        gateway, ledger, tenant_id, push_status, by, now,
        known_numbers=frozenset(order.purchase_order_number.casefold() for order in known),
        known_ids={order.purchase_order_id.casefold() for order in known if order.purchase_order_id},
    )  # fmt: skip
    stale = [order for order in orders if waits_as_stale(order, is_stale)]
    renamed = [order for order in orders if order not in stale and is_renamed(order)]
    ready = [order for order in orders if order not in stale and order not in renamed]
    outcomes = [PushOutcome(order.order_id, PushResult.STALE, _STALE.format(order.order_id)) for order in stale]
    outcomes += [PushOutcome(order.order_id, PushResult.RENAMED, _RENAMED.format(order.order_id)) for order in renamed]
    for batch in _batches([order for order in ready if not order.may_be_in_xero], push_status):
        outcomes += _send(sender, batch)
    tried = [order for order in ready if order.may_be_in_xero]
    changed = _changed_since_first_push(sender, tried)
    return outcomes + [_send_again(sender, order, changed) for order in tried]


def waits_as_stale(order: Order, is_stale: Callable[[Order], bool]) -> bool:
    """Whether an approved order is held back because its data are old and nobody has accepted that."""
    return order.state is OrderState.APPROVED and not order.is_stale_accepted and is_stale(order)


def order_body(order: Order, *, push_status: str) -> dict[str, object]:
    """The order as Xero's API expects it; without a delivery date, so that it stays on order until goods arrive."""
    note = {"DeliveryInstructions": _CONTROL.sub("", order.note)} if order.note else {}
    return note | {
        "PurchaseOrderNumber": order.purchase_order_number,
        "Contact": {"ContactID": order.supplier_id},
        "Date": order.order_date.isoformat(),
        "ExpectedArrivalDate": order.expected_arrival_date.isoformat(),
        "CurrencyCode": order.currency,
        "Reference": order.reference,
        "Status": push_status,
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            {
                "ItemCode": line.product_code,
                "Description": _description(line) or line.product_code,
                "Quantity": _number(line.quantity),
                "UnitAmount": _number(line.sent_price),
            }
            for line in order.lines
        ],
    }


def _description(line: OrderLine) -> str:
    """The text for the supplier as Xero takes it; a note is kept, and a name that is too long beside it is cut."""
    too_long = len(line.description) - LONGEST_DESCRIPTION
    if line.note and too_long > 0:
        line = msgspec.structs.replace(line, product_name=line.product_name[:-too_long])
    return _CONTROL.sub("", line.description).strip()[:LONGEST_DESCRIPTION]


def documents_of(orders: Sequence[Order], *, push_status: str) -> list[dict[str, object]]:
    """Each order as Xero's API expects it: exactly what is sent."""
    return [order_body(order, push_status=push_status) for order in orders]


def _changed_since_first_push(sender: _Sender, orders: Sequence[Order]) -> list[XeroOrder]:
    """The orders created or changed in Xero since the first of these was tried, under whatever number."""
    first = min((order.first_push_at for order in orders if order.first_push_at is not None), default=None)
    return [] if first is None else sender.gateway.purchase_orders_changed_since(first - _CLOCKS_DIFFER)


def _send_again(sender: _Sender, order: Order, changed: Sequence[XeroOrder]) -> PushOutcome:
    """The outcome of an order that was tried before: it is looked up and, if not found, sent in a call of its own."""
    was_refused = order.state is OrderState.APPROVED
    found = (_look_up(sender, order) if was_refused else None) or _find(sender, order, changed)
    return found or _send(sender, [order])[0]


def _send(sender: _Sender, batch: Sequence[Order]) -> list[PushOutcome]:
    """The outcomes of sending orders in one call; if Xero refuses the whole call, of sending each alone."""
    started: list[Order] = []
    outcomes: list[PushOutcome] = []
    for order in batch:
        try:
            started.append(sender.ledger.append(start_push(order, by=sender.by, at=sender.now())))
        except OrderError as taken:
            outcomes.append(PushOutcome(order.order_id, PushResult.FAILED, str(taken)))
    if not started:
        return outcomes
    bodies = documents_of(started, push_status=sender.push_status)
    try:
        elements = sender.gateway.put_purchase_orders(bodies, idempotency_key=_key(sender, started, bodies))
    except OutcomeUnknownError:
        return outcomes + [_unknown(order) for order in started]
    except NotReachedError:
        for order in started:
            _is_written(sender, push_not_reached(order, by=sender.by, at=sender.now()))
        raise
    except RequestRefusedError as refused:
        if len(started) > 1:
            return outcomes + [_look_up(sender, order) or _send(sender, [order])[0] for order in started]
        return [*outcomes, _after_refusal(sender, started[0], str(refused))]
    return outcomes + [
        _unknown(order) if element is None else _read_element(sender, order, element)
        for order, element in zip(started, elements_of(started, elements), strict=True)
    ]


def _read_element(sender: _Sender, order: Order, element: dict[str, Any]) -> PushOutcome:
    errors = [str(error.get("Message")) for error in element.get("ValidationErrors") or []]
    if errors or element.get("StatusAttributeString") == "ERROR":
        return _after_refusal(sender, order, "; ".join(errors) or "no reason given")
    if identity_of(element) in {ZERO_ID, *sender.known_ids}:
        return _unknown(order)
    if not is_same_order(order, element):
        return _failed(sender, order, f"Xero has it with other lines than were sent; {_DECIDE}")
    return _pushed(sender, order, element, is_adopted=False)


def _after_refusal(sender: _Sender, order: Order, words: str) -> PushOutcome:
    if _NOT_UNIQUE.search(words):
        return _look_up(sender, order) or _unknown(order)
    return _failed(sender, order, words, is_nothing_in_xero=True)


def _look_up(sender: _Sender, order: Order) -> PushOutcome | None:
    """The outcome of an order that Xero has under its number, deleted or not; None if the number is free."""
    held = sender.gateway.purchase_order_by_number(order.purchase_order_number)
    return None if held is None or identity_of(held) in sender.known_ids else _compare(sender, order, held)


def _find(sender: _Sender, order: Order, changed: Sequence[XeroOrder]) -> PushOutcome | None:
    """The outcome of an order that Xero has under its number or a changed one; None if it has none."""
    unknown = [held for held in changed if identity_of(held) not in sender.known_ids]
    numbered = [held for held in unknown if number_of(held) == order.purchase_order_number.casefold()]
    ours = [held for held in unknown if is_ours(order, held, known_numbers=sender.known_numbers)]
    found = ours or numbered
    return _compare(sender, order, found[0]) if found else None


def _compare(sender: _Sender, order: Order, held: XeroOrder) -> PushOutcome:
    if is_same_order(order, held) or is_ours(order, held, known_numbers=sender.known_numbers):
        return _pushed(sender, order, held, is_adopted=True)
    return _failed(sender, order, f"Xero has another order with its number; {_DECIDE}")


def _pushed(sender: _Sender, order: Order, held: dict[str, Any], *, is_adopted: bool) -> PushOutcome:
    value = held.get("SubTotal")
    event = Pushed(
        order_id=order.order_id, sequence=order.sequence + 1, at=sender.now(), by=sender.by,
        purchase_order_id=str(held.get("PurchaseOrderID")), is_adopted=is_adopted,
        number=str(held.get("PurchaseOrderNumber") or ""), status=str(held.get("Status") or ""),
        is_changed=not is_same_order(order, held), value=None if value is None else Decimal(str(value)),
        price_decimals=kept_decimals(order, held), updated_at=instant_of(held.get("UpdatedDateUTC")),
    )  # fmt: skip
    if not _is_written(sender, event):
        return _unknown(order)
    sender.known_ids.add(identity_of(held))
    sent = apply_event(order, event)
    sentence = in_xero(sent)
    log.info(sentence)
    if sent.is_deleted_in_xero:
        return PushOutcome(order.order_id, PushResult.DELETED, sentence)
    return PushOutcome(order.order_id, PushResult.ADOPTED if is_adopted else PushResult.SENT, sentence)


def _failed(sender: _Sender, order: Order, words: str, *, is_nothing_in_xero: bool = False) -> PushOutcome:
    event = PushFailed(
        order_id=order.order_id, sequence=order.sequence + 1, at=sender.now(), by=sender.by, reason=words,
        is_nothing_in_xero=is_nothing_in_xero,
    )  # fmt: skip
    if not _is_written(sender, event):
        return _unknown(order)
    sentence = f"{order.purchase_order_number} was refused: {words.rstrip('.')}."
    log.warning(sentence)
    return PushOutcome(order.order_id, PushResult.FAILED, sentence)


def _unknown(order: Order) -> PushOutcome:
    sentence = f"{order.purchase_order_number}: {NOT_YET_KNOWN}"
    log.warning(sentence)
    return PushOutcome(order.order_id, PushResult.UNKNOWN, sentence)


def _is_written(sender: _Sender, event: Event) -> bool:
    """Write an order's event; false if another run wrote an event first."""
    try:
        sender.ledger.append(event)
    except OrderError:
        return False
    return True


def _key(sender: _Sender, orders: Sequence[Order], bodies: Sequence[dict[str, object]]) -> str:
    attempts = [(order.order_id, order.attempt) for order in orders]
    content = (sender.tenant_id, attempts, json.dumps(bodies, sort_keys=True))
    return hashlib.sha256(repr(content).encode()).hexdigest()


def _batches(orders: Sequence[Order], push_status: str) -> Iterator[list[Order]]:
    batch: list[Order] = []
    size = 0
    for order in orders:
        weight = len(json.dumps(order_body(order, push_status=push_status)))
        if batch and (len(batch) == ORDERS_PER_CALL or size + weight > BYTES_PER_CALL):
            yield batch
            batch, size = [], 0
        batch.append(order)
        size += weight
    if batch:
        yield batch


def _number(value: Decimal) -> float:
    return float(value)


NOT_YET_KNOWN: Final = (
    "it is not yet known whether Xero accepted it. Do not enter it by hand: the next run finds out before it sends "
    "again."
)
_DECIDE: Final = (
    "reject it here: the order in Xero counts, and the next plan drafts what is still missing under a new number"
)
_STALE: Final = (
    "The order {} was not sent: its plan was made from data that are old now. Reject it, load and plan again; or "
    "approve it again although they are old."
)
_RENAMED: Final = (
    "The order {0} was not sent: Xero renamed an item of it after the approval. Approve it again "
    "to send it under the current code."
)
