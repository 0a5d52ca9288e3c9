"""What a supplier's calendar says of an order: as typed, and day by day."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.planning_settings.registry import SettingError, parse_setting
from pipelines.planning_settings.supplier_terms.calendar_words import (
    joined_periods,
    parse_order_days,
    parse_shutdowns,
    periods_in,
    written_periods,
)
from pipelines.planning_settings.supplier_terms.supplier_calendar import EVERYONE, SupplierCalendar, calendars_in
from tests.pipelines.planning_builders import a_setting

AS_OF = date(2026, 3, 2)
DAYS = [AS_OF + timedelta(days=day) for day in range(400)]
ORDER_DAYS = ("", "mon", "mon,thu", "1st,15th", "31st", "sat,sun", "29th,30th")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("mon,thu", "mon,thu"), ("Mondays", "mon"), ("Thursday and Monday", "mon,thu"),
        ("mon-fri", "mon,tue,wed,thu,fri"),
        ("1,15", "1st,15th"), ("1st and 15th", "1st,15th"), ("the last of each month", "31st"), ("22, 3", "3rd,22nd"),
        ("none", ""), ("any day", ""),
    ],
)  # fmt: skip
def test_order_days_are_read_as_people_write_them(typed, stored):
    assert parse_setting("order_days", typed, "supplier") == stored
    assert parse_order_days(stored) == stored


@pytest.mark.parametrize(
    "typed", ["32", "0", "mon,15", "first Monday", "moonday", "1.5", "115", "-1", ",", "1st monday"]
)
def test_order_days_that_are_none_are_refused(typed):
    with pytest.raises(SettingError, match="days of the week such as mon,thu, or dates of the month"):
        parse_setting("order_days", typed, "supplier")


def test_shutdowns_that_overlap_or_touch_are_one():
    typed = "2026-12-30 to 2027-01-05; 2026-12-24..2027-01-02; 2027-01-06; 2025-08-01..2025-08-14"
    assert parse_shutdowns(typed) == "2025-08-01..2025-08-14; 2026-12-24..2027-01-06"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2027-01-02..2026-12-24", "do not end before they begin"),
        ("2026-01-01..2027-12-31", "another preferred_supplier"),
        ("2026-01-01..2026-12-31; 2027-01-01..2027-12-31", "another preferred_supplier"),
        ("24 Dec to 2 Jan", "from a first to a last day"),
        ("2026-02-30", "from a first to a last day"),
        ("2026-01-01..2026-01-02..2026-01-03", "from a first to a last day"),
        (";", "from a first to a last day"),
        ("; ".join(f"2026-{m:02}-{d:02}" for m in (1, 2, 3) for d in range(1, 29, 2)), "at most 40 periods"),
    ],
)
def test_shutdowns_that_cannot_be_are_refused(typed, sentence):
    with pytest.raises(SettingError, match=sentence):
        parse_setting("shutdowns", typed, "supplier")


def test_a_calendar_is_no_setting_of_a_product():
    with pytest.raises(SettingError, match="it can be set at: global, supplier"):
        parse_setting("order_days", "mon", "product")


def test_a_date_that_a_month_lacks_is_its_last_day():
    ordered = SupplierCalendar("31st", "", AS_OF)
    days = [ordered.next_order_day(np.array([(day - AS_OF).days]))[0] for day in (date(2026, 4, 1), date(2027, 2, 1))]
    assert [AS_OF + timedelta(days=int(day)) for day in days] == [date(2026, 4, 30), date(2027, 2, 28)]


periods = st.lists(
    st.tuples(st.integers(-30, 200), st.integers(0, 60)).map(
        lambda p: (AS_OF + timedelta(days=p[0]), AS_OF + timedelta(days=sum(p)))
    ),
    max_size=4,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(periods, st.sampled_from(ORDER_DAYS), st.integers(0, 90), st.integers(0, 60))
def test_days_of_a_calendar_are_those_that_counting_finds(shut, order_days, day, lead_time):
    """Beside the functions stands the plainest count: day by day."""
    periods = joined_periods(shut)
    known = SupplierCalendar(order_days, written_periods(periods), AS_OF)
    is_open = [not any(begin <= one <= until for begin, until in periods) for one in DAYS]

    def is_order_day(one: date) -> bool:
        last = ((one.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
        dates = [int(part[:-2]) for part in order_days.split(",") if part[:1].isdigit()]
        names = f"{one:%a}".lower() in order_days
        return names or not order_days or any(min(number, last) == one.day for number in dates)

    placed = next(at for at in range(day, 400) if is_open[at] and is_order_day(DAYS[at]))
    assert known.next_order_day(np.array([day])).tolist() == [placed]
    arrives = next(at for at in range(placed, 400) if is_open[at] and sum(is_open[placed:at]) == lead_time)
    assert known.arrival(np.array([placed]), np.array([lead_time])).tolist() == [arrives]
    assert known.shut_days(np.array([0]), np.array([arrives])).tolist() == [arrives - sum(is_open[:arrives])]
    latest = known.latest_order_day(np.array([arrives]), np.array([lead_time]))
    assert latest.tolist() == [placed]


def test_a_supplier_keeps_the_shutdowns_of_the_organisation_beside_its_own():
    set_by_people = pl.concat([
        a_setting("shutdowns", "2026-12-24..2026-12-31", level="global", subject=""),
        a_setting("shutdowns", "2026-12-30..2027-01-04", level="supplier", subject="own"),
        a_setting("shutdowns", "", level="supplier", subject="never shut"),
        a_setting("order_days", "mon", level="global", subject=""),
        a_setting("order_days", "fri", level="supplier", subject="fridays"),
    ])  # fmt: skip
    known = {row[0]: row[1:] for row in calendars_in(set_by_people).rows()}
    assert known == {
        EVERYONE: ("mon", "global", "2026-12-24..2026-12-31"),
        "own": ("mon", "global", "2026-12-24..2027-01-04"),
        "never shut": ("mon", "global", ""),
        "fridays": ("fri", "supplier", "2026-12-24..2026-12-31"),
    }


def test_without_a_calendar_there_is_none():
    assert calendars_in(a_setting("lead_time_days", "9", level="supplier")).is_empty()
    assert periods_in("") == []


@pytest.mark.parametrize(("typed", "stored"), [("eur", "EUR"), (" Usd ", "USD")])
def test_the_currency_of_orders_is_three_letters(typed, stored):
    assert parse_setting("order_currency", typed, "supplier") == stored


@pytest.mark.parametrize("typed", ["", "EURO", "E1R", "€€€", "none"])
def test_what_is_no_currency_is_refused(typed):
    with pytest.raises(SettingError, match="three letters of a currency"):
        parse_setting("order_currency", typed, "supplier")


@pytest.mark.parametrize("name", ["cost_per_order", "cost_per_order_line"])
def test_a_cost_of_ordering_may_be_nothing_but_not_negative(name):
    assert [parse_setting(name, typed, "global") for typed in ("0", "15.50")] == ["0", "15.5"]
    for typed in ("-1", "NaN", "1e20", "0.001"):
        with pytest.raises(SettingError, match="an amount of money from 0"):
            parse_setting(name, typed, "supplier")
