"""What programs may read: each list whole by its cursors, 304 for what they have, and writes by the same rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines.storage import tables
from planner.api.table_routes import ROUTES
from tests.planner.conftest import KEY, Visitor
from tests.planner.test_exceptions_screen import buyer

__all__ = ["buyer"]
OF = f"/api/v1/organisations/{KEY}"
OWN = "/api/v1/organisations/own"


def whole(visitor: Visitor, path: str, field: str, **parameters: Any) -> list[dict[str, Any]]:
    """Every row of a list, by its cursors."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = visitor.client.get(path, params={**parameters, "cursor": cursor})
        assert answer.status_code == 200, answer.text[:300]
        rows += answer.json()[field]
        cursor = answer.json()["next_cursor"]
    return rows


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.path))
def test_a_table_is_read_whole_in_pages(visitor: Visitor, route: Any) -> None:
    parameters = {"product_code": " p-00011 "} if "product_code" in route.table.columns else {}
    found = whole(visitor, f"{OF}/{route.path}", route.field, limit=7, **parameters)
    view = visitor.desk.views.view(KEY)
    assert len(found) == view.rows(route.table, of=["P-00011"] if parameters else None).height


def test_a_large_table_wants_a_product_or_a_quarter(visitor: Visitor) -> None:
    refused = visitor.client.get(f"{OF}/demand")
    assert (refused.status_code, "product_code" in refused.json()["detail"]) == (404, True)
    days = {"from_date": "2026-10-01", "until_date": "2026-10-31"}
    found = whole(visitor, f"{OF}/demand", "demand", limit=1000, **days)
    assert {row["demand_date"][:7] for row in found} == {"2026-10"}
    assert visitor.client.get(f"{OF}/demand", params={"product_code": "NOPE"}).status_code == 404
    assert visitor.client.get(f"{OF}/demand", params={"from_date": "soon"}).status_code == 422


def test_what_a_program_has_already_is_not_sent_again(visitor: Visitor) -> None:
    for path in ("plan", "products", "plans", "receipts?product_code=P-00011", "exceptions", "customers", "service"):
        first = visitor.client.get(f"{OF}/{path}")
        assert first.status_code == 200, first.text[:300]
        tag = first.headers["ETag"]
        again = visitor.client.get(f"{OF}/{path}", headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert visitor.client.get(f"{OF}/{path}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_plans_are_listed_read_and_compared(visitor: Visitor) -> None:
    newest, before = (plan["plan_id"] for plan in whole(visitor, f"{OF}/plans", "plans", limit=1))
    lines = whole(visitor, f"{OF}/plans/{before}", "lines", limit=100)
    assert len(lines) == 240
    changed = whole(visitor, f"{OF}/plans/{newest}/differences", "differences", limit=5)
    assert len(changed) == 24
    assert all(row["quantity_before"] == row["quantity_after"] + 5 for row in changed)
    back = visitor.client.get(f"{OF}/plans/{before}/differences", params={"before": newest}).json()
    assert back["differences"][0]["quantity_after"] > back["differences"][0]["quantity_before"]
    for path in ("nope", "nope/differences", f"{before}/differences"):
        assert visitor.client.get(f"{OF}/plans/{path}").status_code == 404


def test_shares_of_customers_add_up(visitor: Visitor) -> None:
    found = whole(visitor, f"{OF}/customers", "customers", limit=40)
    assert sum(row["share_of_units"] for row in found) == pytest.approx(1)
    sold = visitor.desk.views.view(KEY).rows(tables.DEMAND_TRANSACTIONS)["quantity"].sum()
    assert sum(row["units"] for row in found) == pytest.approx(sold)


def test_the_price_list_is_that_of_the_screen(visitor: Visitor) -> None:
    levels = visitor.client.get(f"{OF}/price-list").json()["levels"]
    assert [level["service_level"] for level in levels if level["is_here"]] == [0.95]


def test_a_product_is_reconciled_by_month(visitor: Visitor) -> None:
    found = visitor.client.get(f"{OF}/reconciliation", params={"product_code": "P-00011"}).json()
    months = visitor.desk.views.view(KEY).rows(tables.SALES_MONTHLY, of=["P-00011"])
    assert len(found["months"]) == months.height
    one = visitor.client.get(f"{OF}/reconciliation", params={"product_code": "P-00011", "month": "2026-10-09"}).json()
    assert [row["month"] for row in one["months"]] == ["2026-10-01"]


def test_exceptions_are_those_of_the_screen_and_their_sum_that_of_all(visitor: Visitor) -> None:
    found = whole(visitor, f"{OF}/exceptions", "exceptions", limit=9, kind="overstock")
    answer = visitor.client.get(f"{OF}/exceptions", params={"kind": "overstock", "limit": 1}).json()
    assert answer["found"] == len(found)
    assert Decimal(answer["money_at_stake"]) == sum(Decimal(row["money_at_stake"]) for row in found)
    assert not any("stocktrim" in row["what_to_do"] for row in found)
    assert visitor.client.get(f"{OF}/exceptions", params={"kind": "odd"}).json()["found"] == 0


def test_a_program_snoozes_and_wakes_by_the_rules_of_the_screen(buyer: Visitor) -> None:
    one = buyer.client.get(f"{OWN}/exceptions").json()["exceptions"][0]
    here, tag = f"{OWN}/exceptions/{one['exception_id']}", buyer.client.get(f"{OWN}/exceptions").headers["ETag"]
    until = (datetime.now(UTC).date() + timedelta(days=9)).isoformat()
    body = {"until": until, "reason": "later", "version": 0}
    done = buyer.client.post(f"{here}/snooze", json=body, headers=buyer.word)
    assert (done.status_code, done.json()["state"], done.json()["version"]) == (200, "snoozed", 1)
    assert buyer.client.get(f"{OWN}/exceptions", headers={"If-None-Match": tag}).status_code == 200
    second = buyer.client.post(f"{here}/snooze", json=body, headers=buyer.word)
    assert (second.status_code, "Meanwhile anna decided" in second.json()["detail"]) == (409, True)
    past = buyer.client.post(f"{here}/snooze", json=body | {"until": "2020-01-01"}, headers=buyer.word)
    assert past.status_code == 422
    assert buyer.client.post(f"{here}/wake", json={"version": 1}, headers=buyer.word).json()["state"] == "open"
    assert buyer.client.post(f"{here}/wake", json={}, headers=buyer.word).status_code == 422


def test_every_list_is_in_the_document_with_its_columns(visitor: Visitor) -> None:
    document = visitor.client.get("/api/v1/openapi.json").json()
    names = document["components"]["schemas"]
    for route in ROUTES:
        assert set(names[route.row]["properties"]) == set(route.table.columns)
