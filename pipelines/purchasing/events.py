"""What can happen to an order, each as a plain record with who and when.

What belongs here: the events and their lines, and their form in the ledger. What does not: which may follow which
(`orders.py`) and where they are kept (`ledger.py`).
Read more in docs/operations.md.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

CENT: Final = Decimal("0.01")


class OrderLine(msgspec.Struct, frozen=True):
    """A product, how many of it, and at what price, in the order's currency."""

    product_code: str
    product_name: str
    quantity: Decimal
    unit_cost: Decimal
    supplier_product_code: str = ""

    @property
    def description(self) -> str:
        """What the supplier reads: the product's name, after the supplier's own code where there is one.

        >>> OrderLine("TEA-01", "Tea", Decimal(3), Decimal("2.3450"), "4711").description
        '4711 — Tea'
        """
        return " — ".join(filter(None, [self.supplier_product_code, self.product_name]))

    @property
    def value(self) -> Decimal:
        """What the line costs, at the price of two decimals that Xero keeps on an order."""
        return (self.quantity * self.sent_price).quantize(CENT, ROUND_HALF_UP)

    @property
    def sent_price(self) -> Decimal:
        """The price as Xero keeps it: purchase orders have two decimals, a half cent is rounded up.

        >>> OrderLine("TEA-01", "Tea", Decimal(3), Decimal("2.3450")).sent_price
        Decimal('2.35')
        """
        return self.unit_cost.quantize(CENT, ROUND_HALF_UP)


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    order_id: str
    sequence: int
    at: datetime
    by: str


class Drafted(_Event, frozen=True, kw_only=True, tag=True):
    """A plan, made from data that were loaded then, suggested the order."""

    plan_id: str
    supplier_id: str
    supplier_name: str
    currency: str
    order_date: date
    expected_arrival_date: date
    lines: tuple[OrderLine, ...]
    data_loaded_at: datetime | None = None
    minimum_order_value: Decimal = Decimal(0)


class LineChanged(_Event, frozen=True, kw_only=True, tag=True):
    """A person set another quantity for a product; none takes the line out."""

    product_code: str
    quantity: Decimal


class Approved(_Event, frozen=True, kw_only=True, tag=True):
    """A person approved the order as it stood: `body_hash` says what that was."""

    body_hash: str
    is_stale_accepted: bool = False
    is_below_minimum_accepted: bool = False


class Rejected(_Event, frozen=True, kw_only=True, tag=True):
    """A person decided against the order."""

    reason: str = ""


class Superseded(_Event, frozen=True, kw_only=True, tag=True):
    """A newer plan took the place of a draft that nobody had touched."""

    plan_id: str


class PushStarted(_Event, frozen=True, kw_only=True, tag=True):
    """Sending is about to begin; written before Xero is called, so that a crash is noticed."""

    attempt: int


class Pushed(_Event, frozen=True, kw_only=True, tag=True):
    """Xero holds the order."""

    purchase_order_id: str
    is_adopted: bool = False


class PushFailed(_Event, frozen=True, kw_only=True, tag=True):
    """Xero refused the order; a person must act."""

    reason: str


Event = Drafted | LineChanged | Approved | Rejected | Superseded | PushStarted | Pushed | PushFailed

_DECODER: Final = msgspec.json.Decoder(Event)


def written(event: Event) -> str:
    """An event as the text that the ledger keeps."""
    return msgspec.json.encode(event).decode()


def read(text: str) -> Event:
    """The event that a text of the ledger tells."""
    event: Event = _DECODER.decode(text)
    return event
