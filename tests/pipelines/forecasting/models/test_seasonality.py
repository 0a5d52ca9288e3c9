"""The weekly path has the company's season if two years agree on one, and is flat if they do not."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.distribution import forecast_distribution
from pipelines.forecasting.forecast_tables import forecast_demand
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.features import known_at, origin_statistics
from pipelines.forecasting.models.seasonality import cumulative_mean, seasons_since, weekly_season, weekly_seasons
from tests.pipelines.forecasting.demand_builders import a_company, over, over_all, seasonal, shifting
from tests.pipelines.planning_builders import AS_OF, TEA, sold_every

WEEKS = 52


def the_season(demand: pl.DataFrame) -> np.ndarray:
    return weekly_season(make_demand_matrix(demand, as_of=AS_OF), weeks=WEEKS)


def test_a_season_that_two_years_share_shapes_the_coming_weeks():
    ahead = np.arange(WEEKS)
    sold = 1 - 0.5 * np.sin((ahead + 0.5) * 2 * np.pi / 52)
    assert the_season(seasonal(a_company(40))) == pytest.approx(sold, abs=0.2)


@pytest.mark.parametrize(
    "demand",
    [a_company(40), shifting(a_company(40)), seasonal(a_company(40, weeks=100))],
    ids=["steady demand", "a jump", "less than two years"],
)
def test_without_a_season_all_weeks_are_usual(demand):
    assert set(the_season(demand)) == {1.0}


@pytest.mark.parametrize("days", [28, 33, 200])
def test_the_weekly_path_adds_up_to_the_mean_of_the_interval(days):
    company = seasonal(a_company(20))
    distribution = forecast_distribution(company, over_all(company, days=days), as_of=AS_OF)
    ends = np.full((len(distribution.product_codes), 1), days)
    assert cumulative_mean(distribution.weekly_mean, ends)[:, 0] == pytest.approx(distribution.mean)


def test_demand_before_arrival_and_in_the_coverage_period_follow_the_weekly_path():
    company = seasonal(a_company(20))
    horizons = over_all(company).select(
        "product_code", lead_time_days=pl.lit(21, dtype=pl.Int64), order_frequency_days=pl.lit(7, dtype=pl.Int64)
    )
    forecast = forecast_demand(company, horizons, as_of=AS_OF)
    weeks = forecast.demand_forecast.group_by("product_code", maintain_order=True).agg("quantity")["quantity"].to_list()
    parts = forecast.demand_horizons.select("demand_before_arrival", "demand_in_cover").to_numpy()
    assert parts[:, 0] == pytest.approx([sum(path[:3]) for path in weeks], abs=0.001)
    assert parts[:, 1] == pytest.approx([path[3] for path in weeks], abs=0.001)
    band = forecast.demand_forecast
    assert (band["quantity_low"] <= band["quantity"]).all()
    assert (band["quantity"] <= band["quantity_high"]).all()


@pytest.mark.parametrize(("weeks_ahead", "share"), [(11, 0.5), (37, 1.5), (63, 0.5)])
def test_a_company_with_too_few_products_to_learn_from_still_expects_its_season(weeks_ahead, share):
    """Twelve weeks from now is the depth of the year, half a year later its height."""
    company = seasonal(a_company(25, weeks=156))
    usual = company["quantity"].sum() / 156 * 4
    distribution = forecast_distribution(company, over_all(company, start_days=7 * weeks_ahead), as_of=AS_OF)
    assert set(distribution.model.tolist()) == {"pool"}
    assert distribution.mean.sum() / usual == pytest.approx(share, rel=0.25)


def test_the_seasonal_index_of_a_past_window_is_known_at_its_origin():
    statistics = origin_statistics(make_demand_matrix(seasonal(a_company(40)), as_of=AS_OF), as_of=AS_OF)
    assert statistics.deseasonalised is not None
    season = statistics.deseasonalised.season[3]
    index = statistics.deseasonalised.index_of_windows(Window(7, 24), 7)[3]
    assert index[10] == pytest.approx((season[11:14].sum() + season[14] * 3 / 7) / (24 / 7))
    assert index[-1] == pytest.approx((season[105:108].sum() + season[108] * 3 / 7) / (24 / 7))
    assert known_at(statistics, 100).deseasonalised is None, "less than two years were known then"


def test_a_product_whose_season_is_ignored_has_a_flat_path():
    company = seasonal(a_company(20))
    distribution = forecast_distribution(company, over_all(company), as_of=AS_OF, without_season=["P-00003"])
    swing = np.ptp(distribution.weekly_mean, axis=1)
    assert swing[3] == 0
    assert (np.delete(swing, 3) > 0).all()


def test_a_steady_product_of_a_company_with_a_season_has_none():
    company = pl.concat([seasonal(a_company(20, weeks=156)), sold_every(7, 20, for_days=1085)], how="diagonal")
    sales = company.with_columns(
        quantity=pl.when(pl.col("product_code") == TEA)
        .then(pl.col("quantity") + pl.int_range(pl.len()).mod(9) * 2)
        .otherwise(pl.col("quantity"))
    )
    means = {
        start: forecast_distribution(sales, over(TEA, start_days=start), as_of=AS_OF).mean[0] for start in (77, 259)
    }
    assert means[77] / means[259] == pytest.approx(1, abs=0.05)


def one_that_swings(*, years: tuple[float, float] = (0.8, 0.8)) -> pl.DataFrame:
    """Twenty steady products, and TEA, whose season in each of two years is as high as given."""
    ago = np.arange(728, 0, -7)
    height = np.where(ago > 364, *years)
    sold = np.round(20 * (1 + height * np.sin(ago * 2 * np.pi / 364)))
    rows = {"product_code": TEA, "demand_date": [AS_OF - timedelta(days=int(day)) for day in ago], "quantity": sold}
    return pl.concat([a_company(20, size=20.0), pl.DataFrame(rows)])


def test_a_product_whose_own_years_agree_has_a_season_of_its_own_among_steady_ones():
    company = one_that_swings()
    matrix = make_demand_matrix(company, as_of=AS_OF)
    seasons = weekly_seasons(matrix, weeks=WEEKS)
    row = list(matrix.product_codes).index(TEA)
    assert seasons[row] == pytest.approx(1 - 0.8 * np.sin((np.arange(WEEKS)) * 2 * np.pi / 52), abs=0.15)
    assert weekly_season(matrix, weeks=WEEKS) == pytest.approx(1, abs=0.02)
    assert np.median(np.ptp(np.delete(seasons, row, axis=0), axis=1)) < 0.02
    low, high = (
        forecast_distribution(company, over(TEA, start_days=7 * weeks), as_of=AS_OF).mean[0] for weeks in (11, 37)
    )
    assert high > 2.5 * low


def test_a_week_of_the_past_has_the_season_of_the_other_year():
    """So that a model with a season is judged by what that season did not see."""
    usual, louder = (
        make_demand_matrix(one_that_swings(years=years), as_of=AS_OF) for years in ((0.8, 0.8), (0.8, 0.4))
    )
    row = list(usual.product_codes).index(TEA)
    before, after = (seasons_since(matrix)[row].reshape(3, WEEKS) for matrix in (usual, louder))
    assert after[0] == pytest.approx(1 + (before[0] - 1) / 2, abs=0.05), "the first year has that of the second"
    assert after[1] == pytest.approx(before[1], abs=0.05)
    assert after[2] == pytest.approx(1 + (before[2] - 1) * 3 / 4, abs=0.05)


@pytest.mark.parametrize("years", [(0.8, -0.8), (0.8, 0.0)], ids=["opposite", "once"])
def test_two_years_that_do_not_agree_are_no_season(years):
    matrix = make_demand_matrix(one_that_swings(years=years), as_of=AS_OF)
    assert weekly_seasons(matrix, weeks=WEEKS)[list(matrix.product_codes).index(TEA)] == pytest.approx(1, abs=0.02)
