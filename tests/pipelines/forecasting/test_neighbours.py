"""No product sways another's forecast: an odd one among twenty ordinary ones moves none of them by a tenth."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DataError
from pipelines.forecasting.distribution import forecast_distribution
from pipelines.forecasting.forecast_tables import Forecast, choose_models, forecast_demand, score_models
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.demand_patterns import demand_patterns
from pipelines.forecasting.models.features import origin_statistics
from pipelines.forecasting.models.global_quantile_model import uniform_by_hash
from pipelines.forecasting.models.statsforecast_models import POINT_MODELS, point_forecasts, ses_level
from pipelines.forecasting.selection.fallback_rules import has_shifted, models_by_rule
from tests.pipelines.forecasting.demand_builders import over_all
from tests.pipelines.planning_builders import AS_OF, the_horizon

LEAD_TIMES = (7, 14, 45)
FUTURE = -30
SCHEMA = {"product_code": pl.String, "demand_date": pl.Date, "quantity": pl.Float64}


def sales_of(products: Mapping[str, Mapping[int, float]]) -> pl.DataFrame:
    """Daily sales: units by product and days before the as-of day."""
    rows = [(code, AS_OF - timedelta(days=ago), n) for code, days in products.items() for ago, n in days.items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def an_ordinary_product(pattern: int, weeks: int, random: np.random.Generator) -> dict[int, float]:
    """Weekly sales, each on a day of its week: smooth, intermittent, seasonal, steady, new, lumpy or shifting."""
    mean = random.uniform(1, 12)
    ago = np.arange(weeks, 0, -1)
    quantity = [
        random.poisson(mean, weeks),
        random.poisson(mean, weeks) * (random.random(weeks) < 0.3),
        random.poisson(3 * mean * (1 + 0.6 * np.sin(2 * np.pi * ago / 52))),
        np.full(weeks, round(mean)),
        random.poisson(mean, weeks) * (ago <= 12),
        np.ceil(random.lognormal(np.log(mean), 1, weeks)) * (random.random(weeks) < 0.25),
        random.poisson(mean * np.where(ago < weeks / 3, 2, 1)),
    ][pattern]
    days = 7 * ago - random.integers(0, 6, weeks)
    return {int(day): float(n) for day, n in zip(days, quantity, strict=True) if n}


def ordinary_products(count: int = 20, *, shortest: int = 8, longest: int = 150, seed: int = 3) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return sales_of(
        {f"P-{k:03}": an_ordinary_product(k % 7, int(random.integers(shortest, longest + 1)), random)
         for k in range(count)}
    )  # fmt: skip


def the_plan_forecast(sales: pl.DataFrame, *, lead_times: Sequence[int] = LEAD_TIMES) -> Forecast:
    """The forecast of a plan: models are compared, each product has its choice, and is forecast by it."""
    codes = sales["product_code"].unique().sort()
    leads = [lead_times[zlib.crc32(code.encode()) % len(lead_times)] for code in codes]
    horizons = pl.DataFrame({"product_code": codes, "lead_time_days": leads}).with_columns(order_frequency_days=7)
    scores = score_models(sales, horizons, as_of=AS_OF).model_scores
    choice = choose_models(sales, scores, as_of=AS_OF)
    return forecast_demand(sales, horizons, as_of=AS_OF, model_choice=choice)


def expected_by(forecast: Forecast) -> dict[str, float]:
    """Expected demand of each product before an order arrives and in the days that it covers."""
    assert (forecast.demand_quantiles["quantity"] >= 0).all()
    assert forecast.demand_quantiles["quantity"].is_finite().all()
    before, cover = pl.col("demand_before_arrival"), pl.col("demand_in_cover")
    return dict(forecast.demand_horizons.select("product_code", before + cover).rows())


def moved_most(alone: Mapping[str, float], beside: Mapping[str, float]) -> float:
    return max(abs(beside[code] - units) / max(units, 0.1) for code, units in alone.items())


ODD = {
    "a row 900 days old": {900: 3.0} | {7 * k + 3: 2.0 for k in range(20)},
    "500 on a day 900 days ago": {900: 500.0} | {7 * k + 3: 2.0 for k in range(40)},
    "millions a day": {ago: 1e6 * (1 + ago % 5) for ago in range(1, 300, 3)},
    "never sold": dict.fromkeys(range(1, 300, 7), 0.0),
    "one sale": {30: 5.0},
    "a demand spike": {200: 50_000.0},
    "a demand spike yesterday": {7 * k + 3: 1.0 for k in range(60)} | {1: 100_000.0},
    "negative rows": {ago: -5.0 if ago % 2 else 2.0 for ago in range(1, 300, 5)},
    "thousandths": {ago: 0.001 * (ago % 4) for ago in range(1, 300, 2)},
    "in the future": {FUTURE: 500.0, 10: 5.0},
    "no numbers": {5: float("nan"), 10: float("inf"), 20: 1e300, 40: 3.0},
    "eleven years": {ago: float(10 + ago % 7) for ago in range(1, 4000)},
    "a season for four years": {ago: 40 + 35 * float(np.sin(2 * np.pi * ago / 364)) for ago in range(1, 1400)},
    "stopped three months ago": {7 * k + 3: 1000.0 for k in range(12, 60)},
    "doubling": {7 * k + 3: float(2 ** ((60 - k) / 3)) for k in range(60)},
}


@pytest.fixture(scope="module")
def ordinary():
    sales = ordinary_products()
    return sales, expected_by(the_plan_forecast(sales))


@pytest.mark.parametrize("name", ODD)
def test_an_odd_product_moves_no_ordinary_one_by_a_tenth(ordinary, name):
    sales, alone = ordinary
    beside = pl.concat([sales, sales_of({"Ödd ☃": ODD[name]})])
    assert moved_most(alone, expected_by(the_plan_forecast(beside))) < 0.1


def test_a_product_that_sells_as_another_does_moves_no_other(ordinary):
    sales, alone = ordinary
    again = sales.filter(product_code="P-000").with_columns(product_code=pl.lit("p-000"))
    assert moved_most(alone, expected_by(the_plan_forecast(pl.concat([sales, again])))) < 0.1


@settings(max_examples=12, deadline=None)
@given(
    odd=st.dictionaries(
        st.integers(-40, 1600), st.one_of(st.floats(-1e6, 1e9), st.integers(0, 30).map(float)), min_size=1, max_size=80
    )
)
def test_no_history_of_a_product_moves_an_ordinary_one_by_a_tenth(ordinary, odd):
    sales, alone = ordinary
    assert moved_most(alone, expected_by(the_plan_forecast(pl.concat([sales, sales_of({"ODD": odd})])))) < 0.1


@pytest.mark.parametrize(
    ("products", "lead_times"),
    [(29, (14,)), (30, (14,)), pytest.param(44, (14,), marks=pytest.mark.soak), (59, LEAD_TIMES)],
    ids=str,
)
def test_the_product_that_makes_a_company_large_enough_to_learn_from_moves_no_other(products, lead_times):
    """Trees count from 31 products on, and in full from 60, where models begin to be compared by demand pattern."""
    sales = ordinary_products(products, shortest=110)
    beside = pl.concat([sales, sales_of({"ODD": ODD["eleven years"]})])
    alone, among = (expected_by(the_plan_forecast(company, lead_times=lead_times)) for company in (sales, beside))
    assert moved_most(alone, among) < 0.1


@pytest.mark.parametrize("weeks", [30, 60])
@pytest.mark.parametrize("name", ["a row 900 days old", "500 on a day 900 days ago", "eleven years"])
def test_an_old_product_makes_a_young_company_no_older(weeks, name):
    sales = ordinary_products(shortest=weeks, longest=weeks)
    beside = pl.concat([sales, sales_of({"ODD": ODD[name]})])
    assert moved_most(*(expected_by(the_plan_forecast(company)) for company in (sales, beside))) < 0.1


def steady(products: int, weeks: int, *, closed: tuple[int, ...] = (0,)) -> dict[str, dict[int, float]]:
    """Products that sell 7 every week, and nothing in the weeks that are closed, counted back from the last one."""
    days = {7 * ago + 3: 7.0 for ago in range(weeks + 1) if ago not in closed}
    return {f"P-{k:03}": days for k in range(products)}


@pytest.mark.parametrize(("products", "weeks"), [(11, 40), (11, 60), (40, 40), (11, 104), (200, 60)])
@pytest.mark.parametrize("beside", [None, "500 on a day 900 days ago", "a row 900 days old"])
def test_a_week_without_any_sale_changes_no_steady_product(products, weeks, beside):
    """About 21 in the next 21 days, whoever else the company sells."""
    sales = sales_of(steady(products, weeks) | ({"ODD": ODD[beside]} if beside else {}))
    horizons = pl.DataFrame({"product_code": sales["product_code"].unique()}).with_columns(
        lead_time_days=14, order_frequency_days=7
    )
    scores = score_models(sales, horizons, as_of=AS_OF).model_scores
    choice = choose_models(sales, scores, as_of=AS_OF)
    expected = expected_by(forecast_demand(sales, horizons, as_of=AS_OF, model_choice=choice))
    assert expected["P-000"] == pytest.approx(21, rel=0.05)
    assert moved_most({code: 21.0 for code in expected if code.startswith("P")}, expected) < 0.05


def test_one_old_row_in_a_company_of_sixty_is_no_error():
    """The products of a half then have a year before, and those of the second half have none."""
    random = np.random.default_rng(0)
    company = {f"P-{k:03}": an_ordinary_product(0, 60, random) for k in range(60)}
    without = forecast_distribution(sales_of(company), over_all(sales_of(company)), as_of=AS_OF)
    company["P-000"] = {900: 3.0} | company["P-000"]
    with_row = forecast_distribution(sales_of(company), over_all(sales_of(company)), as_of=AS_OF)
    assert np.abs(with_row.mean[1:] / without.mean[1:] - 1).max() < 0.1
    assert np.isfinite(with_row.quantiles).all()


@pytest.mark.parametrize("model", POINT_MODELS)
@pytest.mark.parametrize("last", [0.0, 1000.0])
def test_no_model_expects_what_the_last_week_sold(model, last):
    weeks = np.array([[8.0] + [7.0] * 58 + [last]])
    path = point_forecasts(weeks, model, periods=1, year=52)[0, 0]
    assert abs(path - 7) <= 0.4 * abs(last - 7)


def test_the_level_of_smoothing_follows_no_single_week_however_well_that_did_before():
    """The last week shows most if weeks only ever grew; still a week of zero is no reason to expect zero."""
    assert ses_level(np.array([[*range(1, 40), 0.0]]))[0] > 0.6 * 39


def test_a_company_stays_seasonal_beside_a_product_with_enormous_errors():
    """Whether forecast errors have a common cause is tested over all products alike, however large a single one is."""
    random = np.random.default_rng(5)
    company = {f"P-{k:03}": an_ordinary_product(2, 80, random) for k in range(40)}
    for beside in ({}, {"ODD": ODD["a demand spike yesterday"]}, {"ODD": ODD["millions a day"]}):
        statistics = origin_statistics(make_demand_matrix(sales_of(company | beside), as_of=AS_OF), as_of=AS_OF)
        models = models_by_rule(statistics, demand_patterns(statistics.matrix))
        places = [statistics.matrix.product_codes.index(code) for code in company]
        assert set(models[places].tolist()) == {"pool"}


def test_the_training_rows_of_a_product_depend_on_no_other_product():
    rows, ages = np.repeat([0, 1, 2], 50), np.tile(np.arange(50), 3)
    drawn = uniform_by_hash(["A", "B", "C"], rows, ages, "7")
    assert np.array_equal(drawn[50:100], uniform_by_hash(["B"], np.zeros(50, dtype=np.int64), np.arange(50), "7"))
    assert drawn.min() > 0
    assert drawn.max() < 1
    assert np.unique(drawn).size == 150


@pytest.mark.parametrize(
    ("lead_times", "says"),
    [([-5, 3], "lead_time_days of P-000 is -5 days"), ([3, None], "lead_time_days of P-001 is missing")],
)
def test_an_impossible_protection_interval_is_refused_in_a_sentence(lead_times, says):
    horizons = pl.DataFrame({"product_code": ["P-000", "P-001"], "lead_time_days": lead_times}).with_columns(
        order_frequency_days=7
    )
    for function in (score_models, forecast_demand):
        with pytest.raises(DataError, match=says):
            function(sales_of(steady(2, 40)), horizons, as_of=AS_OF)
        with pytest.raises(DataError, match="listed twice"):
            function(sales_of(steady(2, 40)), pl.concat([the_horizon("P-000")] * 2), as_of=AS_OF)


def without_weeks(sales: pl.DataFrame, closed: tuple[int, ...], *, but: str = "") -> pl.DataFrame:
    """The sales without those of some weeks, counted back from the last, except a single product's."""
    week = ((pl.lit(AS_OF) - pl.col("demand_date")).dt.total_days() - 1) // 7
    return sales.filter(~week.is_in(closed) | (pl.col("product_code") == but))


