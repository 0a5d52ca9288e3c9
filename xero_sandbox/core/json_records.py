"""Documents as the records of Xero's JSON, key by key in Xero's order.

What belongs here: which fields a record has in which view, and how dates, instants and numbers are written.
What does not: which records a list holds (`listing.py`) and how bytes are made (`answers.py`).
Read more in docs/sandbox.md.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from xero_sandbox.core.clock import EPOCH, milliseconds
from xero_sandbox.core.documents import Contact, Document, Item, Line, Organisation

CENT: Final = Decimal("0.01")
UNITS: Final = {2: CENT, 4: Decimal("0.0001")}
ZERO_ID: Final = "00000000-0000-0000-0000-000000000000"
_OPEN: Final = frozenset({"DRAFT", "SUBMITTED", "AUTHORISED"})
_NOTHING: Final = Decimal(0)

Record = dict[str, Any]


class Names(NamedTuple):
    """What documents refer to by code or id; another version where a name in it is another."""

    items_by_code: Mapping[str, Item]
    contacts: Mapping[str, Contact]
    version: int = 0


class RecordDetail(NamedTuple):
    """How much of a record is asked for."""

    unit_decimals: int = 2
    has_lines: bool = True
    is_summary: bool = False


@lru_cache(maxsize=65_536)
def day(value: date) -> tuple[str, str]:
    r"""A calendar day in Xero's two spellings: the string, and UTC midnight in milliseconds.

    >>> day(date(2018, 10, 20))
    ('2018-10-20T00:00:00', '/Date(1539993600000+0000)/')
    """
    midnight = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return f"{value.isoformat()}T00:00:00", f"/Date({milliseconds(midnight)}+0000)/"


def instant(value: datetime) -> str:
    """An instant as Xero writes it.

    >>> instant(EPOCH)
    '/Date(0+0000)/'
    """
    return f"/Date({milliseconds(value)}+0000)/"


def line_amount(line: Line) -> Decimal:
    """Quantity times unit amount after discount, rounded to the cent, half away from zero."""
    amount = line.quantity * line.unit_amount
    if line.discount_rate:
        amount *= 1 - line.discount_rate / 100
    return (amount - line.discount_amount).quantize(CENT, ROUND_HALF_UP)


def net_amount(document: Document, line: Line) -> Decimal:
    """A line's amount without tax."""
    return line_amount(line) - (line.tax_amount if document.line_amount_types == "Inclusive" else _NOTHING)


def total_tax(document: Document) -> Decimal:
    """The tax of a document: the sum of its lines'."""
    return sum((line.tax_amount for line in document.lines), _NOTHING)


def total(document: Document) -> Decimal:
    """What a document comes to, with tax: the sum of its lines."""
    net = sum((net_amount(document, line) for line in document.lines), _NOTHING)
    return net + total_tax(document)


def organisation(value: Organisation) -> Record:
    """The organisation's own record."""
    created = instant(EPOCH.replace(year=2015))
    version = {"GB": "UK"}.get(value.country_code, value.country_code)
    return {
        "Name": value.name,
        "LegalName": value.name,
        "PaysTax": True,
        "Version": version if version in {"AU", "NZ", "UK", "US"} else "GLOBAL",
        "OrganisationType": "COMPANY",
        "BaseCurrency": value.base_currency,
        "CountryCode": value.country_code,
        "IsDemoCompany": value.is_demo_company,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 3,
        "SalesTaxBasis": "NONE",
        "SalesTaxPeriod": "QUARTERLY1",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        "CreatedDateUTC": created,
        "OrganisationEntityType": "COMPANY",
        "Timezone": value.time_zone,
        "ShortCode": value.short_code,
        "OrganisationID": value.organisation_id,
        "Class": "DEMO" if value.is_demo_company else "PREMIUM",
        "Edition": "BUSINESS",
        "LineOfBusiness": "Wholesale",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }


