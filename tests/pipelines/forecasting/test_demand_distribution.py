"""The demand distribution: it exists whatever was sold, for any window of days."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.forecasting.distribution import DemandDistribution, forecast_distribution
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.models.features import origin_statistics
from pipelines.forecasting.selection.fallback_rules import is_predictably_even
from tests.pipelines.forecasting.demand_builders import a_company, over, over_all, shifting
from tests.pipelines.planning_builders import AS_OF, TEA, in_days, sold, sold_every

HISTORIES = {
    "one sale": sold({30: 1}),
    "one sale yesterday": sold({1: 3}),
    "one very large sale": sold({3: 1e12}),
    "a demand spike": pl.concat([sold_every(10, 2, for_days=500), sold({255: 1e9})]),
    "all zeros": sold({5: 0, 50: 0}),
    "more came back than was sold": sold({5: -3, 50: 2}),
    "no number": sold({5: float("nan"), 50: 2, 60: float("inf")}),
    "ended two years ago": sold(dict.fromkeys(range(740, 900, 3), 4)),
    "no sales": sold({}),
    "crumbs": sold(dict.fromkeys(range(1, 200, 9), 0.0001)),
    "twenty years": sold_every(2, 5, for_days=7300),
    "a row a week": sold(dict.fromkeys(range(7, 400, 7), 3)),
    "one large sale and a day of nothing": sold({89: 69_982, 221: 0}),
}
DAYS = {"four weeks": 28, "three days": 3, "one day": 1, "no days": 0, "1,000 days": 1000}


def the_distribution(demand: pl.DataFrame, days: int, *, start_days: int = 0) -> DemandDistribution:
    return forecast_distribution(demand, over(TEA, days=days, start_days=start_days), as_of=AS_OF)


def assert_it_is_a_distribution(distribution: DemandDistribution) -> None:
    assert np.isfinite(distribution.quantiles).all()
    assert (distribution.quantiles >= 0).all()
    assert (np.diff(distribution.quantiles, axis=1) >= 0).all()
    for frame in (distribution.mean, distribution.weekly_mean, distribution.weekly_variance):
        assert np.isfinite(frame).all()
        assert (frame >= 0).all()


@pytest.mark.parametrize("days", DAYS.values(), ids=DAYS.keys())
@pytest.mark.parametrize("demand", HISTORIES.values(), ids=HISTORIES.keys())
def test_quantiles_grow_with_probability_and_are_never_negative(demand, days):
    assert_it_is_a_distribution(the_distribution(demand, days))


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.integers(1, 1500), st.floats(-1e6, 1e9), max_size=40),
    st.integers(0, 1000),
    st.integers(0, 400),
)
def test_any_history_gives_a_distribution(days_ago, days, start_days):
    assert_it_is_a_distribution(the_distribution(sold(days_ago), days, start_days=start_days))


@pytest.mark.parametrize("name", ["all zeros", "no sales"])
def test_what_was_never_sold_has_no_forecast(name):
    distribution = the_distribution(HISTORIES[name], 28)
    assert (distribution.product_codes, distribution.quantiles.size) == ([], 0)


def test_half_a_million_products_without_a_sale_take_no_time():
    codes = pl.DataFrame({"product_code": pl.int_range(500_000, eager=True).cast(pl.String)})
    unsold = codes.with_columns(demand_date=pl.lit(AS_OF) - pl.duration(days=3), quantity=0.0)
    distribution = forecast_distribution(unsold, codes.with_columns(horizon_days=28), as_of=AS_OF)
    assert distribution.product_codes == []


def test_what_ended_two_years_ago_is_expected_to_sell_nothing():
    distribution = the_distribution(HISTORIES["ended two years ago"], 28)
    assert (distribution.demand_class.tolist(), distribution.model.tolist()) == (["dead"], ["none"])
    assert distribution.quantiles.sum() == 0
    assert distribution.weekly_mean.sum() == 0


def test_demand_of_no_days_is_nothing():
    assert the_distribution(sold_every(1, 3, for_days=300), 0).quantiles.sum() == 0


@pytest.fixture(scope="module")
def company():
    """Enough products, and change, for the global quantile model to learn from."""
    return shifting(a_company(40, weeks=60))


@pytest.fixture(scope="module")
def few():
    """Too few for that."""
    return a_company(20)


@pytest.fixture(scope="module")
def of_company(company):
    return forecast_distribution(company, over_all(company), as_of=AS_OF)


def test_the_order_of_the_rows_changes_no_byte(company, of_company):
    shuffled = company.sample(fraction=1, shuffle=True, seed=5)
    again = forecast_distribution(shuffled, over_all(company).reverse(), as_of=AS_OF)
    assert again.product_codes == of_company.product_codes
    for name, value in vars(of_company).items():
        if isinstance(value, np.ndarray):
            assert value.tobytes() == vars(again)[name].tobytes(), name


def test_another_seed_changes_little(company, of_company):
    reseeded = forecast_distribution(company, over_all(company), as_of=AS_OF, seed=9)
    assert not np.array_equal(reseeded.quantiles, of_company.quantiles)
    assert reseeded.mean.sum() == pytest.approx(of_company.mean.sum(), rel=0.05)


def test_a_company_that_counts_boxes_of_ten_sells_a_tenth_of_the_units():
    units = a_company(25, mean=5000)
    boxes = units.with_columns(quantity=pl.col("quantity") / 10)
    by_unit, by_box = (forecast_distribution(sales, over_all(units), as_of=AS_OF) for sales in (units, boxes))
    assert by_box.quantiles == pytest.approx(by_unit.quantiles / 10)


def test_weekly_rows_and_the_same_sales_by_day_are_one_history():
    weekly = a_company(20, by_week=True)
    first_day = weekly.filter(pl.col("demand_date") == pl.col("demand_date").min()).with_columns(quantity=0.0)
    by_day = pl.concat([a_company(20), first_day])
    from_weeks, from_days = (forecast_distribution(sales, over_all(weekly), as_of=AS_OF) for sales in (weekly, by_day))
    assert from_days.quantiles == pytest.approx(from_weeks.quantiles)


def test_more_days_sell_more(few):
    windows = pl.concat([over_all(few, days=days) for days in (7, 10, 28, 91)])
    distribution = forecast_distribution(few, windows, as_of=AS_OF)
    means = distribution.mean.reshape(-1, 4)
    assert (np.diff(means.sum(axis=0)) > 0).all()
    assert means.sum(axis=0)[3] / means.sum(axis=0)[0] == pytest.approx(13, rel=0.15)


def test_if_nothing_changes_the_days_after_a_lead_time_sell_as_much_as_those_before_it(few):
    windows = pl.concat([over_all(few, days=14), over_all(few, days=14, start_days=14)])
    distribution = forecast_distribution(few, windows, as_of=AS_OF)
    before, after = distribution.mean.reshape(-1, 2).sum(axis=0)
    assert after == pytest.approx(before, rel=0.05)


def test_an_interval_below_a_week_knows_on_which_weekdays_a_product_sells():
    """Sold on the weekday before the as-of day only: the next six days sell nothing, the seventh does."""
    saturdays = pl.concat([sold_every(7, 10, for_days=364), sold({200: 1})])
    few = the_distribution(saturdays, 3)
    week = the_distribution(saturdays, 7)
    assert few.mean[0] < 0.6 * week.mean[0]


def test_future_demand_stays_below_each_quantile_as_often_as_its_probability():
    """Demand that never changes: the weeks that follow keep each promise within three points."""
    company = a_company(300, weeks=80, seed=4)
    now = in_days(-28)
    distribution = forecast_distribution(company, over_all(company), as_of=now)
    came = company.filter(pl.col("demand_date") >= now).group_by("product_code").agg(pl.col("quantity").sum())
    demand = np.array([dict(came.iter_rows())[code] for code in distribution.product_codes])
    for p in (0.8, 0.9, 0.95):
        quantile = distribution.quantiles[:, np.argmin(np.abs(distribution.probabilities - p))]
        assert (demand < quantile).mean() - 0.03 <= p <= (demand <= quantile).mean() + 0.03


def test_an_uneven_product_is_less_certain_than_an_even_one():
    even, uneven = a_company(1, size=1e6, seed=3), a_company(1, size=0.3, seed=3)
    widths = []
    for demand in (even, uneven):
        distribution = forecast_distribution(demand, over_all(demand), as_of=AS_OF)
        low, high = (distribution.quantiles[0, np.argmin(np.abs(distribution.probabilities - p))] for p in (0.5, 0.95))
        widths.append((high - low) / distribution.mean[0])
    assert widths[0] < 0.5 * widths[1]


def test_a_product_is_forecast_by_its_chosen_model_and_the_others_by_rule(few):
    codes = few["product_code"].unique().sort().to_list()
    distribution = forecast_distribution(few, over_all(few), as_of=AS_OF, choice=dict.fromkeys(codes[:3], "textbook"))
    assert set(distribution.model[:3].tolist()) == {"textbook"}
    assert "textbook" not in distribution.model[3:].tolist()


def levels_of(demand: pl.DataFrame, days: int, product: str = TEA) -> list[float]:
    distribution = forecast_distribution(demand, over(product, days=days), as_of=AS_OF)
    return np.ceil(distribution.quantiles[0, np.isin(distribution.probabilities, [0.5, 0.95, 0.999])] - 1e-6).tolist()


@pytest.mark.parametrize("days", [1, 3, 6, 7, 10, 21, 33])
@pytest.mark.parametrize("units", [0.5, 1, 12, 1000])
def test_demand_that_is_the_same_every_day_is_known_to_the_unit(units, days):
    assert levels_of(sold_every(1, units, for_days=364), days) == [np.ceil(days * units)] * 3


def test_demand_that_is_the_same_every_day_is_known_beside_products_of_chance():
    sales = pl.concat([a_company(40), sold_every(1, 1, for_days=364)], how="diagonal")
    assert levels_of(sales, 21) == [21] * 3


def test_a_steady_product_that_halved_ten_weeks_ago_is_not_taken_for_even():
    sales = pl.concat([sold(dict.fromkeys(range(71, 365), 10)), sold(dict.fromkeys(range(1, 71), 5))])
    median, high, _ = levels_of(sales, 21)
    assert median < 130
    assert high > median


def test_weekly_sales_are_not_even_over_an_interval_of_no_whole_weeks():
    """Seven units every Monday are 7 a week; in ten days they are 7 or 14."""
    mondays = sold_every(7, 7, for_days=364).with_columns(pl.col("demand_date").dt.offset_by("3d"))
    another_weekday = sold({73: 0})
    distribution = forecast_distribution(pl.concat([mondays, another_weekday]), over(TEA, days=10), as_of=AS_OF)
    assert distribution.quantiles[0, -1] >= 14


@pytest.mark.parametrize("age", [5, 8, 12, 15, 30])
def test_the_days_before_a_launch_are_unknown_and_not_zero(age):
    """A unit a day is 21 in three weeks, however few days the product's first week has."""
    sales = sold_every(1, 1, for_days=age)
    assert forecast_distribution(sales, over(TEA, days=21), as_of=AS_OF).mean[0] == pytest.approx(21, rel=0.01)


def test_demand_by_the_kilo_keeps_its_own_distribution():
    """Weeks of a gamma of mean 2 and deviation 0.8: of four weeks 95% stay below 10.9."""
    random = np.random.default_rng(2)
    kilos = a_company(50).with_columns(quantity=random.gamma(5.95, 0.336, 50 * 104))
    distribution = forecast_distribution(kilos, over_all(kilos), as_of=AS_OF)
    high = distribution.quantiles[:, distribution.probabilities == 0.95]
    assert np.median(high) == pytest.approx(10.9, rel=0.05)


@pytest.mark.parametrize("last_week_begins", [7, 8, 10, 12])
def test_weekly_rows_that_are_spread_over_two_weeks_do_not_look_even(last_week_begins):
    random = np.random.default_rng(3)
    weeks = a_company(100, by_week=True).with_columns(
        pl.col("demand_date").dt.offset_by(f"-{last_week_begins - 7}d"), quantity=random.poisson(8, 100 * 104) * 1.0
    )
    statistics = origin_statistics(make_demand_matrix(weeks, as_of=AS_OF), as_of=AS_OF)
    assert is_predictably_even(statistics).sum() <= 1
