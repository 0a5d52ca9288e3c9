"""A wholesaler's weeks in the sandbox, ordered for by the real commands: nothing absurd, and what was promised is kept.

Six weeks each time, two reviews; by `make soak` a year of weekly ones, beside what the policy backtest promised.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.simulated_year.__main__ import live_and_compare
from benchmarks.simulated_year.promise import broken
from benchmarks.simulated_year.report import report
from benchmarks.simulated_year.story import A_YEAR, SOME_WEEKS
from benchmarks.simulated_year.year import live


@pytest.fixture(autouse=True)
def unjudged_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of Xero's answers, of kinds that are judged elsewhere."""
    monkeypatch.setattr("xero_sandbox.app.testing.Judging.usual", None)


def test_six_weeks_hold_nothing_absurd(tmp_path: Path) -> None:
    year = live(SOME_WEEKS, tmp_path)
    assert {name: found for name, found in year.absurd.items() if found} == {}
    assert sum(week.orders for week in year.weeks) > 0
    assert sum(week.refused for week in year.weeks) > 0, "an order to the archived supplier is drafted, and refused"
    assert sum(week.served for week in year.weeks) > 0.9 * sum(week.wanted for week in year.weeks)


@pytest.mark.soak
def test_a_year_holds_nothing_absurd_and_keeps_what_was_promised(
    tmp_path: Path, measured: Callable[[str], None]
) -> None:
    year, compared = live_and_compare(A_YEAR, tmp_path)
    measured(report(A_YEAR, year, compared))
    assert {name: found for name, found in year.absurd.items() if found} == {}
    assert compared, "too few weeks for an interval"
    assert broken(compared) == []
