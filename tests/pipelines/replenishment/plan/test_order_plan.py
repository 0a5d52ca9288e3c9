"""Every product once, with a quantity or one reason for none."""

from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.replenishment.plan.reasons import BINDING_RULES, REASONS
from pipelines.storage.tables import ORDER_PLAN
from tests.pipelines.planning_builders import (
    AS_OF,
    TEA,
    a_late_order,
    a_plan,
    a_product,
    a_setting,
    expecting,
    in_days,
    in_stock,
    on_order,
    sold,
    sold_every,
    the_line,
    together,
)

# Lead time 14 and order frequency 7 days: the cover ends before day 21. Levels: 36 and 42.
THIRTY = expecting(20, 10)
WAITS = a_setting("unmet_demand", "backordered", level="global", subject="")


def test_what_is_missing_to_the_order_up_to_level_is_ordered():
    line = the_line(a_product(), in_stock(30), expecting=THIRTY)
    assert (line["reorder_point"], line["order_up_to_level"], line["safety_stock"]) == (36, 42, 12)
    assert (line["needed_quantity"], line["order_quantity"], line["status"]) == (12, 12, "order_now")
    assert (line["reason"], line["binding_rule"]) == ("below_reorder_point", "need")


@pytest.mark.parametrize(("on_hand", "order_quantity"), [(36, 6), (37, 0)])
def test_an_order_is_made_at_the_reorder_point_and_not_above(on_hand, order_quantity):
    assert the_line(a_product(), in_stock(on_hand), expecting=THIRTY)["order_quantity"] == order_quantity


def test_stock_that_adds_up_to_the_reorder_point_in_decimals_is_at_it():
    level = expecting(0.5, 0.5, quantiles={0.9: 1, 0.95: 2})
    orders = [on_order(0.1, arriving=None), on_order(0.2, arriving=None)]
    assert the_line(a_product(), in_stock(0.7), *orders, expecting=level)["order_quantity"] == 1


def test_allocated_stock_is_not_available():
    line = the_line(a_product(), in_stock(50, committed=20), expecting=THIRTY)
    assert (line["stock_position"], line["order_quantity"]) == (30, 12)


def test_a_late_order_does_not_count():
    line = the_line(a_product(), in_stock(30), a_late_order(100), expecting=THIRTY)
    assert (line["stock_on_order"], line["stock_on_order_late"]) == (0, 100)
    assert line["order_quantity"] == 12


@pytest.mark.parametrize(("day", "order_quantity"), [(14, 0), (20, 10), (21, 12)])
def test_what_is_on_order_helps_from_the_day_on_which_it_arrives(day, order_quantity):
    """Demand may be 42 units in 21 days, 40 of them before the last day."""
    line = the_line(a_product(), in_stock(30), on_order(100, arriving=in_days(day)), expecting=THIRTY)
    in_time = 100 if day < 21 else 0
    assert (line["stock_on_order_in_time"], line["stock_on_order_after_cover"]) == (in_time, 100 - in_time)
    assert (line["stock_on_order"], line["order_quantity"]) == (100, order_quantity)


@pytest.mark.parametrize("arriving", [None, in_days(-5)])
def test_an_order_that_counts_is_in_time_if_its_day_is_unknown(arriving):
    line = the_line(a_product(), in_stock(30), on_order(10, arriving=arriving), expecting=THIRTY)
    assert (line["stock_on_order_in_time"], line["order_quantity"]) == (10, 0)


def test_what_is_approved_and_not_yet_sent_is_not_suggested_again():
    approved = on_order(12, arriving=in_days(14), rule="approved_not_sent")
    assert the_line(a_product(), in_stock(30), approved, expecting=THIRTY)["order_quantity"] == 0


def test_the_maximum_shelf_level_counts_orders_that_arrive_after_the_coverage_period():
    later, most = on_order(100, arriving=in_days(60)), a_setting("maximum_shelf_level", "100")
    line = the_line(a_product(), in_stock(0), later, most, expecting=THIRTY)
    assert (line["order_quantity"], line["reason"], line["binding_rule"]) == (0, "capped", "maximum_shelf_level")


def test_a_shelf_below_its_minimum_is_filled_though_nothing_sells():
    line = the_line(a_product(), in_stock(2), a_setting("minimum_shelf_level", "5"))
    assert (line["order_quantity"], line["reason"]) == (3, "below_minimum_shelf_level")
    assert (line["status"], line["demand_class"]) == ("order_now", "never_sold")