@pytest.fixture(scope="module")
def open_company():
    sales = ordinary_products(shortest=60, longest=110)
    return sales, expected_by(the_plan_forecast(sales))


@pytest.mark.parametrize("closed", [(0,), (0, 1), (4, 5), (50, 51)], ids=str)
@pytest.mark.parametrize("but", ["", "P-000"])
def test_a_company_that_was_closed_expects_what_it_sells_when_open(open_company, closed, but):
    sales, alone = open_company
    expected = expected_by(the_plan_forecast(without_weeks(sales, closed, but=but)))
    assert sum(expected.values()) / sum(alone.values()) == pytest.approx(1, abs=0.1)
    sell_weekly = [code for code in alone if int(code.removeprefix("P-")) % 7 in (0, 2, 3, 6)]
    assert min(expected[code] / alone[code] for code in sell_weekly) > 0.7


def test_a_company_that_stops_selling_is_not_closed(open_company):
    """After some weeks it has stopped: less is expected."""
    sales, alone = open_company
    stopped = expected_by(the_plan_forecast(without_weeks(sales, tuple(range(13)))))
    assert sum(stopped.values()) < 0.6 * sum(alone.values())


SHIFTED = {
    "stopped three months ago": ({"before": 2, "since": 0, "weeks": 13}, 0),
    "stopped two months ago": ({"before": 2, "since": 0, "weeks": 8}, 0),
    "four times as much for two months": ({"before": 2, "since": 8, "weeks": 8}, 168),
    "four times as much for a month": ({"before": 2, "since": 8, "weeks": 4}, 168),
    "half as much for three months": ({"before": 4, "since": 2, "weeks": 13}, 42),
}


