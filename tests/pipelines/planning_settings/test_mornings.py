"""Each organisation has its own morning, once a day, wherever it is and whatever its clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.planning_settings.mornings import DAYS, EVERY_DAY, OFF, due_morning, parse_weekdays
from pipelines.planning_settings.registry import SettingError, parse_setting

ZONES = (
    "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC", "Europe/London",
    "Pacific/Apia", "Pacific/Chatham", "America/Sao_Paulo",
)  # fmt: skip
QUARTER = timedelta(minutes=15)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Pacific/Auckland", "2026-03-02", "2026-03-01 16:00"),
        ("America/Los_Angeles", "2026-03-02", "2026-03-02 13:00"),
        ("Asia/Kathmandu", "2026-03-02", "2026-03-01 23:15"),
        ("Australia/Lord_Howe", "2026-03-02", "2026-03-01 18:00"),
        ("UTC", "2026-03-02", "2026-03-02 05:00"),
    ],
)
def test_five_in_the_morning_is_that_of_the_organisation(zone: str, day: str, begins: str) -> None:
    at = instant(begins)
    found = due_morning(at, ZoneInfo(zone), at="05:00", weekdays=EVERY_DAY)
    assert found is not None
    assert (str(found.day), found.at) == (day, at)
    before = due_morning(at - timedelta(seconds=1), ZoneInfo(zone), at="05:00", weekdays=EVERY_DAY)
    assert before is not None
    assert before.day == found.day - timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "hour", "day", "begins"),
    [
        ("America/Los_Angeles", "02:30", "2026-03-08", "2026-03-08 10:30"),  # 02:30 does not exist: 03:30 by the clock
        ("America/Los_Angeles", "01:30", "2026-11-01", "2026-11-01 08:30"),  # 01:30 comes twice: the first
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03 15:45"),  # half an hour is left out
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04 14:45"),  # half an hour comes twice
    ],
)
def test_a_morning_begins_once_where_the_clock_is_changed_over_it(zone: str, hour: str, day: str, begins: str) -> None:
    seen = [due_morning(instant(begins) + k * QUARTER, ZoneInfo(zone), at=hour, weekdays=EVERY_DAY) for k in (0, 1, 5)]
    assert {(str(one.day), one.at) for one in seen if one} == {(day, instant(begins))}


@given(
    zone=st.sampled_from(ZONES), hour=st.times(), start=st.integers(0, 20 * 365 * 24 * 4),
    weekdays=st.sets(st.sampled_from(DAYS), min_size=1),
)  # fmt: skip
def test_in_any_fortnight_each_chosen_day_has_one_morning(
    zone: str, hour: object, start: int, weekdays: set[str]
) -> None:
    at, chosen = f"{hour:%H:%M}", parse_weekdays(",".join(weekdays))
    ticks = [instant("2010-01-01") + (start + 4 * k) * QUARTER for k in range(24 * 14)]
    found = [due_morning(tick, ZoneInfo(zone), at=at, weekdays=chosen) for tick in ticks]
    mornings = list(dict.fromkeys(one for one in found if one))
    assert [one.day for one in mornings] == sorted({one.day for one in mornings})
    assert {DAYS[one.day.weekday()] for one in mornings} == weekdays
    assert all(
        one.at.astimezone(ZoneInfo(zone)).date() == one.day for one in mornings if not is_left_out(one.day, zone)
    )
    days = [mornings[0].day + timedelta(days=k) for k in range((mornings[-1].day - mornings[0].day).days + 1)]
    wanted = [day for day in days if DAYS[day.weekday()] in weekdays]
    assert [one.day for one in mornings] == wanted


def is_left_out(day: date, zone: str) -> bool:
    """Whether the clock is put forward around a day, or over all of it, as Samoa's was when it changed sides."""
    noons = [datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=k) for k in (-1, 0, 1)]
    return len({noon.utcoffset() for noon in noons}) > 1


def test_a_morning_can_be_off() -> None:
    assert due_morning(instant("2026-03-02 05:00"), ZoneInfo("UTC"), at=OFF, weekdays=EVERY_DAY) is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("all", EVERY_DAY), ("weekdays", "mon,tue,wed,thu,fri"), ("Mon - Wed", "mon,tue,wed"),
        ("sat-mon", "mon,sat,sun"),        ("Sunday", "sun"), ("thu; TUES", "tue,thu"), ("weekends", "sat,sun"),
    ],
)  # fmt: skip
def test_weekdays_are_typed_as_people_do(typed: str, kept: str) -> None:
    assert parse_setting("daily_run_weekdays", typed, "global") == kept


@pytest.mark.parametrize(
    ("name", "typed", "allowed"),
    [
        ("daily_run_at", "24:00", "a time of the day"), ("daily_run_at", "5", "a time of the day"),
        ("daily_run_at", "5:60", "a time of the day"), ("daily_run_at", "", "or off"),
        ("daily_run_weekdays", "", "days of the week"), ("daily_run_weekdays", "mo", "days of the week"),
        ("daily_run_weekdays", "mon-", "days of the week"), ("daily_run_weekdays", "monster", "days of the week"),
    ],
)  # fmt: skip
def test_what_is_no_morning_is_refused_with_what_is_allowed(name: str, typed: str, allowed: str) -> None:
    with pytest.raises(SettingError, match=f"{name} cannot be '{typed}': give .*{allowed}"):
        parse_setting(name, typed, "global")
