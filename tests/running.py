"""How a run goes: what comes first, what its workers share, what it could not test, what it measured.

`make test` has two workers, each in a process of its own; plain `pytest` has none.
What belongs here: what is the same with and without workers. What does not: fixtures of one room.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

MEASURED = "measured"
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
# The longest files, the longest first: no worker begins one of them when the other has nothing left to do.
FIRST = ("test_real_sales", "test_serving", "test_the_loop", "test_the_tour", "test_bad_input", "end_to_end", "")


def begin_with_the_longest(items: list[pytest.Item]) -> None:
    if IS_WORKER:
        items.sort(key=lambda item: next(place for place, name in enumerate(FIRST) if name in item.nodeid))


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder for the whole run: the worker that asks first makes it, the other waits. Nobody may change it."""
    shared = factory.getbasetemp().parent if IS_WORKER else factory.getbasetemp()
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / name).exists():
            make(shared / f"unfinished-{name}")
            (shared / f"unfinished-{name}").rename(shared / name)
    return shared / name


def leave_out(reason: str) -> NoReturn:
    """End a test for want of something on this machine: said at the end of a run, and a failure where CI=true."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def tell_what_was_measured(reporter: pytest.TerminalReporter) -> None:
    """At the end of a run, since what a worker writes is not seen."""
    reports = [*reporter.getreports("passed"), *reporter.getreports("failed")]
    told = [value for one in reports for name, value in one.user_properties if name == MEASURED]
    if told:
        reporter.section("measured")
    for sentence in told:
        reporter.line(str(sentence))
