"""With a given demand distribution, the policy for money costs hardly more than the optimum."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.order_decision import DecisionInputs, decide
from pipelines.replenishment.decision.stock_projection import Stock
from tests.pipelines.replenishment.decision.known_demand import known_demand_of, there_is
from tests.pipelines.replenishment.decision.lost_sales import LostSales

MONEY = OrderPolicy(measure="money")
CASES = [
    LostSales(mean, dispersion, lead_time, lost_sale)
    for lead_time in (1, 2, 3)
    for mean, dispersion in ((2.0, 0.0), (4.0, 0.0), (2.0, 2.0), (4.0, 1.0))
    for lost_sale in (4.0, 9.0, 19.0)
]
QUICK = [case for case in CASES if case.lead_time == 1 or (case.lead_time, case.mean) == (2, 2.0)]


def our_orders(case: LostSales):
    """What the rule orders in every state: all of them are products side by side."""
    rows, cycle = case.states.shape[0], case.days
    horizon = cycle * (case.lead_time + 1)
    days = np.tile(cycle * np.arange(1, case.lead_time), (rows, 1))
    inputs = DecisionInputs(
        service_level=np.full(rows, case.lost_sale / (case.lost_sale + case.holding)),
        horizon_days=np.full(rows, horizon),
        stock=Stock(case.states[:, 0].astype(float), days, case.states[:, 1:].astype(float)),
        lead_product=np.arange(rows),
        arrival_day=np.full(rows, horizon - cycle),
        lead_weight=np.ones(rows),
        demand=known_demand_of(case.mean, horizon, mean_days=cycle, dispersion=case.dispersion, rows=rows),
    )
    return np.clip(decide(inputs, MONEY).needed, 0, case.most_ordered).astype(int)


def excess_cost(case: LostSales) -> float:
    return case.average_cost(our_orders(case)) / case.average_cost() - 1


def of_a_week(cases: list[LostSales]) -> list[LostSales]:
    return [replace(case, days=7) for case in cases]


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_ordering_every_day_costs_at_most_thirteen_in_a_thousand_above_the_optimum(case):
    assert excess_cost(case) <= 0.013


@pytest.mark.parametrize("case", of_a_week(QUICK), ids=str)
def test_ordering_every_week_costs_at_most_thirteen_in_a_thousand_above_the_optimum(case):
    assert excess_cost(case) <= 0.013


@pytest.mark.soak
@pytest.mark.parametrize("case", [*CASES, *of_a_week(CASES)], ids=str)
def test_lost_sales_cost_at_most_thirteen_in_a_thousand_above_the_optimum(case):
    assert excess_cost(case) <= 0.013


@pytest.mark.parametrize("ratio", [0.5, 0.6, 0.8, 0.95])
@pytest.mark.parametrize("cycles", [5, 21, 100])
@pytest.mark.parametrize("cycle", [1, 7])
def test_an_empty_shelf_is_filled_however_long_an_order_takes(ratio, cycles, cycle):
    """A product that sells every day is worth keeping where a sale is worth a cycle's holding or more."""
    horizon = cycle * (cycles + 1)
    one = np.ones(1, dtype=np.int64)
    inputs = DecisionInputs(
        np.array([ratio]), horizon * one, there_is(0), 0 * one, (horizon - cycle) * one, np.ones(1),
        known_demand_of(3.0, horizon, mean_days=1),
    )  # fmt: skip
    assert decide(inputs, MONEY).needed[0] >= 1
