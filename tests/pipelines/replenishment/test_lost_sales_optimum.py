"""With the law given, the rule for money costs hardly more than the best there is."""

import numpy as np
import pytest

from pipelines.replenishment.decision import level_for_money, quantity_for_cycles
from pipelines.replenishment.paths import WEIGHTS
from pipelines.replenishment.projection import Stock, project
from tests.pipelines.replenishment.known_laws import a_law
from tests.pipelines.replenishment.lost_sales import LostSales

CASES = [
    LostSales(mean, dispersion, lead_time, lost_sale)
    for lead_time in (1, 2, 3)
    for mean, dispersion in ((2.0, 0.0), (4.0, 0.0), (2.0, 2.0))
    for lost_sale in (4.0, 9.0, 19.0)
]
QUICK = [CASES[2], CASES[4], CASES[12]]


def our_orders(case: LostSales):
    """What the rule orders in every state: all of them are products side by side."""
    rows = case.states.shape[0]
    law = a_law(case.mean, 7 * (case.lead_time + 1), dispersion=case.dispersion, rows=rows)
    under_way = case.states[:, 1:].astype(float)
    days = np.tile(7 * np.arange(1, case.lead_time), (rows, 1))
    stock = Stock(case.states[:, 0].astype(float), days, under_way)
    there = project(law, stock, np.full(rows, 7 * case.lead_time), is_lost=True)
    ratio = np.full(rows, case.lost_sale / (case.lost_sale + case.holding))
    level = level_for_money(ratio, np.full(rows, float(case.lead_time)), is_lost=True)
    wanted = np.ceil(quantity_for_cycles(there.need, WEIGHTS[None, :], level) - 1e-9)
    return np.clip(wanted, 0, case.most_ordered).astype(int)


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_some_lost_sales_cost_at_most_three_per_cent_above_the_optimum(case):
    assert case.average_cost(our_orders(case)) <= 1.03 * case.average_cost()


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES, ids=str)
def test_lost_sales_cost_at_most_three_per_cent_above_the_optimum(case):
    assert case.average_cost(our_orders(case)) <= 1.03 * case.average_cost()
