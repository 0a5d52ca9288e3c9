"""Data are stale after the hours that are set, and if their age is unknown."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.planning_settings.freshness import is_stale
from pipelines.planning_settings.registry import global_settings, with_defaults
from pipelines.storage.tables import PLANNING_SETTINGS, empty

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SETTINGS = global_settings(with_defaults(empty(PLANNING_SETTINGS)))


@given(st.integers(-(10**9), 10**9))
def test_data_are_fresh_only_if_loaded_within_the_hours_before_now(seconds: int) -> None:
    age = timedelta(seconds=seconds)
    is_fresh = timedelta(hours=-1) <= age <= timedelta(hours=SETTINGS.stale_after_hours)
    assert is_stale(NOON - age, at=NOON, settings=SETTINGS) != is_fresh


def test_data_that_were_never_loaded_are_stale() -> None:
    assert is_stale(None, at=NOON, settings=SETTINGS)