def shifted(random: np.random.Generator, *, before: float, since: float, weeks: int) -> dict[int, float]:
    """Daily sales at the rate `before` until `weeks` weeks ago, and at `since` from then on."""
    return {ago: float(random.poisson(since if ago <= 7 * weeks else before)) for ago in range(1, 560)}


@pytest.mark.parametrize("products", [40, 80])
def test_a_product_that_shifted_is_not_forecast_by_its_average_because_its_neighbours_are_steady(products):
    random = np.random.default_rng(9)
    company = {f"P-{k:03}": {ago: float(n) for ago, n in enumerate(random.poisson(1 + k % 5, 560), 1)}
               for k in range(products)}  # fmt: skip
    sales = sales_of(company | {name: shifted(random, **rates) for name, (rates, _) in SHIFTED.items()})
    horizons = pl.DataFrame({"product_code": sales["product_code"].unique()}).with_columns(
        lead_time_days=14, order_frequency_days=7
    )
    scores = score_models(sales, horizons, as_of=AS_OF).model_scores
    choice = choose_models(sales, scores, as_of=AS_OF)
    expected = expected_by(forecast_demand(sales, horizons, as_of=AS_OF, model_choice=choice))
    for name, (_, right) in SHIFTED.items():
        assert expected[name] == pytest.approx(right, rel=0.25, abs=5), name
    reasons = dict(choice.select("product_code", "reason").rows())
    assert {name for name, why in reasons.items() if "average" in why} == set(SHIFTED)


def test_hardly_any_product_that_never_changed_has_shifted():
    """One of 600 at most, also where demand is overdispersed."""
    random = np.random.default_rng(3)
    company = {}
    for k in range(600):
        mean, weeks = random.uniform(0.2, 15), (20, 52, 104)[k % 3]
        size = random.poisson(mean, weeks) if k % 2 else random.negative_binomial(1.5, 1.5 / (1.5 + mean), weeks)
        company[f"P-{k:03}"] = {7 * (weeks - at) - 3: float(n) for at, n in enumerate(size)}
    statistics = origin_statistics(make_demand_matrix(sales_of(company), as_of=AS_OF), as_of=AS_OF)
    assert has_shifted(statistics).sum() <= 1
