"""What Xero's data lack is found exactly: what the papers of a generated wholesaler say, and every fault planted."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from pipelines.storage import tables
from tests.dbt_project.conftest import Build
from tests.dbt_project.papers import TODAY, Rows, in_days, raw_of
from xero_sandbox.core.documents import Document, World
from xero_sandbox.worlds.generator import generate_wholesaler

COUNTED: Final = {"DRAFT", "SUBMITTED", "AUTHORISED", "PAID"}
APPROVED: Final = {"AUTHORISED", "PAID"}
NOON: Final = datetime(2026, 6, 14, 12, tzinfo=UTC)
Found = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def wholesaler() -> World:
    return generate_wholesaler(end=in_days(-1), products=80, months=5)


def loaded(world: World) -> Rows:
    """`raw` of the wholesaler, loaded yesterday noon, with what its items cost."""
    rows = raw_of(world)
    rows[tables.PLANNING_SETTINGS].append({"level": "global", "name": "stale_after_hours", "value": "36"})
    for row, item in zip(rows[tables.XERO_ITEMS], world.items.values(), strict=True):
        row["purchase_unit_price"] = item.purchase_unit_price
    entities = ("products", "sales_orders", "purchase_orders", "suppliers")
    rows[tables.XERO_CONTACTS] = [
        {"contact_id": contact.contact_id, "name": contact.name, "contact_status": "ACTIVE"}
        for contact in world.contacts.values()
    ]
    rows[tables.ENTITY_LOADS] = [{"entity": entity, "loaded_at": NOON} for entity in entities]
    return rows


def readiness(build: Build, rows: Rows) -> Found:
    found = build(rows, "xero_readiness")
    assert all(row["what_to_do"] and row["xero_link"].startswith("https://go.xero.com/") for row in found)
    assert {row["currency"] for row in found} <= {"GBP"}
    return {(row["problem"], row["record_id"]): row for row in found}


def a_year(documents: Any, kind: str, statuses: set[str]) -> Iterator[Document]:
    since = TODAY - timedelta(days=365)
    of_kind = (document for document in documents.values() if document.kind == kind)
    return (document for document in of_kind if document.status in statuses and document.date > since)


def expected(world: World, on_order: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """What the papers themselves say, by plain Python; the rule for open orders is another test's."""
    sales, sold = list(a_year(world.invoices, "ACCREC", COUNTED)), set()
    problems: Counter[tuple[str, str]] = Counter()
    for invoice in sales:
        sold |= {line.item_code for line in invoice.lines}
        if any(not line.item_code for line in invoice.lines):
            problems["sale_without_product", invoice.document_id] += 1
    orders = [order for order in world.purchase_orders.values() if order.status != "DELETED"]
    bought = {line.item_code for order in orders for line in order.lines}
    for bill in a_year(world.invoices, "ACCPAY", APPROVED):
        if sum(line.quantity * line.unit_amount for line in bill.lines):
            bought |= {line.item_code for line in bill.lines}
    for item in world.items.values():
        problems["sold_but_not_tracked", item.item_id] += not item.is_tracked and item.code in sold
        problems["no_supplier", item.item_id] += item.is_tracked and item.code not in bought
    ids = {order.number: order.document_id for order in world.purchase_orders.values()}
    for line in on_order:
        record = f"{ids[line['purchase_order_number']]} line {line['line_number']}"
        if line["exception"] == "late" and line["billed_quantity"] < line["ordered_quantity"]:
            problems["order_late_and_unbilled", record] += 1
        if line["exception"] == "counted_although_billed":
            problems["order_seems_delivered", record] += 1
    return +problems


def test_a_generated_wholesaler_has_the_problems_of_its_papers_and_no_other(build: Build, wholesaler: World) -> None:
    rows = loaded(wholesaler)
    wanted = expected(wholesaler, build(rows, "stock_on_order"))
    assert {problem for problem, _ in wanted} == {
        "sold_but_not_tracked", "sale_without_product", "no_supplier", "order_late_and_unbilled",
        "order_seems_delivered",
    }  # fmt: skip
    assert readiness(build, rows).keys() == wanted.keys()


def an_item(rows: Rows, code: str, **fields: Any) -> None:
    """An item with a cost and a supplier, and no papers."""
    usual = {"item_id": code, "code": code, "name": code, "is_tracked_as_inventory": True, "quantity_on_hand": 0}
    rows[tables.XERO_ITEMS].append(usual | {"quantity_on_back_order": 0, "purchase_unit_price": Decimal(2)} | fields)


def with_supplier(rows: Rows, code: str, supplier: str) -> None:
    setting = {"level": "product", "subject": code, "name": "preferred_supplier", "value": supplier}
    rows[tables.PLANNING_SETTINGS].append(setting)


