"""What a plan comes to: products and money in the organisation's base currency."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.forecasting.forecast_tables import Forecast
from pipelines.planning_settings.freshness import is_stale
from pipelines.planning_settings.registry import global_settings
from pipelines.replenishment.plan.plan_summary import kpis_of_day, summarise_plan
from pipelines.storage.tables import PLAN_SUMMARY
from tests.pipelines.planning_builders import (
    AS_OF,
    a_late_order,
    a_plan,
    a_product,
    a_setting,
    expecting,
    in_days,
    in_stock,
    inputs,
    on_order,
    together,
)

WAITS = a_setting("unmet_demand", "backordered", level="global", subject="")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def the_summary(*frames: pl.DataFrame, expecting: Forecast) -> dict[str, Any]:
    summary = summarise_plan(
        a_plan(*frames, expecting=expecting), inputs(*frames).stock_on_order, base_currency="GBP", planned_at=NOON,
        data_loaded_at=None, is_stale=True, inputs_hash="9f2c41aa77", code_version="1", as_of=AS_OF,
    )  # fmt: skip
    return summary.row(0, named=True)


def the_day(*frames: pl.DataFrame, expecting: Forecast) -> dict[str, Any]:
    plan = a_plan(*frames, expecting=expecting)
    summary = pl.DataFrame([the_summary(*frames, expecting=expecting)], schema=PLAN_SUMMARY.schema)
    return kpis_of_day(plan, summary).row(0, named=True)


def dollars(rate: str | None) -> dict[str, Any]:
    return {"currency": "USD", "currency_rate": rate and Decimal(rate)}


def both(before_arrival: float, in_cover: float) -> Forecast:
    return together(*(expecting(before_arrival, in_cover, product=one) for one in "AB"))


def test_money_is_in_base_currency():
    products = [a_product("A", unit_cost=Decimal(2)), a_product("B", unit_cost=Decimal(2), **dollars("1.25"))]
    summary = the_summary(*products, WAITS, expecting=both(20, 10))  # 42 units of each
    assert summary["order_value"] == Decimal("151.20")  # 84 + 84 / 1.25
    assert (summary["currency"], summary["products_without_rate"]) == ("GBP", 0)


def test_a_product_without_a_rate_is_counted_and_left_out():
    products = [a_product("A", unit_cost=Decimal(2)), a_product("B", unit_cost=Decimal(2), **dollars(None))]
    summary = the_summary(*products, WAITS, in_stock(10, product="B"), expecting=both(20, 10))
    assert (summary["products_without_rate"], summary["products_to_order"]) == (1, 2)
    assert (summary["order_value"], summary["stock_value"]) == (Decimal("84.00"), Decimal("0.00"))
    assert summary["out_of_stock_value"] == Decimal("20.00")  # a week of A: 30 / 21 a day, 1.4286 as stored


def test_late_orders_are_counted_once_with_all_their_lines():
    late = [a_late_order(2.5, value=Decimal("10.00")), a_late_order(1, value=Decimal("5.00"), **dollars("2"))]
    summary = the_summary(a_product("A"), *late, on_order(9, arriving=in_days(3)), expecting=both(1, 1))
    assert (summary["late_orders"], summary["late_on_order_quantity"]) == (1, 3.5)
    assert summary["late_on_order_value"] == Decimal("12.50")


def test_understocked_and_overstocked_products_are_counted_with_their_costs():
    stock = [in_stock(30, product="A"), in_stock(1000, product="B")]
    summary = the_summary(a_product("A"), a_product("B"), *stock, expecting=both(14, 7))
    assert (summary["products"], summary["products_understocked"], summary["products_overstocked"]) == (2, 0, 1)
    assert summary["overstock_quantity"] == 841.4286  # 30 in 21 days are 158.5714 with the 90 after them
    assert summary["overstock_value"] == Decimal("2103.57")
    assert summary["stock_value"] == Decimal("2575.00")


def test_understock_and_overstock_cost_money_in_base_currency():
    """A loses a margin of 1.50 a unit; of B 841.4286 are too many at 2.50 dollars, a quarter of it a year."""
    stock = [in_stock(0, product="A"), in_stock(1000, product="B")]
    products = [a_product("A"), a_product("B", **dollars("1.25"))]
    summary, day = (of(*products, *stock, expecting=both(14, 7)) for of in (the_summary, the_day))
    plan = a_plan(*products, *stock, expecting=both(14, 7)).to_dicts()
    assert float(summary["understock_margin_lost"]) == pytest.approx(1.5 * plan[0]["short_without_order"], abs=0.01)
    assert summary["understock_value"] == Decimal("2.50") * int(plan[0]["reorder_point"])
    assert summary["overstock_holding_cost"] == Decimal("420.71")  # 841.4286 * 2.50 * 25% / 1.25
    for measure in ("understock_margin_lost", "overstock_holding_cost", "products_to_order", "products_understocked"):
        assert day[measure] == summary[measure]


def test_a_product_without_a_price_or_cost_is_counted_and_left_out():
    products = [
        a_product("A", sales_unit_price=Decimal(0)),
        a_product("B", unit_cost=Decimal(0)),
        a_product("C", unit_cost=Decimal(0), sales_unit_price=Decimal(0), is_discontinued=True),
    ]
    summary = the_summary(*products, expecting=both(14, 7))
    assert (summary["products_without_price"], summary["products_without_cost"]) == (1, 1)
    assert summary["understock_margin_lost"] == 0


@pytest.mark.parametrize(
    ("product", "on_hand", "is_counted"), [({}, 0, 1), ({}, 1, 0), ({"is_discontinued": True}, 0, 0)]
)  # fmt: skip
def test_out_of_stock_is_what_sells_and_has_nothing_on_hand(product, on_hand, is_counted):
    frames = [a_product("A", **product), in_stock(on_hand, product="A")]
    assert the_summary(*frames, expecting=both(14, 7))["products_out_of_stock"] == is_counted


def test_a_day_is_measured_in_units_and_in_money():
    stock = [in_stock(0, product="A"), in_stock(1000, product="B")]
    late = a_late_order(2.5, value=Decimal("10.00"))
    day = the_day(a_product("A"), a_product("B"), *stock, late, expecting=both(14, 7))
    assert (day["as_of_date"], day["currency"], day["plan_id"]) == (AS_OF, "GBP", "20260302-9f2c41aa")
    assert (day["stock_quantity"], day["stock_value"]) == (1000, Decimal("2500.00"))
    assert (day["out_of_stock_quantity"], day["out_of_stock_value"]) == (7, Decimal("17.50"))
    assert (day["overstock_quantity"], day["late_on_order_quantity"]) == (841.4286, 2.5)
    assert (day["late_on_order_value"], day["understock_quantity"] > 0) == (Decimal("10.00"), True)


def test_a_day_without_products_sums_to_zero():
    day = the_day(expecting=both(1, 1))
    assert {value for name, value in day.items() if name.endswith(("_quantity", "_value"))} == {0}


def test_an_empty_plan_sums_to_zero():
    summary = the_summary(expecting=both(1, 1))
    assert (summary["products"], summary["order_value"], summary["late_orders"]) == (0, Decimal("0.00"), 0)
    assert (summary["plan_id"], summary["is_stale"]) == ("20260302-9f2c41aa", True)


@pytest.mark.parametrize(("hours", "is_old"), [(0, False), (36, False), (37, True)])
def test_data_older_than_the_setting_are_stale(hours, is_old):
    settings = global_settings(inputs().planning_settings)
    assert is_stale(NOON - timedelta(hours=hours), at=NOON, settings=settings) is is_old


def test_data_that_were_never_loaded_are_stale():
    assert is_stale(None, at=NOON, settings=global_settings(inputs().planning_settings))
