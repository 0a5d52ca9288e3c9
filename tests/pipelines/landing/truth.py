"""What `raw` must hold, worked out from the sandbox's records without any code of ours."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]


def truth(books: dict[str, list[Record]]) -> Rows:
    """The rows of each list, as `plain` has them of what was landed."""
    merged = {
        contact["ContactID"]: contact["MergedToContactID"]
        for contact in books["Contacts"]
        if contact.get("MergedToContactID")
    }
    return {
        "xero_items": _sorted(_item(item) for item in books["Items"]),
        "xero_contacts": _sorted(_contact(contact) for contact in books["Contacts"]),
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
        row["contact_id"]: row["merged_to_contact_id"] for row in raw["xero_contacts"] if row["merged_to_contact_id"]
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
        (record[key], number, *_line(line))
        for record in records
        for number, line in enumerate(record["LineItems"], start=1)
    ]
    return {
        f"{table}s": _sorted(row(record, _followed(record["Contact"]["ContactID"], merged)) for record in records),
        f"{table}_lines": _sorted(lines),
    }


def _line(line: Record) -> tuple[Any, ...]:
    return (
        line.get("LineItemID"), line.get("ItemCode"), line.get("Description", ""),
        _number(line["Quantity"]), _number(line["UnitAmount"]), _number(line["LineAmount"]),
        _number(line.get("DiscountRate")), _number(line.get("DiscountAmount")), _number(line["TaxAmount"]),
        "\n".join(f"{option['Name']}: {option['Option']}" for option in line.get("Tracking") or ()),
    )  # fmt: skip


def _item(item: Record) -> tuple[Any, ...]:
    return (
        item["ItemID"], item["Code"], item["Name"], item["Description"], item["IsSold"], item["IsPurchased"],
        item["IsTrackedAsInventory"], _number(item.get("QuantityOnHand", 0)),
        _number(item.get("QuantityOnBackOrder", 0)), round(item.get("TotalCostPool") or 0, 2),
        _number(item["PurchaseDetails"].get("UnitPrice")),
        _number(item["SalesDetails"].get("UnitPrice")), _instant(item["UpdatedDateUTC"]),
        item["SalesDetails"].get("AccountCode", ""), _purchase_account(item["PurchaseDetails"]),
        item.get("InventoryAssetAccountCode", ""),
    )  # fmt: skip


def _purchase_account(side: Record) -> str:
    """Xero names the account of a tracked item's purchases as that of the cost of goods sold."""
    return str(side.get("COGSAccountCode") or side.get("AccountCode", ""))


def _contact(contact: Record) -> tuple[Any, ...]:
    return (
        contact["ContactID"], contact["Name"], contact["ContactStatus"], contact.get("AccountNumber", ""),
        contact["EmailAddress"],
        contact.get("DefaultCurrency", ""), contact.get("MergedToContactID"), _instant(contact["UpdatedDateUTC"]),
    )  # fmt: skip


def _invoice(invoice: Record, contact: str) -> tuple[Any, ...]:
    return (
        invoice["InvoiceID"], invoice["Type"], invoice["InvoiceNumber"], invoice.get("Reference", ""),
        invoice["Status"],
        contact, _day(invoice["Date"]), _day(invoice.get("DueDate")), *_end(invoice),
    )  # fmt: skip


def _credit_note(note: Record, contact: str) -> tuple[Any, ...]:
    return (
        note["CreditNoteID"], note["Type"], note["CreditNoteNumber"], note.get("Reference", ""), note["Status"],
        contact, _day(note["Date"]), *_end(note),
    )  # fmt: skip


def _order(order: Record, contact: str) -> tuple[Any, ...]:
    return (
        order["PurchaseOrderID"], order["PurchaseOrderNumber"], order.get("Reference", ""), order["Status"],
        contact, _day(order["Date"]), _day(order.get("DeliveryDate")), _day(order.get("ExpectedArrivalDate")),
        *_end(order),
    )  # fmt: skip


def _end(document: Record) -> tuple[Any, ...]:
    return (
        document["CurrencyCode"], _number(document["CurrencyRate"]), _number(document["Total"]),
        document["LineAmountTypes"], _instant(document["UpdatedDateUTC"]),
    )  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None else round(float(value), 4)


def _instant(text: str) -> datetime:
    milliseconds = int(text.removeprefix("/Date(").partition("+")[0])
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _day(text: str | None) -> date | None:
    return None if text is None else _instant(text).date()
