"""With known demand: reorder point and order-up-to level, reorder point and batch, as the books have them.

The figures are those of stockpyl 1.0.2: `s_s_discrete_exact` (Snyder and Shen 2019, Algorithm 4.2, Example 4.7) and
`r_q_poisson_exact` (equation 5.48).
"""

import numpy as np
import pytest
from scipy import stats

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.our_rule import up_to
from pipelines.policy_backtest.simulation import Shelf
from pipelines.replenishment.decision.demand_paths import WEIGHTS
from pipelines.replenishment.decision.order_decision import DecisionInputs, decide
from pipelines.replenishment.decision.stock_projection import project
from tests.pipelines.replenishment.decision.known_demand import known_demand_of, there_is


def cost_of_a_period(mean: float, level: Matrix, *, holding: float, stock_out: float) -> Matrix:
    """G(y): what is left and what is owed after a period that began with a position y; exact."""
    demand = np.arange(int(mean + 12 * mean**0.5) + 20)
    over = level[:, None] - demand[None, :]
    cost = holding * np.maximum(0, over) + stock_out * np.maximum(0, -over)
    return np.asarray(cost @ stats.poisson.pmf(demand, mean))


def our_cost_of_a_period(mean: float, level: Matrix, *, holding: float, stock_out: float, days: int = 7) -> Matrix:
    """The same from our demand paths."""
    interval = known_demand_of(mean, days, mean_days=days, rows=level.size)
    need = project(interval, there_is(level, rows=level.size), np.zeros(level.size, dtype=int), is_lost=False).need
    return np.asarray((holding * np.maximum(0, -need) + stock_out * np.maximum(0, need)) @ WEIGHTS)


def average_cost(orders: Matrix, mean: float, costs: Matrix, *, fixed: float) -> float:
    """The long-run cost per period of any policy, from its orders and costs by position (stationary distribution)."""
    demand = np.arange(orders.size)
    pmf = stats.poisson.pmf(demand, mean)
    steps = np.zeros((orders.size, orders.size))
    for row, order in enumerate(orders.astype(int)):
        np.add.at(steps[row], np.maximum(0, row + order - demand), pmf)
    steps /= steps.sum(axis=1, keepdims=True)
    share = np.full(orders.size, 1 / orders.size)
    for _ in range(2000):
        share = share @ steps
    return float(share @ (fixed * (orders > 0) + costs))


BOOK = [(1, 4, 5, 6, 4, 10, 8.0341), (1, 9, 64, 10, 6, 40, 35.0216)]


@pytest.mark.parametrize(("holding", "stock_out", "fixed", "mean", "least", "most", "cost"), BOOK)
def test_ordering_at_the_reorder_point_up_to_the_level_costs_what_the_book_says(
    holding, stock_out, fixed, mean, least, most, cost
):
    low, high = least - 6 * mean, most + 10

    def priced(s: int, top: int) -> float:
        position = np.arange(low, high + 1.0)
        orders_at = up_to(np.array([[float(top)]]), np.array([[float(s)]]))
        orders = np.array([orders_at(Shelf(np.array([[net]]), np.zeros((1, 1, 1))))[0, 0] for net in position])
        costs = cost_of_a_period(mean, position + orders, holding=holding, stock_out=stock_out)
        return average_cost(orders, mean, costs, fixed=fixed)

    assert priced(least, most) == pytest.approx(cost, abs=1e-3)
    neighbours = [(least - 1, most), (least + 1, most), (least, most - 1), (least, most + 1)]
    assert all(priced(*one) > cost for one in neighbours)


def test_with_backorders_the_decision_orders_just_so():
    """At the reorder point and below up to the level, above it nothing: (s, S) for every position."""
    rows = 40
    position = np.arange(rows, dtype=float)
    interval = known_demand_of(6, 14, rows=rows)
    leads = np.arange(rows)
    inputs = DecisionInputs(
        np.full(rows, 0.9),
        np.full(rows, 14),
        there_is(position, rows=rows),
        leads,
        np.full(rows, 7),
        np.ones(rows),
        interval,
    )
    decision = decide(inputs, OrderPolicy(unmet_demand="backordered"))
    most, least = stats.poisson.ppf(0.9, 12), stats.poisson.ppf(0.8, 12)
    assert (decision.order_up_to_level == most).all()
    assert (decision.reorder_point == least).all()
    expected = np.where(position <= least, most - position, 0)
    assert (np.where(decision.is_due, decision.needed, 0) == expected).all()


def test_reorder_point_and_batch_of_poisson_demand_are_the_books():
    """Holding 20, stock-out 150, 100 an order, 1.5 a year, lead time 2: reorder at 3, 5 at a time, 107.924 a year."""
    holding, stock_out, fixed, rate, mean = 20, 150, 100, 1.5, 3.0
    level = np.arange(0, 30.0)

    def best(costs: Matrix) -> tuple[float, int, int]:
        options = [
            ((fixed * rate + costs[r + 1 : r + batch + 1].sum()) / batch, r, batch)
            for r in range(10) for batch in range(1, 15)
        ]  # fmt: skip
        return min(options)

    cost, least, batch = best(cost_of_a_period(mean, level, holding=holding, stock_out=stock_out))
    assert (least, batch) == (3, 5)
    assert cost == pytest.approx(107.924, abs=1e-3)
    ours, least, batch = best(our_cost_of_a_period(mean, level, holding=holding, stock_out=stock_out))
    assert (least, batch) == (3, 5)
    assert ours == pytest.approx(107.924, rel=0.01)
