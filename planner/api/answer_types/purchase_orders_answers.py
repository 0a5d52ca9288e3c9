"""What the API says of purchase orders, and what it reads, as types.

What belongs here: shapes and their descriptions. What does not: routes (`purchase_orders_routes.py`).
Money and quantities are texts with their decimals, as no program may round them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Version = Annotated[
    int | None, Field(ge=1, le=10**9, description="The version that was seen, if no If-Match is sent: else 409.")
]
Reason = Annotated[str, Field(max_length=500, description="Why; it stays in the order's history.")]
Units = Annotated[str, Field(max_length=40, description="A number of units, such as 12 or 0.5.")]
Code = Annotated[str, Field(min_length=1, max_length=200, description="The product's code.")]


class OrderLineAnswer(BaseModel):
    """A line of an order."""

    product_code: str
    product_name: str
    supplier_product_code: str
    quantity: Decimal
    unit_cost: Decimal
    sent_price: Decimal = Field(description="The price that is sent to Xero, rounded as Xero keeps it.")
    value: Decimal
    expected_arrival_date: date
    note: str


class PlanChange(BaseModel):
    """What the newest plan would order of a product of a draft that a person keeps."""

    product_code: str
    quantity: Decimal
    planned_quantity: Decimal


class PurchaseOrderAnswer(BaseModel):
    """An order as it is now. Its version changes with each thing that happens to it, and is its ETag."""

    order_id: str
    version: int
    purchase_order_number: str
    state: str
    supplier_id: str
    supplier_name: str
    currency: str
    value: Decimal
    minimum_order_value: Decimal
    is_below_minimum: bool
    order_date: date
    expected_arrival_date: date
    note: str
    plan_id: str
    is_edited: bool
    made_from: list[str]
    replaced_by: str
    first_approved_by: str
    approved_by: str
    awaits_second_approval: bool
    purchase_order_id: str = Field(description="Xero's id; empty until Xero has the order.")
    failure: str = Field(description="What Xero said when it refused the order.")
    number_in_xero: str
    status_in_xero: str
    value_in_xero: Decimal | None
    remarks: list[str] = Field(description="What a person should know of it now.")
    plan_would_change: list[PlanChange]
    lines: list[OrderLineAnswer]


class HistoryAnswer(BaseModel):
    """Something that happened to an order, in a sentence of old and new."""

    purchase_order_number: str
    version: int
    at: datetime
    by: str
    event: str
    sentence: str
    reason: str
    state: str


class WholeOrderAnswer(PurchaseOrderAnswer):
    """An order with its history and exactly what is sent to Xero."""

    history: list[HistoryAnswer]
    document: dict[str, Any] | None = Field(description="What Xero's API gets; none without lines.")


class OrdersAnswer(BaseModel):
    """Orders, and what all orders found come to."""

    orders: list[PurchaseOrderAnswer]
    orders_found: int
    value_by_currency: dict[str, Decimal]
    next_cursor: str | None = Field(description="Give it as cursor for the orders that follow; none after the last.")


class DecidedAnswer(BaseModel):
    """The orders that changed, and sentences on what was not done or should be known."""

    orders: list[PurchaseOrderAnswer]
    notes: list[str] = []


class _StrictBody(BaseModel):
    """A body whose every field is known here."""

    model_config = ConfigDict(extra="forbid")


class NewOrders(_StrictBody):
    """Orders of lines of the plan: of these products, or of what the plan's filters find; or by hand for a supplier."""

    product_codes: list[Code] = Field(default=[], max_length=10_000)
    report: str = ""
    supplier: str = Field(default="", max_length=500)
    status: str = ""
    search: str = Field(default="", max_length=4_000)
    is_empty: bool = Field(default=False, description="An order without lines, for `supplier`.")
    currency: str = Field(default="", max_length=3, description="Of an order without lines; else the supplier's.")
    reason: Reason = ""


class Edit(_StrictBody):
    """A decision on an order that needs no more than its version and a reason."""

    version: Version = None
    reason: Reason = ""


class NewLine(Edit):
    """A product to add."""

    product_code: Code
    quantity: Units
    unit_cost: Annotated[str, Field(max_length=40)] = Field(default="", description="By default the usual cost.")
    expected_arrival_date: date | None = None
    is_drafted_accepted: bool = Field(default=False, description="Add it even if another draft has it.")


class ChangedLine(Edit):
    """What changes of a line; what is left out stays. A quantity of 0 removes it."""

    product_code: Code
    quantity: Units | None = None
    unit_cost: Annotated[str, Field(max_length=40)] | None = None
    expected_arrival_date: date | None = None
    note: str | None = Field(default=None, max_length=1_000)


class ChangedOrder(Edit):
    """What changes of the order itself; what is left out stays."""

    order_date: date | None = None
    expected_arrival_date: date | None = None
    note: str | None = Field(default=None, max_length=1_000)


class DroppedLine(Edit):
    """A line to remove."""

    product_code: Code


class SeenOrder(_StrictBody):
    """An order at the version that was seen."""

    order_id: str = Field(max_length=60)
    version: int = Field(ge=1, le=10**9)


class Merger(Edit):
    """The drafts whose lines the order takes over."""

    others: list[SeenOrder] = Field(min_length=1, max_length=100)


class Moved(_StrictBody):
    """A product that goes to the new order: some units of it, or by default all."""

    product_code: Code
    quantity: Units | None = None


class SplitRequest(Edit):
    """The products that go to a new order."""

    lines: list[Moved] = Field(min_length=1, max_length=10_000)


class Approval(Edit):
    """An approval, with what the person accepts."""

    is_stale_accepted: bool = Field(default=False, description="Send it although its data are old.")
    is_below_minimum_accepted: bool = Field(default=False, description="Send it below the supplier's minimum.")


class ApprovalsRequest(_StrictBody):
    """Orders that are approved together, all or none."""

    orders: list[SeenOrder] = Field(min_length=1, max_length=500)
    is_stale_accepted: bool = False
    is_below_minimum_accepted: bool = False
