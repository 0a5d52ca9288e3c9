"""How likely each demand is: a distribution whatever was sold."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.forecasting.forecast import Forecast, forecast_demand
from pipelines.forecasting.quantiles import PROBABILITIES, error_quantiles, pinball_loss, poisson_quantiles
from tests.pipelines.planning_builders import AS_OF, TEA, sold, sold_every, the_horizon

HISTORIES = {
    "one sale": sold({30: 1}),
    "one sale yesterday": sold({1: 3}),
    "one enormous sale": sold({3: 1e9}),
    "one enormous sale among small ones": pl.concat([sold_every(10, 2, for_days=500), sold({255: 1e9})]),
    "all zeros": sold({5: 0, 50: 0}),
    "ended two years ago": sold(dict.fromkeys(range(740, 900, 3), 4)),
    "no sales": sold({}),
    "crumbs": sold(dict.fromkeys(range(1, 200, 9), 0.0001)),
    "three years": sold_every(2, 5, for_days=1092),
}
HORIZONS = {"three weeks": (14, 7), "a day": (0, 1), "no lead time": (0, 7), "1,000 days": (900, 100)}


def the_distribution(sales: pl.DataFrame, days: tuple[int, int]) -> Forecast:
    lead_time_days, order_frequency_days = days
    asked = the_horizon(lead_time_days=lead_time_days, order_frequency_days=order_frequency_days)
    return forecast_demand(sales, asked, as_of=AS_OF)


def assert_it_is_a_distribution(forecast: Forecast) -> None:
    for _, product in forecast.demand_quantiles.group_by("product_code", maintain_order=True):
        quantity = product["quantity"].to_numpy()
        assert product["probability"].to_list() == PROBABILITIES.tolist()
        assert np.isfinite(quantity).all()
        assert (np.diff(quantity) >= 0).all()
        assert (quantity >= 0).all()
    shown = forecast.demand_forecast
    assert shown.filter(~(pl.col("quantity_low") <= pl.col("quantity"))).is_empty()
    assert shown.filter(~(pl.col("quantity") <= pl.col("quantity_high"))).is_empty()
    assert shown.filter(~(pl.col("quantity_low") >= 0)).is_empty()
    assert shown.filter(~pl.col("quantity_high").is_finite()).is_empty()
    for frame in vars(forecast).values():
        assert not any(np.signbit(column.to_numpy()).any() for column in frame.select(pl.col(pl.Float64)))


@pytest.mark.parametrize("days", HORIZONS.values(), ids=HORIZONS.keys())
@pytest.mark.parametrize("sales", HISTORIES.values(), ids=HISTORIES.keys())
def test_quantiles_grow_with_probability_and_are_never_below_nothing(sales, days):
    assert_it_is_a_distribution(the_distribution(sales, days))


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.integers(1, 1200), st.floats(0, 1e9), max_size=40),
    st.tuples(st.integers(0, 730), st.integers(1, 365)),
)
def test_any_history_gives_a_distribution(days_ago, days):
    assert_it_is_a_distribution(the_distribution(sold(days_ago), days))


@pytest.mark.parametrize("name", ["all zeros", "no sales"])
def test_what_was_never_sold_has_no_forecast(name):
    forecast = the_distribution(HISTORIES[name], HORIZONS["three weeks"])
    assert [frame.height for frame in vars(forecast).values()] == [0, 0, 0, 0]


def test_what_ended_two_years_ago_is_expected_to_sell_nothing():
    forecast = the_distribution(HISTORIES["ended two years ago"], HORIZONS["three weeks"])
    assert forecast.model_choice.row(0) == (TEA, "dead", "none", 0, 0, 13, "not sold for a year")
    assert forecast.demand_quantiles["quantity"].sum() == 0
    assert forecast.demand_forecast["quantity_high"].sum() == 0


def test_nothing_is_certain_about_a_product_without_past_errors():
    forecast = the_distribution(HISTORIES["one sale"], HORIZONS["three weeks"])
    assert forecast.demand_quantiles["quantity"].n_unique() > 1
    assert (forecast.demand_forecast["quantity_high"] > forecast.demand_forecast["quantity"]).all()


def test_an_uneven_product_is_less_certain_than_an_even_one():
    random = np.random.default_rng(7)
    even = [sold_every(1, 3, for_days=728, product=f"EVEN-{k}") for k in range(3)]
    sizes = [random.choice([0, 1, 30], size=728, p=[0.6, 0.3, 0.1]) for _ in range(3)]
    uneven = [sold(dict(enumerate(of.tolist(), start=1)), f"UNEVEN-{k}") for k, of in enumerate(sizes)]
    sales = pl.concat(even + uneven)
    forecast = forecast_demand(sales, the_horizon(*sales["product_code"].unique()), as_of=AS_OF)
    width = pl.col("quantity").filter(pl.col("probability") == 0.95) - pl.col("quantity").filter(
        pl.col("probability") == 0.5
    )
    widths = dict(forecast.demand_quantiles.group_by("product_code").agg(width.first()).rows())
    assert max(widths[f"EVEN-{k}"] for k in range(3)) == 0
    assert min(widths[f"UNEVEN-{k}"] for k in range(3)) > 10


def test_quantiles_of_errors_lie_on_the_safe_side():
    errors = np.arange(1.0, 20.0)
    assert error_quantiles(errors, np.array([0.05, 0.5, 0.91, 0.999])).tolist() == [1, 10, 19, 19]


def test_missing_above_a_high_quantile_costs_more_than_missing_below():
    loss = pinball_loss(np.array([11.0, 9.0]), np.array([10.0, 10.0]), 0.95)
    assert loss == pytest.approx([0.95, 0.05])


@pytest.mark.parametrize("mean", [1e6, 1e11, 1e14])
def test_a_very_large_mean_has_quantiles_too(mean):
    low, middle, high = poisson_quantiles(np.array([mean]), np.array([0.05, 0.5, 0.95]))[0]
    assert low < middle < high
    assert middle == pytest.approx(mean, rel=1e-6)
