"""A person can follow how a number was made."""

from decimal import Decimal

import pytest

from pipelines.forecasting.protection_intervals import expected_intervals
from pipelines.planning_settings.setting_descriptions import LEVELS
from pipelines.replenishment.explain.bridge import NET_REQUIREMENT, bridge, steps_that_matter
from pipelines.replenishment.explain.open_order_sentences import late_sentence
from pipelines.replenishment.explain.projected_stock import open_orders, projected_stock
from pipelines.replenishment.explain.records import OpenOrderLine, PlanLine
from pipelines.replenishment.explain.sentences import sentences
from pipelines.replenishment.plan.assembly import ASSEMBLE
from tests.pipelines.planning_builders import (
    AS_OF,
    a_late_order,
    a_product,
    a_setting,
    expecting,
    in_days,
    in_stock,
    inputs,
    on_order,
    received,
    sold_every,
)
from tests.pipelines.replenishment.explain.explaining_builders import plan_line

THIRTY = expecting(20, 10)


def test_the_steps_up_to_the_net_requirement_add_up():
    steps = bridge(plan_line(a_product(), in_stock(33.3, committed=4.2), expecting=THIRTY))
    requirement = next(step for step in steps if step.label == NET_REQUIREMENT)
    signed = sum({"+": 1, "-": -1, "": 0}[step.sign] * step.quantity for step in steps)
    assert signed == pytest.approx(requirement.quantity)
    assert steps[-1].label == "to order"
    assert steps[-1].quantity == 13


def test_each_limit_says_how_large_it_is():
    limits = [a_setting("minimum_order_quantity", "50"), a_setting("batch_size", "1.5")]
    capped = a_setting("maximum_shelf_level", "1000000")
    labels = [step.label for step in bridge(plan_line(a_product(), *limits, capped, expecting=THIRTY))]
    assert labels[9:12] == [
        "at least 50 an order and 0 on the shelf (minimums)",
        "in whole batches of 1.5",
        "at most 1,000,000 on the shelf (maximum)",
    ]


def test_a_missing_maximum_is_shown_as_none_set():
    labels = [step.label for step in bridge(plan_line(a_product(), expecting=THIRTY))]
    assert {"no maximum for the shelf", "no minimum for the order or the shelf", "in whole units"} <= set(labels)


@pytest.mark.parametrize(("typed", "shown"), [("0.95", "95%"), ("0.995", "99.5%"), ("0.9999", "99.99%")])
def test_a_service_level_is_shown_as_it_was_set(typed, shown):
    steps = bridge(plan_line(a_product(), a_setting("service_level", typed), expecting=THIRTY))
    assert steps[2].label == f"safety stock for a service level of {shown}"


def test_large_quantities_are_written_out():
    many = expecting(2_000_000, 1_000_000)
    shown = sentences(plan_line(a_product(), in_stock(1_234_567.5), expecting=many))
    assert shown[1] == (
        "In stock or arriving in time: 1,234,567.5 units. An order is due below 3,600,000 (reorder point) and fills up "
        "to 4,200,000 (order-up-to level)."
    )


def test_the_reason_comes_first_then_the_rule_that_bound():
    shown = sentences(plan_line(a_product(), in_stock(30), expecting=THIRTY))
    assert shown[0] == "To order: without an order the stock-out risk exceeds the target."
    assert shown[2] == "The quantity is exactly what is needed."
    assert shown[3:] == [
        (
            "Understocked: the stock position is 6 units below the reorder point. Without an order now 2.1 units are "
            "expected to be short until the next order could arrive: a margin of 3.15 GBP."
        ),
        "Lead time: 14 days, the default; no receipts yet.",
    ]


def test_an_estimated_lead_time_is_shown_with_its_receipts_and_the_default():
    more = a_setting("manufacturing_time_days", "3")
    line = plan_line(a_product(), in_stock(30), received(20, 24, 28, 22), more, sold_every(1, 2, for_days=300))
    assert sentences(line)[-1] == (
        "Estimated lead time: 23 ± 5.3 days (3 of them for manufacturing; median 23; 4 receipts of this product, 4 of "
        "its supplier). The default of 14 days is not used."
    )


@pytest.mark.parametrize("level", LEVELS)
def test_a_lead_time_that_a_person_set_at_any_level_is_not_called_the_default(level):
    line = plan_line(a_product(), received(6, 8, 8, 12), lead_time_origin=level)
    assert "default" not in sentences(line)[-1]
    assert f"Lead time: {line.lead_time_days} days, set for " in sentences(line)[-1]


