"""How a run goes: its tier, what comes first, what its workers share, what it could not test, what it measured.

`make test` has three workers, each in a process of its own; plain `pytest` has none.
What belongs here: what is the same with and without workers. What does not: fixtures of one room.
"""

import fcntl
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[1]
MEASURED = "measured"
# The fast tier, `pytest -m fast`: rules that are worked out in memory, with no database, server or other process.
FAST = (
    "tests/test_", "tests/sales_files/", "tests/pipelines/test_", "tests/pipelines/forecasting/",
    "tests/pipelines/planning_settings/", "tests/pipelines/policy_backtest/", "tests/pipelines/purchasing/",
    "tests/pipelines/replenishment/", "tests/pipelines/xero/",
)  # fmt: skip
# Files below these paths that take longer: fitted trees, many random plans, a ledger, a sandbox, Dagster.
NOT_FAST = {
    "test_assembly_service.py", "test_bridge_laws.py", "test_demand_distribution.py", "test_exactly_once.py",
    "test_global_quantile_model.py", "test_killed_while_sending.py", "test_lost_sales_optimum.py",
    "test_model_choice.py", "test_neighbours.py", "test_numbers_are_what_they_say.py", "test_order_ledger.py",
    "test_policy_comparison.py", "test_push.py", "test_random_lead_times.py", "test_readiness.py",
    "test_sales_in_any_form.py", "test_settings_in_spreadsheets.py",
}  # fmt: skip
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
# The longest files, the longest first: no worker begins one of them when the other has nothing left to do.
FIRST = ("test_real_sales", "test_serving", "test_the_loop", "test_the_tour", "test_bad_input", "end_to_end", "")


def is_fast(path: Path) -> bool:
    """Whether a test file is of the fast tier."""
    name = path.relative_to(ROOT).as_posix()
    return name.startswith(FAST) and path.name not in NOT_FAST


def is_left_unread(path: Path, config: pytest.Config) -> bool:
    """Whether a run of the fast tier alone need not import a test file or the conftest.py of a folder."""
    if "fast" not in config.option.markexpr.split() or "not fast" in config.option.markexpr:
        return False
    if path.is_dir():
        folder = f"{path.relative_to(ROOT).as_posix()}/"
        return not any(folder.startswith(name) or name.startswith(folder) for name in FAST)
    return path.name.startswith("test_") and not is_fast(path)


def mark_fast(items: list[pytest.Item]) -> None:
    """Give the tests of the fast tier its marker."""
    for item in items:
        if is_fast(item.path):
            item.add_marker("fast")


def begin_with_the_longest(items: list[pytest.Item]) -> None:
    if IS_WORKER:
        items.sort(key=lambda item: next(place for place, name in enumerate(FIRST) if name in item.nodeid))


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least CPU seconds of three goes, without the collector, which would look through all that tests left."""
    goes = []
    for _ in range(3):
        gc.collect()
        gc.disable()
        begun = time.process_time()
        try:
            work()
        finally:
            goes.append(time.process_time() - begun)
            gc.enable()
    return min(goes)


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
    result = [value for one in reports for name, value in one.user_properties if name == MEASURED]
    if result:
        reporter.section("measured")
    for sentence in result:
        reporter.line(str(sentence))
