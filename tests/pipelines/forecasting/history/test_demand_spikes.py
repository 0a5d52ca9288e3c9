"""A demand spike of a product that sells regularly: usual demand stays usual, and the spike may return."""

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.distribution import PROBABILITIES, forecast_distribution
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.demand_spikes import SPIKE_RETURN_SHARE, with_spikes
from pipelines.forecasting.selection.model_backtest import JUDGED, backtest
from pipelines.replenishment.public_api import order_quantities, order_up_to_levels
from tests.pipelines.forecasting.demand_builders import a_company, over
from tests.pipelines.planning_builders import AS_OF, in_days

SIZES = (1_000, 10_000, 1e6)
LEVELS = [0.5, 0.8, 0.9, 0.95]


def a_steady_seller(*, once=0.0, days_ago=200, days=364, every_days=1, mean=2.0):
    """Poisson demand, and one day on which `once` units more were sold."""
    quantity = np.random.default_rng(0).poisson(mean * every_days, days // every_days).astype(float)
    quantity[(days - days_ago) // every_days] += once
    ago = range(days, 0, -every_days)
    return pl.DataFrame(
        {"product_code": "TEA", "date": [in_days(-days_before) for days_before in ago], "quantity": quantity}
    )


def levels(demand, at=LEVELS):
    table = order_up_to_levels(demand, as_of=AS_OF, horizon_days=21, service_levels=at)
    return table.filter(pl.col("product_code") == "TEA")["order_up_to_level"].to_numpy()


@pytest.mark.parametrize("once", SIZES)
@pytest.mark.parametrize("every_days", [1, 7])
@pytest.mark.parametrize("days", [364, 728])
def test_usual_demand_is_ordered_for_as_if_there_had_been_no_spike(once, every_days, days):
    with_spike, without = (levels(a_steady_seller(once=units, every_days=every_days, days=days)) for units in (once, 0))
    assert with_spike == pytest.approx(without, abs=4)


@pytest.mark.parametrize("days_ago", [100, 193, 195, 250])
def test_two_demand_spikes_do_not_hide_each_other(days_ago):
    """Half a year and a week apart, and one order that came in two neighbouring weeks."""
    twice = pl.concat([a_steady_seller(once=10_000), a_steady_seller(once=6_000, days_ago=days_ago)])
    twice = twice.group_by("product_code", "date").agg(pl.col("quantity").sum() - 2)
    weekly = make_demand_matrix(twice.rename({"date": "demand_date"}), as_of=AS_OF)
    assert weekly.spikes.quantity.size == 2
    assert weekly.spikes.quantity.sum() == pytest.approx(16_000, rel=0.01)
    assert np.nanmax(weekly.demand) < 60


@pytest.mark.parametrize("weekday", range(7))
def test_a_spike_in_a_weekly_row_is_found_on_whatever_day_the_forecast_is_made(weekday):
    rows = a_steady_seller(once=10_000, every_days=7).with_columns(pl.col("date") - pl.duration(days=weekday))
    assert make_demand_matrix(rows.rename({"date": "demand_date"}), as_of=AS_OF).spikes.quantity.size == 1
    usual = a_steady_seller(every_days=7).with_columns(pl.col("date") - pl.duration(days=weekday))
    assert levels(rows) == pytest.approx(levels(usual), abs=5)


def test_a_steady_seller_is_ordered_although_it_once_sold_ten_thousand():
    """Thirty on hand, and 42 to be sold until the next order comes."""
    there = pl.DataFrame({"product_code": ["TEA"], "stock_on_hand": [30.0]})
    coming = pl.DataFrame(schema={"product_code": pl.String, "arrival_date": pl.Date, "quantity": pl.Float64})
    orders = order_quantities(
        a_steady_seller(once=10_000), there, coming, as_of=AS_OF, lead_time_days=14, order_frequency_days=7,
        service_level=0.9,
    )  # fmt: skip
    assert 12 <= orders["order_quantity"].item() <= 25


def test_other_products_do_not_change_how_a_spike_is_treated():
    many = a_company(40).rename({"demand_date": "date"})
    assert levels(pl.concat([many, a_steady_seller(once=10_000)])) == pytest.approx(levels(a_steady_seller()), abs=4)


def test_a_spike_may_return_at_a_fifth_of_the_rate_at_which_it_came():
    """Once in two years: a chance of 0.6 % in three weeks. It is in the 99.9 % quantile, and in no mean."""
    of_both = [
        forecast_distribution(
            a_steady_seller(once=units, days=728).rename({"date": "demand_date"}), over("TEA", days=21), as_of=AS_OF
        )
        for units in (10_000, 0)
    ]
    with_spike, without = (distribution.quantiles[0] for distribution in of_both)
    chance = 1 - np.exp(-SPIKE_RETURN_SHARE * 21 / 728)
    assert ((with_spike > 5_000) == (1 - chance < PROBABILITIES)).all()
    assert with_spike[-1] == pytest.approx(10_000 + without[len(without) // 2], rel=0.01)
    assert of_both[0].mean == pytest.approx(of_both[1].mean, rel=0.05)
    assert (np.diff(with_spike) >= 0).all()


def test_a_higher_level_is_demand_and_no_spike_after_three_weeks():
    times = pl.when(pl.col("date") >= in_days(-21)).then(40).otherwise(1)
    grown = a_steady_seller().select("product_code", pl.col("quantity") * times, demand_date="date")
    assert make_demand_matrix(grown, as_of=AS_OF).spikes.quantity.size == 0


@pytest.mark.parametrize("every", [3, 20])
def test_a_product_that_sells_in_lumps_has_no_spike(every):
    """One that seldom sells sells much when it does; and what comes three times a year is no surprise."""
    lumps = a_steady_seller().with_columns(
        quantity=pl.when(pl.int_range(pl.len()) % (7 * every) == 0).then(1_000.0).otherwise(0.0 if every == 3 else 2.0)
    )
    assert make_demand_matrix(lumps.rename({"date": "demand_date"}), as_of=AS_OF).spikes.quantity.size == 0


def test_quantiles_are_those_of_usual_demand_plus_a_poisson_number_of_spikes():
    random = np.random.default_rng(1)
    usual = random.negative_binomial(5, 0.1, 400_000).astype(float)
    with_them = usual + 1_000 * random.poisson(0.3, usual.size)
    quantiles = with_spikes(
        np.quantile(usual, PROBABILITIES)[None, :], PROBABILITIES, np.array([30]), rate_per_day=np.array([0.01]),
        size=np.array([1_000.0]),
    )  # fmt: skip
    inner = (PROBABILITIES > 0.01) & (PROBABILITIES < 0.99)
    assert quantiles[0, inner] == pytest.approx(np.quantile(with_them, PROBABILITIES[inner]), abs=10)


def test_the_backtest_of_models_counts_a_spike_as_demand():
    """It came in the last half year, in the windows of some origins: no model can have known."""
    sales = a_steady_seller(once=10_000, days=728, days_ago=80).rename({"date": "demand_date"})
    judged = backtest(make_demand_matrix(sales, as_of=AS_OF), np.array([28]), as_of=AS_OF, seed=0)
    share = judged.group_by("origin").agg(pl.col(f"at_or_below_{100 * JUDGED[-1]:g}").any()).to_series(1)
    assert 0 < share.sum() < share.len()
