"""What a simulated year is judged by: the promise that can be known, and openly what was left out of it."""

from dataclasses import replace
from datetime import date
from typing import Any, cast

import numpy as np
import pytest

from benchmarks.simulated_year.past import past_of
from benchmarks.simulated_year.promise import Promise, broken, compare
from benchmarks.simulated_year.reach import OutOfReach, out_of_reach
from benchmarks.simulated_year.story import A_YEAR, SOME_WEEKS
from benchmarks.simulated_year.world import wholesaler
from benchmarks.simulated_year.year import Service, Week


def test_the_weeks_out_of_reach_follow_from_the_story_and_not_from_what_came_of_it() -> None:
    """Four suppliers have two products each in turn; the last is gone in week 1, and the next review is in week 3."""
    world = wholesaler(past_of(SOME_WEEKS), SOME_WEEKS, cast("Any", None))
    reach = out_of_reach(world)
    assert reach.product_codes == ("P-0007", "P-0008")
    assert reach.next_review == SOME_WEEKS.monday(3)
    days = (reach.arrives - SOME_WEEKS.monday(3)).days
    assert days == 3 + int(world.lead.lead_days[1])  # ordered on the Thursday
    assert reach.weeks == [week for week in range(1, 6) if SOME_WEEKS.monday(week) < reach.arrives]


def test_a_week_that_begins_when_the_first_order_comes_is_in_reach() -> None:
    reach = OutOfReach(A_YEAR, ("P-0007",), date(2025, 7, 14), A_YEAR.monday(29))
    assert [bool(reach.in_week(week)) for week in (25, 26, 28, 29)] == [False, True, True, False]
    assert "P-0007 in weeks 26 to 28, 3 product weeks, short or not" in reach.sentence()


def a_week(number: int, *, kept: float, in_reach: float) -> Week:
    """A week of 100 units, of which a share is served."""
    return Week(number, 100.0, 100.0 * kept, kept, 50.0, 1, 1, 100, 0, (), Service(80.0, 80.0 * in_reach, in_reach))


@pytest.mark.parametrize(("in_reach", "is_broken"), [(0.95, False), (0.7, True)])
def test_a_year_is_judged_where_an_order_could_reach_and_all_of_it_is_shown(in_reach: float, is_broken: bool) -> None:
    of_weeks = np.random.default_rng(0).uniform(0.9, 1.0, 40)
    promise = Promise(of_weeks, np.full(40, 50.0), of_weeks, weeks_until_counted=2)
    weeks = [a_week(number, kept=0.6, in_reach=in_reach) for number in range(20)]
    compared = compare(promise, [replace(weeks[0], stock_value=1e9), *weeks[1:]])
    assert [(one.name, one.is_judged) for one in compared] == [
        ("weeks without a stock-out, where an order could reach", True), ("weeks without a stock-out, all", False),
        ("fill rate in units, where an order could reach", True), ("fill rate in units, all", False),
        ("stock value", True),
    ]  # fmt: skip
    assert [round(one.achieved, 6) for one in compared] == [in_reach, 0.6, in_reach, 0.6, 50.0]
    assert bool(broken(compared)) is is_broken
