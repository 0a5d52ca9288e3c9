"""What the README and the glossary say of a number holds on every row of any plan."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipelines.planning_builders import (
    a_plan,
    a_product,
    a_setting,
    expecting,
    in_days,
    in_stock,
    on_order,
    received,
    sold,
    sold_every,
    the_line,
    together,
)
from tests.pipelines.replenishment.plan.claims import broken
from tests.pipelines.replenishment.plan.test_bridge_laws import a_company

RULES = {
    "service_measure": ["cycle", "fill"], "unmet_demand": ["lost", "backordered"],
    "order_rule": ["projected", "position"], "order_levels": ["two", "one"],
}  # fmt: skip


def for_all(name: str, value: str) -> pl.DataFrame:
    return a_setting(name, value, level="global", subject="")


@st.composite
def some_rules(draw: st.DrawFn) -> list[pl.DataFrame]:
    return [for_all(name, draw(st.sampled_from(values))) for name, values in RULES.items()]


@settings(max_examples=60, deadline=None)
@given(a_company(), some_rules())
def test_every_claim_holds_on_every_row_of_any_plan(company: Any, rules: list[pl.DataFrame]) -> None:
    frames, forecast = company
    assert broken(a_plan(*frames, *rules, expecting=forecast)) == {}


@settings(max_examples=15, deadline=None)
@given(some_rules(), st.lists(st.integers(1, 60), max_size=6), st.sampled_from(["", "0", "9", "30"]), st.randoms())
def test_every_claim_holds_where_the_lead_time_is_random(
    rules: list[pl.DataFrame], days: list[int], typed: str, random: Any
) -> None:
    frames: list[pl.DataFrame] = [received(*days)]
    for product in "ABC":
        frames += [
            a_product(product),
            in_stock(random.choice([0, 0, 3, 40]), committed=random.choice([0, 5]), product=product),
            sold({random.randint(1, 300): random.choice([1, 4, 30]) for _ in range(random.choice([1, 60]))}, product),
            on_order(random.choice([2, 50]), arriving=in_days(random.choice([-3, 2, 30])), product=product),
        ]  # fmt: skip
    if typed:
        frames.append(for_all("lead_time_days", typed))
    assert broken(a_plan(*frames, *rules)) == {}


def test_what_the_paths_add_to_the_averages_is_a_line_of_its_own() -> None:
    """100 come on day 20 and are asked for before: the level does not change, and the bridge says why the need does."""
    coming = [in_stock(30), on_order(100, arriving=in_days(20))]
    line = the_line(a_product(), *coming, expecting=expecting(20, 10))
    assert (line["order_up_to_level"], line["safety_stock"]) == (42, 12)
    assert line["needed_quantity"] == 42 - 130 - line["demand_lost_before_arrival"] + line["timing_adjustment"]
    assert line["timing_adjustment"] == pytest.approx(98, abs=2)


@pytest.mark.parametrize(
    ("stock", "more"),
    [
        (in_stock(0), []),
        (in_stock(4, committed=4), []),
        (in_stock(4, committed=9), []),
        (in_stock(0), [on_order(50, arriving=in_days(3))]),
        (in_stock(-2), []),
    ],
    ids=["none", "all is committed", "more is committed", "an order comes in three days", "negative"],
)
def test_without_stock_no_days_are_left(stock: pl.DataFrame, more: list[pl.DataFrame]) -> None:
    """However rarely the product sells: half of the paths ask for none of it in the first days."""
    rare = sold({20: 1, 55: 2, 90: 1, 200: 3, 330: 1})
    line = the_line(a_product(), stock, *more, rare)
    assert (line["days_to_stock_out"], line["days_to_stock_out_soonest"]) == (0, 0)
    assert line["shortage_chance_before_arrival"] == 1


def test_without_demand_or_a_known_stock_there_are_no_days_to_stock_out() -> None:
    dead = the_line(a_product(), in_stock(0), sold({500: 4}))
    untracked = the_line(a_product(is_tracked=False), in_stock(0), sold_every(1, 2, for_days=90))
    for line in (dead, untracked):
        assert (line["days_to_stock_out"], line["days_to_stock_out_soonest"]) == (None, None)
        assert not line["is_too_late_to_help"]
    assert untracked["shortage_chance_before_arrival"] is None


def test_understocked_is_a_fact_and_to_order_a_decision() -> None:
    """A product may be short and not ordered, and ordered and not short."""
    forecast = together(*(expecting(20, 10, product=one) for one in "ABC"))
    plan = a_plan(
        a_product("A"), in_stock(30, product="A"), a_setting("maximum_shelf_level", "30", subject="A"),
        a_product("B"), in_stock(60, product="B"), a_setting("minimum_shelf_level", "90", subject="B"),
        a_product("C"), in_stock(36, product="C"), expecting=forecast,
    )  # fmt: skip
    quantities = {row["product_code"]: (row["understock_quantity"], row["order_quantity"]) for row in plan.to_dicts()}
    assert quantities == {"A": (6, 0), "B": (0, 30), "C": (0, 6)}


def test_what_is_missing_and_will_be_lost_before_it_could_come_is_short_and_not_ordered() -> None:
    """Nothing is there until 30 come with an order of today: what is missing is missing before then."""
    line = the_line(a_product(), in_stock(0), on_order(30, arriving=in_days(14)), expecting=expecting(20, 10))
    assert (line["status"], line["reason"], line["order_quantity"]) == ("short", "too_late_to_order", 0)
    assert (line["understock_quantity"], line["reorder_point"]) == (6, 36)


def test_understock_costs_the_margin_of_what_will_be_short() -> None:
    """One a day, nothing there: 14 are lost before an order arrives, 7 in what it covers, a margin of 1.5 each."""
    line = the_line(a_product(), in_stock(0), sold_every(1, 1, for_days=364))
    assert line["short_without_order"] == pytest.approx(21, abs=1e-3)
    assert line["understock_margin_lost"] == Decimal("31.50")
    waits = the_line(a_product(), in_stock(3), sold_every(1, 1, for_days=364), for_all("unmet_demand", "backordered"))
    assert waits["short_without_order"] == pytest.approx(18, abs=1e-3)


def test_a_margin_in_another_currency_is_shown_in_the_currency_of_the_cost() -> None:
    """The sales price is in base currency: 4 pounds are 5 dollars, of which 2.5 are cost."""
    product = a_product(currency="USD", currency_rate=Decimal("1.25"))
    line = the_line(product, in_stock(0), sold_every(1, 1, for_days=364))
    assert line["understock_margin_lost"] == Decimal("52.50")


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        ({"sales_unit_price": Decimal(0)}, "sales price"),
        ({"sales_unit_price": None}, "sales price"),
        ({"unit_cost": Decimal(0)}, "unit cost"),
        ({"unit_cost": Decimal(0), "currency_rate": None}, "exchange rate"),
        ({"currency_rate": None, "sales_unit_price": Decimal(0)}, "exchange rate, sales price"),
        ({"unit_cost": Decimal(0), "sales_unit_price": Decimal(0)}, "unit cost, sales price"),
        ({}, ""),
    ],
)
def test_each_missing_price_is_named(lacking: dict[str, Any], named: str) -> None:
    line = the_line(a_product(**lacking), in_stock(0), expecting=expecting(20, 10))
    assert line["missing_price"] == named
    assert (line["understock_margin_lost"] is None) == (named != "")


def test_a_product_that_sells_below_its_cost_loses_no_margin() -> None:
    line = the_line(a_product(unit_cost=Decimal(9)), in_stock(0), expecting=expecting(20, 10))
    assert line["understock_margin_lost"] == 0


def test_overstock_costs_what_holding_it_a_year_does() -> None:
    """For 21 days 42 are enough, for 111 days 222: 778 are too much, at 2.50 and a quarter of it a year."""
    plenty = [a_product(), in_stock(1000)]
    line = the_line(*plenty, expecting=expecting(20, 10))
    assert (line["overstock_quantity"], line["overstock_value"]) == (778, Decimal("1945.00"))
    assert line["overstock_holding_cost"] == Decimal("486.25")
    cheap = the_line(*plenty, a_setting("holding_cost_rate", "0.1"), expecting=expecting(20, 10))
    assert cheap["overstock_holding_cost"] == Decimal("194.50")