def item(value: Item, *, view: RecordDetail) -> Record:
    """An item; quantities only where it is tracked."""
    purchase: Record = {}
    if value.is_purchased and value.purchase_unit_price is not None:
        purchase["UnitPrice"] = _price(value.purchase_unit_price, view.unit_decimals)
        purchase["COGSAccountCode" if value.is_tracked else "AccountCode"] = "310"
        purchase["TaxType"] = "NONE"
    sales: Record = {}
    if value.is_sold and value.sales_unit_price is not None:
        sales = {
            "UnitPrice": _price(value.sales_unit_price, view.unit_decimals),
            "AccountCode": "200",
            "TaxType": "NONE",
        }
    record: Record = {
        "ItemID": value.item_id,
        "Code": value.code,
        "Description": value.description,
        "PurchaseDescription": value.description,
        "UpdatedDateUTC": instant(value.updated_at),
        "PurchaseDetails": purchase,
        "SalesDetails": sales,
        "Name": value.name,
        "IsTrackedAsInventory": value.is_tracked,
    }
    if value.is_tracked:
        record |= _stock(value)
    return record | {"IsSold": value.is_sold, "IsPurchased": value.is_purchased}


def _stock(value: Item) -> Record:
    record: Record = {
        "InventoryAssetAccountCode": "630",
        "TotalCostPool": float(value.total_cost_pool),
        "QuantityOnHand": float(value.quantity_on_hand),
    }
    if value.quantity_on_back_order:
        record["QuantityOnBackOrder"] = float(value.quantity_on_back_order)
        record["QuantityAvailable"] = float(value.quantity_on_hand - value.quantity_on_back_order)
    return record


def contact(value: Contact, *, view: RecordDetail) -> Record:
    """A contact; the lists inside it only where the whole record is asked for."""
    record: Record = {"ContactID": value.contact_id}
    if value.merged_to_contact_id and not view.is_summary:
        record["MergedToContactID"] = value.merged_to_contact_id
    if value.contact_number:
        record["ContactNumber"] = value.contact_number
    if value.account_number:
        record["AccountNumber"] = value.account_number
    record |= {"ContactStatus": value.status, "Name": value.name, "EmailAddress": value.email_address}
    if not view.is_summary:
        record |= {"BankAccountDetails": "", "Addresses": [], "Phones": []}
    record |= {
        "UpdatedDateUTC": instant(value.updated_at),
        "IsSupplier": value.is_supplier,
        "IsCustomer": value.is_customer,
    }
    if value.default_currency:
        record["DefaultCurrency"] = value.default_currency
    if not view.is_summary:
        record |= {"ContactGroups": [], "ContactPersons": [], "HasAttachments": False}
    return record | {"HasValidationErrors": False}


def balances(value: Contact, invoices: Iterable[Document], *, today: date) -> Record:
    """What a contact owes and is owed, and how much of it is overdue; no stamp tells that it changed."""
    sides = {"ACCREC": "AccountsReceivable", "ACCPAY": "AccountsPayable"}
    found = {side: {"Outstanding": 0.0, "Overdue": 0.0} for side in sides.values()}
    for invoice in invoices:
        if invoice.contact_id == value.contact_id and invoice.status == "AUTHORISED":
            due = float(total(invoice) - invoice.amount_paid)
            side = found[sides[invoice.kind]]
            side["Outstanding"] = round(side["Outstanding"] + due, 2)
            if invoice.due_date is not None and invoice.due_date < today:
                side["Overdue"] = round(side["Overdue"] + due, 2)
    return found


def invoice(value: Document, *, names: Names, view: RecordDetail) -> Record:
    """A sales invoice or a bill."""
    amount = total(value)
    is_paid = value.status == "PAID"
    paid = amount if is_paid else value.amount_paid
    head: Record = {
        "Type": value.kind,
        "InvoiceID": value.document_id,
        "InvoiceNumber": value.number,
        "Reference": value.reference,
    }
    if value.kind != "ACCREC":
        del head["Reference"]  # a bill's reference on the screen is the number here
    lists: Record = {"Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": []}
    record = head | ({} if view.is_summary else lists)
    record |= {
        "AmountDue": float(amount - paid) if value.status in _OPEN else 0.0,
        "AmountPaid": float(paid),
        "AmountCredited": 0.0,
        "SentToContact": value.sent_to_contact,
        "CurrencyRate": float(value.currency_rate),
        "IsDiscounted": _is_discounted(value),
        "HasAttachments": False,
        "HasErrors": False,
    }
    record |= _contact_of(value, names) | _days(value, due=value.due_date)
    record |= _lines_and_totals(value, amount, names, view)
    if is_paid:
        record["FullyPaidOnDate"] = day(value.due_date or value.date)[1]
    return record


