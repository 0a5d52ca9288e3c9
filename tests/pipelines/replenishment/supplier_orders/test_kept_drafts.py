"""Drafts that people keep are fixed units and money of a plan: minimums and the cap decide only about the rest."""

from dataclasses import replace
from decimal import Decimal
from itertools import product as every
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.replenishment.plan.order_plan import PlanTables
from pipelines.replenishment.plan.plan_summary import summarise_plan
from pipelines.replenishment.supplier_orders.order_sentences import adjustment_sentence, cap_sentence, order_sentence
from pipelines.storage.tables import STOCK_ON_ORDER, empty
from tests.pipelines.planning_builders import AS_OF, SUPPLIER, a_product, a_setting, in_stock, kept
from tests.pipelines.replenishment.supplier_orders.test_plans_in_money import (
    CODES,
    a_minimum,
    a_shop,
    blocking,
    planned,
)

OTHER = "supplier-08"
ALONE = planned(*a_shop())


def lines(plan: PlanTables) -> dict[str, dict[str, Any]]:
    return {row["product_code"]: row for row in plan.order_plan.iter_rows(named=True)}


def order_of(plan: PlanTables, supplier: str = SUPPLIER) -> dict[str, Any]:
    return next(row for row in plan.supplier_orders.iter_rows(named=True) if row["supplier_id"] == supplier)


def summary_of(plan: PlanTables, cap: float | None = None) -> dict[str, Any]:
    at = pl.Series([0]).cast(pl.Datetime("us", "UTC"))[0]
    return summarise_plan(
        plan.order_plan, empty(STOCK_ON_ORDER), base_currency="GBP", planned_at=at, data_loaded_at=at, is_stale=False,
        inputs_hash="", code_version="1", as_of=AS_OF, supplier_orders=plan.supplier_orders, spend_cap=cap,
    ).row(0, named=True)  # fmt: skip


def test_what_people_keep_is_what_is_ordered_and_the_plan_says_what_it_would_order_alone() -> None:
    plan = planned(*a_shop(), kept(6, product="CUP", cost=3), kept(0, product="POT"))
    cup, pot, tea = (lines(plan)[code] for code in CODES)
    assert (cup["order_quantity"], cup["order_value"], cup["reason"]) == (6, Decimal("18.00"), "on_kept_draft")
    assert (pot["order_quantity"], pot["status"], pot["reason"]) == (0, "short", "taken_out_of_draft")
    assert tea == lines(ALONE)["TEA"]
    assert cup["quantity_after_cap"] == lines(ALONE)["CUP"]["order_quantity"] == 14
    order = order_of(plan)
    assert (order["lines"], order["kept_lines"], order["kept_value"]) == (2, 1, Decimal("18.00"))
    assert order["order_value"] == order["natural_value"] == Decimal("18.00") + tea["order_value"]
    assert summary_of(plan)["order_value"] == order["order_value"]
    said = [adjustment_sentence(row, order) for row in plan.order_adjustments.iter_rows(named=True)]
    assert said[0].startswith(
        "On drafts that people keep: 6 units; the plan alone would order 14. Without the other 8, "
    )
    assert said[1].startswith("A person took it out of a draft; the plan alone would order 14. Without the other 14, ")


def test_a_kept_line_that_is_as_planned_changes_nothing_and_one_that_is_more_says_what_it_costs() -> None:
    same, more = planned(*a_shop(), kept(14, product="CUP")), planned(*a_shop(), kept(22, product="CUP"))
    assert same.order_adjustments.is_empty()
    assert lines(same)["CUP"]["order_quantity"] == 14
    (said,) = [adjustment_sentence(row, None) for row in more.order_adjustments.iter_rows(named=True)]
    assert said.startswith("On drafts that people keep: 22 units; the plan alone would order 14. The 8 more cost ")


def test_a_kept_draft_counts_for_the_minimum_and_only_the_rest_is_added() -> None:
    minimum = float(order_of(ALONE)["natural_value"]) + 15
    reached = planned(*a_shop(), *a_minimum(minimum), kept(20, product="CUP"))
    assert (order_of(reached)["decision"], reached.order_adjustments.height) == ("minimum_reached", 1)
    less = planned(*a_shop(), *a_minimum(minimum, "add"), kept(12, product="CUP"))
    order = order_of(less)
    assert (order["decision"], order["adding_units"], lines(less)["CUP"]["order_quantity"]) == ("units_added", 8, 12)
    assert minimum <= order["order_value"] < minimum + 2.5
    assert order_sentence(order).startswith(
        f"Needed: 100.00 of the minimum of {minimum:.2f} GBP, 30.00 of it on RP-20260302-AAAAAA, which stays as people "
        f"made it. 8 units of "
    )


