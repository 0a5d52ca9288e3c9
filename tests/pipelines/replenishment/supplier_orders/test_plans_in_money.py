"""A plan with a supplier's minimum and a spend cap: what the rows say, whatever the amounts and the prices."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.expectations.plan_rules import check_plan
from pipelines.planning_settings.registry import SettingError
from pipelines.replenishment.plan.order_plan import PlanTables, make_plan
from pipelines.replenishment.supplier_orders.money_rules import check_budget
from pipelines.replenishment.supplier_orders.order_sentences import adjustment_sentence, order_sentence
from tests.pipelines.planning_builders import (
    AS_OF,
    SUPPLIER,
    a_product,
    a_setting,
    expecting,
    in_stock,
    inputs,
    together,
)
from tests.pipelines.replenishment.plan.claims import broken

CODES = ("CUP", "POT", "TEA")


def a_shop(*, stock: float = 20, **more: Any) -> list[pl.DataFrame]:
    """Three products of one supplier that each sell 10 units a week; with 20 in stock, an order of 22 each is due."""
    return [frame for code in CODES for frame in (a_product(code, **more), in_stock(stock, product=code))]


SELLING = together(*(expecting(20, 10, product=code) for code in CODES))


def planned(*frames: pl.DataFrame, budget: str = "") -> PlanTables:
    company = inputs(*frames)
    plan = make_plan(
        company.inputs, company.parameters, SELLING, as_of=AS_OF, plan_id="20260302-00000000", budget=budget
    )
    assert not broken(plan.order_plan)
    return plan


def blocking(plan: PlanTables, *frames: pl.DataFrame) -> list[str]:
    """The names of the rules at the second border that stop a plan."""
    company = inputs(*frames)
    found = check_plan(plan.order_plan, company.products, company.stock_on_order, plan.supplier_orders)
    return [finding.rule.name for finding in found if finding.rule.is_blocking and finding.count]


def a_minimum(amount: float, below: str = "best") -> list[pl.DataFrame]:
    return [
        a_setting("minimum_order_value", str(amount), level="supplier", subject=SUPPLIER),
        a_setting("below_minimum", below, level="global", subject=""),
    ]


def the_order(plan: PlanTables) -> dict[str, Any]:
    (order,) = plan.supplier_orders.to_dicts()
    return order


def natural() -> float:
    return float(the_order(planned(*a_shop()))["natural_value"])


def test_without_a_minimum_and_a_cap_the_order_is_what_is_needed():
    plan = planned(*a_shop())
    order = the_order(plan)
    assert (order["decision"], order["order_value"], order["lines"]) == ("no_minimum", order["natural_value"], 3)
    assert plan.order_adjustments.is_empty()


def test_an_order_that_costs_exactly_the_minimum_reaches_it():
    plan = planned(*a_shop(), *a_minimum(natural()))
    assert the_order(plan)["decision"] == "minimum_reached"
    assert plan.order_adjustments.is_empty()


def test_units_are_added_until_the_minimum_is_reached_and_the_rows_say_so():
    minimum = natural() + 15
    plan = planned(*a_shop(), *a_minimum(minimum, "add"))
    order = the_order(plan)
    assert order["decision"] == "units_added"
    assert minimum <= order["order_value"] < minimum + 3
    assert order["adding_units"] == 6
    assert plan.order_adjustments["value_change"].sum() == order["order_value"] - order["natural_value"]
    changed = plan.order_plan.filter(pl.col("binding_rule") == "supplier_minimum")
    assert changed["product_code"].to_list() == plan.order_adjustments["product_code"].to_list()
    sentence = adjustment_sentence(plan.order_adjustments.row(0, named=True), order)
    assert (
        f"more than needed, so that the order of Name of supplier-07 reaches its minimum of {minimum:.2f}" in sentence
    )
    assert "6 units of" in order_sentence(order)
    assert "Waiting until" in order_sentence(order)


def test_an_order_that_waits_has_no_quantity_and_a_date():
    plan = planned(*a_shop(), *a_minimum(natural() + 15, "wait"))
    order = the_order(plan)
    assert (order["decision"], order["order_value"]) == ("waits", 0)
    assert order["wait_until_date"] > AS_OF
    assert set(plan.order_plan["reason"]) == {"waits_for_supplier_minimum"}
    assert set(plan.order_plan["status"]) == {"short"}
    assert plan.order_adjustments["units_short"].sum() == pytest.approx(order["waiting_units_short"], abs=1e-3)
    assert f"It waits until {order['wait_until_date']}" in order_sentence(order)


def test_an_order_waits_for_an_order_day_of_its_supplier():
    any_day = the_order(planned(*a_shop(), *a_minimum(natural() + 15, "wait")))
    mondays = a_setting("order_days", "mon", level="supplier", subject=SUPPLIER)
    later = the_order(planned(*a_shop(), *a_minimum(natural() + 15, "wait"), mondays))
    assert any_day["wait_until_date"].weekday() != 0
    assert (later["wait_until_date"].weekday(), later["decision"]) == (0, "waits")
    assert later["wait_until_date"] > any_day["wait_until_date"]


def test_the_best_way_is_the_one_that_costs_less():
    order = the_order(planned(*a_shop(), *a_minimum(natural() + 15)))
    cheaper = "waits" if order["waiting_cost"] < order["adding_cost"] else "units_added"
    assert order["decision"] == cheaper


def test_a_minimum_out_of_reach_leaves_the_order_as_it_is_and_says_so():
    plan = planned(*a_shop(), *a_minimum(10**9))
    order = the_order(plan)
    assert (order["decision"], order["order_value"]) == ("below_minimum", order["natural_value"])
    assert "no product has room" in order_sentence(order)


def test_as_it_is_changes_no_quantity():
    plan = planned(*a_shop(), *a_minimum(natural() + 15, "as_is"))
    assert (the_order(plan)["decision"], plan.order_adjustments.height) == ("below_minimum", 0)
    assert the_order(plan)["adding_units"] == 6


def test_a_supplier_with_one_product_and_no_room_waits_or_stays_below():
    shop = [*a_shop()[:2], a_setting("maximum_shelf_level", "42", subject="CUP")]
    order = the_order(planned(*shop, *a_minimum(200, "add")))
    assert (order["decision"], order["adding_units"]) == ("below_minimum", None)


def test_a_budget_keeps_what_saves_most_and_lists_the_rest():
    value = natural()
    plan = planned(*a_shop(), a_setting("spend_cap", "10", level="global", subject=""), budget=str(round(value / 2, 2)))
    order = the_order(plan)
    assert value / 2 - 2.5 < float(order["order_value"]) <= value / 2
    assert order["order_value"] + order["left_out_value"] == order["natural_value"]
    assert (plan.order_adjustments["margin_lost"] >= 0).all()
    assert abs(plan.order_adjustments["margin_lost"].sum() - order["left_out_margin_lost"]) <= Decimal("0.02")
    sentence = adjustment_sentence(plan.order_adjustments.row(0, named=True), order)
    assert f"fewer than needed: the spend cap of {value / 2:,.2f} goes to products that lose more" in sentence


def test_without_money_nothing_is_ordered_and_the_setting_does_it_too():
    as_set = a_setting("spend_cap", "0", level="global", subject="")
    for plan in (planned(*a_shop(), budget="0"), planned(*a_shop(), as_set)):
        assert plan.order_plan["order_quantity"].sum() == 0
        assert set(plan.order_plan["reason"]) == {"left_out_by_spend_cap"}


def test_an_order_below_its_minimum_under_the_cap_is_left_out_whole():
    minimum = natural() - 1
    plan = planned(*a_shop(), *a_minimum(minimum), budget=str(round(minimum / 2, 2)))
    assert plan.order_plan["order_quantity"].sum() == 0


def test_an_order_that_was_raised_and_then_left_out_by_the_cap_says_both():
    minimum = natural() + 15
    whole = the_order(planned(*a_shop(), *a_minimum(minimum, "add")))
    left_out = the_order(planned(*a_shop(), *a_minimum(minimum, "add"), budget=str(round(minimum / 2, 2))))
    assert (left_out["decision"], left_out["order_value"]) == ("units_added", 0)
    assert "spend cap" not in order_sentence(whole)
    assert order_sentence(left_out).endswith(
        f"Then the spend cap leaves out {left_out['left_out_value']:,.2f} of it: nothing is ordered."
    )


def test_products_without_a_cost_or_a_rate_take_nothing_from_the_cap():
    free = planned(*a_shop(unit_cost=Decimal("0.0000")), budget="0")
    assert (free.order_plan["order_quantity"] > 0).all()
    abroad = planned(*a_shop(currency="USD", currency_rate=None), budget="0")
    assert (abroad.order_plan["order_quantity"] > 0).all()


def test_a_cap_is_in_base_currency_and_an_order_in_its_own():
    plan = planned(*a_shop(currency="USD", currency_rate=Decimal("2.000000")), budget="50")
    order = the_order(plan)
    assert 97 < order["order_value"] <= 100


def test_a_plan_that_breaks_the_cap_or_its_bridge_is_stopped_at_the_border():
    frames = [*a_shop(), *a_minimum(natural() + 15, "add")]
    plan = planned(*frames, budget="300")
    assert not blocking(plan, *frames)
    dear = replace(plan, supplier_orders=plan.supplier_orders.with_columns(order_value=pl.lit(Decimal("300.02"))))
    assert blocking(dear, *frames) == ["orders_keep_the_spend_cap"]
    cut = replace(plan, order_plan=plan.order_plan.with_columns(quantity_after_budget=pl.lit(0.0)))
    assert blocking(cut, *frames) == ["last_steps_are_the_order"]
    unnamed = replace(plan, order_plan=plan.order_plan.with_columns(binding_rule=pl.lit("need")))
    assert blocking(unnamed, *frames) == ["last_steps_are_the_order"]


@pytest.mark.parametrize("text", ["-5", "nan", "NaN", "inf", "20,000", "x", "1e13", " ", "0.001", "none"])
def test_a_budget_that_is_no_amount_is_refused(text):
    with pytest.raises(SettingError, match="give an amount of money from 0"):
        check_budget(text)


prices = st.sampled_from([Decimal("0.0000"), Decimal("0.0100"), Decimal("2.5000"), Decimal("80.0000")])


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_whatever_the_amounts_the_bridge_adds_up_and_the_cap_holds(data):
    frames: list[pl.DataFrame] = []
    for code in CODES:
        rate = data.draw(st.sampled_from([Decimal(1), Decimal("2.000000"), Decimal("0.000000"), None]))
        frames += [
            a_product(
                code, unit_cost=data.draw(prices), sales_unit_price=data.draw(prices),
                supplier=data.draw(st.sampled_from([SUPPLIER, "supplier-08", None])),
                currency="GBP" if rate == 1 else "USD", currency_rate=rate,
            ),
            in_stock(data.draw(st.integers(-5, 80)), product=code),
            a_setting("batch_size", data.draw(st.sampled_from(["1", "0.1", "6", "7.5"])), subject=code),
            a_setting("minimum_order_quantity", data.draw(st.sampled_from(["0", "10", "100"])), subject=code),
            a_setting("maximum_shelf_level", data.draw(st.sampled_from(["", "0", "60"])), subject=code),
        ]  # fmt: skip
    amounts = st.sampled_from([0.01, 40.0, 120.5, 1000.0, 10.0**9])
    frames += a_minimum(data.draw(amounts), data.draw(st.sampled_from(["best", "add", "wait", "as_is"])))
    budget = data.draw(st.sampled_from(["", "0", "33.33", "250", "100000"]))
    plan = planned(*frames, budget=budget)
    assert plan.order_plan.equals(planned(*reversed(frames), budget=budget).order_plan)


@pytest.mark.parametrize("below", ["add", "wait"])
def test_an_order_whose_currency_is_unknown_has_a_minimum_too(below):
    plan = planned(*a_shop(currency=None), *a_minimum(natural() + 15, below), budget="20")
    assert the_order(plan)["decision"] == {"add": "units_added", "wait": "waits"}[below]
    assert the_order(plan)["order_value"] == 0


@pytest.mark.parametrize("below", ["best", "add", "wait"])
def test_the_cost_of_an_order_does_not_change_what_is_done_below_a_minimum(below: str) -> None:
    """Adding puts off the next order as waiting puts off this one: each way places an order per minimum's worth."""
    frames = [*a_shop(), *a_minimum(natural() + 15, below)]
    cost = [a_setting(name, "500", level="global", subject="") for name in ("cost_per_order", "cost_per_order_line")]
    assert planned(*frames).supplier_orders.equals(planned(*frames, *cost).supplier_orders)
