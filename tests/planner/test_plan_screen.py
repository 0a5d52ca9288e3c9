"""The order plan: reports, filters, search, order, pages, columns and the file, whatever an address says."""

import csv
import io
import re

import polars as pl
import pytest

from pipelines.replenishment.plan.plan_reports import REPORTS
from pipelines.replenishment.plan.statuses import STATUSES_NOW
from planner.frame.rendered_pages import STATUSES as STATUS_MARKS
from planner.shown.plan_lines_shown import PAGE_LINES, plan_lines, plan_query
from tests.planner.conftest import KEY, ODD, OTHER, PRODUCTS, Visitor

PLAN = f"/o/{KEY}/plan"


def codes(text: str) -> list[str]:
    return re.findall(r'<tr>\s*<th scope="row" class="product">.*?<span class="code">(.*?)</span>', text)


def plan_of(visitor: Visitor) -> pl.DataFrame:
    return visitor.desk.views.view(KEY).order_plan


def test_a_page_shows_a_hundred_lines_and_says_what_all_of_them_come_to(visitor: Visitor) -> None:
    text = visitor.text(PLAN)
    to_order = plan_of(visitor).filter(pl.col("order_quantity") > 0)
    assert len(codes(text)) == PAGE_LINES
    assert f"<strong>{PRODUCTS}</strong> products" in text
    assert (
        f"<strong>{to_order.height}</strong> to order for <strong>{to_order['order_value'].sum():,.2f}</strong>" in text
    )


def test_all_pages_together_are_the_plan(visitor: Visitor) -> None:
    found = [code for page in (1, 2, 3) for code in codes(visitor.text(f"{PLAN}/more?page={page}"))]
    assert len(found) == len(set(found)) == PRODUCTS


def test_what_is_ordered_comes_first_and_what_runs_out_soonest(visitor: Visitor) -> None:
    view = visitor.desk.views.view(KEY)
    lines = plan_lines(view, plan_query({})).lines
    ordered = [line for line in lines if line["order_quantity"] > 0]
    assert lines[: len(ordered)] == ordered
    days = [line["days_to_stock_out"] for line in ordered]
    assert days == sorted(days)


@pytest.mark.parametrize("name", REPORTS)
def test_each_report_shows_as_many_lines_as_its_tab_says(visitor: Visitor, name: str) -> None:
    text = visitor.text(f"{PLAN}?report={name}")
    tab = re.search(rf'aria-current="page" data-tip="{re.escape(REPORTS[name].question)}".*?count">([\d,]+)<', text)
    assert tab is not None
    total = re.search(r'<p aria-live="polite"><strong>([\d,]+)</strong>', text)
    assert total is not None
    assert total[1] == tab[1]


def test_a_search_takes_words_or_several_codes(visitor: Visitor) -> None:
    by_words = plan_of(visitor).filter(pl.col("product_name").str.contains("(?i)red.*mug|mug.*red"))
    assert sorted(codes(visitor.text(f"{PLAN}?search=RED+mug"))) == sorted(by_words["product_code"])
    for pasted in ("P-00011, p-00200", "P-00011%0AP-00200", "P-00011 P-00200", "P-00200%09P-00011"):
        assert sorted(codes(visitor.text(f"{PLAN}?search={pasted}"))) == ["P-00011", "P-00200"], pasted


def test_filters_hold_together(visitor: Visitor) -> None:
    wanted = plan_of(visitor).filter(pl.col("supplier_name") == "Supplier 02", pl.col("status") == "order_now")
    found = codes(visitor.text(f"{PLAN}?supplier=Supplier+02&status=order_now"))
    assert sorted(found) == sorted(wanted["product_code"])
    without = plan_of(visitor).filter(pl.col("supplier_id").is_null())
    assert sorted(codes(visitor.text(f"{PLAN}?supplier=-"))) == sorted(without["product_code"])


