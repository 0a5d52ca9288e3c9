"""Weekly rows: their days vary as demand does, and a week that is over keeps its days."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.forecasting.distribution import forecast_distribution
from pipelines.forecasting.history.demand_matrix import has_weekly_rows, make_demand_matrix
from tests.pipelines.forecasting.demand_builders import over, over_all
from tests.pipelines.planning_builders import AS_OF, TEA, sold

WEEKS = 104


def weeks_of(quantity: np.ndarray, *, last_week_begins: int = 7) -> pl.DataFrame:
    """One row a week: a row of `quantity` a product, a column a week, the latest so many days ago."""
    products, weeks = quantity.shape
    days = [AS_OF - timedelta(days=last_week_begins + 7 * k) for k in range(weeks - 1, -1, -1)]
    codes = np.repeat([f"P-{k:03}" for k in range(products)], weeks)
    return pl.DataFrame({"product_code": codes, "demand_date": days * products, "quantity": quantity.ravel() * 1.0})


def by_day(demand: pl.DataFrame, *, as_of=AS_OF) -> np.ndarray:
    return make_demand_matrix(demand, as_of=as_of, period_days=1).demand


def poisson(mean: float, *, products: int = 100, weeks: int = WEEKS) -> np.ndarray:
    return np.random.default_rng(5).poisson(mean, (products, weeks))


def in_lumps(mean: float, dispersion: float) -> np.ndarray:
    size = mean / dispersion
    return np.random.default_rng(6).negative_binomial(size, 1 / (1 + dispersion), (100, WEEKS))


LUMPY = weeks_of(in_lumps(6, 8))


@pytest.mark.parametrize(
    ("quantity", "dispersion"),
    [(poisson(8), 0), (in_lumps(8, 2), 2), (in_lumps(8, 8), 8), (poisson(150), 0), (in_lumps(150, 20), 20)],
    ids=["by chance", "in lumps", "in large lumps", "many by chance", "many in lumps"],
)
def test_days_vary_as_independent_days_of_such_weeks_do(quantity, dispersion):
    days = by_day(weeks_of(quantity))
    of_three = days.reshape(100, WEEKS, 7)[:, :, :3].sum(axis=2)
    for sums in (days, of_three):
        assert np.median(sums.var(axis=1) / sums.mean(axis=1)) == pytest.approx(1 + dispersion, rel=0.15)


@pytest.mark.parametrize("days", [1, 3, 10])
def test_quantiles_of_part_of_a_week_are_the_same_from_weekly_and_from_daily_rows(days):
    daily = np.random.default_rng(7).poisson(1.2, (60, WEEKS * 7))
    ago = [AS_OF - timedelta(days=k) for k in range(WEEKS * 7, 0, -1)]
    codes = np.repeat([f"P-{k:03}" for k in range(60)], WEEKS * 7)
    rows = pl.DataFrame({"product_code": codes, "demand_date": ago * 60, "quantity": daily.ravel() * 1.0})
    weeks = weeks_of(daily.reshape(60, WEEKS, 7).sum(axis=2))
    by_day, by_week = (forecast_distribution(sales, over_all(weeks, days=days), as_of=AS_OF) for sales in (rows, weeks))
    high = np.isin(by_day.probabilities, (0.95, 0.99))
    assert by_week.quantiles[:, high].sum(axis=0) == pytest.approx(by_day.quantiles[:, high].sum(axis=0), rel=0.1)


def test_weeks_that_are_all_the_same_have_days_that_are_all_the_same():
    assert set(by_day(weeks_of(np.full((1, 60), 7))).ravel()) == {1.0}
    assert set(by_day(weeks_of(np.full((1, 60), 3.5))).ravel()) == {0.5}
    quantiles = forecast_distribution(weeks_of(np.full((1, 60), 7)), over("P-000", days=10), as_of=AS_OF).quantiles
    assert quantiles == pytest.approx(np.full(quantiles.shape, 10.0))


def test_a_level_shift_does_not_count_as_variation_within_a_week():
    days = by_day(weeks_of(np.hstack([poisson(7), poisson(21)])))[:, -WEEKS * 7 :]
    assert np.median(days.var(axis=1) / days.mean(axis=1)) == pytest.approx(1, abs=0.2)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 300), st.floats(0, 1e12)), min_size=2, max_size=12))
def test_the_days_of_a_week_sell_what_the_week_sold(quantities):
    demand = weeks_of(np.array([[1.0, *quantities]]))
    weekly = make_demand_matrix(demand, as_of=AS_OF).demand[0]
    assert weekly == pytest.approx([1.0, *quantities], abs=1e-8)
    whole = [k for k, units in enumerate(quantities, 1) if float(units).is_integer() and units < 1e9]
    assert weekly[whole].tolist() == pytest.approx([quantities[k - 1] for k in whole], rel=1e-15)


def test_whole_units_stay_whole_and_the_rest_of_a_unit_is_on_one_day():
    """From the second week on: before the first nothing is known, so it is spread evenly."""
    lumps = in_lumps(6, 8) + 1
    assert (by_day(weeks_of(lumps))[:, 21:] % 1 == 0).all()
    rests = by_day(weeks_of(lumps + 0.25))[:, 21:].reshape(-1, 7) % 1
    assert (np.sort(rests, axis=1) == [0, 0, 0, 0, 0, 0, 0.25]).all()


def test_a_week_that_is_over_keeps_its_days_when_the_next_one_comes():
    before = by_day(LUMPY.filter(pl.col("demand_date") < AS_OF - timedelta(days=7)), as_of=AS_OF - timedelta(days=7))
    assert by_day(LUMPY)[:, :-7].tolist() == before.tolist()


def test_the_days_of_a_product_depend_on_no_other_product_and_on_no_order_of_rows():
    alone = LUMPY.filter(pl.col("product_code") == "P-042")
    assert by_day(alone)[0].tolist() == by_day(LUMPY)[42].tolist()
    assert by_day(LUMPY.sample(fraction=1, shuffle=True, seed=3)).tolist() == by_day(LUMPY).tolist()


def test_two_products_that_sold_the_same_did_not_sell_on_the_same_days():
    days = by_day(weeks_of(np.tile(poisson(6, products=1), (2, 1))))
    assert abs(np.corrcoef(days)[0, 1]) < 0.2


def test_a_censored_week_is_censored_on_all_its_days_and_shows_no_variation():
    """It sold 600 on an almost empty shelf, between weeks of 7."""
    weeks = weeks_of(np.array([[7] * 20 + [600] + [7] * 20]))
    series = make_demand_matrix(weeks.with_columns(is_stocked_out=pl.col("quantity") == 600), as_of=AS_OF)
    assert series.imputed_share[0].tolist() == [0] * 20 + [1] + [0] * 20
    censored = weeks.with_columns(is_stocked_out=pl.col("quantity") == 600)
    assert set(np.delete(by_day(censored)[0], np.arange(140, 147))) == {1.0}


def test_a_missing_week_sold_nothing():
    sparse = weeks_of(poisson(0.3))
    with_zeros, without = (by_day(sales) for sales in (sparse, sparse.filter((pl.col("quantity") > 0) | is_first())))
    assert with_zeros.tolist() == without.tolist()


def is_first() -> pl.Expr:
    return pl.col("demand_date") == pl.col("demand_date").min()


@pytest.mark.parametrize("days_ago", [1, 3, 6])
def test_the_row_of_the_current_week_holds_its_days_until_the_as_of_day(days_ago):
    weeks = weeks_of(np.array([[14] * 20 + [2 * days_ago]]), last_week_begins=days_ago)
    assert has_weekly_rows(weeks, as_of=AS_OF)
    assert by_day(weeks)[0].tolist() == pytest.approx([2] * (140 + days_ago))
    last_week = pl.col("demand_date") == AS_OF - timedelta(days=days_ago)
    lumps = weeks_of(np.array([[0, 90, 3, 0, 40, 0, 8, 200, 31]]), last_week_begins=days_ago)
    assert by_day(lumps)[0][-days_ago:].sum() == lumps.filter(last_week)["quantity"][0]


def test_the_current_week_does_not_lower_the_levels():
    """A day into a week the level of three weeks is what it was on the day before."""
    quantity = poisson(20)
    running = weeks_of(np.hstack([quantity, poisson(3, weeks=1)]), last_week_begins=1)
    before, within = (
        forecast_distribution(sales, over_all(sales, days=21), as_of=AS_OF).mean
        for sales in (weeks_of(quantity), running)
    )
    assert np.median(within / before) == pytest.approx(1, abs=0.03)


def test_a_few_sales_on_one_weekday_are_days_if_the_last_of_them_was_this_week():
    assert not has_weekly_rows(sold(dict.fromkeys(range(3, 3 + 7 * 7, 7), 1)), as_of=AS_OF)
    assert has_weekly_rows(sold(dict.fromkeys(range(3, 3 + 8 * 7, 7), 1)), as_of=AS_OF)
    assert has_weekly_rows(sold({7: 1, 14: 1}), as_of=AS_OF)


def test_a_launch_is_its_weeks_first_day():
    series = make_demand_matrix(pl.concat([LUMPY, sold({21: 5, 7: 3}, TEA).select(LUMPY.columns)]), as_of=AS_OF)
    assert series.demand[-1, -3:].tolist() == [5, 0, 3]
    assert np.isnan(series.demand[-1, :-3]).all()
