"""What an organisation in the sandbox holds: its documents as compact structs, and the world that keeps them.

What belongs here: the shape of documents, shared by the wire, the stock engine and the ways to fill the sandbox.
What does not: JSON, HTTP, and rules about what may follow what.
Read more in docs/sandbox.md.
"""

from datetime import date, datetime
from decimal import Decimal

import msgspec

Day = date  # a field of a document is called date, as in Xero


class Organisation(msgspec.Struct, kw_only=True):
    """A Xero organisation; `tenant_id` is the id of /connections, `time_zone` Xero's enum such as GMTSTANDARDTIME."""

    tenant_id: str
    organisation_id: str
    name: str
    short_code: str
    base_currency: str = "GBP"
    time_zone: str = "GMTSTANDARDTIME"
    country_code: str = "GB"
    is_demo_company: bool = False


class Item(msgspec.Struct, kw_only=True):
    """An item; an untracked one has no quantity. Prices are in base currency."""

    item_id: str
    code: str
    name: str
    description: str = ""
    is_sold: bool = True
    is_purchased: bool = True
    is_tracked: bool = True
    purchase_unit_price: Decimal | None = None
    sales_unit_price: Decimal | None = None
    quantity_on_hand: Decimal = Decimal(0)
    quantity_on_back_order: Decimal = Decimal(0)
    total_cost_pool: Decimal = Decimal(0)
    updated_at: datetime


class Contact(msgspec.Struct, kw_only=True):
    """A contact, customer or supplier or both."""

    contact_id: str
    name: str
    status: str = "ACTIVE"
    contact_number: str = ""
    account_number: str = ""
    email_address: str = ""
    default_currency: str = ""
    is_supplier: bool = False
    is_customer: bool = False
    merged_to_contact_id: str = ""
    updated_at: datetime


class Line(msgspec.Struct, array_like=True, gc=False):
    """A document line; `item_code` is empty where the line names no item.

    `discount_rate` is in per cent, `discount_amount` in money; Xero takes one of them. `tax_amount` is inside the line
    amount where the document's amounts include tax, on top of it where they do not.
    """

    line_item_id: str
    item_code: str
    description: str
    quantity: Decimal
    unit_amount: Decimal
    discount_rate: Decimal = Decimal(0)
    discount_amount: Decimal = Decimal(0)
    tax_type: str = "NONE"
    tax_amount: Decimal = Decimal(0)


class Document(msgspec.Struct, kw_only=True):
    """An invoice, bill, credit note or purchase order.

    `kind` is ACCREC, ACCPAY, ACCRECCREDIT, ACCPAYCREDIT or PURCHASEORDER. `due_date` is an invoice's;
    `delivery_date` and `expected_arrival_date` are a purchase order's. `line_amount_types` is Exclusive, Inclusive or
    NoTax. The total is the sum of the lines, with tax, and a document of status PAID is paid in full; `amount_paid`
    is what was paid of an approved one.
    """

    document_id: str
    kind: str
    number: str
    status: str
    contact_id: str
    date: Day
    lines: list[Line]
    updated_at: datetime
    reference: str = ""
    due_date: Day | None = None
    delivery_date: Day | None = None
    expected_arrival_date: Day | None = None
    currency_code: str = "GBP"
    currency_rate: Decimal = Decimal(1)
    allow_back_orders: bool = False
    sent_to_contact: bool = False
    amount_paid: Decimal = Decimal(0)
    line_amount_types: str = "Exclusive"


class World(msgspec.Struct, kw_only=True):
    """Everything one organisation holds, each kind by its id, in the order of creation."""

    organisation: Organisation
    items: dict[str, Item] = msgspec.field(default_factory=dict)
    contacts: dict[str, Contact] = msgspec.field(default_factory=dict)
    invoices: dict[str, Document] = msgspec.field(default_factory=dict)
    credit_notes: dict[str, Document] = msgspec.field(default_factory=dict)
    purchase_orders: dict[str, Document] = msgspec.field(default_factory=dict)
