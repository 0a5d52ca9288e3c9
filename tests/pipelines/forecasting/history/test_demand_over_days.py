"""A protection interval is a number of days: it sums days, and its two parts add up."""

import polars as pl
import pytest

from pipelines.forecasting.forecast_tables import forecast_demand
from tests.pipelines.planning_builders import AS_OF, sold, sold_every, the_horizon

STEADY = ("P-1", "P-2", "P-3", "P-4")


def steady_sellers(quantity: float) -> pl.DataFrame:
    return pl.concat([sold_every(1, quantity, for_days=728, product=code) for code in STEADY])


def test_steady_sellers_are_expected_to_go_on():
    forecast = forecast_demand(steady_sellers(3), the_horizon(*STEADY), as_of=AS_OF)
    row = forecast.demand_horizons.row(0, named=True)
    assert row["demand_before_arrival"] == pytest.approx(42, rel=0.01)
    assert row["demand_in_cover"] == pytest.approx(21, rel=0.01)
    assert forecast.demand_forecast["quantity"].to_list() == pytest.approx([21] * 52, rel=0.01)


def test_without_a_lead_time_nothing_is_sold_before_arrival():
    forecast = forecast_demand(steady_sellers(3), the_horizon(*STEADY, lead_time_days=0), as_of=AS_OF)
    assert forecast.demand_horizons["demand_before_arrival"].sum() == 0
    quantiles = forecast.demand_quantiles
    assert quantiles["quantity"].to_list() == quantiles["quantity_in_cover"].to_list()


def test_each_product_has_its_own_protection_interval():
    near, *far = STEADY
    horizons = pl.concat([the_horizon(near, lead_time_days=3), the_horizon(*far, lead_time_days=93)])
    forecast = forecast_demand(steady_sellers(1), horizons, as_of=AS_OF)
    days = dict(forecast.demand_horizons.select("product_code", "horizon_days").rows())
    assert days == {near: 10} | dict.fromkeys(far, 100)
    for code, mean in forecast.demand_horizons.select("product_code", pl.col("horizon_days").cast(float)).rows():
        medians = forecast.demand_quantiles.filter((pl.col("product_code") == code) & (pl.col("probability") == 0.5))
        assert medians["quantity"][0] == pytest.approx(mean, rel=0.05)


def test_the_coverage_period_sells_its_own_days_and_less_than_the_whole_interval():
    forecast = forecast_demand(steady_sellers(3), the_horizon(*STEADY), as_of=AS_OF)
    medians = forecast.demand_quantiles.filter(pl.col("probability") == 0.5)
    assert medians["quantity_in_cover"].to_list() == pytest.approx([21] * 4, rel=0.05)
    assert (forecast.demand_quantiles["quantity_in_cover"] <= forecast.demand_quantiles["quantity"]).all()


def test_further_intervals_of_a_product_may_be_requested_too():
    more = pl.DataFrame({"product_code": [STEADY[0]] * 2, "horizon_days": [21, 35]})
    forecast = forecast_demand(steady_sellers(3), the_horizon(*STEADY), as_of=AS_OF, more_horizons=more)
    medians = forecast.demand_quantiles.filter((pl.col("product_code") == STEADY[0]) & (pl.col("probability") == 0.5))
    assert medians["horizon_days"].to_list() == [21, 35]
    assert medians["quantity"].to_list() == pytest.approx([63, 105], rel=0.05)
    assert medians["quantity_in_cover"].is_null().to_list() == [False, True]
    assert forecast.demand_horizons.height == len(STEADY)


def test_a_product_that_was_not_requested_has_no_forecast():
    sales = pl.concat([sold({5: 1}, "REQUESTED"), sold({5: 1}, "NOT REQUESTED")])
    forecast = forecast_demand(sales, the_horizon("REQUESTED"), as_of=AS_OF)
    for frame in vars(forecast).values():
        assert frame["product_code"].unique().to_list() == ["REQUESTED"]


def test_the_order_of_the_rows_changes_no_byte():
    products = [f"P-{k}" for k in range(4)]
    sales = pl.concat([sold_every(k + 2, 1.1 * (k + 1), for_days=500, product=code) for k, code in enumerate(products)])
    horizons = the_horizon(*products)
    forecast = forecast_demand(sales, horizons, as_of=AS_OF)
    shuffled = forecast_demand(sales.sample(fraction=1, shuffle=True, seed=5), horizons.reverse(), as_of=AS_OF)
    for name, frame in vars(forecast).items():
        assert frame.write_csv() == getattr(shuffled, name).write_csv(), name


def test_no_product_at_all_is_a_forecast_of_nothing():
    forecast = forecast_demand(sold({}), the_horizon(), as_of=AS_OF)
    assert [frame.height for frame in vars(forecast).values()] == [0, 0, 0, 0]


def test_the_weekly_path_lies_within_its_band():
    shown = forecast_demand(sold({30: 1, 50: 90, 80: 3}), the_horizon(), as_of=AS_OF).demand_forecast
    assert shown.filter(~pl.col("quantity").is_between("quantity_low", "quantity_high")).is_empty()
