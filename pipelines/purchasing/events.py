"""The events of an order: plain records of what happened, who did it and when.

What belongs here: the events and their lines, and their form in the ledger. What does not: which event may follow which
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
    """A line of an order: product, quantity, price in the order's currency, expected date.

    The price is sent with `price_decimals` decimals; lines of older events were approved with two.
    A line without an `expected_arrival_date` is expected with the order. The `note` is for the supplier.
    """

    product_code: str
    product_name: str
    quantity: Decimal
    unit_cost: Decimal
    supplier_product_code: str = ""
    expected_arrival_date: date | None = None
    price_decimals: int = 2
    note: str = ""

    @property
    def description(self) -> str:
        """The text for the supplier: the supplier's own code, the product's name and the note, if there are any.

        >>> OrderLine("TEA-01", "Tea", Decimal(3), Decimal("2.3450"), "4711").description
        '4711 — Tea'
        """
        return " — ".join(filter(None, [self.supplier_product_code, self.product_name, self.note]))

    @property
    def value(self) -> Decimal:
        """The value of the line at the price that is sent."""
        return self.value_at(self.price_decimals)

    @property
    def sent_price(self) -> Decimal:
        """The price that is sent, rounded half up.

        >>> OrderLine("TEA-01", "Tea", Decimal(3), Decimal("2.3450")).sent_price
        Decimal('2.35')
        >>> OrderLine("TEA-01", "Tea", Decimal(3), Decimal("2.3450"), price_decimals=4).sent_price
        Decimal('2.3450')
        """
        return rounded_price(self.unit_cost, self.price_decimals)

    def value_at(self, decimals: int) -> Decimal:
        """The value of the line if Xero keeps this number of decimals of a price.

        >>> [OrderLine("BAG", "Bag", Decimal(10631), Decimal("0.0040")).value_at(decimals) for decimals in (2, 4)]
        [Decimal('0.00'), Decimal('42.52')]
        """
        return (self.quantity * rounded_price(self.unit_cost, decimals)).quantize(CENT, ROUND_HALF_UP)


def rounded_price(price: Decimal, decimals: int) -> Decimal:
    """A price with this number of decimals, rounded half up."""
    return price.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


class LineDifference(msgspec.Struct, frozen=True):
    """What differs between two versions of a line; None where a version has no such line."""

    product_code: str
    old_quantity: Decimal | None = None
    new_quantity: Decimal | None = None
    old_cost: Decimal | None = None
    new_cost: Decimal | None = None
    old_supplier_code: str = ""
    new_supplier_code: str = ""


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    order_id: str
    sequence: int
    at: datetime
    by: str


class Drafted(_Event, frozen=True, kw_only=True, tag=True):
    """A plan suggested the order, or a person created it; `data_loaded_at` is when the plan's data were loaded.

    `made_from` has the ids of the orders that its lines come from, `replaces` the id of the draft that it replaces.
    """

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
    """The number of price decimals that Xero kept on earlier orders; 0 if no order has shown it yet."""
    is_by_person: bool = False
    made_from: tuple[str, ...] = ()
    replaces: str = ""
    note: str = ""
    reason: str = ""


class Confirmed(_Event, frozen=True, kw_only=True, tag=True):
    """A newer plan suggests the same products, quantities and costs; dates and terms are those of the newer plan."""

    plan_id: str
    supplier_id: str
    supplier_name: str
    order_date: date
    expected_arrival_date: date
    lines: tuple[OrderLine, ...]
    data_loaded_at: datetime | None = None
    minimum_order_value: Decimal = Decimal(0)
    xero_price_decimals: int = 0


class LineAdded(_Event, frozen=True, kw_only=True, tag=True):
    """A person added a line."""

    line: OrderLine
    reason: str = ""


class LineChanged(_Event, frozen=True, kw_only=True, tag=True):
    """A person changed a line; what is None stays. A quantity of 0, in older events, removes the line."""

    product_code: str
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    expected_arrival_date: date | None = None
    note: str | None = None
    reason: str = ""


class LineDropped(_Event, frozen=True, kw_only=True, tag=True):
    """A person removed a line."""

    product_code: str
    reason: str = ""


class HeaderChanged(_Event, frozen=True, kw_only=True, tag=True):
    """A person changed the order's dates or its note; what is None stays. The expected date is that of every line."""

    order_date: date | None = None
    expected_arrival_date: date | None = None
    note: str | None = None
    reason: str = ""


