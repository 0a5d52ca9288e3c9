"""How much to order on projected stock: the cases in which the answer is known without it."""

import numpy as np
import pytest
from scipy import stats

from pipelines.planning_settings.order_rule import OrderPolicy, UnmetDemand
from pipelines.replenishment.decision.demand_paths import WEIGHTS, IntervalDemand, demand_between, path_totals
from pipelines.replenishment.decision.order_decision import (
    DecisionInputs,
    decide,
    level_for_money,
    ordering_level,
    quantity_for_cycles,
    quantity_for_fill,
)
from pipelines.replenishment.decision.stock_projection import Stock, project
from tests.pipelines.replenishment.decision.known_demand import known_demand_of, one_a_day, quantiles, there_is

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)


def ordered(interval: IntervalDemand, stock: Stock, lead_time_days: int, p: float, *, is_lost: bool = True) -> float:
    there = project(interval, stock, np.full(interval.horizon_days.size, lead_time_days), is_lost=is_lost)
    return float(np.ceil(quantity_for_cycles(there.need, WEIGHTS[None, :], np.array([p]))[0] - 1e-9))


@pytest.mark.parametrize("lead_time", [0, 3, 10])
@pytest.mark.parametrize("frequency", [1, 7])
def test_one_unit_a_day_is_covered_from_arrival_to_the_day_before_the_next(lead_time, frequency):
    """With L + R units nothing is needed, with one unit less one is: not L, not L + R + 1."""
    horizon = lead_time + frequency
    for is_lost in (True, False):
        enough = ordered(one_a_day(horizon), there_is(horizon), lead_time, 0.95, is_lost=is_lost)
        one_less = ordered(one_a_day(horizon), there_is(horizon - 1), lead_time, 0.95, is_lost=is_lost)
        assert (enough, one_less) == (0, 1)


def test_with_an_empty_shelf_only_the_coverage_period_is_needed_if_demand_is_lost():
    assert ordered(one_a_day(21), there_is(0), 14, 0.95) == 7
    assert ordered(one_a_day(21), there_is(0), 14, 0.95, is_lost=False) == 21


@pytest.mark.parametrize("p", LEVELS)
@pytest.mark.parametrize("dispersion", [0.0, 3.0])
def test_with_backorders_it_is_the_quantile_less_the_position_whatever_is_open_before(p, dispersion):
    interval = known_demand_of(6, 28, dispersion=dispersion)
    stock = there_is(2, (0, 3), (9, 4), (21, 1))
    level = quantiles(24, dispersion)(np.array([p]))[0]
    assert ordered(interval, stock, 21, p, is_lost=False) == level - 10


@pytest.mark.parametrize("p", LEVELS)
def test_without_a_stock_out_before_arrival_lost_sales_equal_backorders(p):
    interval, stock = known_demand_of(6, 28, dispersion=2.0), there_is(500)
    assert ordered(interval, stock, 21, p) == ordered(interval, stock, 21, p, is_lost=False)


@pytest.mark.parametrize("p", [0.8, 0.9, 0.95])
def test_without_stock_before_arrival_it_is_the_quantile_of_the_coverage_period_alone(p):
    """Poisson weeks are independent, so the cover of a week is Poisson too: to the piece but for the draw."""
    orders = ordered(known_demand_of(40, 28, seed=3), there_is(0), 21, p)
    assert orders == pytest.approx(quantiles(40)(np.array([p]))[0], abs=2)


def test_an_order_that_arrives_in_the_middle_of_the_coverage_period_does_not_help_before_it():
    assert ordered(one_a_day(30), there_is(10, (20, 30)), 10, 0.95) == 10
    assert ordered(one_a_day(30), there_is(10, (10, 30)), 10, 0.95) == -10


def test_an_order_that_arrives_after_the_coverage_period_does_not_help():
    assert ordered(one_a_day(30), there_is(30, (30, 99)), 10, 0.95) == 0


def test_allocated_units_stay_owed_if_demand_is_lost():
    assert ordered(one_a_day(21), there_is(-5), 14, 0.95) == 12


def test_what_could_not_be_served_before_arrival_is_recorded():
    there = project(one_a_day(21), there_is(4), np.array([14]), is_lost=True)
    assert there.lost[0].min() == there.lost[0].max() == 10
    assert set(there.first_short_day[0]) == {4}


def test_an_empty_shelf_is_short_today():
    there = project(one_a_day(21), there_is(0), np.array([14]), is_lost=True)
    assert set(there.first_short_day[0]) == {0}


def test_enough_is_never_short():
    there = project(one_a_day(21), there_is(21), np.array([14]), is_lost=True)
    assert np.isinf(there.first_short_day).all()


@pytest.mark.parametrize("is_lost", [True, False])
def test_the_fill_rate_is_kept_with_the_fewest_units(is_lost):
    there = project(known_demand_of(20, 28, dispersion=4), there_is(30), np.array([21]), is_lost=is_lost)
    for rate in (0.8, 0.95, 0.99):
        quantities = quantity_for_fill(there, WEIGHTS[None, :], np.array([rate]))
        kept, one_less = (_fill(there, quantities[0] - less) for less in (0, 1))
        assert kept >= rate - 1e-9
        assert one_less < rate