def test_a_heading_sorts_numbers_from_the_largest_and_then_the_other_way(visitor: Visitor) -> None:
    text = visitor.text(f"{PLAN}?sort=-stock_on_hand")
    assert 'c-stock_on_hand number" aria-sort="descending"' in text
    assert f'href="{PLAN}?sort=stock_on_hand"' in text
    values = plan_of(visitor).sort("stock_on_hand", "product_code", descending=[True, False])["product_code"]
    assert codes(text)[:5] == [code.replace("&", "&amp;").replace("#", "#") for code in values[:5]]


ODD_ADDRESSES = (
    "page=zz", "page=-1", f"page={'9' * 21}", "page=²", "sort=evil", "sort=-sales", "sort=product_id;drop",
    "report=nope", "status=evil", "supplier=nobody", f"search={'x' * 9_000}", "search=%00", "search=[", "search=,;,",
    "product=nope",
)  # fmt: skip


@pytest.mark.parametrize("address", ODD_ADDRESSES)
def test_no_address_is_an_error_of_ours(visitor: Visitor, address: str) -> None:
    for path in (PLAN, f"{PLAN}/lines", f"{PLAN}/more", f"{PLAN}/export.csv"):
        assert visitor.client.get(f"{path}?{address}").status_code == 200


def test_a_link_to_a_product_that_is_gone_shows_the_plan_and_says_so(visitor: Visitor) -> None:
    text = visitor.text(f"{PLAN}?product=nope")
    assert len(codes(text)) == PAGE_LINES
    assert "no product &#39;nope&#39;" in text


def test_hostile_names_are_shown_as_they_are_and_do_nothing(visitor: Visitor) -> None:
    text = visitor.text(f"{PLAN}?sort=product_code")
    for dangerous in ("<img src=x", "<script>alert"):
        assert dangerous not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "{{7*7}}" in visitor.text(f"{PLAN}?search=%7B%7B")


def test_the_file_has_all_lines_found_and_no_formula(visitor: Visitor) -> None:
    answer = visitor.client.get(f"{PLAN}/export.csv?sort=product_code")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == PRODUCTS + 1
    assert rows[0][:4] == ["Product", "Name", "Status", "Supplier"]
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t")) or re.match(r"-[^\d]", cell)]
    assert answer.headers["content-disposition"].startswith('attachment; filename="acme-all-2026-12-01.csv"')


def test_columns_are_chosen_and_kept(visitor: Visitor) -> None:
    chosen = "columns_shown=1&columns=stock_value&columns=evil&columns=status"
    answer = visitor.client.post("/preferences", content=chosen, headers=visitor.word)
    assert answer.headers["hx-refresh"] == "true"
    headings = re.findall(r'<th scope="col" class="c-(\w+)', visitor.text(PLAN))
    assert headings == ["product_code", "stock_value", "status"]


def test_a_part_of_the_page_says_which_address_the_browser_shows(visitor: Visitor) -> None:
    answer = visitor.client.get(f"{PLAN}/lines?search=mug&supplier=&status=&sort=&report=all")
    assert answer.headers["hx-push-url"] == f"{PLAN}?search=mug"
    assert "<html" not in answer.text


def test_nothing_found_says_what_to_do(visitor: Visitor) -> None:
    assert "Show all products" in visitor.text(f"{PLAN}?search=zzzz")


def test_one_organisation_sees_nothing_of_another(visitor: Visitor) -> None:
    assert len(codes(visitor.text(f"/o/{OTHER}/plan"))) == 5
    assert visitor.client.get(f"/o/{OTHER}/product?code=P-00100").status_code == 404
    for key in ("nobody", "..", "%2e%2e", "acme%2F..%2Fbeta"):
        assert visitor.client.get(f"/o/{key}/plan").status_code == 404


def test_every_odd_code_has_its_page_and_panel(visitor: Visitor) -> None:
    for code in ODD:
        for path in ("product", "product/panel"):
            answer = visitor.client.get(f"/o/{KEY}/{path}", params={"code": code})
            assert answer.status_code == 200
            assert "<script>alert" not in answer.text


def test_every_status_has_a_word_and_a_shape_in_the_order_of_the_plan() -> None:
    assert tuple(STATUS_MARKS) == STATUSES_NOW
