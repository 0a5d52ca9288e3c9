"""A backtest orders as a plan would: below the most that a shelf takes, on order days, for all that was wanted."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.planning_settings.supplier_terms.supplier_calendar import SupplierCalendar
from pipelines.policy_backtest.money_terms import MoneyTerms
from pipelines.policy_backtest.our_rule import as_rule
from pipelines.policy_backtest.past import History, known_at_reviews, make_history, review_days
from pipelines.policy_backtest.planned_orders import IN_PROPORTION, within_money
from pipelines.policy_backtest.replay.order_rules import OrderRules
from pipelines.policy_backtest.replay.organisation_past import what_is_kept
from pipelines.policy_backtest.replay.unserved_demand import with_unserved_demand
from pipelines.policy_backtest.simulation import Counts, walked
from pipelines.storage.tables import SUPPLIER_CALENDARS, empty

MONDAY = date(2024, 1, 1)
CODES = ["CUP", "TEA"]


def a_past(*, seed=0, days=210, most=None, least=None, calendar=("", ""), batch=1.0, minimum=0.0):
    """Two products of one supplier: demand of four a day on average, and the rules."""
    demand = np.random.default_rng(seed).negative_binomial(2, 1 / 3, (2, days)).astype(float)
    demand[:, 0] += 1
    sales = pl.DataFrame(
        {
            "product_code": np.repeat(CODES, days), "date": [MONDAY + timedelta(days=day) for day in range(days)] * 2,
            "quantity": demand.ravel(), "batch_size": batch, "minimum_order_quantity": minimum, "unit_cost": 2.0,
        }
    )  # fmt: skip
    facts = pl.DataFrame(
        {"product_code": CODES, "supplier_id": "S", "order_frequency_origin": "global",
         "minimum_shelf_level": least, "maximum_shelf_level": most},
        schema_overrides={"minimum_shelf_level": pl.Float64, "maximum_shelf_level": pl.Float64},
    )  # fmt: skip
    words, shut = calendar
    calendars = pl.DataFrame([("S", words, "supplier" if words else "", shut)], schema=SUPPLIER_CALENDARS.schema,
                             orient="row") if words or shut else empty(SUPPLIER_CALENDARS)  # fmt: skip
    history = make_history(sales, lead_time_days=10)
    return replace(history, rules=OrderRules.of(pl.Series(history.product_codes), facts, calendars))


def lived(history: History, *, up_to=90.0, limited=None, is_lost=True):
    """The orders and the counts of an order-up-to level."""
    reviews = review_days(history, order_frequency_days=7, weeks=14)
    rule, known = as_rule(lambda _: np.full((2, 1), up_to), limited), known_at_reviews(history, reviews)
    groups = np.zeros(2, dtype=np.int64)
    walk = walked(history, rule, known, order_frequency_days=7, groups=groups, is_lost=is_lost)
    return walk.placed, walk.counts()


def kept(counts: Counts) -> float:
    return float(counts.kept_periods.sum() / counts.periods.sum())


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 50), most=st.floats(5, 120), batch=st.sampled_from([1.0, 6.0, 0.5]),
    minimum=st.sampled_from([0.0, 10.0]),
)  # fmt: skip
def test_no_order_lifts_a_product_above_its_maximum_shelf_level(seed, most, batch, minimum):
    orders, _ = lived(a_past(seed=seed, most=most, batch=batch, minimum=minimum))
    for order in orders:
        assert (order.position + order.quantity <= max(most, order.position.max()) + 1e-6).all()
        assert (order.quantity[order.position >= most] == 0).all()
        assert np.allclose(order.quantity / batch, np.round(order.quantity / batch))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 50), most=st.floats(5, 120))
def test_a_maximum_shelf_level_never_promises_more_service(seed, most):
    """With demand that waits stock is lower on every day; lost sales can free a unit for a later day."""
    limited, free = (lived(a_past(seed=seed, most=level), is_lost=False)[1] for level in (most, None))
    assert kept(limited) <= kept(free)
    assert limited.served_units.sum() <= free.served_units.sum()
    assert limited.stock_value.sum() <= free.stock_value.sum() + 1e-6


def test_a_maximum_shelf_level_below_what_is_needed_is_in_the_promise():
    limited, free = (lived(a_past(most=level))[1] for level in (45.0, None))
    assert kept(limited) < kept(free) - 0.2


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 50), words=st.sampled_from(["thu", "mon,wed", "1st,15th", "31st"]),
    shut_from=st.integers(120, 190), shut_days=st.integers(1, 20),
)  # fmt: skip
def test_no_order_is_placed_on_a_closed_day_or_arrives_on_one(seed, words, shut_from, shut_days):
    first = MONDAY + timedelta(days=shut_from)
    shut = f"{first}..{first + timedelta(days=shut_days)}"
    history = a_past(seed=seed, calendar=(words, shut))
    assert history.first_day == MONDAY
    orders, _ = lived(history)
    seen = SupplierCalendar(words, shut, MONDAY)
    ordered = 0
    for order in orders:
        rows = order.quantity[:, 0] > 0
        placed, arrives = order.placed[rows], order.arrives[rows]
        assert (seen.next_order_day(placed) == placed).all()
        assert (seen.next_open_day(arrives) == arrives).all()
        assert (order.covered_until[rows] >= arrives).all()
        ordered += int(rows.sum())
    assert ordered


def test_a_minimum_shelf_level_is_ordered_up_to_although_nothing_else_asks_for_it():
    orders, _ = lived(a_past(least=200.0), up_to=0.0)
    first = orders[0]
    assert (first.position + first.quantity == 200.0).all()


def test_orders_raised_in_proportion_to_a_minimum_stay_below_the_maximum_shelf_level():
    terms = MoneyTerms(np.zeros(2, dtype=np.int64), np.full(2, 0.2), np.array([500.0]), ("best",), None)
    history = replace(a_past(most=70.0), money=terms)
    orders, _ = lived(history, limited=within_money(history, None, IN_PROPORTION))
    assert all((order.position + order.quantity <= np.maximum(70.0, order.position)).all() for order in orders)
    assert "Maximum shelf levels of 2 products. Minimums of 1 of 1 suppliers." in what_is_kept(history)


def test_what_is_ordered_together_comes_together_and_the_longest_delay_is_drawn():
    """A plan has few lengths; orders of the past took each of the days that it knows, one of them very long."""
    history = a_past()
    each = [(code, days, weight) for code in CODES for days, weight in ((8, 0.5), (10, 0.48), (60, 0.02))]
    every = pl.DataFrame(each, schema=["product_code", "lead_time_days", "weight"], orient="row")
    drawn = replace(history, received=every).drawn_lead_times(500, seed=0)
    assert (drawn[0] == drawn[1]).all()
    assert set(drawn[0].tolist()) == {8, 10, 60}
    apart = replace(history, received=every, rules=OrderRules.none(CODES)).drawn_lead_times(500, seed=0)
    assert (apart[0] != apart[1]).any()


def test_a_day_out_of_stock_wants_what_such_a_day_near_it_wanted():
    daily = np.tile([4.0, 0, 0, 0, 2.0, 0, 0], 6)[None, :]
    is_out = np.zeros(daily.shape, dtype=bool)
    is_out[0, 14:21] = True
    daily[0, 14:21] = 0.0
    daily[0, 14] = 1.0
    assert with_unserved_demand(daily, is_out, ["TEA"])[0, 14:21].tolist() == [4.0, 0, 0, 0, 2.0, 0, 0]
    assert with_unserved_demand(daily, np.zeros_like(is_out), ["TEA"]).tolist() == daily.tolist()
    always = np.ones_like(is_out)
    assert with_unserved_demand(daily, always, ["TEA"]).tolist() == daily.tolist()  # nothing to learn from


@pytest.mark.parametrize("has_column", [True, False])
def test_the_past_of_a_backtest_has_what_was_wanted_and_forecasts_know_what_was_sold(has_column):
    days = [MONDAY + timedelta(days=day) for day in range(140)]
    sales = pl.DataFrame({"product_code": "TEA", "date": days, "quantity": [0.0 if 70 <= d < 77 else 3.0
                                                                           for d in range(140)]})  # fmt: skip
    if has_column:
        sales = sales.with_columns(is_stocked_out=pl.Series([70 <= d < 77 for d in range(140)]))
    history = make_history(sales, lead_time_days=7)
    assert history.daily[0, 70:77].tolist() == ([3.0] * 7 if has_column else [0.0] * 7)
    assert history.demand["quantity"].sum() == 3.0 * 133
