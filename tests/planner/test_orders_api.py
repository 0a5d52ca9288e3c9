"""The API of purchase orders: the same decisions as on the screen, with versions, keys, roles and problems."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from pipelines.purchasing.orders import OrderState
from planner.security.roles import Role
from tests.planner.conftest import KEY, Visitor
from tests.planner.orders_home import (
    ELSEWHERE,
    FIRST,
    OF_OTHER,
    SECOND,
    SUPPLIER,
    anna,
    ledger_of,
    made_orders_home,
    orders_home,
)

__all__ = ["anna", "made_orders_home", "orders_home"]
ORDERS = f"/api/v1/organisations/{KEY}/purchase-orders"


def send(visitor: Visitor, method: str, path: str, wanted: int = 200, *, match: str = "", **body: Any) -> Response:
    headers = {"X-Desk-Token": visitor.word["X-Desk-Token"]} | ({"If-Match": match} if match else {})
    headers |= {"Idempotency-Key": body.pop("key")} if "key" in body else {}
    answer = visitor.client.request(method, ORDERS + path, json=body, headers=headers)
    assert answer.status_code == wanted, answer.text[:500]
    if wanted >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "stocktrim" not in answer.json()["detail"]
    return answer


def test_orders_come_by_state_in_pages(anna: Visitor) -> None:
    whole = anna.client.get(ORDERS, params={"state": "draft"}).json()
    assert whole["value_by_currency"] == {"GBP": "94.50"}
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = anna.client.get(ORDERS, params={"limit": 2, "cursor": cursor}).json()
        found += [order["order_id"] for order in page["orders"]]
        cursor = page["next_cursor"]
    assert found == [order["order_id"] for order in whole["orders"]] == [FIRST, SECOND, ELSEWHERE]
    assert anna.client.get(ORDERS, params={"supplier": SUPPLIER}).json()["orders_found"] == 2
    assert anna.client.get(ORDERS, params={"state": "odd"}).status_code == 422


def test_an_order_has_its_history_and_its_version_as_etag(anna: Visitor) -> None:
    answer = anna.client.get(f"{ORDERS}/{FIRST}")
    order = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert (order["version"], order["value"]) == (1, "50.00")
    assert order["document"]["LineItems"][0]["Quantity"] == 12
    assert order["history"][0]["sentence"].startswith("Plan 20261201-made-up suggests 2 lines")
    assert anna.client.get(f"{ORDERS}/{OF_OTHER}").status_code == 404


def test_edits_go_by_version_and_who_comes_second_is_told(anna: Visitor, orders_home: Path) -> None:
    changed: dict[str, Any] = {"product_code": "p-00011", "quantity": "20", "note": "packed by 6"}
    order = send(anna, "PATCH", f"/{FIRST}/lines", match='"1"', **changed).json()["orders"][0]
    assert (order["version"], order["lines"][0]["quantity"], order["value"]) == (2, "20", "70.00")
    assert (
        "anna changed P-00011" in send(anna, "PATCH", f"/{FIRST}/lines", 412, match='"1"', **changed).json()["detail"]
    )
    send(anna, "PATCH", f"/{FIRST}/lines", 409, version=1, **changed)
    send(anna, "PATCH", f"/{FIRST}/lines", 428, **changed)
    send(anna, "PATCH", f"/{FIRST}/lines", 400, match="*", **changed)
    send(anna, "PATCH", f"/{FIRST}", version=2, expected_arrival_date="2026-12-24", note="side door")
    send(anna, "POST", f"/{FIRST}/lines", version=3, product_code="P-00020", quantity="2", reason="a pallet")
    send(anna, "POST", f"/{FIRST}/lines/drop", version=4, product_code="P-00012")
    assert [line.product_code for line in ledger_of(orders_home).order(FIRST).lines] == ["P-00011", "P-00020"]


def test_drafts_are_merged_split_rejected_and_reopened(anna: Visitor) -> None:
    seen = [{"order_id": SECOND, "version": 1}]
    merged = send(anna, "POST", f"/{FIRST}/merge", version=1, others=seen).json()["orders"]
    assert [order["state"] for order in merged] == ["draft", "superseded"]
    rest, made = send(
        anna, "POST", f"/{FIRST}/split", version=2, lines=[{"product_code": "P-00011", "quantity": "2"}]
    ).json()["orders"]
    assert (rest["lines"][0]["quantity"], made["lines"][0]["quantity"]) == ("10", "2")
    send(anna, "POST", f"/{FIRST}/reject", version=3, reason="enough")
    assert send(anna, "POST", f"/{FIRST}/reopen", version=4).json()["orders"][0]["state"] == "draft"


def test_orders_are_approved_together_or_none(anna: Visitor, orders_home: Path) -> None:
    both = [{"order_id": FIRST, "version": 1}, {"order_id": ELSEWHERE, "version": 1}]
    detail = send(anna, "POST", "/approve", 422, orders=both).json()["detail"]
    assert "below the supplier's minimum order value" in detail
    assert not ledger_of(orders_home).orders(OrderState.APPROVED)
    answer = send(anna, "POST", "/approve", orders=both, is_below_minimum_accepted=True).json()
    assert [order["state"] for order in answer["orders"]] == ["approved", "approved"]
    assert "Xero did not answer" in answer["notes"][0]
    send(anna, "POST", f"/{SECOND}/approve", match='"1"')


def test_an_approval_with_a_key_is_made_once(anna: Visitor, orders_home: Path) -> None:
    first, again = (send(anna, "POST", f"/{FIRST}/approve", match='"1"', key="k-1") for _ in range(2))
    assert first.json() == again.json()
    assert ledger_of(orders_home).order(FIRST).sequence == 2


def test_orders_are_created_from_the_plan_and_by_hand(anna: Visitor) -> None:
    plan = anna.desk.views.view(KEY).order_plan
    wanted = plan.filter((plan["order_quantity"] > 0) & plan["supplier_id"].is_not_null())
    code, supplier = wanted.row(0, named=True)["product_code"], wanted.row(0, named=True)["supplier_name"]
    made = send(anna, "POST", "", 201, product_codes=[code.lower()], reason="today").json()["orders"]
    assert [line["product_code"] for order in made for line in order["lines"]] == [code]
    more = send(anna, "POST", "", 201, supplier=supplier, status="order_now").json()
    assert {order["supplier_name"] for order in more["orders"]} == {supplier}
    assert any(code in sentence for sentence in more["notes"])
    empty = send(anna, "POST", "", 201, is_empty=True, supplier=SUPPLIER, currency="eur").json()["orders"][0]
    assert (empty["currency"], empty["lines"], Decimal(empty["value"])) == ("EUR", [], Decimal(0))
    send(anna, "POST", "", 422)
    send(anna, "POST", "", 422, product_codes=["nope"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/lines", {"product_code": "P-1", "quantity": "1"}), ("PATCH", "/lines", {"product_code": "P-1"}),
        ("POST", "/lines/drop", {"product_code": "P-1"}), ("PATCH", "", {"note": "n"}), ("POST", "/reject", {}),
        ("POST", "/split", {"lines": [{"product_code": "P-1"}]}), ("POST", "/reopen", {}), ("POST", "/approve", {}),
        ("POST", "/merge", {"others": [{"order_id": FIRST, "version": 1}]}),
    ],
)  # fmt: skip
def test_no_route_reaches_another_organisation_or_serves_a_viewer(
    anna: Visitor, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: dict[str, Any]
) -> None:
    send(anna, method, f"/{OF_OTHER}{path}", 404, version=1, **body)
    send(anna, method, f"/{FIRST}{path}", 422, version=1, unknown=1, **body)
    monkeypatch.setattr(type(anna.desk), "role", lambda *_: Role.VIEWER)
    send(anna, method, f"/{FIRST}{path}", 403, version=1, **body)
