"""Send approved orders to Xero, each exactly once, whatever breaks on the way.

What belongs here: the order of the steps that makes it so. What does not: HTTP (`pipelines.xero`) and storage.
Four locks, each enough against most of what can happen, together against all of it that we know:
an event is written before Xero is called, so that a crash is seen; the order's number never changes and Xero keeps
numbers unique; an order that was tried before is looked up by its number before it is sent again; and the call
carries an Idempotency-Key, another one for each try, since Xero remembers errors under a key and forgets keys soon.
Read more in docs/operations.md.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Protocol

from pipelines.purchasing.events import Event, Pushed, PushFailed
from pipelines.purchasing.gateway import OutcomeUnknownError, PurchaseOrderGateway, RequestRefusedError
from pipelines.purchasing.orders import Order, OrderError, State, start_push

log = logging.getLogger(__name__)

ORDERS_PER_CALL: Final = 50
BYTES_PER_CALL: Final = 3_000_000
LONGEST_DESCRIPTION: Final = 4000
ZERO_ID: Final = "00000000-0000-0000-0000-000000000000"
_NOT_UNIQUE: Final = re.compile("order number must be unique", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Outcome(StrEnum):
    """How sending an order ended."""

    SENT = "sent"
    ADOPTED = "adopted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    STALE = "stale"


@dataclass(frozen=True)
class PushOutcome:
    """How sending one order ended, in a sentence."""

    order_id: str
    outcome: Outcome
    sentence: str


class Ledger(Protocol):
    """Where events are kept."""

    def append(self, event: Event) -> Order:
        """Write the next event of an order, and give the order as it stands then."""
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
) -> list[PushOutcome]:
    """Send the approved orders, and those of which nobody knows whether they were sent.

    An order approved on old data without saying so deliberately is not sent. What was never tried goes first, many
    orders a call. Expected outcomes are values; an error means that Xero cannot be asked now, and loses nothing.
    """
    sender = _Sender(gateway, ledger, tenant_id, push_status, by, now)
    stale = [
        order for order in orders
        if order.state is State.APPROVED and not order.is_stale_accepted and is_stale(order)
    ]  # fmt: skip
    ready = [order for order in orders if order not in stale]
    outcomes = [PushOutcome(order.order_id, Outcome.STALE, _STALE.format(order.order_id)) for order in stale]
    for batch in _batches([order for order in ready if not order.attempt], push_status):
        outcomes += _send(sender, batch)
    return outcomes + [_send_again(sender, order) for order in ready if order.attempt]


def order_body(order: Order, *, push_status: str) -> dict[str, object]:
    """The order as Xero takes it: no delivery date, so that it counts as on order until the goods are there."""
    return {
        "PurchaseOrderNumber": order.purchase_order_number,
        "Contact": {"ContactID": order.supplier_id},
        "Date": order.order_date.isoformat(),
        "ExpectedArrivalDate": order.expected_arrival_date.isoformat(),
        "CurrencyCode": order.currency,
        "Reference": f"plan {order.plan_id}",
        "Status": push_status,
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            {
                "ItemCode": line.product_code,
                "Description": _CONTROL.sub("", line.description).strip()[:LONGEST_DESCRIPTION] or line.product_code,
                "Quantity": _number(line.quantity),
                "UnitAmount": _number(line.sent_price),
            }
            for line in order.lines
        ],
    }


def is_same_order(order: Order, held: dict[str, Any]) -> bool:
    """Whether what Xero holds under the order's number is this order, line by line."""
    contact = str((held.get("Contact") or {}).get("ContactID"))
    ours = sorted((line.product_code, line.quantity.normalize(), line.sent_price) for line in order.lines)
    theirs = sorted(
        (
            str(line.get("ItemCode")),
            Decimal(str(line.get("Quantity") or 0)).normalize(),
            Decimal(str(line.get("UnitAmount") or 0)).quantize(Decimal("0.01")),
        )
        for line in held.get("LineItems") or []
    )
    return contact.casefold() == order.supplier_id.casefold() and ours == theirs


def _send_again(sender: _Sender, order: Order) -> PushOutcome:
    """What became of an order that was tried before: looked up, and if need be sent by itself, to hold up no other."""
    return _look_up(sender, order) or _send(sender, [order])[0]


def _send(sender: _Sender, batch: Sequence[Order]) -> list[PushOutcome]:
    """Send orders in one call; where Xero refuses the call as a whole, each by itself."""
    started: list[Order] = []
    outcomes: list[PushOutcome] = []
    for order in batch:
        try:
            started.append(sender.ledger.append(start_push(order, by=sender.by, at=sender.now())))
        except OrderError as taken:
            outcomes.append(PushOutcome(order.order_id, Outcome.FAILED, str(taken)))
    if not started:
        return outcomes
    bodies = [order_body(order, push_status=sender.push_status) for order in started]
    try:
        elements = sender.gateway.put_purchase_orders(bodies, idempotency_key=_key(sender, started, bodies))
    except OutcomeUnknownError:
        return outcomes + [PushOutcome(order.order_id, Outcome.UNKNOWN, _UNKNOWN) for order in started]
    except RequestRefusedError as refused:
        if len(started) > 1:
            return outcomes + [_send_again(sender, order) for order in started]
        return [*outcomes, _after_refusal(sender, started[0], str(refused))]
    return outcomes + list(_read_elements(sender, started, elements))