@pytest.mark.parametrize(
    ("product", "on_hand", "reason"),
    [
        ({"is_tracked": False}, 0, "untracked"),
        ({"is_discontinued": True}, 0, "discontinued"),
        ({"is_unstocked": True}, 0, "unstocked"),
        ({"is_discontinued": True, "is_tracked": False}, 0, "discontinued"),
        ({}, -1, "data_fault"),
    ],
)
def test_a_product_that_is_not_planned_says_why(product, on_hand, reason):
    line = the_line(a_product(**product), in_stock(on_hand), expecting=THIRTY)
    assert (line["order_quantity"], line["reason"], line["status"]) == (0, reason, "not_planned")


def test_a_product_without_sales_in_a_year_is_not_planned():
    line = the_line(a_product(), in_stock(3))
    assert (line["order_quantity"], line["reason"], line["status"]) == (0, "no_demand", "not_planned")
    assert (line["overstock_quantity"], line["demand_class"], line["model"]) == (3, "never_sold", "none")


def test_a_product_without_a_supplier_is_planned_and_says_so():
    line = the_line(a_product(supplier=None), in_stock(30), expecting=THIRTY)
    assert (line["order_quantity"], line["reason"], line["status"]) == (12, "no_supplier", "order_now")


def test_a_product_without_a_supplier_and_with_enough_has_enough():
    assert the_line(a_product(supplier=None), in_stock(40), expecting=THIRTY)["reason"] == "enough_stock"


def test_a_product_without_a_row_of_stock_has_none():
    line = the_line(a_product(), WAITS, expecting=THIRTY)
    assert (line["order_quantity"], line["demand_lost_before_arrival"]) == (42, 0)


def test_what_is_lost_before_arrival_is_not_ordered():
    """There is no stock for two of three weeks: 28 of the 42 units are lost, whatever is ordered."""
    line = the_line(a_product(), expecting=THIRTY)
    assert (line["order_quantity"], line["needed_quantity"]) == (14, 14)
    assert line["demand_lost_before_arrival"] == pytest.approx(20, abs=2)
    assert (line["is_too_late_to_help"], line["days_to_stock_out"]) == (True, 0)


def test_the_position_rule_orders_demand_that_will_be_lost():
    position = a_setting("order_rule", "position", level="global", subject="")
    assert the_line(a_product(), position, expecting=THIRTY)["order_quantity"] == 42


def test_with_one_level_every_gap_is_ordered():
    one = a_setting("order_levels", "one", level="global", subject="")
    assert the_line(a_product(), in_stock(37), one, expecting=THIRTY)["order_quantity"] == 5
    assert the_line(a_product(), in_stock(37), expecting=THIRTY)["order_quantity"] == 0


def test_a_fill_rate_asks_for_less_than_a_cycle_service_level_of_the_same_number():
    fill = a_setting("service_measure", "fill", level="global", subject="")
    assert 0 < the_line(a_product(), in_stock(30), fill, expecting=THIRTY)["order_quantity"] < 12


def test_the_manufacturing_time_is_added_to_the_lead_time():
    made = [a_setting("lead_time_days", "10"), a_setting("manufacturing_time_days", "4")]
    line = the_line(a_product(), *made, in_stock(30), expecting=THIRTY)
    assert (line["horizon_days"], line["order_quantity"], line["manufacturing_time_days"]) == (21, 12, 4)


def test_a_forecast_period_replaces_the_horizon():
    longer = a_setting("forecast_period_days", "21")
    line = the_line(a_product(), longer, a_setting("lead_time_days", "7"), in_stock(30), expecting=THIRTY)
    assert (line["horizon_days"], line["order_quantity"]) == (21, 12)
    assert (line["demand_before_arrival"], line["demand_in_cover"]) == (10, 20)


ONE_A_DAY = sold_every(1, 1, for_days=364)


def test_an_order_does_not_arrive_sooner_because_the_forecast_period_is_short():
    """Of 16 days an order that takes 14 covers two; ten units do not last until it arrives."""
    line = the_line(a_product(), a_setting("forecast_period_days", "16"), in_stock(10), ONE_A_DAY)
    assert (line["horizon_days"], line["is_too_late_to_help"]) == (16, True)
    assert (line["demand_before_arrival"], line["demand_in_cover"]) == pytest.approx((14, 2), rel=0.05)
    assert line["demand_lost_before_arrival"] == pytest.approx(4, abs=1)


