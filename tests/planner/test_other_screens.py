"""Product, dashboard, empty states, and a snapshot that is replaced, damaged or not there yet."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from benchmarks.made_up_plans import PLANNED_AT, TODAY, connect_made_up, publish_made_up
from pipelines.settings import Settings, read_settings
from pipelines.storage import tables
from planner.frame import screen_context
from planner.screens.product_screen import sales_page
from planner.shown.dashboard_view import changes, needs_today
from planner.shown.plan_shown.plan_now import PlanNow
from planner.shown.product.forecast_words import forecast_sentences
from planner.shown.product_view import product_view
from planner.shown.service.achieved_service import service_by_week
from planner.shown.service.stock_value import stock_value_by_week
from tests.planner.conftest import KEY, Visitor, visitor_of


@pytest.fixture
def empty_home(tmp_path: Path) -> Settings:
    return read_settings({"STOCKTRIM_HOME": str(tmp_path)})


@pytest.fixture
def at_empty_home(empty_home: Settings) -> Iterator[Visitor]:
    for visitor in visitor_of(empty_home):
        yield visitor.sign_in()


def test_the_waterfall_ends_at_the_order(visitor: Visitor) -> None:
    view = visitor.desk.views.view(KEY)
    for code in view.order_plan["product_code"][:40]:
        shown = product_view(view, code)
        assert shown.waterfall[-1].step.quantity == shown.explanation.plan.order_quantity
        assert all(0 <= bar.start <= 1 and bar.start + bar.width <= 1.0002 for bar in shown.waterfall)


def test_a_product_is_found_however_its_code_is_typed(visitor: Visitor) -> None:
    assert "P-00011" in visitor.text(f"/o/{KEY}/product?code=%20p-00011")


def test_the_chart_and_its_table_have_the_same_weeks(visitor: Visitor) -> None:
    shown = product_view(visitor.desk.views.view(KEY), "P-00011")
    sold = [units for units in shown.chart["sold"] if units is not None]
    assert sold == [week.quantity for week in shown.explanation.sales_weekly]
    assert shown.chart["x"] == sorted(set(shown.chart["x"]))


def test_every_sales_line_leads_into_xero(visitor: Visitor) -> None:
    text = visitor.text(f"/o/{KEY}/product?code=P-00011")
    links = re.findall(r'<a href="(https://go\.xero\.com/[^"]+)" target="_blank" rel="noopener noreferrer">', text)
    assert len(links) == len(product_view(visitor.desk.views.view(KEY), "P-00011").explanation.transactions)


def test_an_unknown_product_is_a_sentence(visitor: Visitor) -> None:
    text = visitor.text(f"/o/{KEY}/product?code=P-9", status=404)
    assert "no product &#39;P-9&#39;" in text
    assert "Traceback" not in text


def test_the_dashboard_says_in_a_sentence_what_needs_a_person(visitor: Visitor) -> None:
    view = visitor.desk.views.view(KEY)
    sentence = needs_today(PlanNow(view))
    assert sentence in visitor.text(f"/o/{KEY}/").replace("&#39;", "'")
    parts = (
        r"\d+ products will run out before an order can arrive, \d+ of them are out already; "
        r"\d+ products to order for [\d,.]+ GBP; 3 late purchase orders\."
    )
    assert re.fullmatch(parts, sentence)


def test_what_changed_since_the_plan_before_is_counted_and_named(visitor: Visitor) -> None:
    found = changes(visitor.desk.views.view(KEY))
    assert found is not None
    assert found.came + found.went + found.differ == 24  # a tenth of 240
    assert len(found.largest) == 5


def test_old_data_are_said_on_every_screen(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_context, "now", lambda: PLANNED_AT + timedelta(hours=36))
    assert "· fresh" in visitor.text(f"/o/{KEY}/plan")
    monkeypatch.setattr(screen_context, "now", lambda: PLANNED_AT + timedelta(hours=37))
    for path in ("", "plan", "product?code=P-00011"):
        assert "old data: load from Xero before you order" in visitor.text(f"/o/{KEY}/{path}")


def test_without_an_organisation_two_ways_to_begin_are_shown(at_empty_home: Visitor) -> None:
    text = at_empty_home.text("/")
    assert "Try the demo organisation" in text
    assert "Connect Xero" in text


def test_before_the_first_load_the_page_says_what_to_do(at_empty_home: Visitor, empty_home: Settings) -> None:
    connect_made_up(empty_home, "new", "New")
    at_empty_home.desk.forget()
    for path in ("/o/new/", "/o/new/plan", "/o/new/product?code=x", "/o/new/plan/export.csv"):
        assert "Load from Xero and plan" in at_empty_home.text(path)


def test_a_new_snapshot_is_shown_at_the_next_request(at_empty_home: Visitor, empty_home: Settings) -> None:
    connect_made_up(empty_home, "new", "New")
    folder = empty_home.organisation_folder("new")
    publish_made_up(folder, 7)
    assert "<strong>7</strong> products" in at_empty_home.text("/o/new/plan")
    held = at_empty_home.desk.views.view("new")
    publish_made_up(folder, 9, snapshot_id="20261202T061400000000-made-up")
    assert "<strong>9</strong> products" in at_empty_home.text("/o/new/plan")
    assert held.order_plan.height == 7  # who began with the old one goes on with it


def test_a_published_link_that_leads_nowhere_falls_back_to_the_newest_whole_snapshot(
    at_empty_home: Visitor, empty_home: Settings
) -> None:
    connect_made_up(empty_home, "new", "New")
    folder = empty_home.organisation_folder("new")
    publish_made_up(folder, 7)
    publish_made_up(folder, 9, snapshot_id="20261202T061400000000-made-up")
    shutil.rmtree(folder / "snapshots" / "20261202T061400000000-made-up")
    assert "<strong>7</strong> products" in at_empty_home.text("/o/new/plan")


def test_a_damaged_snapshot_is_a_sentence(at_empty_home: Visitor, empty_home: Settings) -> None:
    connect_made_up(empty_home, "new", "New")
    folder = empty_home.organisation_folder("new")
    publish_made_up(folder, 7)
    (folder / "published" / "order_plan.parquet").write_bytes(b"PAR1 not really")
    assert "publishes a new snapshot" in at_empty_home.text("/o/new/plan", status=503)


def test_one_product_and_none_are_shown(at_empty_home: Visitor, empty_home: Settings) -> None:
    for key, products in (("one", 1), ("none", 0)):
        connect_made_up(empty_home, key, key)
        publish_made_up(empty_home.organisation_folder(key), products)
        at_empty_home.desk.forget()
        for path in ("", "plan", "plan/export.csv"):
            at_empty_home.text(f"/o/{key}/{path}")


def test_the_share_in_stock_counts_weeks_without_a_stock_out(visitor: Visitor) -> None:
    view = visitor.desk.views.view(KEY)
    weeks = service_by_week(view)
    assert len(weeks) == 52
    assert weeks[-1].week_start == TODAY - timedelta(weeks=1)
    planned = view.order_plan.filter(pl.col("status") != "not_planned")["product_code"]
    last = pl.col("demand_date").is_between(weeks[-1].week_start, TODAY, closed="left")
    out = view.rows(tables.DEMAND_DAILY, last, pl.col("is_stocked_out"), of=list(planned))
    assert (weeks[-1].products, weeks[-1].out) == (planned.len(), out["product_code"].n_unique())


def test_the_trend_of_the_stock_ends_at_the_value_of_today(visitor: Visitor) -> None:
    view = visitor.desk.views.view(KEY)
    trend = stock_value_by_week(view)
    assert len(trend) == 53
    assert view.summary is not None
    assert abs(trend[-1][1] - float(view.summary["stock_value"])) < 1
    assert trend[0][1] > trend[-1][1]


def test_how_the_forecast_was_made_is_said_without_jargon(visitor: Visitor) -> None:
    said = " ".join(forecast_sentences(product_view(visitor.desk.views.view(KEY), "P-00011").explanation))
    assert "in most weeks, in similar quantities" in said
    assert "in 8 of 10 such weeks between" in said
    assert not re.search(r"pool|quantile|smooth|model", said)


def test_past_orders_stand_with_what_became_of_them(visitor: Visitor) -> None:
    shown = product_view(visitor.desk.views.view(KEY), "P-00011")
    assert shown.arrivals[0].verdict == "running"
    assert len(shown.arrivals) == 5
    assert "Still being sold" in visitor.text(f"/o/{KEY}/product?code=P-00011")


def test_sales_lines_come_in_pages_without_a_gap(visitor: Visitor) -> None:
    explanation = product_view(visitor.desk.views.view(KEY), "P-00011").explanation
    many = replace(explanation, transactions=list(explanation.transactions) * 4)
    pages = [sales_page(many, first) for first in (0, 100, 200)]
    assert [page.following for page in pages] == [100, 200, None]
    assert [line for page in pages for line in page.rows] == many.transactions
    assert (
        visitor.text(f"/o/{KEY}/product/sales?code=P-00011&first=55").count("<tr>")
        == len(explanation.transactions) - 55
    )
    visitor.text(f"/o/{KEY}/product/sales?code=P-00011&first=-1", status=422)
