"""A horizon is a number of days: it sums days, and its two parts add up."""

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.backtest import Horizons, backtest, cumulative
from pipelines.forecasting.forecast import forecast_demand
from pipelines.forecasting.series import make_series
from tests.pipelines.planning_builders import AS_OF, sold, sold_every, the_horizon


@pytest.mark.parametrize(("days", "pieces"), [(0, 0), (1, 1), (7, 7), (10, 13), (14, 21), (21, 42)])
def test_a_horizon_in_days_sums_days(days, pieces):
    weeks = np.array([[7.0, 14.0, 21.0]])
    assert cumulative(weeks, np.array([days]))[0] == pytest.approx(pieces)


def test_a_model_is_judged_on_the_days_of_the_horizon_and_no_more():
    sales = pl.concat([sold_every(7, 10, for_days=70), sold({4: 3})])
    errors = backtest(
        make_series(sales, as_of=AS_OF),
        Horizons(
            days=np.array(
                [
                    3,
                ]
            ),
            lead_time_days=np.array([0]),
        ),
    ).filter((pl.col("origin") == 0) & (pl.col("model") == "window_average_52"))
    demand_of_three_days = errors["error"] * errors["scale"] + 10 * 3 / 7
    assert demand_of_three_days[0] == pytest.approx(0)


STEADY = ("P-1", "P-2", "P-3", "P-4")


def steady_sellers(quantity: float) -> pl.DataFrame:
    """Enough products of one kind for errors to be pooled."""
    return pl.concat([sold_every(1, quantity, for_days=364, product=one) for one in STEADY])


def test_steady_sellers_are_expected_to_go_on():
    forecast = forecast_demand(steady_sellers(3), the_horizon(*STEADY), as_of=AS_OF)
    row = forecast.demand_horizons.row(0, named=True)
    assert (row["horizon_days"], row["demand_before_arrival"], row["demand_in_cover"]) == (21, 42, 21)
    assert forecast.demand_quantiles["quantity"].unique().to_list() == [63]


def test_without_a_lead_time_nothing_is_sold_before_arrival():
    forecast = forecast_demand(sold_every(1, 3, for_days=364), the_horizon(lead_time_days=0), as_of=AS_OF)
    row = forecast.demand_horizons.row(0, named=True)
    assert (row["demand_before_arrival"], row["demand_in_cover"]) == (0, 21)


def test_each_product_has_its_own_horizon():
    near, *far = STEADY
    asked = pl.concat([the_horizon(near, lead_time_days=3), the_horizon(*far, lead_time_days=93)])
    forecast = forecast_demand(steady_sellers(1), asked, as_of=AS_OF)
    days = dict(forecast.demand_horizons.select("product_code", "horizon_days").rows())
    assert days == {near: 10} | dict.fromkeys(far, 100)
    quantities = set(forecast.demand_quantiles.select("product_code", "quantity").rows())
    assert quantities == set(days.items())


def test_a_product_that_nobody_asked_for_has_no_forecast():
    sales = pl.concat([sold({5: 1}, "ASKED"), sold({5: 1}, "NOT ASKED")])
    forecast = forecast_demand(sales, the_horizon("ASKED"), as_of=AS_OF)
    assert forecast.model_choice["product_code"].to_list() == ["ASKED"]
