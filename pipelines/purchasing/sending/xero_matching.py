"""Xero's purchase orders matched with ours: which belongs to which, and what differs.

What belongs here: comparing, pure. What does not: calling Xero and writing events
(`push.py`).
Read more in docs/operations.md.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pipelines.purchasing.events import rounded_price
from pipelines.purchasing.orders import Order, rounding

PRICE_DECIMALS: Final = 4
PRICE_DECIMALS_ROUNDED: Final = 2
ZERO_ID: Final = "00000000-0000-0000-0000-000000000000"
_NET_DATE: Final = re.compile(r"^/Date\((-?\d+)")

XeroOrder = dict[str, Any]


def elements_of(orders: Sequence[Order], elements: Sequence[XeroOrder]) -> list[XeroOrder | None]:
    """Each order's element of an answer, None if the answer does not say which it is.

    An element belongs to the order whose number it has, in any case; its position proves nothing. Only a single element
    that answers a call with a single order needs no number. Of several elements with the same number, the one with an
    id from Xero counts, and none if several have an id. An id that stands for two orders belongs to neither.
    """
    by_number: dict[str, list[XeroOrder]] = defaultdict(list)
    for element in elements:
        by_number[number_of(element)].append(element)
    found = [_chosen(by_number.get(order.purchase_order_number.casefold(), [])) for order in orders]
    if len(orders) == len(elements) == 1 and not number_of(elements[0]):
        return [elements[0]]
    identities = Counter(identity_of(element) for element in found if element is not None)
    return [
        None
        if element is None or (identity_of(element) != ZERO_ID and identities[identity_of(element)] > 1)
        else element
        for element in found
    ]


def _chosen(elements: Sequence[XeroOrder]) -> XeroOrder | None:
    created = {identity_of(element): element for element in elements if identity_of(element) != ZERO_ID}
    if created:
        return next(iter(created.values())) if len(created) == 1 else None
    return elements[0] if elements else None


def number_of(held: XeroOrder) -> str:
    """The number of Xero's order, case-folded; empty if it has none."""
    return str(held.get("PurchaseOrderNumber") or "").strip().casefold()


def identity_of(held: XeroOrder) -> str:
    """Xero's id of the order, case-folded; the zero id if it has none."""
    return str(held.get("PurchaseOrderID") or ZERO_ID).casefold()


def is_same_order(order: Order, held: XeroOrder) -> bool:
    """Whether Xero's order equals this order line by line, with prices as sent or as Xero rounds them."""
    return _is_same_contact(order, held) and any(
        _lines_sent(order, decimals) == _lines_held(held) for decimals in {PRICE_DECIMALS_ROUNDED, PRICE_DECIMALS}
    )


def _is_same_contact(order: Order, held: XeroOrder) -> bool:
    contact = str((held.get("Contact") or {}).get("ContactID"))
    return contact.casefold() == order.supplier_id.casefold()


def _lines_sent(order: Order, decimals: int) -> list[tuple[str, Decimal, Decimal]]:
    return sorted(
        (line.product_code, line.quantity.normalize(), rounded_price(line.sent_price, decimals).normalize())
        for line in order.lines
    )


def _lines_held(held: XeroOrder) -> list[tuple[str, Decimal, Decimal]]:
    return sorted(
        (
            str(line.get("ItemCode")),
            Decimal(str(line.get("Quantity") or 0)).normalize(),
            rounded_price(Decimal(str(line.get("UnitAmount") or 0)), PRICE_DECIMALS).normalize(),
        )
        for line in held.get("LineItems") or []
    )


def is_ours(order: Order, held: XeroOrder, *, known_numbers: frozenset[str]) -> bool:
    """Whether Xero's order was created by sending this order, even if somebody changed it there since.

    It refers to the order's plan, and has the order's number. With a number that is not one of ours, it must have a
    product of the order, since each product is in one order of a plan.
    """
    if str(held.get("Reference") or "").strip().casefold() != order.reference.casefold():
        return False
    number = number_of(held)
    if number == order.purchase_order_number.casefold():
        return True
    codes = {str(line.get("ItemCode")) for line in held.get("LineItems") or []}
    return number not in known_numbers and not codes.isdisjoint(line.product_code for line in order.lines)


def kept_decimals(order: Order, held: XeroOrder) -> int:
    """The number of price decimals that Xero kept of an order; 0 if no price has more than two."""
    if all(line.sent_price == rounded_price(line.sent_price, PRICE_DECIMALS_ROUNDED) for line in order.lines):
        return 0
    for decimals in (PRICE_DECIMALS_ROUNDED, PRICE_DECIMALS):
        if _lines_sent(order, decimals) == _lines_held(held):
            return decimals
    return 0


def instant_of(text: object) -> datetime | None:
    r"""The instant of Xero's `/Date(ms+0000)/`; None if there is none.

    >>> instant_of("/Date(1439434356790+0000)/")
    datetime.datetime(2015, 8, 13, 2, 52, 36, 790000, tzinfo=datetime.timezone.utc)
    """
    match = _NET_DATE.match(str(text or ""))
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(match[1])) if match else None


def in_xero(order: Order) -> str:
    """A sentence on what Xero had of a sent order when it was read back."""
    pushed = order.pushed
    if pushed is None:
        return ""
    number = order.purchase_order_number
    if order.is_deleted_in_xero:
        return f"{number} reached Xero and was deleted there: it is not sent again and is not on order."
    facts = [
        f" as {pushed.number}" if pushed.number and pushed.number.casefold() != number.casefold() else "",
        " and was changed there: Xero's version counts" if pushed.is_changed else "",
        f"; {rounding(order)}" if rounding(order) else "",
    ]
    return f"{number} reached Xero{''.join(facts)}."