def _read_elements(
    sender: _Sender, orders: Sequence[Order], elements: Sequence[dict[str, Any]]
) -> Iterator[PushOutcome]:
    """Each order's element by its number, since only the number is surely ours; one that is missing is unknown."""
    by_number = {str(element.get("PurchaseOrderNumber")): element for element in elements}
    for position, order in enumerate(orders):
        element = by_number.get(order.purchase_order_number)
        if element is None and len(elements) == len(orders):
            element = elements[position]
        if element is None:
            yield PushOutcome(order.order_id, Outcome.UNKNOWN, _UNKNOWN)
        else:
            yield _read_element(sender, order, element)


def _read_element(sender: _Sender, order: Order, element: dict[str, Any]) -> PushOutcome:
    errors = [str(error.get("Message")) for error in element.get("ValidationErrors") or []]
    if errors or element.get("StatusAttributeString") == "ERROR":
        return _after_refusal(sender, order, "; ".join(errors) or "no reason given")
    identity = str(element.get("PurchaseOrderID") or ZERO_ID)
    if identity == ZERO_ID:
        return PushOutcome(order.order_id, Outcome.UNKNOWN, _UNKNOWN)
    if not is_same_order(order, element):
        return _failed(sender, order, f"Xero holds it with other lines than were sent; {_DECIDE}")
    return _pushed(sender, order, identity, is_adopted=False)


def _after_refusal(sender: _Sender, order: Order, words: str) -> PushOutcome:
    if _NOT_UNIQUE.search(words):
        return _look_up(sender, order) or PushOutcome(order.order_id, Outcome.UNKNOWN, _UNKNOWN)
    return _failed(sender, order, words)


def _look_up(sender: _Sender, order: Order) -> PushOutcome | None:
    """What became of an order that may be in Xero, deleted there or not; None where its number is free."""
    held = sender.gateway.purchase_order_by_number(order.purchase_order_number)
    if held is None:
        return None
    if not is_same_order(order, held):
        return _failed(sender, order, f"its number is taken in Xero by an order with other lines; {_DECIDE}")
    return _pushed(sender, order, str(held.get("PurchaseOrderID")), is_adopted=True)


def _pushed(sender: _Sender, order: Order, identity: str, *, is_adopted: bool) -> PushOutcome:
    event = Pushed(
        order_id=order.order_id, sequence=order.sequence + 1, at=sender.now(), by=sender.by,
        purchase_order_id=identity, is_adopted=is_adopted,
    )  # fmt: skip
    if not _is_written(sender, event):
        return PushOutcome(order.order_id, Outcome.UNKNOWN, _UNKNOWN)
    log.info("%s is in Xero%s.", order.purchase_order_number, " already" if is_adopted else "")
    outcome = Outcome.ADOPTED if is_adopted else Outcome.SENT
    return PushOutcome(order.order_id, outcome, f"{order.purchase_order_number} is in Xero.")


def _failed(sender: _Sender, order: Order, words: str) -> PushOutcome:
    event = PushFailed(
        order_id=order.order_id, sequence=order.sequence + 1, at=sender.now(), by=sender.by, reason=words
    )
    if not _is_written(sender, event):
        return PushOutcome(order.order_id, Outcome.UNKNOWN, _UNKNOWN)
    log.warning("%s was refused: %s.", order.purchase_order_number, words)
    return PushOutcome(order.order_id, Outcome.FAILED, f"{order.purchase_order_number} was refused: {words}.")


def _is_written(sender: _Sender, event: Event) -> bool:
    """Write what came of an order; false where another run has written its own event meanwhile."""
    try:
        sender.ledger.append(event)
    except OrderError:
        return False
    return True


def _key(sender: _Sender, orders: Sequence[Order], bodies: Sequence[dict[str, object]]) -> str:
    told = (sender.tenant_id, [(order.order_id, order.attempt) for order in orders], json.dumps(bodies, sort_keys=True))
    return hashlib.sha256(repr(told).encode()).hexdigest()


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


_UNKNOWN: Final = (
    "Nobody knows yet whether Xero took the order; the next run looks it up by its number before it sends again."
)
_DECIDE: Final = (
    "compare the two, then give the one in Xero another number and approve this one again, or reject this one"
)
_STALE: Final = (
    "The order {} was not sent, because its plan was made from data that are old now; reject it, load and plan again, "
    "or approve it again with --even-if-stale."
)
