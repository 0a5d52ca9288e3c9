"""What a rule would have done to the past: counted by hand on small ones."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from pipelines.errors import DataError
from pipelines.forecasting.forecast_tables import choose_models, score_models
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.frontier_picture import frontier_svg
from pipelines.policy_backtest.level_prices import OURS, price_list
from pipelines.policy_backtest.our_rule import as_rule, forecast_at, known_weeks, our_review, scores_at
from pipelines.policy_backtest.past import known_at_reviews, make_history, review_days
from pipelines.policy_backtest.policy_comparison import (
    TEXTBOOK_YEAR,
    BacktestSettings,
    backtest_settings,
    models_in_words,
    products_in_words,
    run_backtest,
    settings_in_words,
)
from pipelines.policy_backtest.replay.organisation_past import of_organisation
from pipelines.policy_backtest.report import at_equal_service, policies_by_class, results, stock_at
from pipelines.policy_backtest.rival_rules import stocktrim_levels, textbook_levels
from pipelines.policy_backtest.simulation import ReviewDecision, Shelf, simulate
from tests.pipelines.planning_builders import (
    a_product,
    a_setting,
    expecting,
    in_stock,
    inputs,
    received,
    sold_every,
)

FIRST = date(2024, 1, 1)


def sold(quantities, *, product="TEA", every_days=1, **more):
    days = [FIRST + timedelta(days=every_days * k) for k in range(len(quantities))]
    return pl.DataFrame({"product_code": product, "date": days, "quantity": [float(n) for n in quantities], **more})


def walked(history, rule, reviews, *, order_frequency_days=7, is_lost=False):
    return simulate(
        history, rule, known_at_reviews(history, reviews), order_frequency_days=order_frequency_days,
        groups=np.zeros(1, dtype=np.int64), is_lost=is_lost,
    )  # fmt: skip


def the_counts(level, *, demand=1, lead_time_days=14, days=210, is_lost=False):
    """An order-up-to level against an even demand, for the last ten weeks."""
    history = make_history(sold([demand] * days, unit_cost=2.0, unit_price=5.0), lead_time_days=lead_time_days)
    reviews = review_days(history, order_frequency_days=7, weeks=10)
    rule = as_rule(lambda _: np.array([[float(level)]]))
    counts = walked(history, rule, reviews, is_lost=is_lost)
    return {name: float(values.sum()) for name, values in vars(counts).items()}


@pytest.mark.parametrize("lead_time_days", [0, 7, 14])
@pytest.mark.parametrize("is_lost", [True, False])
def test_the_demand_of_lead_time_and_order_cycle_is_just_enough(lead_time_days, is_lost):
    """One unit a day: with L + R units no order is short; with one less every week is, if demand is backordered."""
    enough = the_counts(lead_time_days + 7, lead_time_days=lead_time_days, is_lost=is_lost)
    one_less = the_counts(lead_time_days + 6, lead_time_days=lead_time_days, is_lost=is_lost)
    assert enough["kept_orders"] == enough["judged_orders"] > 0
    assert (enough["lost_margin"], one_less["kept_orders"] == 0) == (0, not is_lost or lead_time_days == 0)
    assert one_less["kept_orders"] < one_less["judged_orders"]
    assert enough["kept_levels"] == enough["levels"]
    assert one_less["kept_levels"] == 0


def test_stock_is_counted_at_cost_between_the_start_and_the_end_of_a_day():
    """From 7 units down to none in a week: 3.5 on average, at a cost of 2, over seven weeks."""
    assert the_counts(21)["stock_value"] == pytest.approx(3.5 * 2 * 7)


@pytest.mark.parametrize("order_frequency_days", [3, 7, 10])
@pytest.mark.parametrize("lead_time_days", [0, 1, 10, 14])
def test_a_stock_that_never_changes_is_the_average_stock(lead_time_days, order_frequency_days):
    """Ten units at a cost of 1 and no more sales: a week in which counting would begin is not counted."""
    history = make_history(sold([1] * 110 + [0] * 100, unit_cost=1.0), lead_time_days=lead_time_days)
    reviews = review_days(history, order_frequency_days=order_frequency_days, weeks=10)
    counts = walked(history, as_rule(lambda _: np.array([[10.0]])), reviews, order_frequency_days=order_frequency_days)
    table = results({"ten units": counts}, [0.95], ["smooth"], [1]).filter(pl.col("demand_class") == "all")
    until_counted = -(-(lead_time_days + order_frequency_days) // 7)
    assert (table["average_stock_value"].item(), table["weeks"].item()) == (pytest.approx(10), 10 - until_counted)


@pytest.mark.parametrize(("order_frequency_days", "orders"), [(1, 63), (7, 9), (14, 4)])
def test_each_review_that_orders_is_an_order(order_frequency_days, orders):
    """A piece a day and no lead time: an order a review from the first whole week after an order cycle on."""
    history = make_history(sold([1] * 210, unit_cost=1.0), lead_time_days=0)
    reviews = review_days(history, order_frequency_days=order_frequency_days, weeks=10)
    counts = walked(history, as_rule(lambda _: np.array([[20.0]])), reviews, order_frequency_days=order_frequency_days)
    table = results({"twenty": counts}, [0.95], ["smooth"], [1]).filter(pl.col("demand_class") == "all")
    assert table.select("orders", "order_lines").row(0) == (orders, orders)


def test_what_is_not_served_from_stock_loses_its_margin():
    counts = the_counts(20)
    assert counts["demand_units"] - counts["served_units"] == 7  # a unit a week
    assert counts["lost_margin"] == 7 * (5 - 2)
    assert counts["demand_value"] == 49 * 5


def test_an_order_is_raised_to_its_minimum_and_to_whole_batches():
    history = make_history(sold([1] * 210, batch_size=10, minimum_order_quantity=25), lead_time_days=7)
    reviews = review_days(history, order_frequency_days=7, weeks=10)
    counts = walked(history, as_rule(lambda _: np.array([[14.0]])), reviews)
    assert counts.order_lines.sum() == 2  # 30 units last four weeks; the others have enough


def test_nothing_is_known_of_the_day_of_a_review_or_after():
    quiet = sold([1] * 300)
    loud = sold([1] * 230 + [500] * 70)
    for sales in (quiet, loud):
        history = make_history(sales, lead_time_days=7)
        day = history.daily.shape[1] - 70
        forecast = forecast_at(history, day, order_frequency_days=7, seed=0)
        weekly, as_of = known_weeks(history, day)
        assert as_of == FIRST + timedelta(days=230)
        assert weekly.max() == 7
        assert forecast.quantiles.max() < 60


def test_a_week_in_one_row_lasts_for_seven_days():
    history = make_history(sold([7.0] * 30, every_days=7), lead_time_days=7)
    assert history.daily.shape == (1, 210)
    assert history.day(209) == FIRST + timedelta(days=209)


def test_the_textbook_rule_is_mean_and_deviation_of_the_horizon():
    weekly = np.array([[4.0, 6.0] * 26])
    deviation = weekly.std(ddof=1)
    levels = textbook_levels(weekly, np.array([4.0]), [0.5, 0.95], weeks=52)
    assert levels.tolist() == [[20.0, np.ceil(20 + 1.6449 * 2 * deviation)]]


def test_the_rule_like_stocktrims_finds_a_line_a_season_and_a_level():
    weeks = np.arange(104)
    rising = (10 + weeks)[None, :].astype(float)
    levels = stocktrim_levels(rising[:, :40], np.array([2.0]), np.array([1.0]), [0.5], as_of=FIRST)
    assert levels[0, 0] == pytest.approx(50 + 51, abs=1)
    seasonal = (50 + 40 * np.sin(2 * np.pi * weeks / 52))[None, :]
    high, low = (
        stocktrim_levels(np.roll(seasonal, -shift, axis=1), np.array([4.0]), np.array([1.0]), [0.5], as_of=FIRST)[0, 0]
        for shift in (10, 36)
    )
    assert high > 1.5 * low


def test_an_order_comes_when_its_draw_says_and_is_expected_at_the_mean():
    """Half of the orders take 7 days, half 21: the same for every policy, which knows only their mean of 14."""
    lengths = pl.DataFrame({"product_code": ["TEA"] * 2, "lead_time_days": [7, 21], "weight": [0.5, 0.5]})
    history = make_history(sold([1] * 400), lead_time_days=3, lead_times=lengths)
    assert (history.lead_time_days.tolist(), history.longest_lead_time) == ([14], 21)
    drawn = history.drawn_lead_times(200, seed=1)
    assert set(drawn.ravel().tolist()) == {7, 21}
    assert 80 < (drawn == 7).sum() < 120
    assert (drawn == history.drawn_lead_times(200, seed=1)).all()
    seen = []

    def rule(_):
        decision = as_rule(lambda _: np.array([[26.0]]))(0)

        def orders(shelf):
            seen.append(shelf.under_way.copy())
            return decision.orders(shelf)

        return ReviewDecision(decision.order_up_to_level, orders)

    reviews = review_days(history, order_frequency_days=7, weeks=20)
    counts = walked(history, rule, reviews)
    assert seen[2].ravel().tolist() == [0, 0, 0, 0, 0, 0, 7]  # last week's order of seven is expected in a week
    assert counts.kept_orders.sum() < counts.judged_orders.sum()  # 26 units are not enough where one takes 21 days


def of_a_review(rule, *, under_way=(), on_hand=0.0, quantity=1):
    """Our level and order at 90%, lead time and order cycle of 7 days; `under_way` is (day, units)."""
    history = make_history(sold(quantity if isinstance(quantity, list) else [quantity] * 210), lead_time_days=7)
    day = history.daily.shape[1]
    review = our_review(
        history, day, forecast_at(history, day, order_frequency_days=7, seed=0), [0.9], rule,
        order_frequency_days=7, seed=0,
    )  # fmt: skip
    coming = np.zeros((1, 1, max([1, *(day for day, _ in under_way)])))
    for expected, units in under_way:
        coming[0, 0, expected - 1] = units
    return review.order_up_to_level.item(), review.orders(Shelf(np.array([[on_hand]]), coming)).item()


UNEVEN = np.random.default_rng(1).negative_binomial(2, 0.2, 210).tolist()


@pytest.mark.parametrize(
    "measured",
    [
        OrderPolicy(measure="fill", unmet_demand="backordered"),
        OrderPolicy(measure="fill", order_rule="position"),
        OrderPolicy(measure="money", order_rule="position"),
    ],
    ids=["fill, demand waits", "fill, positions", "money, positions"],
)
def test_every_service_measure_is_backtested_with_lost_sales_and_with_backorders(measured):
    """Ninety percent of demand, or of what is worth its money, take less than ninety percent of cycles."""
    in_cycles = of_a_review(replace(measured, measure="cycle", has_two_levels=False), quantity=UNEVEN)
    level, ordered = of_a_review(measured, quantity=UNEVEN)
    assert 0 < level < in_cycles[0]
    assert 0 < ordered < in_cycles[1]
    assert ordered == pytest.approx(level)  # nothing is there yet, nothing is under way


@pytest.mark.parametrize("rule", [OrderPolicy(unmet_demand="backordered"), OrderPolicy(order_rule="position")])
def test_an_open_order_helps_from_the_day_of_its_arrival(rule):
    """Eight units last a week; fourteen in time are enough, but not those that come when the cover is nearly over."""
    _, in_time = of_a_review(rule, on_hand=8, under_way=[(7, 14)])
    assert in_time == 0
    if rule.unmet_demand == "backordered":
        _, late = of_a_review(rule, on_hand=8, under_way=[(13, 14)])
        assert late >= 5


def an_organisation(*frames, lead_time_days=None, products=None, **known):
    """The history of TEA, sold daily for 500 days; `products` are those that Xero still has, if not all."""
    tables = inputs(a_product(**known), in_stock(5), sold_every(1, 2.0, for_days=500), *frames)
    plan, parameters = tables.plan(expecting(28, 14)), tables.parameters
    return of_organisation(
        tables.demand_daily, tables.products if products is None else products, plan.order_plan,
        parameters.plan_settings, parameters.lead_times, tables.purchase_receipts, parameters.supplier_calendars,
        lead_time_days=lead_time_days,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("currency", "rate", "cost"),
    [("GBP", Decimal(1), 2.5), ("EUR", Decimal("1.25"), 2.0), ("EUR", None, 2.0)],
    ids=["base currency", "a known rate", "no rate: half of the price, as without a cost"],
)
def test_an_organisations_costs_are_in_its_base_currency(currency, rate, cost):
    history = an_organisation(currency=currency, currency_rate=rate)
    assert history.unit_cost.tolist() == [cost]


def test_lead_times_are_estimated_from_receipts_before_the_review():
    """Orders took 8 days once and 30 of late: they take what they take, but nobody knew of the 30 before."""
    history = an_organisation(received(8, 8, 8, days_ago=400), received(30, 30, days_ago=40))
    days = history.daily.shape[1]
    at_first, before, after = (history.with_lead_times_known_at(days - ago) for ago in (401, 40, 39))
    assert set(at_first.lead_times["lead_time_days"]) == {14}  # the setting
    assert 30 not in before.lead_times["lead_time_days"]
    assert 8 in before.lead_times["lead_time_days"]
    assert after.lead_times.equals(history.lead_times)
    assert at_first.lead_time_days > before.lead_time_days < after.lead_time_days


def test_an_order_that_was_late_at_a_review_lengthens_the_lead_time_of_that_review():
    """Orders took 8 days; one of 15 days was 12 days old, and then older than anybody waits for."""
    history = an_organisation(received(8, 8, 8, days_ago=400), received(15, days_ago=40))
    before, late, forgotten = (
        an_organisation(received(8, 8, 8, days_ago=400), received(days, days_ago=40)).with_lead_times_known_at(
            history.daily.shape[1] - 43
        )
        for days in (3, 15, 30)
    )
    assert set(before.lead_times["lead_time_days"]) == set(forgotten.lead_times["lead_time_days"])
    assert 12 not in before.lead_times["lead_time_days"]
    assert 12 in late.lead_times["lead_time_days"]


def test_a_planned_product_that_xero_no_longer_has_is_in_the_backtest():
    history = an_organisation(received(8, 8, days_ago=40), products=a_product().clear())
    assert history.with_lead_times_known_at(history.daily.shape[1]).lead_time_days.size == 1


def test_an_order_is_expected_on_the_day_that_was_estimated_when_it_was_placed():
    """Thirty days from the first order on, where fourteen are thought: it is expected in a week, then every day."""
    history = an_organisation(received(*[30] * 40, days_ago=1))
    reviews, seen = review_days(history, order_frequency_days=7, weeks=20), []

    def rule(_):
        def orders(shelf):
            seen.append(shelf.under_way.copy())
            return 60.0 - shelf.position

        return ReviewDecision(np.array([[60.0]]), orders)

    walked(history, rule, reviews)
    assert seen[2].ravel().tolist() == [0, 0, 0, 0, 0, 0, 14]
    assert seen[4].ravel().tolist() == [28, 0, 0, 0, 0, 0, 14]


def test_a_given_lead_time_is_known_to_every_policy():
    history = an_organisation(received(30, 30, days_ago=40), lead_time_days=10)
    for known in (history, history.with_lead_times_known_at(100)):
        assert known.lead_times.rows() == [("TEA-01", 10, 1.0)]


@pytest.fixture(scope="module")
def backtest():
    rng = np.random.default_rng(7)
    weeks = [FIRST + timedelta(weeks=k) for k in range(60)]
    sales = pl.DataFrame(
        {
            "product_code": [f"P-{i:02d}" for i in range(12) for _ in weeks],
            "date": weeks * 12,
            "quantity": rng.negative_binomial(3, 0.3, 12 * len(weeks)).astype(float),
        }
    )
    asked = BacktestSettings(order_frequency_days=7, service_levels=[0.8, 0.95], order_policy=OrderPolicy(), weeks=12)
    progress: list[str] = []
    return run_backtest(make_history(sales, lead_time_days=14), asked, progress=progress.append), progress


def test_every_policy_has_a_row_for_every_level_and_demand_pattern(backtest):
    tested, progress = backtest
    assert set(tested.results["policy"]) == {OURS, TEXTBOOK_YEAR, "textbook, 90 days", "like StockTrim"}
    assert tested.results.filter(pl.col("demand_class") == "all").height == 8
    assert any("review 12 of 12" in sentence for sentence in progress)
    assert products_in_words(tested) == "All 12 products are in the backtest."


def test_every_policy_stands_beside_the_others_in_every_demand_pattern(backtest):
    table = policies_by_class(backtest[0].results)
    assert table.columns == ["demand_class", "products", "policy", "80%", "95%"]
    of_classes = backtest[0].results.filter(pl.col("demand_class") != "all")
    row = of_classes.filter((pl.col("policy") == TEXTBOOK_YEAR) & (pl.col("service_level") == 0.95)).row(0, named=True)
    cell = table.filter(policy=TEXTBOOK_YEAR, demand_class=row["demand_class"])["95%"].item()
    assert cell.startswith(f"{100 * row['weeks_kept']:.1f}% / ")
    assert table.height == 4 * of_classes["demand_class"].n_unique()


def test_an_organisations_settings_give_the_policy_of_its_backtest():
    of_all = {"level": "global", "subject": ""}
    settings = inputs(
        a_setting("order_frequency_days", "28", **of_all), a_setting("service_measure", "fill", **of_all),
        a_setting("order_frequency_days", "3"),
    ).planning_settings  # fmt: skip
    asked = backtest_settings(settings, service_levels=[0.95])
    assert (asked.order_frequency_days, asked.order_policy) == (28, OrderPolicy(measure="fill"))
    assert settings_in_words(asked).startswith("An order every 28 days; service level by demand (fill rate)")


def test_more_service_takes_more_stock(backtest):
    prices = price_list(backtest[0].results, OURS)
    assert prices["average_stock_value"].is_sorted()
    assert prices["more_stock"].to_list()[1] > 0
    assert stock_at(backtest[0].counts[OURS], 0.5) != stock_at(backtest[0].counts[OURS], 0.5)  # never as low


def test_our_stock_stands_beside_each_rivals_at_equal_service(backtest):
    counts = backtest[0].counts
    compared = at_equal_service(counts, OURS)
    assert OURS not in compared["policy"].to_list()
    assert compared.height
    for row in compared.iter_rows(named=True):
        assert row["our_stock"] == pytest.approx(stock_at(counts[OURS], row["weeks_kept"]))
        assert row["stock_ratio"] == pytest.approx(row["our_stock"] / row["stock"])
        assert row["low"] <= row["high"]
        for policy in (OURS, row["policy"]):
            kept = backtest[0].results.filter((pl.col("policy") == policy) & (pl.col("demand_class") == "all"))
            assert kept["weeks_kept"].min() <= row["weeks_kept"] <= kept["weeks_kept"].max()


def test_a_rival_with_less_service_at_every_level_is_not_compared(backtest):
    counts = backtest[0].counts
    never = replace(counts[OURS], kept_periods=counts[OURS].kept_periods * 0)
    assert at_equal_service({OURS: counts[OURS], "never": never}, OURS).is_empty()


def test_the_frontier_is_a_picture_with_a_line_a_policy(backtest):
    svg = frontier_svg(backtest[0].results)
    assert svg.startswith("<svg")
    assert svg.count("<polyline") == 4


def test_a_past_too_short_for_a_backtest_is_one_sentence():
    history = make_history(sold([1] * 100), lead_time_days=14)
    with pytest.raises(DataError, match="These sales span 14 weeks; a backtest needs"):
        review_days(history, order_frequency_days=7, weeks=52)


@pytest.mark.parametrize(("days", "sentence"), [(13, "span 1 week;"), (14, "span 2 weeks;")])
def test_one_week_is_a_week(days, sentence):
    history = make_history(sold([1] * days), lead_time_days=0)
    with pytest.raises(DataError, match=sentence):
        review_days(history, order_frequency_days=7, weeks=52)


def test_a_backtest_has_a_whole_week_to_count():
    """Thirteen weeks to learn from, three until orders rule, one to count: a week less is too little."""
    enough, too_little = (make_history(sold([1] * 7 * weeks), lead_time_days=8) for weeks in (17, 16))
    assert len(review_days(enough, order_frequency_days=7, weeks=52)) == 4
    with pytest.raises(DataError, match="span 16 weeks"):
        review_days(too_little, order_frequency_days=7, weeks=52)


def test_a_past_without_sales_is_one_sentence():
    with pytest.raises(DataError, match="Nothing was sold"):
        make_history(sold([0, 0]), lead_time_days=14)


def a_company(products=70, weeks=90, *, twice_since=None):
    rng = np.random.default_rng(7)
    days = [FIRST + timedelta(weeks=k) for k in range(weeks)]
    quantity = rng.negative_binomial(3, 0.3, (products, weeks)).astype(float)
    if twice_since is not None:
        quantity[:, twice_since:] *= 20
    return pl.DataFrame(
        {"product_code": [f"P-{i:02d}" for i in range(products) for _ in days], "date": days * products,
         "quantity": quantity.ravel()}
    )  # fmt: skip


def test_a_review_forecasts_by_the_models_that_a_plan_of_that_day_would_choose():
    history = make_history(a_company(), lead_time_days=14)
    day = review_days(history, order_frequency_days=7, weeks=12)[0]
    scores = scores_at(history, day, order_frequency_days=7, seed=0)
    replayed = forecast_at(history, day, order_frequency_days=7, seed=0, model_scores=scores)
    as_of, known = history.day(day), history.demand.filter(pl.col("demand_date") < history.day(day))
    horizons = pl.DataFrame({"product_code": history.product_codes}).with_columns(
        lead_time_days=14, order_frequency_days=7
    )
    planned = score_models(known, horizons, as_of=as_of).model_scores
    choice = choose_models(known, planned, as_of=as_of)
    assert dict(zip(replayed.product_codes, replayed.model.tolist(), strict=True)) == dict(
        choice.select("product_code", "model").rows()
    )
    assert max(scores.filter("is_chosen")["origins"]) > 0


def test_what_comes_later_changes_neither_the_models_nor_the_forecast_of_a_review():
    past, other = (make_history(a_company(twice_since=since), lead_time_days=14) for since in (None, 80))
    day = 80 * 7
    scores = [scores_at(one, day, order_frequency_days=7, seed=0) for one in (past, other)]
    assert scores[0].equals(scores[1])
    forecasts = [
        forecast_at(one, day, order_frequency_days=7, seed=0, model_scores=score)
        for one, score in zip((past, other), scores, strict=True)
    ]
    assert np.array_equal(forecasts[0].quantiles, forecasts[1].quantiles)


def test_the_number_of_model_comparisons_is_in_the_results(backtest):
    replayed, _ = backtest
    assert (replayed.reviews, replayed.comparisons) == (12, 12)
    assert sum(replayed.models.values()) == 12 * 12
    assert "Models were compared at 12 of 12 reviews" in models_in_words(replayed)
    by_policy = dict(replayed.results.select("policy", "model_comparisons").unique().rows())
    assert by_policy == {OURS: 12, TEXTBOOK_YEAR: None, "textbook, 90 days": None, "like StockTrim": None}
    assert set(replayed.results["reviews"]) == {12}