def credit_note(value: Document, *, names: Names, view: RecordDetail) -> Record:
    """A credit note to a customer or from a supplier."""
    amount = total(value)
    record: Record = {
        "CreditNoteID": value.document_id,
        "CreditNoteNumber": value.number,
        "Payments": [],
        "ID": value.document_id,
        "HasErrors": False,
        "CurrencyRate": float(value.currency_rate),
        "Type": value.kind,
        "Reference": value.reference,
        "RemainingCredit": float(amount) if value.status in _OPEN else 0.0,
        "Allocations": [],
        "SentToContact": value.sent_to_contact,
        "HasAttachments": False,
    }
    return record | _contact_of(value, names) | _days(value) | _lines_and_totals(value, amount, names, view)


def purchase_order(value: Document, *, names: Names, view: RecordDetail) -> Record:
    """A purchase order; it has its lines in every list."""
    text, midnight = day(value.date)
    record: Record = {
        "PurchaseOrderID": value.document_id,
        "PurchaseOrderNumber": value.number,
        "DateString": text,
        "Date": midnight,
    }
    if value.delivery_date is not None:
        record["DeliveryDateString"], record["DeliveryDate"] = day(value.delivery_date)
    if value.expected_arrival_date is not None:
        record["ExpectedArrivalDate"] = day(value.expected_arrival_date)[1]
    record |= {
        "HasErrors": False,
        "IsDiscounted": _is_discounted(value),
        "SentToContact": value.sent_to_contact,
        "Reference": value.reference,
        "Type": "PURCHASEORDER",
        "CurrencyRate": float(value.currency_rate),
    }
    record |= _contact_of(value, names) | {"Status": value.status}
    record |= _lines_and_totals(value, total(value), names, view._replace(has_lines=True))
    del record["UpdatedDateUTCString"]  # orders have none
    return record | {"HasAttachments": False}


def _is_discounted(value: Document) -> bool:
    return any(line.discount_rate or line.discount_amount for line in value.lines)


def _contact_of(value: Document, names: Names) -> Record:
    known = names.contacts.get(value.contact_id)
    return {
        "Contact": {
            "ContactID": value.contact_id,
            "Name": known.name if known else "",
            "Addresses": [],
            "Phones": [],
            "ContactGroups": [],
            "ContactPersons": [],
            "HasValidationErrors": False,
        }
    }


def _days(value: Document, *, due: date | None = None) -> Record:
    text, midnight = day(value.date)
    record = {"DateString": text, "Date": midnight}
    if due is not None:
        record["DueDateString"], record["DueDate"] = day(due)
    return record | {"Status": value.status}


def _lines_and_totals(value: Document, amount: Decimal, names: Names, view: RecordDetail) -> Record:
    lines = [_line(line, names, view.unit_decimals) for line in value.lines] if view.has_lines else []
    tax = total_tax(value)
    return {
        "LineAmountTypes": value.line_amount_types,
        "LineItems": lines,
        "SubTotal": float(amount - tax),
        "TotalTax": float(tax),
        "Total": float(amount),
        "UpdatedDateUTC": instant(value.updated_at),
        "UpdatedDateUTCString": value.updated_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "CurrencyCode": value.currency_code,
    }


def _line(line: Line, names: Names, unit_decimals: int) -> Record:
    record: Record = {}
    known = names.items_by_code.get(line.item_code) if line.item_code else None
    if line.item_code:
        record["ItemCode"] = line.item_code
    record |= {
        "Description": line.description,
        "UnitAmount": _price(line.unit_amount, unit_decimals),
        "TaxType": line.tax_type,
        "TaxAmount": float(line.tax_amount),
        "LineAmount": float(line_amount(line)),
        "AccountCode": "200",
    }
    if line.discount_rate:
        record["DiscountRate"] = float(line.discount_rate)
    if line.discount_amount:
        record["DiscountAmount"] = float(line.discount_amount)
    if known is not None:
        record["Item"] = {"ItemID": known.item_id, "Name": known.name, "Code": known.code}
    record |= {"Tracking": [], "Quantity": float(line.quantity), "LineItemID": line.line_item_id}
    return record


def _price(amount: Decimal, decimals: int) -> float:
    return float(amount.quantize(UNITS[decimals], ROUND_HALF_UP))
