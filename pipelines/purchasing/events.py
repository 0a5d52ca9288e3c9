"""What can happen to an order, each as a plain record with who and when.

What belongs here: the events and their lines, and their form in the ledger. What does not: which may follow which
(`transitions.py`) and where they are kept (`store/order_ledger.py`).
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

CENT: Final = Decimal("0.01")


class OrderLine(msgspec.Struct, frozen=True):
    """A product, how many units of it, at what price in the order's currency, and when it is expected.

    `price_decimals` are sent; lines of older events were approved at two. A line without its own
    `expected_arrival_date` is expected when the order is.
    """

    product_code: str
    product_name: str
    quantity: Decimal
    unit_cost: Decimal
    supplier_product_code: str = ""
    expected_arrival_date: date | None = None
    price_decimals: int = 2

    @property
    def description(self) -> str:
        """What the supplier reads: the product's name, after the supplier's own code where there is one.

        >>> OrderLine("TEA-01", "Tea", Decimal(3), Decimal("2.3450"), "4711").description
        '4711 — Tea'
        """
        return " — ".join(filter(None, [self.supplier_product_code, self.product_name]))

    @property
    def value(self) -> Decimal:
        """What the line costs at the price that is sent."""
        return self.value_at(self.price_decimals)

    @property
    def sent_price(self) -> Decimal:
        """The price that is sent, a half of its last decimal rounded up.

        >>> OrderLine("TEA-01", "Tea", Decimal(3), Decimal("2.3450")).sent_price
        Decimal('2.35')
        >>> OrderLine("TEA-01", "Tea", Decimal(3), Decimal("2.3450"), price_decimals=4).sent_price
        Decimal('2.3450')
        """
        return rounded_price(self.unit_cost, self.price_decimals)

    def value_at(self, decimals: int) -> Decimal:
        """What the line costs where Xero keeps prices with so many decimals.

        >>> [OrderLine("BAG", "Bag", Decimal(10631), Decimal("0.0040")).value_at(decimals) for decimals in (2, 4)]
        [Decimal('0.00'), Decimal('42.52')]
        """
        return (self.quantity * rounded_price(self.unit_cost, decimals)).quantize(CENT, ROUND_HALF_UP)


def rounded_price(price: Decimal, decimals: int) -> Decimal:
    """A price with so many decimals, a half of the last one rounded up."""
    return price.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


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
    xero_price_decimals: int = 0
    """How many decimals of a price Xero kept on earlier orders; 0 where no order has shown it yet."""


class LineChanged(_Event, frozen=True, kw_only=True, tag=True):
    """A person set another quantity for a product; none takes the line out."""

    product_code: str
    quantity: Decimal


class Approved(_Event, frozen=True, kw_only=True, tag=True):
    """A person approved the order as it stood: `body_hash` says what that was.

    Where Xero has merged the supplier or renamed products since the draft, the order goes to the surviving contact,
    under the current codes: `renamed_products` has them by the old ones.
    """

    body_hash: str
    is_stale_accepted: bool = False
    is_below_minimum_accepted: bool = False
    supplier_id: str = ""
    supplier_name: str = ""
    renamed_products: Mapping[str, str] = {}


class Rejected(_Event, frozen=True, kw_only=True, tag=True):
    """A person decided against the order."""

    reason: str = ""


class Superseded(_Event, frozen=True, kw_only=True, tag=True):
    """A newer plan took the place of a draft that nobody had touched."""

    plan_id: str


class PushStarted(_Event, frozen=True, kw_only=True, tag=True):
    """Sending is about to begin; written before Xero is called, so that a crash is noticed."""

    attempt: int


class PushNotReached(_Event, frozen=True, kw_only=True, tag=True):
    """The call surely did nothing in Xero: it was not made, or Xero turned it away before reading it."""


class Pushed(_Event, frozen=True, kw_only=True, tag=True):
    """Xero holds the order: under which number, in which status, at what value, and since when by Xero's clock.

    `is_changed`: somebody changed it in Xero before it was read back. `value` is None in older events.
    """

    purchase_order_id: str
    is_adopted: bool = False
    number: str = ""
    status: str = ""
    is_changed: bool = False
    value: Decimal | None = None
    price_decimals: int = 0
    updated_at: datetime | None = None


class PushFailed(_Event, frozen=True, kw_only=True, tag=True):
    """Xero refused the order; a person must act."""

    reason: str


Event = Drafted | LineChanged | Approved | Rejected | Superseded | PushStarted | PushNotReached | Pushed | PushFailed

_DECODER: Final = msgspec.json.Decoder(Event)


def written(event: Event) -> str:
    """An event as the text that the ledger keeps."""
    return msgspec.json.encode(event).decode()


def read(text: str) -> Event:
    """The event that a text of the ledger tells."""
    event: Event = _DECODER.decode(text)
    return event
