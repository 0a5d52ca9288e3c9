"""The second border of trust: a plan that a buyer would be misled by is not shown."""

import polars as pl
import pytest

from pipelines.expectations.plan_rules import RULES, check_plan
from pipelines.expectations.validate import BlockedError, stop_where_blocked
from tests.pipelines.planning_builders import (
    TEA,
    a_late_order,
    a_plan,
    a_product,
    expecting,
    in_stock,
    on_order,
    together,
)

COFFEE = "COF-01"
PRODUCTS = pl.concat([a_product(TEA), a_product(COFFEE)])
NOTHING_ON_ORDER = on_order(0, arriving=None).clear()


@pytest.fixture(scope="module")
def plan():
    """Tea has run out and is ordered; of coffee there is enough."""
    forecast = together(expecting(20, 10), expecting(20, 10, product=COFFEE))
    made = a_plan(PRODUCTS, in_stock(0), in_stock(500, product=COFFEE), expecting=forecast)
    assert made.filter(pl.col("order_quantity") > 0)["product_code"].to_list() == [TEA]
    return made


def found_in(plan, products=PRODUCTS, stock_on_order=NOTHING_ON_ORDER):
    return {finding.rule.name: finding for finding in check_plan(plan, products, stock_on_order) if not finding.is_met}


def of_tea(plan, **values):
    """The plan with other values in the row of tea."""
    return plan.with_columns(
        pl.when(pl.col("product_code") == TEA).then(pl.lit(value, dtype=plan.schema[name])).otherwise(pl.col(name))
        .alias(name)
        for name, value in values.items()
    )  # fmt: skip


def test_nothing_is_found_in_a_good_plan_and_every_rule_is_checked(plan):
    findings = check_plan(plan, PRODUCTS, on_order(5, arriving=None))
    assert [(finding.rule.name, finding.is_met) for finding in findings] == [(rule.name, True) for rule in RULES]
    stop_where_blocked(findings)


@pytest.mark.parametrize(
    ("rule", "planted"),
    [
        ("quantities_are_numbers", {"safety_stock": float("nan")}),
        ("quantities_are_numbers", {"reorder_point": float("inf")}),
        ("quantities_are_numbers", {"order_quantity": None}),
        ("orders_are_not_negative", {"order_quantity": -1.0}),
        ("bridges_add_up", {"needed_quantity": 1.0}),
        ("bridges_add_up", {"timing_adjustment": 0.5}),
        ("safety_stock_is_the_level_above_demand", {"safety_stock": 99.0}),
        ("safety_stock_is_the_level_above_demand", {"order_up_to_level": 99.0}),
        ("days_left_agree_with_stock", {"days_to_stock_out": 3}),
        ("days_left_agree_with_stock", {"days_to_stock_out": None}),
        ("a_reason_is_given", {"reason": None}),
        ("statuses_are_known", {"status": "perhaps"}),
        ("statuses_are_known", {"status": None}),
    ],
)
def test_a_plan_with_a_fault_is_not_shown_and_the_product_is_named(plan, rule, planted):
    found = found_in(of_tea(plan, **planted))
    assert found[rule].rows["product_code"].to_list() == [TEA]
    with pytest.raises(BlockedError, match=r"1 products .* so the plan is not published"):
        stop_where_blocked([found[rule]])


@pytest.mark.parametrize(
    ("planted", "lacks"),
    [
        ({"unit_cost": 0}, {"products_to_order_have_a_cost"}),
        ({"unit_cost": 0, "currency_rate": None}, {"products_to_order_have_an_exchange_rate"}),
        ({"currency_rate": None}, {"products_to_order_have_an_exchange_rate"}),
    ],
)
def test_only_what_an_order_lacks_is_found(plan, planted, lacks):
    """Without a rate a purchase price in base currency gives no cost: then the rate lacks, not the price."""
    assert set(found_in(of_tea(plan, **planted))) == lacks


@pytest.mark.parametrize("rows", [0, 2], ids=["missing", "twice"])
def test_a_product_that_is_not_in_the_plan_exactly_once_stops_it(plan, rows):
    tea = plan.filter(pl.col("product_code") == TEA)
    found = found_in(pl.concat([plan.filter(pl.col("product_code") != TEA), *[tea] * rows]))
    once = found["every_product_is_planned_once"]
    assert once.rows.select("product_code", "rows").rows() == [(TEA, rows)]
    assert once.rule.is_blocking


@pytest.mark.parametrize(
    ("rule", "planted"),
    [("products_to_order_have_a_supplier", {"supplier_id": None}), ("products_to_order_have_a_cost", {"unit_cost": 0})],
)
def test_a_product_to_order_that_lacks_something_is_a_warning(plan, rule, planted):
    found = found_in(of_tea(plan, **planted))
    assert found.keys() == {rule}
    assert found[rule].rows["product_code"].to_list() == [TEA]
    stop_where_blocked(list(found.values()))


def test_late_orders_are_a_warning_that_names_them(plan):
    found = found_in(plan, stock_on_order=pl.concat([a_late_order(30), on_order(5, arriving=None)]))
    assert found["orders_arrive_when_promised"].rows["quantity"].to_list() == [30.0]
    stop_where_blocked(list(found.values()))


def test_an_empty_organisation_has_a_plan_that_holds():
    empty = PRODUCTS.clear()
    stop_where_blocked(check_plan(a_plan(empty, expecting=expecting(0, 0)).clear(), empty, NOTHING_ON_ORDER))
