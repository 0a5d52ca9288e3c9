"""What `raw` must hold, worked out from the sandbox's records without any code of ours."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]


def truth(books: dict[str, list[Record]]) -> Rows:
    """The rows of each list, as `plain` has them of what was landed."""
    merged = {one["ContactID"]: one["MergedToContactID"] for one in books["Contacts"] if one.get("MergedToContactID")}
    return {
        "xero_items": _sorted(_item(one) for one in books["Items"]),
        "xero_contacts": _sorted(_contact(one) for one in books["Contacts"]),
        **_documents(books["Invoices"], "xero_invoice", "InvoiceID", _invoice, merged),
        **_documents(books["CreditNotes"], "xero_credit_note", "CreditNoteID", _credit_note, merged),
        **_documents(books["PurchaseOrders"], "xero_purchase_order", "PurchaseOrderID", _order, merged),
    }


def plain(raw: dict[str, list[dict[str, Any]]]) -> Rows:
    """Landed rows in the same form.

    Xero does not stamp documents when their contact is renamed or merged or an item of theirs is deleted: the names and
    ids that it embeds are left out, and a merged contact's id is followed, as the marts do.
    """
    merged = {
        one["contact_id"]: one["merged_to_contact_id"] for one in raw["xero_contacts"] if one["merged_to_contact_id"]
    }
    return {name: _sorted(_plain_row(row, merged, table=name) for row in rows) for name, rows in raw.items()}


def differences(raw: Rows, held: Rows) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
    """For each table that differs, the rows that Xero holds and were not landed, and those that it does not hold."""
    return {
        name: {
            "not landed": [row for row in held[name] if row not in raw[name]],
            "not held": [row for row in raw[name] if row not in held[name]],
        }
        for name in held
        if raw[name] != held[name]
    }


def _plain_row(row: dict[str, Any], merged: dict[str, str], *, table: str) -> tuple[Any, ...]:
    unstamped = {"contact_name"} | ({"item_id"} if table.endswith("_lines") else set())
    values = {name: _plain_value(value) for name, value in row.items() if name not in unstamped}
    if table != "xero_contacts" and "contact_id" in values:
        values["contact_id"] = _followed(values["contact_id"], merged)
    return tuple(values.values())


def _plain_value(value: Any) -> Any:
    return round(float(value), 4) if isinstance(value, Decimal) else value


def _followed(contact: str, merged: dict[str, str]) -> str:
    for _ in range(20):
        contact = merged.get(contact, contact)
    return contact


def _sorted(rows: Any) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


def _documents(records: list[Record], table: str, key: str, row: Any, merged: dict[str, str]) -> Rows:
    lines = [
        (one[key], number, *_line(line)) for one in records for number, line in enumerate(one["LineItems"], start=1)
    ]
    return {
        f"{table}s": _sorted(row(one, _followed(one["Contact"]["ContactID"], merged)) for one in records),
        f"{table}_lines": _sorted(lines),
    }


def _line(line: Record) -> tuple[Any, ...]:
    return (
        line.get("LineItemID"), line.get("ItemCode"), line.get("Description", ""),
        _number(line["Quantity"]), _number(line["UnitAmount"]), _number(line["LineAmount"]),
        _number(line.get("DiscountRate")), _number(line.get("DiscountAmount")), _number(line["TaxAmount"]),
    )  # fmt: skip


def _item(one: Record) -> tuple[Any, ...]:
    return (
        one["ItemID"], one["Code"], one["Name"], one["Description"], one["IsSold"], one["IsPurchased"],
        one["IsTrackedAsInventory"], _number(one.get("QuantityOnHand", 0)), _number(one.get("QuantityOnBackOrder", 0)),
        round(one.get("TotalCostPool") or 0, 2), _number(one["PurchaseDetails"].get("UnitPrice")),
        _number(one["SalesDetails"].get("UnitPrice")), _instant(one["UpdatedDateUTC"]),
    )  # fmt: skip


def _contact(one: Record) -> tuple[Any, ...]:
    return (
        one["ContactID"], one["Name"], one["ContactStatus"], one.get("AccountNumber", ""), one["EmailAddress"],
        one.get("DefaultCurrency", ""), one.get("MergedToContactID"), _instant(one["UpdatedDateUTC"]),
    )  # fmt: skip


def _invoice(one: Record, contact: str) -> tuple[Any, ...]:
    return (
        one["InvoiceID"], one["Type"], one["InvoiceNumber"], one.get("Reference", ""), one["Status"], contact,
        _day(one["Date"]), _day(one.get("DueDate")), *_end(one),
    )  # fmt: skip


def _credit_note(one: Record, contact: str) -> tuple[Any, ...]:
    return (
        one["CreditNoteID"], one["Type"], one["CreditNoteNumber"], one.get("Reference", ""), one["Status"], contact,
        _day(one["Date"]), *_end(one),
    )  # fmt: skip


def _order(one: Record, contact: str) -> tuple[Any, ...]:
    return (
        one["PurchaseOrderID"], one["PurchaseOrderNumber"], one.get("Reference", ""), one["Status"], contact,
        _day(one["Date"]), _day(one.get("DeliveryDate")), _day(one.get("ExpectedArrivalDate")), *_end(one),
    )  # fmt: skip


def _end(one: Record) -> tuple[Any, ...]:
    return (
        one["CurrencyCode"], _number(one["CurrencyRate"]), _number(one["Total"]), one["LineAmountTypes"],
        _instant(one["UpdatedDateUTC"]),
    )  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None else round(float(value), 4)


def _instant(text: str) -> datetime:
    milliseconds = int(text.removeprefix("/Date(").partition("+")[0])
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _day(text: str | None) -> date | None:
    return None if text is None else _instant(text).date()