def test_what_people_keep_does_not_wait_for_a_minimum() -> None:
    plan = planned(*a_shop(), *a_minimum(400, "wait"), kept(20, product="CUP"))
    order = order_of(plan)
    assert (order["decision"], order["wait_until_date"], lines(plan)["CUP"]["order_quantity"]) == (
        "below_minimum", None, 20,
    )  # fmt: skip
    assert "what people keep on a draft does not wait" in order_sentence(order)


def test_a_kept_draft_of_a_supplier_that_the_plan_orders_nothing_of_is_raised_to_its_minimum_or_says_it_is_below() -> (
    None
):
    full = a_shop(stock=60)
    plan = planned(*full, *a_minimum(40, "add"), kept(12, product="CUP"))
    order = order_of(plan)
    assert (order["decision"], order["kept_value"]) == ("units_added", Decimal("30.00"))
    assert 40 <= order["order_value"] < 42.5
    unknown = planned(*full, a_setting("minimum_order_value", "40", level="supplier", subject=OTHER),
                      kept(12, product="CUP", supplier=OTHER))  # fmt: skip
    below = order_of(unknown, OTHER)
    assert (below["decision"], below["order_value"]) == ("below_minimum", Decimal("30.00"))
    assert "no other product of the supplier has room" in order_sentence(below)


def test_a_product_that_is_kept_with_another_supplier_is_not_ordered_of_its_own() -> None:
    plan = planned(*a_shop(), kept(10, product="CUP", cost=2, supplier=OTHER, currency="USD", is_base_currency=False))
    assert lines(plan)["CUP"]["order_quantity"] == 10
    assert order_of(plan)["lines"] == 2
    other = order_of(plan, OTHER)
    assert (other["order_value"], other["currency"], other["currency_rate"]) == (Decimal("20.00"), "USD", None)


def test_a_product_that_is_not_planned_is_ordered_as_people_keep_it_and_keeps_its_reason() -> None:
    plan = planned(
        *a_shop(), a_product("OLD", is_discontinued=True), in_stock(0, product="OLD"), kept(4, product="OLD")
    )
    assert (lines(plan)["OLD"]["order_quantity"], lines(plan)["OLD"]["reason"]) == (4, "discontinued")
    assert order_of(plan)["kept_value"] == Decimal("10.00")


def test_kept_drafts_take_their_money_from_the_cap_first() -> None:
    plan = planned(*a_shop(), kept(30, product="CUP"), budget="100")
    assert lines(plan)["CUP"]["order_quantity"] == 30
    assert 97.5 < order_of(plan)["order_value"] <= 100
    assert "75.00 of it on drafts that people keep" in cap_sentence(summary_of(plan, 100))
    over = planned(*a_shop(), kept(60, product="CUP"), budget="100")
    assert [lines(over)[code]["order_quantity"] for code in CODES] == [60, 0, 0]
    assert cap_sentence(summary_of(over, 100)).startswith(
        "Drafts that people keep come to 150.00 GBP, 50.00 above the spend cap of 100.00 GBP: they stay as they are, "
        "and the plan spends nothing beside them. 70.00 of 2 products is left out"
    )


def test_a_plan_that_spends_beside_kept_drafts_above_the_cap_is_stopped_at_the_border() -> None:
    frames = [*a_shop(), kept(60, product="CUP")]
    plan = planned(*frames, budget="100")
    assert not blocking(plan, *frames)
    dear = replace(plan, supplier_orders=plan.supplier_orders.with_columns(order_value=pl.lit(Decimal("150.02"))))
    assert blocking(dear, *frames) == ["orders_keep_the_spend_cap"]


def test_a_kept_draft_that_shares_nothing_with_the_plan_changes_nothing_of_it() -> None:
    beside = planned(*a_shop(), *a_minimum(200), kept(12, product="GONE", supplier=OTHER), budget="500")
    without = planned(*a_shop(), *a_minimum(200), budget="500")
    assert beside.order_plan.write_csv() == without.order_plan.write_csv()
    assert beside.supplier_orders.filter(supplier_id=SUPPLIER).equals(without.supplier_orders)
    assert set(without.supplier_orders.select("kept_lines", "kept_value", "kept_orders").rows()) == {(0, 0, "")}


def loss(plan: PlanTables, codes: set[str]) -> float:
    """What other quantities of some products than the plan's own cost: margin lost, and holding."""
    rows = plan.order_adjustments.filter(pl.col("product_code").is_in(sorted(codes)))
    return float(rows.select(pl.col("margin_lost", "holding_cost").cast(pl.Float64)).sum().sum_horizontal().item())


