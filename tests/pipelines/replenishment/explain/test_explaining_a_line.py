"""A person can follow how a number was made."""

from decimal import Decimal

import pytest

from pipelines.replenishment.decision.decision_inputs import expected_windows, windows_of
from pipelines.replenishment.explain.bridge import bridge, days_of, open_orders, projected_stock, sentences
from pipelines.replenishment.plan.order_plan import make_plan
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
    the_line,
)

THIRTY = expecting(20, 10)


def test_the_steps_up_to_the_need_add_up():
    steps = bridge(the_line(a_product(), in_stock(33.3, committed=4.2), expecting=THIRTY))
    need = next(step for step in steps if step.label == "need")
    signed = sum({"+": 1, "-": -1, "": 0}[step.sign] * step.quantity for step in steps)
    assert signed == pytest.approx(need.quantity)
    assert steps[-1].label == "order"
    assert steps[-1].quantity == 13


def test_each_limit_says_how_large_it_is():
    limits = [a_setting("minimum_order_quantity", "50"), a_setting("batch_size", "1.5")]
    capped = a_setting("maximum_shelf_level", "1000000")
    labels = [step.label for step in bridge(the_line(a_product(), *limits, capped, expecting=THIRTY))]
    assert labels[9:12] == [
        "after the minimums (order 50, shelf 0)",
        "after rounding to batches of 1.5",
        "after the maximum shelf level of 1,000,000",
    ]


def test_no_maximum_is_said_to_be_none():
    labels = [step.label for step in bridge(the_line(a_product(), expecting=THIRTY))]
    assert "after the cap (no maximum shelf level)" in labels


@pytest.mark.parametrize(("typed", "told"), [("0.95", "95%"), ("0.995", "99.5%"), ("0.9999", "99.99%")])
def test_a_service_level_is_told_as_it_was_set(typed, told):
    steps = bridge(the_line(a_product(), a_setting("service_level", typed), expecting=THIRTY))
    assert steps[2].label == f"safety stock for a service level of {told}"


def test_large_quantities_are_written_out():
    many = expecting(2_000_000, 1_000_000)
    told = sentences(the_line(a_product(), in_stock(1_234_567.5), expecting=many))
    assert told[1] == (
        "Stock that is there in time: 1,234,567.5; reorder point 3,600,000, order-up-to level 4,200,000."
    )


def test_the_reason_comes_first_then_the_rule_that_bound():
    told = sentences(the_line(a_product(), in_stock(30), expecting=THIRTY))
    assert told[0] == "Without an order a shortage is likelier than it may be, so the product is ordered."
    assert told[2] == "What is missing was ordered as it is."
    assert told[3:] == [
        (
            "Understocked: the stock position is 6 units below the reorder point. Without an order now 2.1 units are "
            "expected to be short until the next order could arrive: a margin of 3.15 GBP."
        ),
        "Lead time: 14 days, the default; no receipt shows how long orders take.",
    ]


def test_what_receipts_taught_of_the_lead_time_is_told_beside_what_is_set():
    deliveries = received(20, 24, 28, 22)
    more = a_setting("manufacturing_time_days", "3")
    told = sentences(the_line(a_product(), in_stock(30), deliveries, more, sold_every(1, 2, for_days=300)))
    assert told[-1] == (
        "Lead time: 23 ± 5.3 days, learned; receipts show 23 days (median; 4 receipts of this product, 4 of its "
        "supplier); the default is 14 days, plus 3 for manufacturing."
    )


def test_what_a_person_set_is_told_beside_what_receipts_show():
    deliveries = received(6, 8, 8, 12)
    held, learned = (
        sentences(the_line(a_product(), in_stock(30), deliveries, *more, sold_every(1, 2, for_days=300)))[-1]
        for more in ([a_setting("lead_time_days", "30")],
                     [a_setting("lead_time_days", "30"), a_setting("lead_time_rule", "learned")])
    )  # fmt: skip
    seen = "receipts show 8 days (median; 4 receipts of this product, 4 of its supplier)"
    assert held == f"Lead time: 30 days, as set for this product; {seen}. The plan uses 30 ± 3.8 days."
    assert learned == (
        f"Lead time: 16 ± 10.8 days, learned; {seen}; 30 days are set for this product, but lead_time_rule lets "
        "receipts win."
    )


def test_orders_that_do_not_help_are_named():
    orders = [a_late_order(7), on_order(9, arriving=in_days(90))]
    told = sentences(the_line(a_product(), in_stock(30), *orders, expecting=THIRTY))
    assert told[3:-1] == [
        "7 units are on late orders, which do not count.",
        "9 units on order arrive too late to help now.",
    ]


