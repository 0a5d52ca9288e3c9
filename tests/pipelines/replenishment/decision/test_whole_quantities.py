"""Demand comes in whole units: over many products a service level is kept, no more and no less."""

from dataclasses import replace
from typing import Final, Literal

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines.forecasting.distribution import PROBABILITIES
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.models.negative_binomial import nb_quantiles, whole_units
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.demand_paths import IntervalDemand, path_totals, seeds_of
from pipelines.replenishment.decision.order_decision import Decision, DecisionInputs, decide
from pipelines.replenishment.decision.whole_quantities import draws_of, least_kept
from pipelines.replenishment.explain.records import PlanLine
from pipelines.replenishment.explain.sentences import sentences
from pipelines.replenishment.plan.order_plan import SEED
from tests.pipelines.planning_builders import AS_OF, a_product, a_setting, in_stock, sold, the_line
from tests.pipelines.replenishment.decision.known_demand import there_is

PRODUCTS = 500
ROUNDINGS: Final[tuple[Literal["average", "each"], ...]] = ("each", "average")
LEVELS = [0.9, 0.95, 0.98, 0.99]
LEAD_DAYS, DAYS = 14, 21
SALES = sold({21: 1, 16: 2, 9: 1, 3: 2})
WAITS = a_setting("unmet_demand", "backordered", level="global", subject="")
EACH = a_setting("unit_rounding", "each", level="global", subject="")


def demand_of(mean: np.ndarray, variance: np.ndarray) -> IntervalDemand:
    """A known distribution for each product, as a forecast gives it: quantiles on the grid, to four digits."""
    quantiles = nb_quantiles(mean, variance, PROBABILITIES, is_spread=True).round(4)
    weeks = np.repeat(mean[:, None] / 3, 3, axis=1)
    codes = (f"P-{number:04d}" for number in range(mean.size))
    return IntervalDemand(
        seeds_of(codes, seed=0), np.full(mean.size, DAYS), PROBABILITIES, quantiles, weeks, variance / mean - 1,
        np.ones(mean.size, dtype=bool),
    )  # fmt: skip


def decided(
    demand: IntervalDemand, level: float, *, rounding: Literal["average", "each"], available: float = 0.0
) -> Decision:
    rows = np.arange(demand.seeds.size)
    inputs = DecisionInputs(
        np.full(rows.size, level), np.full(rows.size, DAYS), there_is(available, rows=rows.size), rows,
        np.full(rows.size, LEAD_DAYS), np.ones(rows.size), demand,
    )  # fmt: skip
    return decide(inputs, OrderPolicy(unmet_demand="backordered", rounding=rounding))


def distribution_of(mean: np.ndarray, variance: np.ndarray):
    return stats.nbinom(mean**2 / (variance - mean), mean / variance)


def test_on_a_known_poisson_law_the_least_whole_level_keeps_95_where_90_is_set_and_the_mixed_one_90():
    mean = np.full(PRODUCTS, 2.0)
    demand = demand_of(mean, 1.0001 * mean)
    kept = {
        rounding: stats.poisson(2).cdf(decided(demand, 0.9, rounding=rounding).order_up_to_level).mean()
        for rounding in ROUNDINGS
    }
    assert kept["each"] == pytest.approx(0.947, abs=0.001)
    assert kept["average"] == pytest.approx(0.9, abs=0.006)


@pytest.mark.parametrize("level", LEVELS)
def test_over_products_of_many_laws_the_level_is_kept_within_a_point(level):
    """Half of them Poisson, half negative binomial of three times that variance; 0.3 to 12 units in an interval."""
    mean = np.exp(np.random.default_rng(0).uniform(np.log(0.3), np.log(12), PRODUCTS))
    variance = mean * np.where(np.arange(PRODUCTS) % 2, 1.0001, 3.0)
    known, demand = distribution_of(mean, variance), demand_of(mean, variance)
    by_each, mixed = (decided(demand, level, rounding=one).order_up_to_level for one in ROUNDINGS)
    assert (by_each == known.ppf(level)).mean() > 0.99
    assert (known.cdf(mixed - 1) <= level + 1e-9).all()
    assert (known.cdf(mixed) >= least_kept(np.full(1, level))[0] - 0.005).all()
    assert known.cdf(mixed).mean() == pytest.approx(level, abs=0.01)
    assert known.cdf(by_each).mean() - level > 2 * abs(known.cdf(mixed).mean() - level)