def test_of_a_forecast_period_that_ends_before_an_order_arrives_what_stock_and_orders_lack_is_ordered():
    frames = a_product(), a_setting("forecast_period_days", "7"), ONE_A_DAY, on_order(2, arriving=in_days(3))
    line = the_line(*frames, in_stock(1))
    assert (line["demand_in_cover"], line["demand_lost_before_arrival"], line["is_too_late_to_help"]) == (0, 0, True)
    assert line["demand_before_arrival"] == pytest.approx(7, rel=0.05)
    assert line["order_quantity"] == line["order_up_to_level"] - 3 > 0
    assert the_line(*frames, in_stock(line["order_up_to_level"]))["order_quantity"] == 0


def test_every_product_is_there_once():
    products = [a_product(code) for code in ("C", "A", "B")]
    orders = [on_order(1, arriving=None, product=code) for code in ("A", "A", "GONE")]
    forecasts = together(expecting(1, 1, product="A"), expecting(1, 1, product="GONE"))
    plan = a_plan(*products, *orders, in_stock(5, product="B"), expecting=forecasts)
    assert plan["product_code"].to_list() == ["A", "B", "C"]


def test_an_organisation_without_products_has_a_plan_without_lines():
    assert a_plan().schema == ORDER_PLAN.schema


def test_overstock_lasts_longer_than_the_overstock_period():
    line = the_line(a_product(), in_stock(1000), expecting=expecting(14, 7, quantiles={0.9: 25, 0.95: 30}))
    assert line["average_daily_demand"] == 1
    assert line["status"] == "too_much"
    assert line["overstock_quantity"] == pytest.approx(1000 - 30 * (21 + 90) / 21, abs=1e-3)
    assert float(line["overstock_value"]) == pytest.approx(2.5 * line["overstock_quantity"], abs=0.01)


def test_possible_demand_until_the_end_of_the_overstock_period_is_no_overstock():
    """At the expected pace 111 units are sold until then, with the service level 158."""
    line = the_line(a_product(), in_stock(158), expecting=expecting(14, 7, quantiles={0.9: 25, 0.95: 30}))
    assert (line["overstock_quantity"], line["status"]) == (0, "enough")


def test_stock_of_a_discontinued_product_is_overstock():
    line = the_line(a_product(is_discontinued=True), in_stock(8))
    assert (line["overstock_quantity"], line["reason"]) == (8, "discontinued")


def test_days_to_stock_out_go_at_the_expected_pace():
    line = the_line(a_product(), in_stock(7.5), expecting=expecting(14, 7))
    assert (line["days_to_stock_out_soonest"], line["days_to_stock_out"]) == (6, 7)
    assert line["order_by_date"] == AS_OF


def test_stock_above_the_reorder_point_is_ordered_at_the_review_on_which_it_is_there():
    """Five days' demand above it: at the next review, in a week."""
    line = the_line(a_product(), in_stock(30), expecting=expecting(14, 7, quantiles={0.9: 25, 0.95: 30}))
    assert line["order_by_date"] == AS_OF + timedelta(days=7)
    assert line["days_to_stock_out"] is None


@pytest.mark.parametrize(("on_hand", "review"), [(26, 1), (33, 1), (34, 2), (60, 5), (4344, 519), (4400, None)])
def test_the_order_by_date_is_the_last_review_from_which_an_order_arrives_while_stock_lasts(on_hand, review):
    """25 units last 21 days at the target; 60 last 50, and of 35 and 42 days the former's order is in time."""
    line = the_line(a_product(), in_stock(on_hand), expecting=expecting(14, 7, quantiles={0.9: 25, 0.95: 30}))
    assert line["order_by_date"] == (None if review is None else AS_OF + timedelta(days=7 * review))


@pytest.mark.parametrize("period", [9, 21, 90])
def test_the_order_by_date_knows_when_an_order_arrives_whatever_the_forecast_period_is(period):
    """A piece a day: 200 last 200 days, and the order of day 182 arrives on day 196."""
    line = the_line(
        a_product(), in_stock(200), sold_every(1, 1, for_days=400), a_setting("forecast_period_days", str(period))
    )
    assert line["order_by_date"] == AS_OF + timedelta(days=182)


def test_a_product_first_sold_a_few_weeks_ago_is_uncertain():
    line = the_line(a_product(), in_stock(7), expecting=expecting(14, 7, demand_class="new", history_weeks=3))
    assert (line["is_uncertain"], line["uncertain_cause"]) == (True, "short_history")


