"""Which model forecasts a demand pattern: none without proof."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.forecast_tables import choose_models, forecast_demand, is_still_good, score_models
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.demand_patterns import demand_patterns
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.features import origin_statistics
from pipelines.forecasting.models.model_registry import BASELINE, MODELS
from pipelines.forecasting.selection.choose_model import select_models
from pipelines.forecasting.selection.fallback_rules import models_by_rule
from pipelines.forecasting.selection.model_backtest import JUDGEMENTS, backtest, origins_of
from tests.pipelines.forecasting.demand_builders import a_company, seasonal, shifting
from tests.pipelines.planning_builders import AS_OF, in_days, sold, sold_every, the_horizon

ORIGINS, PRODUCTS = 4, 60


def judged(cost: dict[str, float], *, origins: int = ORIGINS, noise: float = 0.0) -> pl.DataFrame:
    """Judgements of lumpy products; a model costs 1 on average or its `cost`, times what product and day do."""
    random = np.random.default_rng(3)
    luck = random.gamma(5, 0.2, origins * PRODUCTS)
    own = {model: np.exp(noise * random.normal(size=PRODUCTS)).repeat(origins) for model in MODELS}
    shares = {name: [True] * luck.size for name in JUDGEMENTS if "below" in name}
    return pl.concat(
        pl.DataFrame(
            {"product": np.arange(PRODUCTS).repeat(origins), "origin": np.tile(np.arange(origins), PRODUCTS),
             "demand_class": ["lumpy"] * luck.size, "model": [model] * luck.size,
             "loss": luck * cost.get(model, 1.0) * own[model], **shares},
            schema=JUDGEMENTS,
        )
        for model in MODELS
    )  # fmt: skip


def the_choice(judgements: pl.DataFrame, demand_class: str = "lumpy") -> dict[str, object]:
    scores = select_models(judgements, chosen_on=AS_OF).model_scores
    return scores.filter(pl.col("is_chosen") & (pl.col("demand_class") == demand_class)).row(0, named=True)


def test_a_model_that_does_not_beat_the_textbook_rule_is_not_used():
    choice = the_choice(judged(dict.fromkeys(MODELS[1:], 1.5)))
    assert choice["model"] == BASELINE
    assert choice["reason"] == "no model beat the textbook rule beyond doubt"


@pytest.mark.parametrize(("cost", "model"), [(0.995, BASELINE), (0.98, "pool")])
def test_a_model_must_beat_the_textbook_rule_by_one_part_in_a_hundred(cost, model):
    assert the_choice(judged({"pool": cost}))["model"] == model


@pytest.mark.parametrize(("noise", "model"), [(0.05, "pool"), (1.0, BASELINE)])
def test_a_model_must_beat_the_textbook_rule_by_two_standard_errors(noise, model):
    assert the_choice(judged({"pool": 0.9}, noise=noise))["model"] == model


def test_of_two_equally_good_models_the_simpler_is_used():
    choice = the_choice(judged({"nb": 0.801, "pool": 0.8}))
    assert choice["model"] == "nb"
    assert choice["reason"] == "20% less loss than the textbook rule"


def test_score_margin_and_reason_of_every_model_are_kept():
    scores = select_models(judged({"nb": 0.5}), chosen_on=AS_OF).model_scores.filter(demand_class="lumpy")
    assert scores["model"].to_list() == list(MODELS)
    nb = scores.filter(model="nb").row(0, named=True)
    assert nb["score"] == pytest.approx(0.5 * nb["floor_score"])
    assert (nb["margin"], nb["origins"], nb["forecasts"]) == (pytest.approx(0.5), ORIGINS, ORIGINS * PRODUCTS)
    assert scores.filter(model="ses")["reason"].to_list() == [""]


def test_a_pattern_with_too_few_products_is_judged_with_all():
    choice = the_choice(judged({"nb": 0.5}), "smooth")
    assert (choice["model"], choice["judged_as"]) == ("nb", "all")


def test_with_too_little_history_models_are_chosen_by_rule():
    choice = the_choice(judged({"ses": 0.1}, origins=2))
    assert (choice["model"], choice["reason"]) == ("by_rule", "too little history to compare models: chosen by rule")


def test_origins_lie_in_the_last_half_year_and_their_windows_are_over():
    assert origins_of(104, Window(0, 28))[0] == 104 - 26
    assert origins_of(104, Window(0, 28))[-1] == 104 - 4
    assert max(origins_of(104, Window(0, 300))) + 43 <= 104
    assert origins_of(40, Window(0, 28)) == []


def test_a_model_sees_nothing_after_its_origin():
    quiet = a_company(40, weeks=80)
    loud = pl.concat([quiet, sold({1: 90_000}, "P-00003").select(quiet.columns)])
    before, after = (
        backtest(make_demand_matrix(sales, as_of=AS_OF), np.full(40, 21), as_of=AS_OF, seed=0)
        for sales in (quiet, loud)
    )
    last = before["origin"].max()
    shares = [name for name in before.columns if "below" in name]
    older = pl.col("origin") < last
    assert before.filter(older).select(shares).equals(after.filter(older).select(shares))


def test_demand_that_never_changes_needs_no_global_model():
    selection = score_models(
        a_company(60, weeks=104, size=1.5), the_horizon(*(f"P-{k:05}" for k in range(60))), as_of=AS_OF
    )
    chosen = selection.model_scores.filter("is_chosen")
    assert "pool" not in chosen.filter(pl.col("demand_class").is_in(["smooth", "erratic"]))["model"].to_list()
    calibration = selection.forecast_calibration.filter((pl.col("probability") == 0.95) & (pl.col("forecasts") > 50))
    assert (calibration["share_at_or_below"] >= 0.9).all()


def test_products_with_intervals_of_any_length_are_judged_together():
    company = a_company(60, weeks=60)
    codes = company["product_code"].unique().sort().to_list()
    horizons = pl.concat([the_horizon(code, lead_time_days=150 * (k % 4)) for k, code in enumerate(codes)])
    chosen = score_models(company, horizons, as_of=AS_OF).model_scores.filter("is_chosen")
    assert chosen.height == 5


def test_by_rule_stationary_demand_has_the_predictive_negative_binomial_and_any_other_the_global_model():
    steady = a_company(40)
    for company, model in ((steady, "nb_predictive"), (shifting(steady), "pool"), (seasonal(steady), "pool")):
        statistics = origin_statistics(make_demand_matrix(company, as_of=AS_OF), as_of=AS_OF)
        models = models_by_rule(statistics, demand_patterns(statistics.matrix))
        assert set(models.tolist()) == {model}


def test_each_product_has_the_model_of_its_pattern_today():
    scores = select_models(judged({"nb": 0.5}), chosen_on=AS_OF).model_scores
    uneven = sold({ago: 1 + 40 * (ago % 91 < 7) + ago % 5 for ago in range(1, 301)}, "A")
    sales = pl.concat([uneven, sold({400: 3}, "B"), sold({3: 1}, "C")])
    choice = choose_models(sales, scores, as_of=AS_OF).sort("product_code")
    assert choice.select("product_code", "demand_class", "model").rows() == [
        ("A", "erratic", "nb"), ("B", "dead", "none"), ("C", "new", "nb"),
    ]  # fmt: skip
    assert choice["reason"][1] == "not sold for a year"


def test_an_underdispersed_product_leaves_its_pattern():
    scores = select_models(judged({"nb": 0.5}), chosen_on=AS_OF).model_scores
    sales = pl.concat([sold_every(1, 3, for_days=300, product="A"), a_company(3)], how="diagonal")
    choice = choose_models(sales, scores, as_of=AS_OF).sort("product_code")
    assert choice["model"].to_list() == ["nb_predictive", "nb", "nb", "nb"]
    assert choice["reason"][0] == "it sells more evenly than chance would have it"
    forecast = forecast_demand(sales, the_horizon(*choice["product_code"]), as_of=AS_OF, model_choice=choice)
    distinct = forecast.demand_quantiles.group_by("product_code").agg(pl.col("quantity").unique()).sort("product_code")
    assert distinct["quantity"][0].to_list() == [63]
    assert (distinct["quantity"].list.len()[1:] > 1).all()


@pytest.mark.parametrize(
    ("cost", "model"),
    [({"pool": 0.5, "nb": 0.9, "ses": 0.8}, "ses"), ({"pool": 0.5}, BASELINE), ({"seasonal_naive": 0.5}, BASELINE)],
)
def test_a_product_whose_season_is_ignored_has_the_best_model_without_one(cost, model):
    scores = select_models(judged(cost), chosen_on=AS_OF).model_scores
    sales = a_company(3)
    codes = sales["product_code"].unique().sort().to_list()
    choice = choose_models(sales, scores, as_of=AS_OF, without_season=codes[:1]).sort("product_code")
    assert choice["model"][0] == model
    assert choice["reason"][0] == "its season is ignored, as was set"
    assert choice["model"][1] == min(cost, key=cost.__getitem__)


@pytest.mark.parametrize(("age", "is_good"), [(0, True), (6, True), (7, False), (-1, False)])
def test_a_stored_choice_is_valid_for_a_week(age, is_good):
    scores = select_models(judged({}), chosen_on=AS_OF - timedelta(days=age)).model_scores
    assert is_still_good(scores, as_of=in_days(0)) is is_good


def test_without_a_stored_choice_models_are_compared():
    empty = select_models(judged({}), chosen_on=AS_OF).model_scores.clear()
    assert not is_still_good(empty, as_of=AS_OF)


@pytest.mark.parametrize(("weeks", "days_closed"), [(100, 0), (110, 7)])
def test_last_years_weeks_are_not_repeated_before_that_proved_itself(weeks, days_closed):
    """Before two years are known at the judged days, nothing proves that it holds; nor does a week without sales."""
    company = shifting(a_company(70, weeks=weeks), days_ago=weeks * 7 // 3)
    sales = company.filter(pl.col("demand_date") < in_days(-days_closed))
    scores = score_models(sales, the_horizon(*sales["product_code"].unique()), as_of=AS_OF).model_scores
    assert "seasonal_naive" not in scores.filter("is_chosen")["model"].to_list()
    if weeks < 104:
        baseline, naive = (scores.filter(model=name)["score"].to_list() for name in (BASELINE, "seasonal_naive"))
        assert naive == baseline