def _fill(there, quantity):
    missing = np.maximum(0, there.need - quantity) - np.maximum(0, -there.on_hand - quantity)
    return 1 - (WEIGHTS * missing).sum() / (WEIGHTS * there.covered).sum()


def test_a_certain_demand_is_filled_by_its_share():
    there = project(one_a_day(30), there_is(10), np.array([10]), is_lost=True)
    assert quantity_for_fill(there, WEIGHTS[None, :], np.array([0.9])).tolist() == [18]


def test_the_paths_have_the_totals_of_the_forecast_and_the_expected_shape():
    interval = known_demand_of(12, 28, dispersion=2.0)
    demand = demand_between(interval, np.array([[0, 7, 21, 28]]), np.array([21]))
    assert demand.sum(axis=2) == pytest.approx(path_totals(interval))
    mean = (demand * WEIGHTS[None, :, None]).sum(axis=1)[0]
    assert mean == pytest.approx([12, 24, 12], rel=0.08)


def test_given_totals_the_weeks_vary_as_negative_binomial_weeks_do():
    interval = known_demand_of(12, 28, dispersion=2.0, rows=40)
    weeks = demand_between(interval, np.tile([0, 7, 14, 21, 28], (40, 1)), np.full(40, 14))
    weights = WEIGHTS[None, :, None] / 40
    mean = (weeks * weights).sum(axis=(0, 1))
    variance = (weeks**2 * weights).sum(axis=(0, 1)) - mean**2
    assert variance / mean == pytest.approx(np.full(4, 3.0), rel=0.1)


def test_a_products_paths_do_not_depend_on_other_products():
    interval, days = known_demand_of(5, 28, dispersion=1.0, rows=5), np.tile([0, 21, 28], (5, 1))
    alone = demand_between(interval.rows(np.array([3])), days[:1], np.array([21]))
    assert (demand_between(interval, days, np.full(5, 21))[3] == alone[0]).all()


def test_an_open_order_that_moves_changes_no_path_before_the_arrival_or_after_it():
    interval, arrival = known_demand_of(12, 28, dispersion=2.0), np.array([21])
    alone = project(interval, there_is(0), arrival, is_lost=True)
    for days in ((3,), (9,), (24,), (3, 9, 24)):
        beside = project(interval, there_is(0, *((day, 0) for day in days)), arrival, is_lost=True)
        assert (beside.before == alone.before).all()
        assert beside.covered == pytest.approx(alone.covered)


def test_two_levels_apply_from_three_in_four_on():
    levels = ordering_level(np.array([0.5, 0.74, 0.75, 0.8, 0.9, 0.95]))
    assert levels == pytest.approx([0.5, 0.74, 0.75, 0.75, 0.8, 0.9])


def priced(ratio: float, *, lead_time: int, frequency: int, unmet: UnmetDemand = "lost", on_hand: float = 0) -> float:
    """The order quantity for money, with Poisson demand of four a day."""
    horizon, one = lead_time + frequency, np.ones(1, dtype=np.int64)
    inputs = DecisionInputs(
        np.array([ratio]), horizon * one, there_is(on_hand), 0 * one, lead_time * one, np.ones(1),
        known_demand_of(4.0, horizon, mean_days=1),
    )  # fmt: skip
    return float(decide(inputs, OrderPolicy(measure="money", unmet_demand=unmet)).needed[0])


@pytest.mark.parametrize("ratio", [0.5, 0.8, 0.95])
def test_money_with_backorders_of_a_day_is_the_quantile_at_the_critical_ratio(ratio):
    level = quantiles(4.0 * 6)(np.array([ratio]))[0]
    assert priced(ratio, lead_time=5, frequency=1, unmet="backordered", on_hand=9) == level - 9


@pytest.mark.parametrize("ratio", [0.5, 0.8, 0.95])
def test_money_with_backorders_of_a_week_is_the_level_of_least_cost_by_the_cost_itself(ratio):
    """A piece owed at the week's end costs b; one held costs a seventh of h for each day at whose end it is there."""
    units, demand = np.arange(90)[:, None], np.arange(150)[None, :]
    held = np.mean(
        [np.maximum(0, units - demand) @ stats.poisson.pmf(demand[0], 4.0 * (5 + k)) for k in range(1, 8)], 0
    )
    owed = np.maximum(0, demand - units) @ stats.poisson.pmf(demand[0], 4.0 * 12)
    cost = (1 - ratio) * held + ratio * owed
    units_ordered = int(priced(ratio, lead_time=5, frequency=7, unmet="backordered"))
    assert cost[units_ordered] <= 1.005 * cost.min()


def test_money_orders_less_if_demand_is_lost_and_more_the_more_a_sale_is_worth():
    ratios = np.linspace(0.05, 0.99, 30)
    cycles = np.full(30, 9.0)
    level = level_for_money(ratios, cycles)
    assert (np.diff(level) >= 0).all()
    assert (level <= ratios).all()
    orders = [priced(ratio, lead_time=28, frequency=7, on_hand=120) for ratio in (0.3, 0.6, 0.8, 0.9, 0.95, 0.99)]
    assert orders == sorted(orders)
