"""Orders that take now more, now fewer days: what receipts teach goes into the plan."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipelines.forecasting.forecast_tables import forecast_demand
from pipelines.forecasting.protection_intervals import (
    LADDER,
    expected_intervals,
    horizons_to_forecast,
    protection_intervals,
)
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.demand_paths import IntervalDemand
from pipelines.replenishment.decision.order_decision import DecisionInputs, decide
from pipelines.replenishment.lead_times import LENGTHS
from tests.pipelines.planning_builders import (
    AS_OF,
    a_plan,
    a_product,
    a_setting,
    in_days,
    in_stock,
    inputs,
    on_order,
    received,
    sold,
    sold_every,
    the_horizon,
    the_line,
)
from tests.pipelines.replenishment.decision.known_demand import AT, there_is

SALES = sold_every(1, 3, for_days=400)
WAITS = a_setting("unmet_demand", "backordered", level="global", subject="")
VARIES = received(*[7, 28] * 30)
STEADY = received(*[17, 18] * 30)


def windows(*rows):
    schema = {"product_code": pl.String, "horizon_days": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def requested(*frames):
    return inputs(a_product(), *frames).request


def test_without_receipts_one_horizon_is_forecast_and_the_setting_is_used():
    request = requested()
    assert request.own.rows() == [("TEA-01", 14, 7)]
    assert request.more.rows() == [("TEA-01", 21)]
    line = the_line(a_product(), in_stock(9), SALES)
    assert (line["expected_lead_time_days"], line["lead_time_deviation_days"], line["horizon_days"]) == (14, 0, 21)


def test_an_order_covers_its_whole_cycle_also_where_the_mean_lead_time_ends_with_half_a_day():
    lengths = pl.DataFrame([("TEA-01", 14, 0.5), ("TEA-01", 15, 0.5)], schema=LENGTHS, orient="row")
    (window,) = expected_intervals(protection_intervals(the_horizon(), lengths)).rows(named=True)
    assert window["horizon_days"] - window["arrival_day"] == 7


def test_the_days_of_the_ladder_around_all_lengths_are_forecast():
    horizons = horizons_to_forecast(windows(("A", 30), ("A", 44), ("B", 33), ("C", 30), ("C", 30)))
    assert horizons.rows() == [("A", 28), ("A", 35), ("A", 42), ("A", 56), ("B", 33), ("C", 30)]


def test_a_company_is_forecast_for_few_horizons_whatever_its_suppliers_take():
    lengths = np.random.default_rng(1).integers(5, 60, 900)
    for products in (300, 900):  # three lengths each, or one
        horizons = horizons_to_forecast(windows(*((f"P{k % products}", int(days)) for k, days in enumerate(lengths))))
        assert horizons["horizon_days"].n_unique() <= 12
    assert (LADDER[9:] / LADDER[8:-1]).max() < 1.4


def test_the_horizon_is_that_of_the_mean_lead_time():
    line = the_line(a_product(), in_stock(9), SALES, VARIES)
    assert line["lead_time_days"] == 14
    assert line["expected_lead_time_days"] == 17
    assert line["horizon_days"] == 24
    assert line["lead_time_deviation_days"] == pytest.approx(10.5, abs=0.5)


@pytest.mark.parametrize("unmet_demand", ["lost", "backordered"])
def test_the_bridge_adds_up_whatever_days_an_order_takes(unmet_demand):
    setting = a_setting("unmet_demand", unmet_demand, level="global", subject="")
    row = the_line(a_product(), in_stock(20), SALES, VARIES, setting, on_order(9, arriving=in_days(12)))
    need = (
        row["demand_before_arrival"] + row["demand_in_cover"] + row["safety_stock"] - row["stock_on_hand"]
        + row["stock_committed"] - row["stock_on_order_in_time"] - row["demand_lost_before_arrival"]
        + row["timing_adjustment"]
    )  # fmt: skip
    assert need == pytest.approx(row["needed_quantity"], abs=1e-3)
    assert row["demand_before_arrival"] == pytest.approx(3 * 17, rel=0.06)
    assert row["demand_in_cover"] == pytest.approx(3 * 7, rel=0.06)


def test_deliveries_that_vary_ask_for_more_stock_than_steady_ones_of_the_same_mean():
    varies, steady = (the_line(a_product(), in_stock(0), SALES, one, WAITS) for one in (VARIES, STEADY))
    assert varies["expected_lead_time_days"] == steady["expected_lead_time_days"]
    assert varies["order_up_to_level"] > 1.25 * steady["order_up_to_level"]
    assert varies["safety_stock"] > steady["safety_stock"]


def test_what_was_received_after_the_plans_day_or_long_ago_teaches_nothing():
    later, long_ago = received(*[40] * 50, days_ago=0), received(*[40] * 50, days_ago=800)
    never = received(*[1500] * 50)
    assert the_line(a_product(), in_stock(0), SALES, later, long_ago, never)["expected_lead_time_days"] == 14


def test_orders_that_are_late_move_the_lead_time_that_is_planned_and_forecast_for():
    lately = received(*[20] * 8)
    late = pl.concat([on_order(5, arriving=in_days(-9), order_date=in_days(-29), is_counted=False, rule="late")] * 4)
    lines = [the_line(a_product(), in_stock(0), SALES, lately, *more) for more in ((), (late,))]
    assert lines[0]["expected_lead_time_days"] == 19
    assert lines[1]["expected_lead_time_days"] == 21
    assert lines[1]["order_up_to_level"] > lines[0]["order_up_to_level"]
    assert [line["product_receipts"] for line in lines] == [8, 8]
    assert requested(lately, late).more["horizon_days"].max() > requested(lately).more["horizon_days"].max()


def test_an_order_that_was_forgotten_a_year_ago_changes_nothing():
    lately = received(*[20] * 8)
    forgotten = on_order(5, arriving=in_days(-380), order_date=in_days(-400), is_counted=False, rule="late")
    lines = [the_line(a_product(), in_stock(0), SALES, lately, *more) for more in ((), (forgotten,))]
    assert lines[1] | {"stock_on_order_late": 0.0} == lines[0]


def test_a_forecast_period_ends_the_interval_for_every_lead_time():
    period = a_setting("forecast_period_days", "60")
    assert requested(VARIES, period).more.rows() == [("TEA-01", 60)]
    line = the_line(a_product(), in_stock(9), SALES, VARIES, period)
    assert line["horizon_days"] == 60


@pytest.mark.parametrize("unmet_demand", ["lost", "backordered"])
def test_what_was_ordered_yesterday_is_not_ordered_again_today(unmet_demand):
    setting = a_setting("unmet_demand", unmet_demand, level="global", subject="")
    first = the_line(a_product(), in_stock(60), SALES, VARIES, setting)
    assert first["order_quantity"] > 0
    sent = on_order(first["order_quantity"], arriving=in_days(first["expected_lead_time_days"]))
    again = the_line(a_product(), in_stock(60), SALES, VARIES, setting, sent)
    assert again["order_quantity"] == 0


def test_a_longer_horizon_never_sells_less():
    rng = np.random.default_rng(3)
    uneven = sold({int(day): float(n) for day, n in enumerate(rng.negative_binomial(0.3, 0.1, 400), 1) if n})
    request = requested(uneven, VARIES)
    quantiles = forecast_demand(uneven, request.own, as_of=AS_OF, more_horizons=request.more).demand_quantiles
    by_length = quantiles.sort("probability", "horizon_days").group_by("probability").agg("quantity")
    assert all(one == sorted(one) for one in by_length["quantity"].to_list())


def test_with_backorders_the_level_is_the_quantile_of_the_mixture():
    """Poisson 2 a day; 7 or 28 days, half each, and 7 that an order covers: F = (F_14 + F_35) / 2."""
    lengths, weight = np.array([7, 28]), np.array([0.5, 0.5])
    interval = IntervalDemand(
        np.array([1, 1]), lengths + 7, AT, np.stack([stats.poisson.ppf(AT, 2.0 * (one + 7)) for one in lengths]),
        np.full((2, 5), 14.0), np.zeros(2),
    )  # fmt: skip
    question = DecisionInputs(
        np.array([0.95]), np.array([24]), there_is(5), np.zeros(2, dtype=int), lengths, weight, interval
    )
    decision = decide(question, OrderPolicy(unmet_demand="backordered", has_two_levels=False))
    level = decision.needed[0] + 5

    def share(at):
        return stats.poisson.cdf(at, 2.0 * (lengths + 7)).mean()

    assert share(level - 1) < 0.95 <= share(level) + 0.002
    assert decision.order_up_to_level[0] == level


def test_what_was_sent_today_is_not_ordered_again_though_its_order_is_promised_for_a_quicker_product():
    slow = received(*[35, 40] * 30)
    first = the_line(a_product(), in_stock(20), SALES, slow)
    assert first["order_quantity"] > 0
    sent = on_order(first["order_quantity"], arriving=in_days(12), order_date=AS_OF)
    again = the_line(a_product(), in_stock(20), SALES, slow, sent)
    assert again["order_quantity"] == 0


def test_of_a_whole_company_nothing_that_was_sent_today_is_suggested_again():
    draws = np.random.default_rng(7)
    codes = [f"P{number:02}" for number in range(40)]
    frames = [a_product(code) for code in codes]
    frames += [in_stock(int(draws.integers(0, 15)), product=code) for code in codes]
    for code in codes:
        units = draws.negative_binomial(0.3, 0.2, 300).astype(float)
        frames += [sold(dict(enumerate(units, 1)), code), received(*draws.integers(5, 45, 12).tolist(), product=code)]
    first = a_plan(*frames).filter(pl.col("order_quantity") > 0)
    promised = in_days(min(first["expected_lead_time_days"].to_list()))
    sent = [
        on_order(quantity, arriving=promised, product=code, order_date=AS_OF)
        for code, quantity in first.select("product_code", "order_quantity").rows()
    ]
    again = a_plan(*frames, *sent).filter(pl.col("order_quantity") > 0)
    assert first.height > 20
    assert first["expected_lead_time_days"].n_unique() > 3
    assert not set(again["product_code"]) & set(first["product_code"])


def test_an_order_that_the_supplier_was_given_days_ago_comes_that_much_sooner():
    ten_days_ago, in_time = in_days(-10), in_days(1)
    lines = [
        the_line(a_product(), in_stock(0), SALES, STEADY, on_order(90, arriving=in_time, order_date=day))
        for day in (ten_days_ago, AS_OF)
    ]
    assert lines[0]["demand_lost_before_arrival"] < lines[1]["demand_lost_before_arrival"]


def test_open_orders_of_another_product_change_nothing():
    units = np.random.default_rng(3).poisson(2, 400).astype(float)
    company = a_product("A"), a_product("B"), in_stock(9, product="A"), sold(dict(enumerate(units, 1)), "A")
    alone = a_plan(*company, VARIES).filter(pl.col("product_code") == "A")
    orders = [on_order(5, arriving=in_days(day), product="B") for day in (3, 6, 9)]
    beside = a_plan(*company, VARIES, *orders).filter(pl.col("product_code") == "A")
    assert beside.drop("plan_id").rows() == alone.drop("plan_id").rows()