class Merged(_Event, frozen=True, kw_only=True, tag=True):
    """A person merged other drafts into this one, which has these lines from then on."""

    from_orders: tuple[str, ...]
    lines: tuple[OrderLine, ...]
    taken_out: tuple[str, ...] = ()
    data_loaded_at: datetime | None = None
    minimum_order_value: Decimal = Decimal(0)
    note: str = ""
    reason: str = ""


class MergedInto(_Event, frozen=True, kw_only=True, tag=True):
    """The order ended: its lines are on another one."""

    into_order: str
    reason: str = ""


class Split(_Event, frozen=True, kw_only=True, tag=True):
    """A person moved lines, or a part of their quantities, to another order; `lines` are those that stay.

    `is_edited` is false for the rest of a draft that still is what the plan suggests.
    """

    into_order: str
    moved: tuple[OrderLine, ...]
    lines: tuple[OrderLine, ...]
    is_edited: bool = True
    reason: str = ""


class Reopened(_Event, frozen=True, kw_only=True, tag=True):
    """A person made a draft again of an order that is surely not in Xero."""

    reason: str = ""


class FirstApproved(_Event, frozen=True, kw_only=True, tag=True):
    """The first of two people approved an order above the approval limit; its state stays until the second does.

    `value` is the order's value in base currency, None without an exchange rate.
    """

    body_hash: str
    value: Decimal | None
    limit: Decimal
    base_currency: str = ""


class Approved(_Event, frozen=True, kw_only=True, tag=True):
    """A person approved the order as it was then; `body_hash` is the fingerprint of that.

    If Xero merged the supplier or renamed products since the draft, the order goes to the surviving contact under the
    current codes. `renamed_products` maps old codes to current ones.
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
    """A newer plan replaced a draft that nobody had changed, by the draft with the id `replaced_by` or by none."""

    plan_id: str
    replaced_by: str = ""
    changes: tuple[LineDifference, ...] = ()


class PushStarted(_Event, frozen=True, kw_only=True, tag=True):
    """Sending is about to start; written before the call to Xero, so that a crash is noticed."""

    attempt: int


class PushNotReached(_Event, frozen=True, kw_only=True, tag=True):
    """The call certainly changed nothing in Xero: it was not made, or Xero rejected it unread."""


class Pushed(_Event, frozen=True, kw_only=True, tag=True):
    """Xero has the order: with this number, status and value, since `updated_at` by Xero's clock.

    `is_changed` says that somebody changed it in Xero before it was read back. `value` is None in older events.
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
    """Xero refused the order; a person must act. With `is_nothing_in_xero` its answer shows that nothing was made."""

    reason: str
    is_nothing_in_xero: bool = False


Decision = (
    Confirmed | LineAdded | LineChanged | LineDropped | HeaderChanged | Merged | MergedInto | Split | Reopened
    | FirstApproved | Approved | Rejected | Superseded
)  # fmt: skip
Event = Drafted | Decision | PushStarted | PushNotReached | Pushed | PushFailed

_DECODER: Final = msgspec.json.Decoder(Event)


def written(event: Event) -> str:
    """The event as JSON text for the ledger."""
    return msgspec.json.encode(event).decode()


def read(text: str) -> Event:
    """The event of a JSON text from the ledger."""
    event: Event = _DECODER.decode(text)
    return event
