"""Own views, groups, totals and money of several currencies in the plan."""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.replenishment.plan.plan_reports import rows_in_order
from pipelines.storage import tables
from pipelines.storage.snapshots import published_folder
from tests.planner.conftest import KEY, OTHER, Visitor
from tests.planner.plan_writes import PLAN, own_home, signed_in
from tests.planner.test_plan_screen import codes

TEA = ("P-00011", "P-00012", "P-00013")


@pytest.fixture
def buyer(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    settings = own_home(desk_home, tmp_path)
    groups = tables.empty(tables.PRODUCT_GROUPS)
    rows = pl.DataFrame({"product_code": TEA, "group_id": "G1", "group_kind": "brand", "group_name": "Tea & co"})
    path = published_folder(settings.organisation_folder(KEY)) / f"{tables.PRODUCT_GROUPS.name}.parquet"
    pl.concat([groups, rows], how="diagonal").write_parquet(path)
    with signed_in(settings) as visitor:
        yield visitor


def post(visitor: Visitor, path: str, **fields: str | list[str]) -> tuple[int, str]:
    answer = visitor.client.post(f"{PLAN}/{path}", data=fields, headers=visitor.word)
    return answer.status_code, answer.text


def test_a_view_keeps_filters_order_and_columns_for_who_made_it(buyer: Visitor) -> None:
    shown = {
        "report": "most_urgent",
        "supplier": "Supplier 02",
        "sort": "-order_value",
        "columns": "stock_value.status",
    }
    assert "Saved the view" in post(buyer, "views", view_name="Mondays <b>", **shown)[1]
    text = buyer.text(PLAN)
    address = re.search(r'href="([^"]+)"[^>]*>★ Mondays &lt;b&gt;', text)
    assert address is not None
    text = buyer.text(address[1].replace("&amp;", "&"))
    assert re.findall(r'<th scope="col" class="c-(\w+)', text) == ["product_code", "stock_value", "status"]
    assert 'aria-current="page" data-tip="A view of yours."' in text
    assert "Mondays" not in buyer.text(f"/o/{OTHER}/plan")
    post(buyer, "views/remove", view_name="Mondays <b>")
    assert "Mondays" not in buyer.text(PLAN)


def test_a_view_needs_a_name(buyer: Visitor) -> None:
    for name in ("", "  ", "x" * 41, "a\x00b"):
        status, text = post(buyer, "views", view_name=name)
        assert (status, "name" in text) == (422, True)


def test_columns_chosen_where_the_address_names_others_win(buyer: Visitor) -> None:
    headers = buyer.word | {"HX-Current-URL": f"http://127.0.0.1{PLAN}?search=mug&columns=status"}
    chosen = "columns_shown=1&columns=stock_value&columns=status"
    answer = buyer.client.post("/preferences", content=chosen, headers=headers)
    assert answer.headers["hx-redirect"] == f"{PLAN}?search=mug"


def test_a_group_filters_and_is_added_up(buyer: Visitor) -> None:
    for wanted in ("G1", "brand: Tea %26 co"):
        assert sorted(codes(buyer.text(f"{PLAN}?group={wanted}"))) == sorted(TEA)
    text = buyer.text(f"{PLAN}/totals?group=G1")
    assert "What the 3 products shown come to" in text
    assert "brand: Tea &amp; co" in text
    answer = buyer.client.get(f"/api/v1/organisations/{KEY}/plan?group=brand: Tea %26 co&columns=status,unit_cost")
    assert sorted(line["product_code"] for line in answer.json()["lines"]) == sorted(TEA)
    assert set(answer.json()["lines"][0]) == {"product_code", "status", "unit_cost"}
    assert buyer.client.get(f"/api/v1/organisations/{KEY}/plan?columns=evil").status_code == 422


def test_totals_of_suppliers_come_to_the_total(buyer: Visitor) -> None:
    text = buyer.text(f"{PLAN}/totals")
    plan = buyer.desk.views.view(KEY).order_plan
    assert f"{plan['order_value'].sum():,.2f} GBP to order in all" in text
    by = plan.filter(pl.col("supplier_name") == "Supplier 02")["order_value"].sum()
    assert f">{by:,.2f}<" in text


def test_money_of_several_currencies_is_sorted_in_base_currency() -> None:
    plan = pl.DataFrame(
        {"product_code": ["A", "B", "C"], "order_value": ["100", "90", "95"], "currency_rate": [2.0, 1.0, None]}
    ).with_columns(pl.col("order_value").cast(pl.Decimal(18, 2)))
    rows = rows_in_order(plan, pl.lit(value=True), "-order_value")
    assert plan["product_code"][rows].to_list() == ["C", "B", "A"]


def test_the_workbook_has_numbers_days_and_no_formula(buyer: Visitor) -> None:
    answer = buyer.client.get(f"{PLAN}/export.xlsx?sort=product_code&columns=order_value.order_by_date.status")
    assert 'filename="acme-all-2026-12-01.xlsx"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    plan = buyer.desk.views.view(KEY).order_plan
    assert sheet.count("<row ") == plan.height + 1
    assert "<f>" not in sheet
    assert '=HYPERLINK("http://evil.example")' in html.unescape(sheet)
    assert 'state="frozen"' in sheet
    dearest = plan.sort("order_value")["order_value"][-1]
    assert f"<v>{float(dearest):.16G}</v>" in sheet