def a_paper(
    rows: Rows, kind: str, number: str, *, days: int, contact: str, code: str, quantity: int, **dates: Any
) -> None:
    """A document of one line at 3 a unit."""
    is_order = kind == "PURCHASEORDER"
    head, lines = (
        (tables.XERO_PURCHASE_ORDERS, tables.XERO_PURCHASE_ORDER_LINES) if is_order
        else (tables.XERO_INVOICES, tables.XERO_INVOICE_LINES)
    )  # fmt: skip
    key = "purchase_order_id" if is_order else "invoice_id"
    paper = {
        key: f"id {kind} {number}", "purchase_order_number": number, "invoice_number": number, "type": kind,
        "status": "AUTHORISED", "contact_id": contact, "contact_name": contact, "order_date": in_days(days),
        "invoice_date": in_days(days), "currency_code": "GBP", "currency_rate": Decimal(1),
        "total": Decimal(3 * quantity), **dates,
    }  # fmt: skip
    rows[head].append({name: value for name, value in paper.items() if name in head.columns})
    rows[lines].append({
        key: paper[key], "line_number": 1, "item_code": code, "quantity": Decimal(quantity),
        "unit_amount": Decimal(3),
    })  # fmt: skip


def plant(rows: Rows) -> dict[tuple[str, str], tuple[float | None, Decimal | None]]:
    """Plant every fault once, each at records of its own; the units and the money at stake."""
    for code in ("WORK", "DEAR", "FREE", "TWIN", "FOUND", "LATE", "BILLED"):
        an_item(rows, code)
        with_supplier(rows, code, "a supplier")
    items = {row["code"]: row for row in rows[tables.XERO_ITEMS]}
    items["WORK"]["is_tracked_as_inventory"] = False
    a_paper(rows, "ACCREC", "S-1", days=-2, contact="a customer", code="WORK", quantity=4)
    items["DEAR"]["purchase_unit_price"] = Decimal(-1)
    items["FREE"]["purchase_unit_price"] = None
    an_item(rows, "ALONE")
    an_item(rows, "TWIN-2", name=" twin")
    with_supplier(rows, "TWIN-2", "a supplier")
    items["FOUND"]["quantity_on_hand"] = 7
    a_paper(rows, "ACCREC", "S-2", days=-2, contact="a customer", code="", quantity=5)
    a_paper(rows, "PURCHASEORDER", "L-1", days=-9, contact="s1", code="LATE", quantity=6, delivery_date=TODAY)
    a_paper(rows, "PURCHASEORDER", "B-1", days=-9, contact="s2", code="BILLED", quantity=8)
    a_paper(rows, "ACCPAY", "B-1", days=-3, contact="s2", code="BILLED", quantity=8)
    items["BILLED"]["quantity_on_hand"] = 8
    rows[tables.XERO_CONTACTS] += [
        {"contact_id": "s1", "name": "Same Works", "contact_status": "ACTIVE"},
        {"contact_id": "s2", "name": "same  works", "contact_status": "ACTIVE"},
    ]
    rows[tables.XERO_ORGANISATION][0]["is_demo_company"] = True
    rows[tables.ENTITY_LOADS][0]["loaded_at"] = NOON - timedelta(days=2)
    expected: dict[tuple[str, str], tuple[float | None, Decimal | None]] = {
        ("sold_but_not_tracked", "WORK"): (4, Decimal(12)), ("negative_cost", "DEAR"): (0, Decimal(0)),
        ("missing_cost", "FREE"): (0, Decimal(0)), ("no_supplier", "ALONE"): (0, Decimal(0)),
        ("duplicate_product_name", "TWIN"): (0, Decimal(0)), ("duplicate_product_name", "TWIN-2"): (0, Decimal(0)),
        ("stock_not_reconciled", "FOUND"): (7, Decimal(14)),
        ("sale_without_product", "id ACCREC S-2"): (5, Decimal(15)),
        ("order_late_and_unbilled", "id PURCHASEORDER L-1 line 1"): (6, Decimal(18)),
        ("order_seems_delivered", "id PURCHASEORDER B-1 line 1"): (8, Decimal(24)),
        ("duplicate_supplier_name", "s1"): (None, None), ("duplicate_supplier_name", "s2"): (None, None),
        ("demo_company", "o"): (None, None), ("stale_load", "o"): (None, None),
    }  # fmt: skip
    return expected


def test_every_planted_fault_is_found_with_its_money_and_none_is_invented(build: Build, wholesaler: World) -> None:
    rows = loaded(wholesaler)
    before = readiness(build, rows)
    planted = plant(rows)
    after = readiness(build, rows)
    assert after.keys() - before.keys() == planted.keys()
    assert {key: after[key] for key in before} == before
    assert {key: (after[key]["quantity"], after[key]["amount"]) for key in planted} == planted
