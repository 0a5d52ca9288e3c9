"""Xero's allowance is one for all processes of an organisation, on either store."""

import multiprocessing
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier

import pytest

from pipelines.store.allowance import StoredAllowance
from pipelines.store.engine import Store, open_store
from pipelines.xero.pace import CALLS_AT_ONCE, CALLS_PER_MINUTE, POLL, Pause

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
    allowance, told = StoredAllowance(store, key), []
    together.wait(timeout=60)
    for _ in range(times):
        told.append(allowance.enter(at))
        if is_left and isinstance(told[-1], str):
            allowance.leave(told[-1])
    store.close()
    return told


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
def asked(processes: Pool, store: Store) -> Callable[..., tuple[int, set[Pause]]]:
    """What all processes are told that ask at once: how many calls may leave, and the pauses of the others."""
    url = store.engine.url.render_as_string(hide_password=False)

    def ask_all(key: str = "acme", **how: object) -> tuple[int, set[Pause]]:
        running = [
            processes.apply_async(ask, (url, key), {"at": NOON, "is_left": True} | how) for _ in range(PROCESSES)
        ]
        told = [one for answers in running for one in answers.get(timeout=120)]
        return sum(isinstance(one, str) for one in told), {one for one in told if isinstance(one, Pause)}

    return ask_all


def test_no_more_than_four_calls_are_in_flight_over_all_processes(asked: Callable[..., tuple[int, set[Pause]]]) -> None:
    for number in range(10):
        let_in, pauses = asked(f"acme-{number}", times=3, is_left=False)
        assert let_in == CALLS_AT_ONCE == 4
        assert pauses == {Pause(NOON + POLL, "minute")}


def test_fault_04_no_more_than_55_calls_a_minute_leave_over_all_processes(
    asked: Callable[..., tuple[int, set[Pause]]],
) -> None:
    let_in, pauses = asked(times=20)
    assert let_in == CALLS_PER_MINUTE == 55
    assert pauses == {Pause(NOON + timedelta(minutes=1), "minute")}
    assert asked(times=20, at=NOON + timedelta(seconds=59))[0] == 0
    assert asked(times=20, at=NOON + timedelta(minutes=1))[0] == 55


def test_fault_05_a_pause_that_one_process_was_asked_for_holds_for_all(
    asked: Callable[..., tuple[int, set[Pause]]], store: Store
) -> None:
    pause = Pause(NOON + timedelta(hours=9), "day")
    StoredAllowance(store, "acme").pause(pause)
    assert asked(times=2) == (0, {pause})
    assert asked(times=2, at=pause.until)[0] == 2 * PROCESSES


def test_a_call_of_a_process_that_died_frees_its_place_after_five_minutes(
    asked: Callable[..., tuple[int, set[Pause]]],
) -> None:
    assert asked(times=1, is_left=False)[0] == 4
    assert asked(times=1, at=NOON + timedelta(minutes=4))[0] == 0
    assert asked(times=1, at=NOON + timedelta(minutes=5))[0] == 4


def test_each_organisation_has_an_allowance_of_its_own(
    asked: Callable[..., tuple[int, set[Pause]]], store: Store
) -> None:
    assert asked(times=3, is_left=False)[0] == 4
    assert isinstance(StoredAllowance(store, "globex").enter(NOON), str)
