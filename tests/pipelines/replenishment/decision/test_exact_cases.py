"""With a given demand distribution: the numbers of the books. With an estimated one: the cost of estimation."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.demand_paths import EDGES, HIGHEST, WEIGHTS, IntervalDemand
from pipelines.replenishment.decision.order_decision import DecisionInputs, decide, quantity_for_cycles
from pipelines.replenishment.decision.stock_projection import project
from pipelines.replenishment.public_api import order_up_to_levels
from tests.pipelines.replenishment.decision.known_demand import known_demand_of, there_is

AS_OF = date(2026, 3, 2)


def the_newsvendors_quantity(interval: IntervalDemand, holding: float, stock_out: float) -> float:
    """One period, no lead time, an empty shelf: what the order decision orders at the critical ratio."""
    there = project(interval, there_is(0), np.array([0]), is_lost=True)
    ratio = stock_out / (stock_out + holding)
    return float(quantity_for_cycles(there.need, WEIGHTS[None, :], np.array([ratio]))[0])


def test_the_newsvendor_with_normal_demand_is_example_4_3_of_snyder_and_shen():
    """Holding 0.18, stock-out 0.70, mean 50, deviation 8: 56.6040 newspapers, so 57 of them."""
    at = np.minimum(EDGES, HIGHEST)
    interval = IntervalDemand(np.zeros(1, dtype=np.int64), np.array([7]), at, stats.norm(50, 8).ppf(at)[None, :],
                    np.array([[50.0]]), np.array([64 / 50 - 1]))  # fmt: skip
    one = np.ones(1, dtype=np.int64)
    inputs = DecisionInputs(np.array([0.70 / 0.88]), 7 * one, there_is(0), 0 * one, 0 * one, np.ones(1), interval)
    assert decide(inputs, OrderPolicy(has_two_levels=False)).needed.tolist() == [np.ceil(56.6040)]
    within = stats.norm(50, 8).ppf([0.70 / 0.88, EDGES[EDGES >= 0.70 / 0.88][0]])
    assert within[0] == pytest.approx(56.6040, abs=1e-4)
    assert within[0] <= the_newsvendors_quantity(interval, 0.18, 0.70) <= within[1] + 1e-9


@pytest.mark.parametrize(("holding", "stock_out", "mean"), [(0.18, 0.70, 50), (1, 4, 6), (1, 9, 64), (1, 19, 10)])
def test_the_newsvendor_with_poisson_demand_orders_the_smallest_quantity_that_reaches_the_ratio(
    holding, stock_out, mean
):
    quantity = the_newsvendors_quantity(known_demand_of(mean, 7), holding, stock_out)
    assert quantity == stats.poisson.ppf(stock_out / (stock_out + holding), mean)


def test_a_base_stock_with_backorders_is_the_quantile_of_lead_time_and_period():
    """Poisson 6 a period, lead time 2: the least cost at holding 1 and stock-out 9 by the cost itself."""
    mean, ratio = 18, 0.9
    there = project(known_demand_of(6, 21), there_is(0), np.array([14]), is_lost=False)
    quantity = float(quantity_for_cycles(there.need, WEIGHTS[None, :], np.array([ratio]))[0])
    levels, demand = np.arange(60)[:, None], np.arange(120)[None, :]
    cost = np.maximum(0, levels - demand) + 9 * np.maximum(0, demand - levels)
    assert quantity == (cost @ stats.poisson.pmf(demand[0], mean)).argmin()


def excess_cost(weeks: int) -> float:
    """How much dearer the estimated level is than the true one: i.i.d. negative binomial weeks, four at a time."""
    rng, products = np.random.default_rng(weeks), 800
    mean, spread = np.exp(rng.normal(1.5, 1.0, products)), 1 + rng.gamma(2, 1.0, products)
    size, share = mean / (spread - 1), 1 / spread
    sold = rng.negative_binomial(size[:, None], share[:, None], (products, weeks))
    days = [AS_OF - timedelta(weeks=weeks - k) for k in range(weeks)]
    codes = [f"P{i:04d}" for i in range(products)]
    demand = pl.DataFrame(
        {"product_code": np.repeat(codes, weeks), "date": days * products, "quantity": sold.ravel().astype(float)}
    )
    levels = order_up_to_levels(demand, as_of=AS_OF, horizon_days=28, service_levels=0.95)
    level = dict(levels.select("product_code", "order_up_to_level").rows())
    guessed = np.array([level.get(code, 0.0) for code in codes])
    distribution = stats.nbinom(4 * size, share)
    return float(_cost(distribution, guessed).sum() / _cost(distribution, distribution.ppf(0.95)).sum() - 1)


def _cost(distribution, level):
    """19 a piece short and 1 a piece left, by summing P(D > k) to the level."""
    steps = np.arange(int(level.max()) + 1)[:, None]
    below = np.where(steps < level[None, :], distribution.sf(steps), 0.0).sum(axis=0)
    short = distribution.mean() - below
    return 19 * short + (level - distribution.mean() + short)


@pytest.mark.parametrize(("weeks", "most"), [(26, 0.17), (52, 0.11), (104, 0.06)])
def test_the_price_of_estimation_falls_with_the_length_of_the_history(weeks, most):
    assert excess_cost(weeks) <= most