@pytest.mark.parametrize(("now", "said"), [(5.0, True), (0.0, False)])
def test_an_assembled_bundle_is_not_to_be_delivered_faster(now, said):
    line = plan_line(a_product(), expecting=THIRTY, order_action=ASSEMBLE, assemble_now_quantity=now)
    assert line.is_too_late_to_help
    shown = " ".join(sentences(line))
    assert "faster delivery" not in shown
    assert ("before what is assembled today is ready, in 14 days" in shown) == said


def test_a_lead_time_that_a_person_set_is_shown_beside_its_receipts():
    deliveries, set_to_30 = received(6, 8, 8, 12), a_setting("lead_time_days", "30")
    as_set, learned = (
        sentences(plan_line(a_product(), in_stock(30), deliveries, *more, sold_every(1, 2, for_days=300)))[-1]
        for more in ([set_to_30], [set_to_30, a_setting("lead_time_rule", "learned")])
    )
    counts = "4 receipts of this product, 4 of its supplier"
    assert as_set == (
        f"Lead time: 30 days, set for this product; receipts show a median of 8 days ({counts}). "
        "Planned with 30 ± 3.8 days."
    )
    assert learned == (
        f"Estimated lead time: 16 ± 10.8 days (median 8; {counts}). The 30 days set for this product are not used, "
        "as lead_time_rule is learned."
    )


def test_orders_that_do_not_help_are_named():
    orders = [a_late_order(7), on_order(9, arriving=in_days(90))]
    assert sentences(plan_line(a_product(), in_stock(30), *orders, expecting=THIRTY))[3:-1] == [
        "9 units on order arrive after the coverage period.",
    ]


def test_an_uncertain_number_says_why():
    new = expecting(20, 10, demand_class="new", history_weeks=3)
    assert sentences(plan_line(a_product(), expecting=new))[-2] == (
        "Uncertain: the product was first sold less than 6 weeks ago."
    )


def test_demand_that_is_lost_before_an_order_arrives_lowers_the_net_requirement():
    assert sentences(plan_line(a_product(), expecting=THIRTY))[3:5] == [
        (
            "The need is 28 units fewer than what fills up to the order-up-to level: 20 units of demand are expected "
            "to be lost before an order arrives; 8 fewer are needed, because more is lost if demand is high or lead "
            "times differ (timing adjustment)."
        ),
        "Nothing is left to sell, and an order placed today arrives in 14 days: ask for faster delivery.",
    ]


@pytest.mark.parametrize(
    ("known", "worth"),
    [
        ({}, "worth {:,.2f} GBP; holding them costs {:,.2f} a year"),
        ({"unit_cost": Decimal(0)}, "of unknown value, as the product has no unit cost"),
        (
            {"unit_cost": Decimal(0), "currency": "EUR", "currency_rate": None},
            "of unknown value, as the product has no exchange rate",
        ),
    ],
)
def test_overstock_is_shown_with_its_cost_or_with_the_price_that_is_missing(known, worth):
    line = plan_line(a_product(**known), in_stock(900), expecting=THIRTY)
    costs = worth.format(line.overstock_value, line.overstock_holding_cost)
    assert f"Overstocked: {line.overstock_quantity:,g} units, {costs}." in sentences(line)


@pytest.mark.parametrize(
    ("known", "lost"),
    [
        ({}, "a margin of 45.00 GBP"),
        ({"sales_unit_price": None}, "its margin is unknown, as the product has no sales price"),
        ({"unit_cost": Decimal(0)}, "its margin is unknown, as the product has no unit cost"),
    ],
)
def test_understock_is_shown_with_its_cost_or_with_the_price_that_is_missing(known, lost):
    line = plan_line(a_product(**known), expecting=THIRTY)
    (understocked,) = (sentence for sentence in sentences(line) if sentence.startswith("Understocked: "))
    assert understocked.endswith(f"units are expected to be short until the next order could arrive: {lost}.")


def test_an_open_order_that_arrives_after_the_demand_raises_the_net_requirement():
    line = plan_line(a_product(), in_stock(30), on_order(100, arriving=in_days(20)), expecting=THIRTY)
    assert line.timing_adjustment == 98
    assert (
        "The need is 98 units more than what fills up to the order-up-to level: 98 more are needed, because stock on "
        "order arrives after it is needed or lead times differ (timing adjustment)."
    ) in sentences(line)