def test_rounding_a_continuous_quantile_up_would_keep_more_than_the_least_whole_level():
    mean = np.linspace(0.5, 4, 200)
    known = distribution_of(mean, 1.0001 * mean)
    at = nb_quantiles(mean, 1.0001 * mean, np.array([0.9]), is_spread=True)[:, 0]
    assert (whole_units(at) == known.ppf(0.9)).all()
    assert known.cdf(np.ceil(at)).mean() > known.cdf(whole_units(at)).mean() + 0.01


def test_the_quantity_and_the_level_are_rounded_alike_and_the_reorder_point_is_never_above():
    mean = np.full(200, 2.0)
    demand = demand_of(mean, 3 * mean)
    from_empty, with_two = (decided(demand, 0.95, rounding="average", available=units) for units in (0, 2))
    assert set(np.unique(from_empty.order_up_to_level).tolist()) == {6.0, 7.0}
    assert (from_empty.needed == from_empty.order_up_to_level).all()
    assert (with_two.needed == from_empty.order_up_to_level - 2).all()
    assert (from_empty.reorder_point <= from_empty.order_up_to_level).all()
    assert from_empty.level_kept == pytest.approx(
        distribution_of(mean, 3 * mean).cdf(from_empty.order_up_to_level), abs=0.003
    )


def test_a_products_level_does_not_depend_on_others():
    mean = np.full(50, 2.0)
    demand = demand_of(mean, 3 * mean)
    together = decided(demand, 0.95, rounding="average").order_up_to_level
    alone = decided(demand.rows(np.array([7, 31])), 0.95, rounding="average").order_up_to_level
    assert (together[[7, 31]] == alone).all()


def test_what_is_sold_in_parts_of_a_unit_is_not_rounded_down():
    mean = np.full(50, 0.4)
    demand = replace(demand_of(mean, 1.5 * mean), is_sold_whole=np.zeros(50, dtype=bool))
    both = [decided(demand, 0.9, rounding=one).order_up_to_level for one in ROUNDINGS]
    assert (both[0] == both[1]).all()
    assert (path_totals(demand) % 1 > 0).any()


def test_a_certain_demand_has_the_same_level_at_every_draw():
    certain = IntervalDemand(
        np.arange(40), np.full(40, DAYS), np.array([0.5]), np.full((40, 1), 21.0), np.full((40, 3), 7.0),
        -np.ones(40), np.ones(40, dtype=bool),
    )  # fmt: skip
    assert (decided(certain, 0.95, rounding="average").order_up_to_level == 21).all()


def test_demand_is_whole_unless_a_day_sold_a_part_of_a_unit():
    metres = sold({30: 2, 9: 1.5}).with_columns(product_code=pl.lit("TAPE"))
    matrix = make_demand_matrix(pl.concat([SALES.cast({"quantity": float}), metres]), as_of=AS_OF)
    assert matrix.product_codes == ["TAPE", "TEA-01"]
    assert matrix.is_sold_whole.tolist() == [False, True]


def a_line(code: str, *settings):
    product = a_product().with_columns(product_code=pl.lit(code))
    sales, stock = (frame.with_columns(product_code=pl.lit(code)) for frame in (SALES, in_stock(5)))
    return the_line(product, sales, stock, WAITS, *settings)


def test_a_plan_says_of_a_product_that_is_rounded_down_what_its_level_keeps():
    codes = [f"TEA-{number:02d}" for number in range(40)]
    draws = draws_of(seeds_of(codes, seed=SEED), np.ones(40, dtype=bool))
    down, up = codes[int(draws.argmax())], codes[int(draws.argmin())]
    lines = {code: PlanLine(**a_line(code)) for code in (down, up)}
    assert (lines[down].order_up_to_level, lines[up].order_up_to_level) == (15, 16)
    kept_down, kept_up = lines[down].level_kept, lines[up].level_kept
    assert kept_down is not None
    assert kept_up is not None
    assert kept_down < 0.95 <= kept_up
    about = "An order-up-to level of 15 is enough in 94.2% of cases, one of 16 in more than 95%."
    assert any(text.startswith(about) for text in sentences(lines[down]))
    assert not any(text.startswith("An order-up-to level of") for text in sentences(lines[up]))
    assert a_line(down, EACH)["order_up_to_level"] == 16
