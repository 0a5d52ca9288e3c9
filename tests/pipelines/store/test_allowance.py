"""Xero's allowance is one for all processes of an organisation, on either store."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from pipelines.call_limits import CALLS_AT_ONCE, CALLS_PER_MINUTE, POLL, Pause
from pipelines.storage.processes import has_ended, this_process
from pipelines.store.allowance import StoredAllowance
from pipelines.store.engine import Store, open_store

PROCESSES = 4
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


together: Barrier


def share(barrier: Barrier) -> None:
    """What a process is given at its start: where all wait for each other."""
    global together  # noqa: PLW0603, a process has no other place
    together = barrier


def ask(url: str, key: str, *, at: datetime, times: int, is_left: bool) -> list[str | Pause]:
    """Ask for a place so often, as the other processes do at the same moment; leave it at once or stay in it."""
    store = open_store(url)
    allowance, answers = StoredAllowance(store, key), []
    together.wait(timeout=60)
    for _ in range(times):
        answers.append(allowance.enter(at))
        if is_left and isinstance(answers[-1], str):
            allowance.leave(answers[-1])
    store.close()
    return answers


@pytest.fixture(scope="module")
def processes() -> Iterator[Pool]:
    """Processes that know nothing of each other but the store.

    They end by themselves: where the run ignores Ctrl-C they are deaf to SIGTERM, by which a pool ends its own.
    """
    start = multiprocessing.get_context("forkserver")
    start.set_forkserver_preload([ask.__module__])
    pool = start.Pool(PROCESSES, initializer=share, initargs=(start.Barrier(PROCESSES),))
    yield pool
    pool.close()
    pool.join()


@pytest.fixture
def answered(processes: Pool, store: Store) -> Callable[..., tuple[int, set[Pause]]]:
    """The answers to all processes that request at once: how many calls may start, and the pauses of the rest."""
    url = store.engine.url.render_as_string(hide_password=False)

    def ask_all(key: str = "acme", **how: object) -> tuple[int, set[Pause]]:
        running = [
            processes.apply_async(ask, (url, key), {"at": NOON, "is_left": True} | how) for _ in range(PROCESSES)
        ]
        answers = [answer for calls in running for answer in calls.get(timeout=120)]
        return sum(isinstance(answer, str) for answer in answers), {
            answer for answer in answers if isinstance(answer, Pause)
        }

    return ask_all


def test_no_more_than_four_calls_are_in_flight_over_all_processes(
    answered: Callable[..., tuple[int, set[Pause]]],
) -> None:
    for number in range(10):
        let_in, pauses = answered(f"acme-{number}", times=3, is_left=False)
        assert let_in == CALLS_AT_ONCE == 4
        assert pauses == {Pause(NOON + POLL, "concurrent")}


def test_no_more_than_55_calls_a_minute_leave_over_all_processes(
    answered: Callable[..., tuple[int, set[Pause]]],
) -> None:
    let_in, pauses = answered(times=20)
    assert let_in == CALLS_PER_MINUTE == 55
    assert pauses == {Pause(NOON + timedelta(minutes=1), "minute")}
    assert answered(times=20, at=NOON + timedelta(seconds=59))[0] == 0
    assert answered(times=20, at=NOON + timedelta(minutes=1))[0] == 55


def test_a_pause_that_one_process_was_asked_for_holds_for_all(
    answered: Callable[..., tuple[int, set[Pause]]], store: Store
) -> None:
    pause = Pause(NOON + timedelta(hours=9), "day")
    StoredAllowance(store, "acme").pause(pause)
    assert answered(times=2) == (0, {pause})
    assert answered(times=2, at=pause.until)[0] == 2 * PROCESSES


def test_a_call_of_a_process_that_died_frees_its_place_after_five_minutes(
    answered: Callable[..., tuple[int, set[Pause]]],
) -> None:
    assert answered(times=1, is_left=False)[0] == 4
    assert answered(times=1, at=NOON + timedelta(minutes=4))[0] == 0
    assert answered(times=1, at=NOON + timedelta(minutes=5))[0] == 4


def enter_and_tell(url: str, key: str, line: Connection) -> None:
    """Be in the middle of a call, and stay there."""
    answer = StoredAllowance(open_store(url), key).enter(NOON)
    line.send(isinstance(answer, str))
    time.sleep(600)


def test_the_places_of_killed_callers_are_free_at_once(store: Store) -> None:
    url, start = store.engine.url.render_as_string(hide_password=False), multiprocessing.get_context("spawn")
    callers = []
    for _ in range(CALLS_AT_ONCE):
        ours, theirs = start.Pipe()
        callers.append((start.Process(target=enter_and_tell, args=(url, "acme", theirs), daemon=True), ours))
        callers[-1][0].start()
    assert [line.poll(60) and line.recv() for _, line in callers] == [True] * CALLS_AT_ONCE
    allowance, later = StoredAllowance(store, "acme"), NOON + timedelta(seconds=2)
    assert allowance.enter(later) == Pause(later + POLL, "concurrent")
    os.kill(callers[0][0].pid or 0, signal.SIGKILL)
    _until_dead(callers[0][0].pid)  # not waited for: what nobody asked after is dead all the same
    assert isinstance(allowance.enter(later), str)
    assert allowance.enter(later) == Pause(later + POLL, "concurrent")
    for process, _ in callers:
        process.kill()
        process.join(60)
    assert [isinstance(allowance.enter(later), str) for _ in range(4)] == [True, True, True, False]


def _until_dead(number: int | None) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.01)


def test_a_process_number_that_was_given_again_is_another_process() -> None:
    machine, number, started = this_process().split(" ")
    assert has_ended(f"{machine} {number} {started}") is False
    assert has_ended(f"{machine} {number} {int(started or 0) + 1}") is True
    assert has_ended(f"another {number} {started}") is None
    assert has_ended("") is None


def test_what_a_clock_that_was_ahead_has_noted_locks_nobody_out(store: Store) -> None:
    allowance, ahead = StoredAllowance(store, "acme"), NOON + timedelta(hours=7)
    for _ in range(CALLS_PER_MINUTE):
        call = allowance.enter(ahead)
        assert isinstance(call, str)
        allowance.leave(call)
    assert isinstance(allowance.enter(ahead), Pause)
    assert isinstance(allowance.enter(NOON), str)
    assert isinstance(allowance.enter(ahead), str)
    for until in (ahead + timedelta(minutes=1), ahead + timedelta(hours=9)):
        allowance.pause(Pause(until, "day", asked_at=ahead))
        assert isinstance(allowance.enter(ahead), Pause)
        assert isinstance(allowance.enter(NOON), str)
    short = Pause(NOON + timedelta(minutes=1), "minute", asked_at=NOON)
    allowance.pause(short)
    assert allowance.enter(NOON) == short


def test_no_pause_is_longer_than_a_day_whoever_asked_for_it(store: Store) -> None:
    allowance = StoredAllowance(store, "acme")
    allowance.pause(Pause(NOON + timedelta(days=400), "day"))
    assert isinstance(allowance.enter(NOON), str)


def test_each_organisation_has_an_allowance_of_its_own(
    answered: Callable[..., tuple[int, set[Pause]]], store: Store
) -> None:
    assert answered(times=3, is_left=False)[0] == 4
    assert isinstance(StoredAllowance(store, "globex").enter(NOON), str)
