"""What a load changed, found by comparing all that was landed before and after it, record by record."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb

from pipelines.landing.changes import LoadChanges
from pipelines.landing.endpoints import ENDPOINTS, Endpoint
from pipelines.storage.warehouse import read_table

LEFT_OUT = {"updated_at", "quantity_on_hand", "quantity_on_back_order", "total_cost_pool"}
VOID = {"VOIDED", "DELETED"}
Records = dict[str, dict[str, Any]]


def records_of(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Records]:
    """Each list's records by their id, each with its lines."""
    return {endpoint.name: _records(warehouse, endpoint) for endpoint in ENDPOINTS}


def _records(warehouse: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> Records:
    records = {row[endpoint.key]: row | {"lines": []} for row in read_table(warehouse, endpoint.table).to_dicts()}
    for line in read_table(warehouse, endpoint.lines).sort("line_number").to_dicts() if endpoint.lines else ():
        records[line[endpoint.key]]["lines"].append(line)
    return records


def counted(changes: LoadChanges) -> tuple[Counter[tuple[str, str]], dict[str, tuple[float, float]]]:
    """How many records of each kind were new, changed, void or gone; and the quantities of products that moved."""
    counts = {
        (entry.records, name): getattr(entry, name)
        for entry in changes.records
        for name in ("new", "changed", "void", "gone")
    }
    moves = {move.product_code: (move.before, move.after) for move in changes.stock_moves}
    return +Counter(counts), moves


def compared(
    before: dict[str, Records], after: dict[str, Records]
) -> tuple[Counter[tuple[str, str]], dict[str, tuple[float, float]]]:
    """The same as `counted`, of two states of all lists."""
    counts = Counter(change for name in before for change in _changes(name, before[name], after[name]))
    items, items_before = after["Items"], before["Items"]
    moves = {
        item["code"]: (float(items_before[key]["quantity_on_hand"]), float(item["quantity_on_hand"]))
        for key, item in items.items()
        if key in items_before and items_before[key]["quantity_on_hand"] != item["quantity_on_hand"]
    }
    return counts, moves


def _changes(name: str, before: Records, after: Records) -> Iterator[tuple[str, str]]:
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if new is None:
            yield _kind(name, old), "gone"
        elif new.get("status") in VOID and (old is None or old["status"] not in VOID):
            yield _kind(name, new), "void"
        elif old is None:
            yield _kind(name, new), "new"
        elif _content(old) != _content(new):
            yield _kind(name, new), "changed"


def _kind(name: str, record: Any) -> str:
    kinds = {
        "Items": "products", "Contacts": "contacts", "CreditNotes": "credit notes", "PurchaseOrders": "purchase orders",
        "Invoices": "bills" if record.get("type") == "ACCPAY" else "sales invoices",
    }  # fmt: skip
    return kinds[name]


def _content(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in LEFT_OUT}
