"""No call waits for ever, whatever the clock did, and a wait is logged with its reason."""

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.call_limits import (
    CALLS_AT_ONCE,
    CALLS_PER_MINUTE,
    LONGEST_CALL,
    MINUTE,
    CountedCall,
    Pause,
    is_forgotten,
    is_plausible,
    pause_needed,
)
from pipelines.xero.rate_limit import Pace
from pipelines.xero.xero_errors import RateLimitError

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
around = st.integers(-400, 400) | st.integers(-(10**8), 10**8)
calls = st.lists(
    st.builds(lambda s, over, lives: CountedCall(NOON + s * SECOND, over, lives), around, *[st.booleans()] * 2)
)


class Rows:
    """An allowance in memory, for one process that the clock plays tricks on."""

    def __init__(self, calls: list[CountedCall]) -> None:
        self.calls = {str(number): call for number, call in enumerate(calls)}
        self.paused: Pause | None = None

    def enter(self, now: datetime) -> str | Pause:
        pause = self.paused
        if pause and pause.until > now and (pause.asked_at is None or is_plausible(pause.asked_at, now)):
            return pause
        self.calls = {name: call for name, call in self.calls.items() if not is_forgotten(call, now)}
        place = pause_needed(list(self.calls.values()), now)
        if place is not None:
            return place
        name = f"call {len(self.calls)}"
        self.calls[name] = CountedCall(now, is_over=False, is_alive=True)
        return name

    def leave(self, call: str) -> None:
        self.calls[call] = CountedCall(self.calls[call].started_at, is_over=True)

    def pause(self, pause: Pause) -> None:
        self.paused = pause


class Jumping:
    """A clock that somebody sets while others wait by it."""

    def __init__(self, jumps: list[int]) -> None:
        self.time, self.slept, self._jumps = NOON, timedelta(), list(jumps)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept += timedelta(seconds=seconds)
        self.time += timedelta(seconds=seconds) + (self._jumps.pop() if self._jumps else 0) * SECOND


@given(calls)
def test_a_call_waits_no_longer_than_a_minute_for_calls_however_their_rows_are_dated(
    noted: list[CountedCall],
) -> None:
    pause = pause_needed(noted, NOON)
    assert pause is None or NOON < pause.until <= NOON + MINUTE


@given(
    st.lists(st.builds(lambda s: CountedCall(NOON + s * SECOND, is_over=True), around), min_size=60),
    st.integers(6, 10**8),
)
def test_calls_from_the_future_are_as_if_they_had_not_been(noted: list[CountedCall], ahead: int) -> None:
    past = [call for call in noted if call.started_at <= NOON]
    future = [CountedCall(NOON + (ahead + number) * SECOND, is_over=True) for number in range(60)]
    assert pause_needed(past + future, NOON) == pause_needed(past, NOON)


@given(calls, st.lists(st.integers(-(10**7), 10**7), max_size=5))
@example([CountedCall(NOON + ahead * SECOND, is_over=False) for ahead in (0, 200, 400) for _ in range(4)], [])
def test_whoever_waits_gets_in_whatever_is_done_to_the_clock(noted: list[CountedCall], jumps: list[int]) -> None:
    dead = [CountedCall(call.started_at, call.is_over) for call in noted]
    clock = Jumping(jumps)
    pace = Pace(Rows(dead), sleep=clock.sleep, now=clock.now)
    with pace.call():
        pass
    assert clock.slept <= (len(jumps) + 1) * (LONGEST_CALL + MINUTE)


@given(st.floats(0, 1e9), st.integers(60, 10**7))
def test_a_pause_asked_for_before_the_clock_was_set_back_is_forgotten(seconds: float, back: int) -> None:
    clock = Jumping([])
    pace = Pace(Rows([]), sleep=clock.sleep, now=clock.now)
    pace.pause(seconds, "day")
    clock.time -= back * SECOND
    with pace.call():
        pass
    assert not clock.slept


@pytest.fixture
def log_of_waiting(caplog: pytest.LogCaptureFixture) -> Callable[[list[CountedCall]], list[str]]:
    """The log lines while a call waits for a place."""
    caplog.set_level(logging.INFO, "pipelines")

    def wait_for(calls: list[CountedCall]) -> list[str]:
        clock = Jumping([])
        with Pace(Rows(calls), sleep=clock.sleep, now=clock.now).call():
            return caplog.messages

    return wait_for


def test_a_wait_for_a_place_logs_its_reason_and_its_length(
    log_of_waiting: Callable[[list[CountedCall]], list[str]],
) -> None:
    lines = log_of_waiting([CountedCall(NOON - 150 * SECOND, is_over=False)] * CALLS_AT_ONCE)
    assert len(lines) == 3
    assert lines[-1] == (
        "Waiting until a call ends, 5 minutes at most: 4 calls of this organisation are running, the most at once."
    )


def test_a_wait_for_the_minute_logs_its_length(log_of_waiting: Callable[[list[CountedCall]], list[str]]) -> None:
    lines = log_of_waiting([CountedCall(NOON - 20 * SECOND, is_over=True)] * CALLS_PER_MINUTE)
    assert lines == ["Waiting 40 s: Xero limits calls a minute, and 55 of this organisation have started."]


def test_a_pause_that_xero_requested_is_logged_as_such(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pipelines")
    clock = Jumping([])
    pace = Pace(Rows([]), sleep=clock.sleep, now=clock.now)
    pace.pause(20, "appminute")
    with pace.call():
        assert caplog.messages == ["Waiting 20 s: Xero requested a pause (appminute)."]


def test_a_pause_for_the_day_says_until_when(caplog: pytest.LogCaptureFixture) -> None:
    clock = Jumping([])
    pace = Pace(Rows([]), sleep=clock.sleep, now=clock.now)
    pace.pause(1e12, "day")
    with pytest.raises(RateLimitError, match=re.escape("try again after 2026-06-02 12:00 UTC")), pace.call():
        pass
    assert not caplog.messages
