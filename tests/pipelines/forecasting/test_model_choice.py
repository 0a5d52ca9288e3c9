"""Which model speaks for a class: none without proof."""

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.backtest import ERRORS, Horizons, backtest
from pipelines.forecasting.candidates import FLOOR, MODELS
from pipelines.forecasting.forecast import forecast_demand
from pipelines.forecasting.segments import demand_classes
from pipelines.forecasting.selection import choose_model
from pipelines.forecasting.series import make_series
from tests.pipelines.planning_builders import AS_OF, TEA, sold, sold_every, the_horizon

ORIGINS, PRODUCTS = 4, 25


def errors_of(size: dict[str, float], *, origins: int = ORIGINS) -> pl.DataFrame:
    """Errors of every model, drawn from one shape; a model's size is 1 unless told."""
    shape = np.random.default_rng(3).normal(size=origins * PRODUCTS)
    origin = np.repeat(np.arange(origins), PRODUCTS)
    product = np.tile(np.arange(PRODUCTS), origins)
    return pl.concat(
        pl.DataFrame(
            {"product": product, "origin": origin, "model": [model] * shape.size, "scale": np.ones(shape.size),
             "error": shape * size.get(model, 1.0), "week_error": shape},
            schema=ERRORS,
        )
        for model in MODELS
    )  # fmt: skip


def test_a_model_that_does_not_beat_the_average_of_a_year_is_not_used():
    others = dict.fromkeys(MODELS[1:], 1.5)
    choice = choose_model(errors_of(others))
    assert choice.model == FLOOR
    assert choice.reason == "no model beat the average of a year by one part in a hundred"


@pytest.mark.parametrize(("size", "model"), [(0.995, FLOOR), (0.98, "tsb")])
def test_a_model_must_beat_the_average_of_a_year_by_one_part_in_a_hundred(size, model):
    assert choose_model(errors_of({"tsb": size})).model == model


def test_of_two_models_that_are_as_good_the_simpler_one_is_used():
    choice = choose_model(errors_of({"window_average_13": 0.801, "seasonal_naive": 0.8}))
    assert choice.model == "window_average_13"
    assert choice.reason == "20% less loss than the average of a year"


def test_the_score_of_what_was_chosen_stands_beside_that_of_the_average():
    choice = choose_model(errors_of({"ses": 0.5}))
    assert choice.score == pytest.approx(0.5 * choice.floor_score)
    assert choice.origins == ORIGINS


def test_one_origin_proves_nothing():
    choice = choose_model(errors_of({"ses": 0.1}, origins=1))
    assert (choice.model, choice.reason) == (FLOOR, "too little history to compare models")


def test_a_model_sees_nothing_after_its_origin():
    quiet, loud = sold_every(1, 2, for_days=400), pl.concat([sold_every(1, 2, for_days=400), sold({1: 500})])
    horizons = Horizons(days=np.array([21]), lead_time_days=np.array([14]))
    before, after = (backtest(make_series(one, as_of=AS_OF), horizons) for one in (quiet, loud))
    older = pl.col("origin") > 0
    assert before.filter(older).equals(after.filter(older))
    assert not before.filter(~older).equals(after.filter(~older))


def test_a_seasonal_company_is_told_by_its_season():
    def of(product: str) -> pl.DataFrame:
        return sold({ago: 1 + 9 * (ago % 364 < 84) for ago in range(1, 1092)}, product)

    products = [f"CARD-{k}" for k in range(4)]
    forecast = forecast_demand(pl.concat(map(of, products)), the_horizon(*products), as_of=AS_OF)
    assert set(forecast.model_choice["model"]) == {"seasonal_naive"}
    assert (forecast.model_choice["score"] < 0.99 * forecast.model_choice["floor_score"]).all()


def test_a_product_too_new_for_a_model_is_expected_to_sell_its_mean_so_far():
    forecast = forecast_demand(sold({1: 4, 8: 2}), the_horizon(), as_of=AS_OF)
    choice = forecast.model_choice.row(0, named=True)
    assert (choice["demand_class"], choice["model"], choice["reason"]) == ("new", FLOOR, "too new for a model")
    assert forecast.demand_forecast["quantity"].unique().to_list() == [3]


@pytest.mark.parametrize(
    ("days_ago", "demand_class"),
    [
        (dict.fromkeys(range(1, 365), 2), "smooth"),
        ({ago: 2 if ago % 7 else 60 * (ago % 28 == 0) for ago in range(1, 365)}, "erratic"),
        (dict.fromkeys(range(1, 365, 21), 2), "intermittent"),
        ({ago: 1 if ago % 2 else 90 for ago in range(1, 365, 21)}, "lumpy"),
        ({20: 5}, "new"),
        ({400: 5, 500: 5}, "dead"),
        ({364: 5}, "intermittent"),
        ({365: 5}, "dead"),
    ],
)  # fmt: skip
def test_how_a_product_sells_is_told_by_how_often_and_how_evenly(days_ago, demand_class):
    assert demand_classes(make_series(sold(days_ago), as_of=AS_OF)).tolist() == [demand_class]


def test_the_order_of_the_rows_changes_no_byte():
    products = [f"P-{k}" for k in range(4)]
    sales = pl.concat([sold_every(k + 2, 1.1 * (k + 1), for_days=500, product=one) for k, one in enumerate(products)])
    asked = the_horizon(*products)
    one = forecast_demand(sales, asked, as_of=AS_OF)
    other = forecast_demand(sales.sample(fraction=1, shuffle=True, seed=5), asked.reverse(), as_of=AS_OF)
    for name, frame in vars(one).items():
        assert frame.write_csv() == getattr(other, name).write_csv(), name


def test_a_product_is_its_own_even_in_the_company_of_others():
    alone = forecast_demand(sold({3: 4, 20: 2}), the_horizon(), as_of=AS_OF)
    sales = pl.concat([sold({3: 4, 20: 2}), sold({1: 1000}, "OTHER")])
    together = forecast_demand(sales, the_horizon(TEA, "OTHER"), as_of=AS_OF)
    mine = pl.col("product_code") == TEA
    assert together.demand_horizons.filter(mine).equals(alone.demand_horizons)