@pytest.mark.parametrize("period", ["", "60", "16", "9"])
def test_the_days_that_are_shown_are_those_of_the_plan(period):
    set_period = [a_setting("forecast_period_days", period)] if period else []
    company = inputs(a_product(), received(20, 24), *set_period)
    line = PlanLine(**company.plan(THIRTY).order_plan.row(0, named=True))
    (interval,) = expected_intervals(company.parameters.protection_intervals).rows(named=True)
    before = line.expected_lead_time_days
    assert (before, before + line.covered_days) == (interval["arrival_day"], max(before, interval["horizon_days"]))


def test_projected_stock_counts_what_arrives_and_todays_order():
    line = plan_line(a_product(), in_stock(30), expecting=THIRTY)
    weeks = [(in_days(7 * k), 10.0) for k in range(4)]
    projected = projected_stock(line, weeks, [(in_days(8), 5.0), (in_days(0), 2.0)])
    assert [(week.arrivals, week.stock_at_end) for week in projected] == [(2, 22), (5, 17), (12, 19), (0, 9)]


@pytest.mark.parametrize(
    ("order", "day"),
    [
        (on_order(5, arriving=in_days(3), order_date=in_days(0)), in_days(14)),
        (on_order(5, arriving=in_days(3), order_date=in_days(-9)), in_days(5)),
        (on_order(5, arriving=in_days(18), order_date=in_days(0)), in_days(18)),
        (on_order(5, arriving=in_days(90), order_date=in_days(0)), in_days(90)),
        (on_order(5, arriving=in_days(-4), order_date=in_days(-30)), in_days(0)),
        (on_order(5, arriving=None, order_date=in_days(-30)), in_days(0)),
        (a_late_order(5), None),
    ],
    ids=["too soon", "too soon, under way", "later", "after the cover", "past", "no day", "late"],
)
def test_an_open_order_is_shown_with_the_day_on_which_the_plan_expects_it(order, day):
    """If promised for sooner than orders of the product take, it is planned to take as long as they do."""
    company = inputs(a_product(), order)
    known = company.parameters
    (line,) = open_orders(order, known.protection_intervals, known.supplier_calendars, as_of=AS_OF).rows(named=True)
    assert line["estimated_arrival_date"] == day
    assert line["expected_arrival_date"] == order["expected_arrival_date"][0]


def test_a_forecast_period_that_ends_before_an_order_arrives_is_named():
    line = plan_line(a_product(), in_stock(0), sold_every(1, 2, for_days=400), a_setting("forecast_period_days", "9"))
    assert bridge(line)[0].label == "expected to sell in the 9 days of the forecast period"
    assert bridge(line)[0].quantity == pytest.approx(18)
    assert any("ends before an order placed today arrives, in 14 days" in sentence for sentence in sentences(line))


def test_a_tiny_risk_is_not_shown_as_none():
    line = plan_line(a_product(), expecting=THIRTY, shortage_chance_before_arrival=0.0004, days_to_stock_out=20)
    risk = "The stock-out risk before an order placed today arrives is less than 1%: ask for faster delivery."
    assert risk in sentences(line)


def test_goods_that_are_late_are_named_with_the_day_on_which_they_were_due():
    late = a_late_order(7)
    line = plan_line(a_product(), in_stock(30), late, expecting=THIRTY)
    known = inputs(a_product(), late).parameters
    (order,) = open_orders(late, known.protection_intervals, known.supplier_calendars, as_of=AS_OF).rows(named=True)
    number, due = order["purchase_order_number"], order["expected_arrival_date"]
    (sentence,) = late_sentence(line, [OpenOrderLine(**order)])
    assert sentence == f"7 units are on the way but late ({number}, due on {due}): the plan does not count on them."
    assert not late_sentence(plan_line(a_product(), in_stock(30), expecting=THIRTY), [])


def test_steps_that_change_nothing_are_separated_and_none_is_lost():
    steps = bridge(plan_line(a_product(), in_stock(33.3), a_setting("batch_size", "12"), expecting=THIRTY))
    matter, idle = steps_that_matter(steps)
    assert sorted([*matter, *idle], key=steps.index) == steps
    assert [step.label for step in matter if not step.sign] == [NET_REQUIREMENT, "in whole batches of 12", "to order"]
    assert not [step for step in idle if step.sign and step.quantity >= 0.05]
