"""The reports of a plan, what words and codes find, and what the lines found come to."""

from decimal import Decimal

import polars as pl
import pytest

from pipelines.product_codes import ProductCodes
from pipelines.replenishment.plan.plan_reports import REPORTS, URGENCY, found_by, rows_in_order, total_of
from pipelines.storage import tables

EVERY = pl.lit(value=True)


def a_plan(*lines: dict[str, object]) -> pl.DataFrame:
    usual: dict[str, object] = {
        "product_name": "", "supplier_id": "s", "status": "enough", "order_quantity": 0.0, "currency": "GBP",
        "order_value": Decimal(0), "average_daily_demand": 1.0, "demand_class": "smooth", "stock_on_hand": 1.0,
        "understock_quantity": 0.0, "overstock_quantity": 0.0, "stock_on_order_late": 0.0,
    }  # fmt: skip
    rows = [dict.fromkeys(tables.ORDER_PLAN.columns) | usual | line for line in lines]
    return pl.DataFrame(rows, schema=tables.ORDER_PLAN.schema)


def codes_of(plan: pl.DataFrame, condition: pl.Expr, sort: str = "product_code") -> list[str]:
    return plan["product_code"][rows_in_order(plan, condition, sort)].to_list()


@pytest.mark.parametrize(
    ("report", "line"),
    [
        ("most_urgent", {"order_quantity": 3.0}),
        ("most_urgent", {"status": "short"}),
        ("fastest_moving", {"average_daily_demand": 9.0}),
        ("understocked", {"understock_quantity": 1.0}),
        ("overstocked", {"overstock_quantity": 1.0}),
        ("dead_stock", {"demand_class": "dead"}),
        ("dead_stock", {"demand_class": "never_sold"}),
        ("new_products", {"demand_class": "new"}),
        ("late_orders", {"stock_on_order_late": 1.0}),
        ("no_supplier", {"supplier_id": None}),
    ],
)
def test_a_report_has_its_lines_and_no_others(report: str, line: dict[str, object]) -> None:
    plan = a_plan({"product_code": "IN", **line}, {"product_code": "OUT", "average_daily_demand": 0.0})
    assert codes_of(plan, REPORTS[report].condition) == ["IN"]


def test_dead_stock_is_in_stock_and_what_is_not_planned_needs_no_supplier() -> None:
    plan = a_plan(
        {"product_code": "A", "demand_class": "dead", "stock_on_hand": 0.0},
        {"product_code": "B", "supplier_id": None, "status": "not_planned"},
    )
    assert codes_of(plan, REPORTS["dead_stock"].condition) == []
    assert codes_of(plan, REPORTS["no_supplier"].condition) == []


def test_urgency_begins_with_what_is_ordered_and_runs_out_first() -> None:
    plan = a_plan(
        {"product_code": "LASTS", "order_quantity": 1.0},
        {"product_code": "NOT", "days_to_stock_out": 0},
        {"product_code": "SOON", "order_quantity": 1.0, "days_to_stock_out": 2},
        {"product_code": "OUT", "order_quantity": 1.0, "days_to_stock_out": 0},
    )
    assert codes_of(plan, EVERY, URGENCY) == ["OUT", "SOON", "LASTS", "NOT"]


def test_a_column_sorts_either_way_and_what_is_unknown_comes_last() -> None:
    plan = a_plan(
        {"product_code": "A", "stock_on_hand": 5.0},
        {"product_code": "B", "stock_on_hand": None},
        {"product_code": "C", "stock_on_hand": 7.0},
    )
    assert codes_of(plan, EVERY, "stock_on_hand") == ["A", "C", "B"]
    assert codes_of(plan, EVERY, "-stock_on_hand") == ["C", "A", "B"]


def test_texts_are_sorted_without_regard_to_case() -> None:
    plan = a_plan({"product_code": "1", "product_name": "beta"}, {"product_code": "2", "product_name": "Alpha"})
    assert codes_of(plan, EVERY, "product_name") == ["2", "1"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("red mug", ["M-1", "M-2"]),
        ("Mug, red", ["M-1", "M-2"]),
        ("M-2, m-1", ["M-1", "M-2"]),
        ("M-2\nB-1\t", ["B-1", "M-2"]),
        ("M-1 B-1", ["B-1", "M-1"]),
        ("B-1; mug", ["B-1", "M-1", "M-2"]),
        ("nothing", []),
        (" , ; ", ["B-1", "M-1", "M-2"]),
    ],
)
def test_words_are_all_in_one_line_and_codes_are_any_of_several(typed: str, found: list[str]) -> None:
    plan = a_plan(
        {"product_code": "M-1", "product_name": "Mug, red"},
        {"product_code": "M-2", "product_name": "Mug, dark red"},
        {"product_code": "B-1", "product_name": "Bowl, blue"},
    )
    assert codes_of(plan, found_by(typed, ProductCodes(plan["product_code"]))) == found


def test_money_of_different_currencies_is_never_added() -> None:
    plan = a_plan(
        {"product_code": "A", "order_quantity": 2.0, "order_value": Decimal("10.50")},
        {"product_code": "B", "order_quantity": 1.0, "order_value": Decimal(4), "currency": "EUR"},
        {"product_code": "C", "order_quantity": 0.0, "order_value": Decimal(99)},
    )
    total = total_of(plan, pl.Series([0, 1, 2]))
    assert (total.lines, total.to_order, total.units) == (3, 2, 3.0)
    assert total.value_by_currency == [("EUR", Decimal("4.00")), ("GBP", Decimal("10.50"))]
