"""A plan obeys the calendars of suppliers: order days, shutdowns, and what an order must last."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.forecasting.calendar_intervals import calendar_intervals
from pipelines.forecasting.protection_intervals import protection_intervals
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.planning_settings.supplier_terms.calendar_words import joined_periods, written_periods
from pipelines.planning_settings.supplier_terms.supplier_calendar import SupplierCalendar, calendars_by_supplier
from pipelines.replenishment.decision.decision_inputs import arrivals_on_order
from pipelines.replenishment.decision.order_decision import DecisionInputs, decide
from pipelines.storage.tables import SUPPLIER_CALENDARS
from tests.pipelines.planning_builders import (
    AS_OF,
    SUPPLIER,
    TEA,
    a_plan,
    a_product,
    a_setting,
    in_days,
    in_stock,
    inputs,
    on_order,
    received,
    sold_every,
    the_line,
)
from tests.pipelines.replenishment.decision.known_demand import one_a_day, there_is
from tests.pipelines.replenishment.explain.explaining_builders import explained

# AS_OF is a Monday. Lead time 14 days, order frequency 7 days.
TWO_A_DAY = sold_every(1, 2.0, for_days=364)


def of_supplier(name: str, value: str) -> pl.DataFrame:
    return a_setting(name, value, level="supplier", subject=SUPPLIER)


def test_a_shutdown_makes_the_interval_longer_and_the_order_before_it_larger():
    shut = of_supplier("shutdowns", "2026-03-20..2026-03-29")
    line, usual = (the_line(a_product(), in_stock(30), TWO_A_DAY, *more) for more in ([shut], []))
    assert (usual["horizon_days"], usual["calendar_days_added"], usual["shut_days"]) == (21, 0, 0)
    assert (line["horizon_days"], line["calendar_days_added"], line["shut_days"]) == (31, 10, 10)
    assert (line["order_on_date"], line["expected_arrival_date"]) == (AS_OF, in_days(14))
    assert (line["next_order_date"], line["shut_from_date"], line["shut_until_date"]) == (
        in_days(7), date(2026, 3, 20), date(2026, 3, 29),
    )  # fmt: skip
    assert line["order_quantity"] == pytest.approx(usual["order_quantity"] + 20, abs=3)
    assert (
        "The next order can be placed on Mon 9 Mar; the supplier is shut from 20 Mar to 29 Mar, so this order must "
        "last 31 days instead of 21."
    ) in explained(a_product(), in_stock(30), TWO_A_DAY, shut).sentences


def test_an_order_that_cannot_be_placed_today_is_planned_for_the_next_order_day():
    line = the_line(a_product(), in_stock(5), TWO_A_DAY, of_supplier("order_days", "thu"))
    assert (line["status"], line["order_on_date"], line["order_by_date"]) == ("order_later", in_days(3), in_days(3))
    assert (line["expected_arrival_date"], line["horizon_days"]) == (in_days(17), 24)
    assert line["demand_before_arrival"] == pytest.approx(34, abs=1)
    explanation = explained(a_product(), in_stock(5), TWO_A_DAY, of_supplier("order_days", "thu"))
    assert (
        "The supplier takes no order today: this order can be placed on Thu 5 Mar and is expected on Thu 19 Mar."
    ) in explanation.sentences


@pytest.mark.parametrize(
    ("more", "following"),
    [
        ([of_supplier("order_days", "mon,thu")], 3),
        ([of_supplier("order_days", "mon,thu"), of_supplier("order_frequency_days", "7")], 7),
        ([of_supplier("order_days", "mon,thu"), a_setting("order_frequency_days", "5")], 7),
        ([of_supplier("order_days", "mon,thu"),
          a_setting("order_frequency_days", "7", level="global", subject="")], 3),
        ([a_setting("order_days", "mon,thu", level="global", subject=""),
          a_setting("order_frequency_days", "7", level="global", subject="")], 7),
        ([of_supplier("order_days", "1st,15th")], 30),
    ],
    ids=["the days decide", "set as near", "set nearer", "set farther", "both for all", "dates"],
)  # fmt: skip
def test_the_order_frequency_counts_beside_order_days_if_it_is_set_as_near(more, following):
    line = the_line(a_product(), in_stock(5), TWO_A_DAY, *more)
    ordered = (line["next_order_date"] - AS_OF).days
    assert ordered == (following if line["order_on_date"] == AS_OF else (date(2026, 4, 1) - AS_OF).days)


def test_an_order_that_is_not_due_is_due_on_an_order_day():
    line = the_line(a_product(), in_stock(90), TWO_A_DAY, of_supplier("order_days", "wed"))
    assert line["order_quantity"] == 0
    assert line["order_by_date"].weekday() == 2
    assert line["order_by_date"] >= line["next_order_date"]


def test_a_forecast_period_is_not_changed_by_a_calendar():
    line = the_line(
        a_product(), in_stock(0), TWO_A_DAY, of_supplier("order_days", "thu"), a_setting("forecast_period_days", "40")
    )
    assert (line["horizon_days"], line["calendar_days_added"]) == (40, 0)


def test_an_open_order_promised_for_a_shutdown_arrives_behind_it():
    shut = of_supplier("shutdowns", "2026-03-05..2026-03-15")
    order = on_order(20, arriving=in_days(5), order_date=in_days(-20), supplier_id=SUPPLIER)
    explanation = explained(a_product(), in_stock(30), TWO_A_DAY, shut, order)
    (shown,) = explanation.open_orders
    assert shown.estimated_arrival_date == date(2026, 3, 16)
    assert (
        "PO-0001, promised for Sat 7 Mar, is expected on Mon 16 Mar: its supplier is shut from 5 Mar to 15 Mar."
    ) in explanation.sentences


@pytest.mark.parametrize("calendar", [[], [of_supplier("order_days", "mon")]], ids=["none", "Mondays"])
def test_the_usual_arrival_is_that_of_the_next_order_whatever_the_age_of_an_open_one(calendar):
    company = inputs(a_product(), TWO_A_DAY, *calendar)
    order = on_order(20, arriving=in_days(5), order_date=in_days(-10), supplier_id=SUPPLIER)
    known = company.parameters
    calendars = calendars_by_supplier(known.supplier_calendars, as_of=AS_OF)
    (line,) = arrivals_on_order(order, known.protection_intervals, as_of=AS_OF, calendars=calendars).rows(named=True)
    assert (line["usual_day"], line["arrival_day"]) == (14, 5)


@pytest.mark.parametrize("calendar", [[], [of_supplier("order_days", "mon")]], ids=["none", "Mondays"])
@pytest.mark.parametrize("is_assumed", [True, False, None])
def test_an_open_order_without_a_day_is_expected_when_orders_usually_arrive(calendar, is_assumed):
    """As soon as orders have been learned to take nine days, no younger order overtakes one of an assumed date."""
    learned = received(*[9] * 12)
    company = inputs(a_product(), TWO_A_DAY, *calendar, learned)
    order = on_order(
        20, arriving=in_days(11), order_date=in_days(-3), supplier_id=SUPPLIER, is_arrival_assumed=is_assumed
    )  # fmt: skip
    known = company.parameters
    calendars = calendars_by_supplier(known.supplier_calendars, as_of=AS_OF)
    (line,) = arrivals_on_order(order, known.protection_intervals, as_of=AS_OF, calendars=calendars).rows(named=True)
    assert line["usual_day"] < 14
    day = line["usual_day"] - 3 if is_assumed else 11
    assert (line["arrival_day"], line["promised_day"]) == (day, day)


def test_an_order_sent_on_its_order_day_is_not_ordered_again_between_two():
    """On a Wednesday the order of Monday is on its way, and nothing more is needed."""
    days = [of_supplier("order_days", "mon"), *[received(12, 14, 16, 18, 12)]]
    first = the_line(a_product(), in_stock(30), TWO_A_DAY, *days)
    assert first["order_quantity"] > 0
    sent = on_order(
        first["order_quantity"], arriving=first["expected_arrival_date"], order_date=AS_OF, supplier_id=SUPPLIER
    )  # fmt: skip
    again = the_line(a_product(), in_stock(30), TWO_A_DAY, *days, sent)
    assert again["order_quantity"] == 0


@pytest.mark.parametrize(
    "calendar",
    [
        [("shutdowns", "2026-03-02..2027-03-01")],
        [("order_days", "31st"), ("shutdowns", "2026-01-01..2026-12-31")],
        [("shutdowns", "; ".join(f"{year}-01-01..{year}-12-30" for year in range(2026, 2046)))],
        [("shutdowns", "2020-01-01..2020-02-01")],
        [("order_days", "mon,tue,wed,thu,fri,sat,sun")],
    ],
    ids=["a year", "no month end", "twenty years", "in the past", "every day"],
)
def test_any_calendar_gives_a_plan(calendar):
    line = the_line(a_product(), in_stock(5), TWO_A_DAY, *(of_supplier(*row) for row in calendar))
    assert line["horizon_days"] <= 3650
    assert line["order_quantity"] > 0
    assert AS_OF <= line["order_on_date"] <= line["next_order_date"]


def test_a_calendar_changes_no_product_of_another_supplier():
    others = [
        a_product("MUG", supplier="other"),
        in_stock(5, product="MUG"),
        sold_every(3, 4.0, for_days=90, product="MUG"),
    ]
    frames = [a_product(), in_stock(5), TWO_A_DAY, *others]
    shut = [of_supplier("shutdowns", "2026-03-20..2026-03-29"), of_supplier("order_days", "thu")]
    before, after = (a_plan(*frames, *more).filter(product_code="MUG") for more in ([], shut))
    assert before.equals(after)


def test_without_a_calendar_the_intervals_are_those_of_lead_time_and_frequency():
    company = inputs(a_product(), received(12, 20, 16))
    known = company.parameters
    frequency = pl.DataFrame({"product_code": [TEA], "order_frequency_days": [7]})
    plain = protection_intervals(frequency, known.lead_times)
    assert known.protection_intervals.select(plain.columns).equals(plain)
    assert known.protection_intervals["order_day"].unique().to_list() == [0]


calendars = st.tuples(
    st.sampled_from(["", "mon", "tue,fri", "1st,15th", "31st"]),
    st.lists(
        st.tuples(st.integers(5, 90), st.integers(0, 25)).map(
            lambda p: (AS_OF + timedelta(days=p[0]), AS_OF + timedelta(days=sum(p)))
        ),
        max_size=3,
    ),
)


@settings(max_examples=12, deadline=None)
@given(calendars, st.integers(0, 30), st.sampled_from([1, 7, 14]))
def test_known_demand_never_runs_out_and_nothing_arrives_in_a_shutdown(calendar, lead_time, frequency):
    """A buyer orders on every order day what the plan says; one unit a day is sold; orders take the lead time."""
    order_days, shut = calendar
    shutdowns = written_periods(joined_periods(shut))
    truth = SupplierCalendar(order_days, shutdowns, AS_OF)
    first = truth.arrival(truth.next_order_day(np.array([0])), np.array([lead_time]))[0]
    coming: dict[int, float] = {}
    stock = float(first)
    for day in range(130):
        stock += coming.pop(day, 0.0)
        if truth.next_order_day(np.array([day]))[0] == day:
            quantity = ordered_on(day, stock, coming, (order_days, shutdowns), lead_time, frequency)
            if quantity > 0:
                arrives = int(truth.arrival(np.array([day]), np.array([lead_time]))[0])
                assert truth.shut_days(np.array([arrives]), np.array([arrives + 1])).tolist() == [0]
                coming[arrives] = coming.get(arrives, 0.0) + quantity
                stock += coming.pop(day, 0.0)
        stock -= 1
        assert stock >= 0, day


def ordered_on(day, stock, coming, calendar, lead_time, frequency) -> float:
    """What the decision orders on an order day."""
    as_of = AS_OF + timedelta(days=day)
    known = {"order_frequency_days": [frequency], "order_frequency_origin": ["product"], "supplier_id": [SUPPLIER]}
    (window,) = calendar_intervals(
        pl.DataFrame({"product_code": [TEA]} | known),
        pl.DataFrame({"product_code": [TEA], "lead_time_days": [lead_time], "weight": [1.0]}),
        pl.DataFrame(
            [(SUPPLIER, calendar[0], "supplier", calendar[1])], schema=SUPPLIER_CALENDARS.schema, orient="row"
        ),
        as_of=as_of,
    ).rows(named=True)  # fmt: skip
    horizon, arrival = window["horizon_days"], window["arrival_day"]
    assert window["order_day"] == 0
    decision = decide(
        DecisionInputs(
            np.array([0.95]), np.array([horizon]), there_is(stock, *((at - day, n) for at, n in coming.items())),
            np.array([0]), np.array([arrival]), np.array([1.0]), one_a_day(horizon),
        ),
        OrderPolicy(),
    )  # fmt: skip
    return float(decision.needed[0]) if decision.is_due[0] else 0.0