def test_an_uncertain_number_says_why():
    new = expecting(20, 10, demand_class="new", history_weeks=3)
    assert sentences(the_line(a_product(), expecting=new))[-2] == "The product was first sold only a few weeks ago."


def test_what_cannot_be_served_any_more_is_said():
    told = sentences(the_line(a_product(), expecting=THIRTY))
    assert told[3:5] == [
        (
            "The need is 28 units smaller than the order-up-to level minus stock: 20 units of demand are expected to "
            "be lost before an order arrives; 8 units less are needed, since more is lost if demand is high or lead "
            "times differ (timing adjustment)."
        ),
        "Nothing is left to sell, and an order of today arrives in 14 days: ask for it sooner.",
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
def test_too_much_is_told_with_what_it_costs_or_with_the_price_that_lacks(known, worth):
    line = the_line(a_product(**known), in_stock(900), expecting=THIRTY)
    costs = worth.format(line["overstock_value"], line["overstock_holding_cost"])
    assert f"Overstocked: {line['overstock_quantity']:,g} units, {costs}." in sentences(line)


@pytest.mark.parametrize(
    ("known", "lost"),
    [
        ({}, "a margin of 45.00 GBP"),
        ({"sales_unit_price": None}, "its margin is unknown, as the product has no sales price"),
        ({"unit_cost": Decimal(0)}, "its margin is unknown, as the product has no unit cost"),
    ],
)
def test_too_little_is_told_with_what_it_costs_or_with_the_price_that_lacks(known, lost):
    line = the_line(a_product(**known), expecting=THIRTY)
    (told,) = (one for one in sentences(line) if one.startswith("Understocked: "))
    assert told.endswith(f"units are expected to be short until the next order could arrive: {lost}.")


def test_an_order_that_comes_after_the_demand_is_said():
    line = the_line(a_product(), in_stock(30), on_order(100, arriving=in_days(20)), expecting=THIRTY)
    assert line["timing_adjustment"] == 98
    assert (
        "The need is 98 units larger than the order-up-to level minus stock: 98 units more are needed, since stock on "
        "order arrives after it is needed or lead times differ (timing adjustment)."
    ) in sentences(line)


@pytest.mark.parametrize("period", ["", "60", "16", "9"])
def test_the_days_that_are_told_are_those_that_the_plan_reckons_with(period):
    told = inputs(a_product(), received(20, 24), *([a_setting("forecast_period_days", period)] if period else []))
    plan = make_plan(told, THIRTY, as_of=AS_OF, plan_id="")
    (line,) = plan.order_plan.rows(named=True)
    asked = plan.order_plan.select("product_code", "order_frequency_days", "forecast_period_days")
    (window,) = expected_windows(windows_of(asked, plan.lead_times)).rows(named=True)
    before, cover = days_of(line)
    assert (before, before + cover) == (window["arrival_day"], max(before, window["horizon_days"]))


def test_projected_stock_counts_what_arrives_and_todays_order():
    line = the_line(a_product(), in_stock(30), expecting=THIRTY)
    weeks = [(in_days(7 * k), 10.0) for k in range(4)]
    told = projected_stock(line, weeks, [(in_days(8), 5.0), (in_days(0), 2.0)])
    assert [(one.arrivals, one.stock_at_end) for one in told] == [(2, 22), (5, 17), (12, 19), (0, 9)]


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
def test_an_open_order_is_told_with_the_day_that_the_plan_reckons_with(order, day):
    """Promised for sooner than orders of the product take, it is thought to take as long as they do."""
    told = inputs(a_product(), order)
    plan = make_plan(told, THIRTY, as_of=AS_OF, plan_id="")
    (line,) = open_orders(plan.order_plan, order, plan.lead_times).rows(named=True)
    assert line["reckoned_arrival_date"] == day
    assert line["expected_arrival_date"] == order["expected_arrival_date"][0]


def test_a_forecast_period_that_ends_before_an_order_arrives_is_told():
    row = the_line(a_product(), in_stock(0), sold_every(1, 2, for_days=400), a_setting("forecast_period_days", "9"))
    assert bridge(row)[0].label == "expected demand in the 9 days of the forecast period"
    assert bridge(row)[0].quantity == pytest.approx(18)
    assert any("ends before an order of today can arrive, in 14 days" in sentence for sentence in sentences(row))


def test_a_tiny_chance_is_not_told_as_none():
    line = the_line(a_product(), expecting=THIRTY)
    told = sentences(line | {"shortage_chance_before_arrival": 0.0004, "days_to_stock_out": 20})
    assert "With a chance of less than 1% it runs out before an order of today arrives: ask for it sooner." in told