def test_from_sales_to_order():
    frames = [a_product(), WAITS, in_stock(10), sold_every(1, 3, for_days=364), a_setting("batch_size", "10")]
    line = the_line(*frames)
    assert line["horizon_demand"] == pytest.approx(63, rel=0.01)
    assert line["safety_stock"] == pytest.approx(line["order_up_to_level"] - line["horizon_demand"])
    assert line["order_quantity"] == 10 * -(-line["needed_quantity"] // 10)


def test_every_reason_and_rule_that_is_given_has_its_sentence():
    lines = [
        the_line(a_product(**more), in_stock(on_hand), expecting=THIRTY)
        for more in ({}, {"is_tracked": False}, {"supplier": None})
        for on_hand in (-1, 0, 40, 5000)
    ]
    assert {line["reason"] for line in lines} <= set(REASONS)
    assert {line["binding_rule"] for line in lines} <= set(BINDING_RULES)


def test_settings_of_each_product_stand_beside_its_line():
    plan = a_plan(a_product("A"), a_product("B"), a_setting("service_level", "0.9", subject="B"))
    assert dict(plan.select("product_code", "service_level").rows()) == {"A": 0.95, "B": 0.9}
    assert plan.select(pl.col("maximum_shelf_level").is_null().all()).item()


@pytest.mark.parametrize(
    "frames",
    [
        (in_stock(float("nan")),),
        (in_stock(5012345678900),),
        (in_stock(5, committed=1e300),),
        (in_stock(5), on_order(float("inf"), arriving=None)),
        (in_stock(5), on_order(5012345678900, arriving=None)),
    ],
)
def test_an_impossible_quantity_is_a_data_fault_of_that_product_and_is_not_ordered(frames):
    others = [a_product("CUP"), in_stock(0, product="CUP"), sold_every(1, 3, for_days=364, product="CUP")]
    plan = a_plan(a_product(), sold_every(1, 3, for_days=364), *frames, *others)
    assert plan.select("product_code", "reason").rows() == [("CUP", "below_reorder_point"), (TEA, "data_fault")]
    assert (plan["order_quantity"] > 0).to_list() == [True, False]
    assert all(plan.select(pl.col(pl.Float64).drop_nulls().is_finite().all()).row(0))


def test_an_impossible_amount_stops_no_plan():
    dear = a_product(unit_cost=Decimal(1_000_000_000))
    line = the_line(dear, in_stock(0), a_setting("minimum_order_quantity", "1000000000"), expecting=THIRTY)
    assert (line["order_quantity"], line["order_value"]) == (1e9, Decimal(10**15))


@pytest.mark.parametrize("on_hand", [-5.0, 0.25, 1e12, float("nan")])
def test_any_history_gives_a_row_with_a_reason_and_finite_quantities(on_hand):
    daily = range(1, 99)
    histories: dict[str, dict[int, float]] = {
        "NEVER": {}, "ONCE": {9: 4}, "NOTHING": dict.fromkeys(daily, 0), "GIANT": dict.fromkeys(daily, 1) | {5: 1e9},
        "OVER": {800: 5, 790: 5}, "BACK": dict.fromkeys(daily, -3), "NAN": {3: float("nan"), 9: 2},
    }  # fmt: skip
    frames = [frame for code in histories for frame in (a_product(code), in_stock(on_hand, product=code))]
    plan = a_plan(*frames, *(sold(days, code) for code, days in histories.items()))
    assert plan["product_code"].to_list() == sorted(histories)
    assert set(plan["reason"]) <= set(REASONS)
    quantities = plan.select("needed_quantity", "order_quantity", "safety_stock", "horizon_demand", "reorder_point")
    assert quantities.select(pl.all().is_finite().all()).row(0) == (True,) * 5
    assert (plan["order_quantity"] >= 0).all()


def test_what_is_short_and_has_no_room_on_the_shelf_is_short_and_not_enough():
    line = the_line(a_product(), in_stock(30), a_setting("maximum_shelf_level", "30"), expecting=expecting(20, 10))
    assert (line["needed_quantity"], line["reorder_point"], line["understock_quantity"]) == (12, 36, 6)
    assert (line["order_quantity"], line["reason"], line["status"]) == (0, "capped", "short")


def test_an_order_above_the_reorder_point_says_that_open_orders_arrive_too_late():
    late = on_order(100, arriving=in_days(20))
    line = the_line(a_product(), in_stock(30), late, expecting=expecting(20, 10))
    assert line["stock_position"] > line["reorder_point"]
    assert (line["order_quantity"] > 0, line["reason"]) == (True, "short_before_open_orders_arrive")
    few = the_line(a_product(), in_stock(10), on_order(1, arriving=in_days(20)), expecting=expecting(20, 10))
    assert few["stock_position"] <= few["reorder_point"]
    assert few["reason"] == "below_reorder_point"
