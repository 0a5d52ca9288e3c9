"""A successor takes over the demand of its predecessor; a bundle is sold as its parts."""

import pytest

from pipelines.planning_settings.registry import SettingError, parse_setting
from tests.pipelines.planning_builders import a_plan, a_product, a_setting, in_stock, sold_every


def planned(*settings, sales=("OLD",)):
    codes = ["NEW", "OLD", "SET", "TEA"]
    products = [frame for code in codes for frame in (a_product(code), in_stock(0, product=code))]
    plan = a_plan(*products, *settings, *(sold_every(1, 2, for_days=400, product=code) for code in sales))
    return {row["product_code"]: row for row in plan.to_dicts()}


def test_a_successor_is_ordered_for_what_its_predecessor_sold():
    plan = planned(a_setting("successor_of", "OLD", subject="NEW"))
    assert plan["NEW"]["horizon_demand"] == pytest.approx(42, rel=0.05)
    old = plan["OLD"]
    assert (old["reason"], old["order_quantity"], old["status"]) == ("planned_elsewhere", 0, "not_planned")
    assert old["demand_class"] == "planned_elsewhere"


def test_its_own_demand_is_added():
    plan = planned(a_setting("successor_of", "OLD", subject="NEW"), sales=("OLD", "NEW"))
    assert plan["NEW"]["horizon_demand"] == pytest.approx(84, rel=0.05)


def test_a_bundle_is_ordered_as_its_parts():
    plan = planned(a_setting("bundle_of", "TEA:2; NEW:0.5", subject="SET"), sales=("SET", "TEA"))
    assert plan["SET"]["reason"] == "planned_elsewhere"
    assert plan["TEA"]["horizon_demand"] == pytest.approx(42 + 84, rel=0.05)
    assert plan["NEW"]["horizon_demand"] == pytest.approx(21, rel=0.05)


def test_the_part_of_a_bundle_may_have_a_successor_itself():
    bundle = a_setting("bundle_of", "OLD:1", subject="SET")
    plan = planned(bundle, a_setting("successor_of", "OLD", subject="NEW"), sales=("SET",))
    assert plan["NEW"]["horizon_demand"] == pytest.approx(42, rel=0.05)


def test_products_that_succeed_each_other_leave_the_plan_standing():
    circle = [a_setting("successor_of", "OLD", subject="NEW"), a_setting("successor_of", "NEW", subject="OLD")]
    plan = planned(*circle, a_setting("successor_of", "TEA", subject="TEA"))
    assert plan["OLD"]["horizon_demand"] + plan["NEW"]["horizon_demand"] == pytest.approx(42, rel=0.05)


def test_bundles_of_each_other_keep_their_own_demand():
    circle = [a_setting("bundle_of", "OLD:2", subject="NEW"), a_setting("bundle_of", "NEW:2; TEA:1", subject="OLD")]
    plain, plan = planned(), planned(*circle)
    assert {code: plan[code]["horizon_demand"] for code in plan} == {
        code: plain[code]["horizon_demand"] for code in plain
    }


def test_a_bundle_with_a_part_that_is_no_product_keeps_its_demand():
    plan = planned(a_setting("bundle_of", "TEA:2; ZZZ:1", subject="SET"), sales=("SET", "TEA"))
    assert [plan[code]["horizon_demand"] for code in ("SET", "TEA")] == pytest.approx([42, 42], rel=0.05)
    assert plan["SET"]["order_quantity"] > 0


def test_the_successor_of_a_product_that_is_none_is_planned_as_before():
    plan = planned(a_setting("successor_of", "ZZZ", subject="NEW"), sales=("NEW",))
    assert plan["NEW"]["horizon_demand"] == pytest.approx(42, rel=0.05)


def test_a_predecessor_that_must_have_a_minimum_on_the_shelf_is_planned():
    plan = planned(
        a_setting("successor_of", "OLD", subject="NEW"), a_setting("minimum_shelf_level", "5", subject="OLD")
    )
    assert (plan["OLD"]["reason"], plan["OLD"]["order_quantity"]) == ("below_minimum_shelf_level", 5)


@pytest.mark.parametrize(("typed", "kept"), [(" CUP:2;TEA : 1.50 ", "CUP:2; TEA:1.5"), ("A:B:3", "A:B:3"), ("", "")])
def test_a_bundle_is_kept_in_one_form(typed, kept):
    assert parse_setting("bundle_of", typed, "product") == kept


@pytest.mark.parametrize("typed", ["CUP", "CUP:", ":2", "CUP:0", "CUP:-1", "CUP:two"])
def test_a_bundle_without_units_is_refused(typed):
    with pytest.raises(SettingError, match="give product codes with their units, such as CUP:2; TEA:1"):
        parse_setting("bundle_of", typed, "product")
