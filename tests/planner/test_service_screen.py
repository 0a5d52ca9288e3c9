"""Service and money: the price list, how far forecasts held, what became of past orders."""

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from benchmarks.made_up_plans import connect_made_up, publish_made_up
from pipelines.settings import read_settings
from pipelines.storage import tables
from planner.shown.service.decision_review import decision_review, with_verdicts
from planner.shown.service.forecast_accuracy import calibration, error_of
from planner.shown.service.price_list import price_list_of
from tests.planner.conftest import KEY, Visitor, visitor_of


def march(day: int) -> date:
    return date(2026, 3, day)


def test_the_price_list_says_what_each_level_costs_and_saves_a_month(visitor: Visitor) -> None:
    prices = price_list_of(visitor.desk.views.view(KEY))
    assert prices is not None
    assert prices.here is not None
    assert [level.service_level for level in prices.levels] == [0.9, 0.95, 0.98]
    assert prices.here.service_level == 0.95
    assert prices.here.holding_a_month == pytest.approx(8_200 * 0.25 / 12)
    best = prices.best
    assert best.service_level == 0.98
    assert best.more_holding == pytest.approx(1_700 * 0.25 / 12)
    assert best.less_lost == pytest.approx(120 * 52 / 12)
    assert "98% would be worth 484.58 GBP more a month" in visitor.text(f"/o/{KEY}/service")


def test_every_level_leads_to_what_it_would_change(visitor: Visitor) -> None:
    text = visitor.text(f"/o/{KEY}/service")
    addresses = [found.replace("&amp;", "&") for found in re.findall(r'href="([^"]*change=service_level[^"]*)"', text)]
    assert len(addresses) == 2
    assert 'name="value" value="98"' in visitor.text(addresses[-1])
    assert 'name="value" value="95"' in visitor.text(addresses[-1].partition("&share")[0])
    visitor.text(addresses[-1].replace("0.98", "nan"), status=422)
    assert "you are here" in text


def test_without_a_backtest_the_page_says_what_it_is_and_starts_it(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    connect_made_up(settings, "new", "New")
    publish_made_up(settings.organisation_folder("new"), 20)
    there = settings.organisation_folder("new") / "published" / "policy_backtest.parquet"
    pl.read_parquet(there).clear().write_parquet(there)
    for visitor in visitor_of(settings):
        text = visitor.sign_in().text("/o/new/service")
        assert "The backtest has not run yet" in text
        assert 'value="backtest"' in text


@pytest.mark.parametrize("products", [0, 1])
def test_an_organisation_with_nearly_nothing_has_the_page(tmp_path: Path, products: int) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    connect_made_up(settings, "new", "New")
    publish_made_up(settings.organisation_folder("new"), products)
    for visitor in visitor_of(settings):
        assert "Service and money" in visitor.sign_in().text("/o/new/service")


def test_the_band_is_said_as_so_many_of_a_hundred(visitor: Visitor) -> None:
    found = calibration(visitor.desk.views.view(KEY))
    assert found is not None
    assert found.is_band
    assert [found.stated, found.measured] == pytest.approx([0.8, 0.78])
    assert "Of 100 forecasts, 80 should fall into the shaded band; measured 78." in visitor.text(f"/o/{KEY}/service")


def test_forecasts_are_judged_by_what_was_sold_in_their_time_and_not_over_stock_outs() -> None:
    plans = pl.DataFrame({
        "product_code": ["MUG", "TEA", "OUT"], "as_of_date": [march(2)] * 3, "end": [march(9)] * 3,
        "horizon_demand": [10.0, 6.0, 50.0],
    })  # fmt: skip
    sold = [("MUG", 1, 99.0, False), ("MUG", 2, 4.0, False), ("MUG", 8, 4.0, False), ("MUG", 9, 99.0, False),
            ("TEA", 5, 8.0, False), ("OUT", 4, 0.0, True)]  # fmt: skip
    rows = [(code, march(day), units, out) for code, day, units, out in sold]
    found = error_of(plans, pl.DataFrame(rows, schema=tables.DEMAND_DAILY.schema, orient="row"))
    assert found is not None
    assert (found.forecasts, found.left_out, found.forecast_units, found.sold_units) == (2, 1, 16.0, 16.0)
    assert (found.wape, found.bias) == (0.25, 0.0)  # 2 too many and 2 too few, of 16


def test_an_order_is_judged_by_what_was_left_when_the_next_came() -> None:
    arrivals = pl.DataFrame({
        "product_code": ["MUG"] * 4, "orders": ["A", "B", "C", "D"],
        "received_date": [march(1), march(8), march(15), march(22)],
        "next_date": [march(8), march(15), march(22), None], "ordered": [10.0, 10.0, 10.0, 10.0],
    })  # fmt: skip
    levels = pl.DataFrame(
        [("MUG", march(day), march(day), 0.0, 0.0, left, 0) for day, left in ((5, 3.0), (12, 0.0), (20, 12.0))],
        schema=tables.STOCK_DAILY.schema, orient="row",
    )  # fmt: skip
    days = pl.DataFrame([("MUG", march(13), 0.0, True)], schema=tables.DEMAND_DAILY.schema, orient="row")
    costs = pl.DataFrame({
        "product_code": ["MUG"], "product_name": ["Mug"], "unit_cost": [2.0], "currency_rate": [1.0],
        "sales_unit_price": [5.0], "a_day": [2.0],
    })  # fmt: skip
    found = with_verdicts(arrivals, levels, days, costs).sort("received_date")
    assert found["verdict"].to_list() == ["enough", "too_little", "not_needed", "running"]
    assert found["needed"].to_list() == [7.0, 12.0, 0.0, None]
    assert found["cost"].to_list() == [0.0, 6.0, 20.0, 0.0]


def test_every_judged_order_is_counted_once(visitor: Visitor) -> None:
    review = decision_review(visitor.desk.views.view(KEY))
    assert review.total == 3 * 240  # of four arrivals of each product in half a year the last is not judged
    assert set(review.counts) <= {"too_little", "enough", "not_needed"}