def test_beside_a_kept_draft_the_minimum_is_reached_by_the_units_that_lose_least_of_all_choices() -> None:
    """Every choice of the other two products, each fixed as a draft, so that the plan itself values it."""
    shop = [frame for code, price in zip(CODES, ("4.0000", "3.0000", "6.0000"), strict=True)
            for frame in (a_product(code, sales_unit_price=Decimal(price)), in_stock(20, product=code))]  # fmt: skip
    mine, minimum = kept(12, product="CUP"), 30 + 70 + 9
    found = planned(*shop, *a_minimum(minimum, "add"), mine)
    assert order_of(found)["decision"] == "units_added"
    choices = [
        planned(*shop, mine, kept(14 + pots, product="POT"), kept(14 + teas, product="TEA"))
        for pots, teas in every(range(6), range(6)) if 2.5 * (pots + teas) >= 9
    ]  # fmt: skip
    best = min(loss(choice, {"POT", "TEA"}) for choice in choices)
    assert loss(found, {"POT", "TEA"}) == pytest.approx(best, abs=0.02)


def test_beside_a_kept_draft_the_cap_leaves_what_saves_most_of_all_choices() -> None:
    batches = [a_setting("batch_size", "6", subject=code) for code in ("POT", "TEA")]
    shop = [frame for code, price in zip(CODES, ("4.0000", "3.0000", "6.0000"), strict=True)
            for frame in (a_product(code, sales_unit_price=Decimal(price)), in_stock(20, product=code))]  # fmt: skip
    mine, cap = kept(12, product="CUP"), 30 + 2.5 * 30
    found = planned(*shop, *batches, mine, budget=str(cap))
    choices = [
        planned(*shop, *batches, mine, kept(6 * pots, product="POT"), kept(6 * teas, product="TEA"))
        for pots, teas in every(range(4), range(4)) if 15 * (pots + teas) <= 75
    ]  # fmt: skip
    best = min(loss(choice, {"POT", "TEA"}) for choice in choices)
    assert loss(found, {"POT", "TEA"}) == pytest.approx(best, abs=0.02)


amounts = st.sampled_from([0.01, 40.0, 120.5, 300.0, 10.0**9])
quantities = st.sampled_from([0.0, 0.5, 7.0, 22.0, 90.0])


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_whatever_people_keep_it_stays_and_the_rest_keeps_the_cap_and_the_minimum_or_says_so(data: Any) -> None:
    frames = [
        frame for code in CODES
        for frame in (
            a_product(code, supplier=data.draw(st.sampled_from([SUPPLIER, OTHER, None]))),
            in_stock(data.draw(st.integers(-5, 80)), product=code),
            a_setting("batch_size", data.draw(st.sampled_from(["1", "6", "7.5"])), subject=code),
            a_setting("maximum_shelf_level", data.draw(st.sampled_from(["", "60"])), subject=code),
        )
    ]  # fmt: skip
    drafts = [
        kept(data.draw(quantities), product=data.draw(st.sampled_from([*CODES, "GONE"])),
             cost=data.draw(st.sampled_from([0.0, 1.0, 4.25])), supplier=data.draw(st.sampled_from([SUPPLIER, OTHER])),
             purchase_order_number=f"RP-{number}")
        for number in range(data.draw(st.integers(0, 3)))
    ]  # fmt: skip
    minimum, below = data.draw(amounts), data.draw(st.sampled_from(["best", "add", "wait", "as_is"]))
    cap = data.draw(st.sampled_from([None, 0.0, 33.33, 250.0, 10.0**6]))
    frames += [*a_minimum(minimum, below), *drafts]
    plan = planned(*frames, budget="" if cap is None else str(cap))
    assert not blocking(plan, *frames)
    assert plan.order_plan.equals(planned(*reversed(frames), budget="" if cap is None else str(cap)).order_plan)
    lined, on_drafts = lines(plan), pl.concat([pl.concat(drafts)] if drafts else [kept(0, product="NONE")])
    for code, units in on_drafts.group_by("product_code").agg(pl.col("quantity").cast(pl.Float64).sum()).rows():
        assert code not in lined or lined[code]["order_quantity"] == units
    value = float(on_drafts["value"].cast(pl.Float64).sum())
    orders = plan.supplier_orders
    assert float(orders["kept_value"].cast(pl.Float64).sum()) == pytest.approx(value)
    spent = float(orders["order_value"].cast(pl.Float64).sum())
    assert cap is None or spent <= max(cap, value) + 0.011
    for order in orders.filter(pl.col("minimum_order_value").is_not_null()).iter_rows(named=True):
        is_reached = order["value_after_minimum"] >= order["minimum_order_value"] - Decimal("0.01")
        is_said = order["decision"] in {"waits", "below_minimum"} and order_sentence(order) != ""
        assert is_reached or is_said
