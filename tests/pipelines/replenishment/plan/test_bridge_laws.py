"""What holds for every plan, whatever the stock, the orders, the sales and the settings."""

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.replenishment.plan.plan_summary import hash_inputs, plan_id
from pipelines.replenishment.plan.reasons import REASONS
from tests.pipelines.planning_builders import (
    AS_OF,
    Company,
    a_plan,
    a_product,
    a_setting,
    expecting,
    in_days,
    in_stock,
    inputs,
    on_order,
    sold,
    the_line,
    together,
)

SIGNS = {
    "demand_before_arrival": 1,
    "demand_in_cover": 1,
    "safety_stock": 1,
    "stock_on_hand": -1,
    "stock_committed": 1,
    "stock_on_order_in_time": -1,
    "demand_lost_before_arrival": -1,
    "timing_adjustment": 1,
}


def units(least: float, most: float) -> st.SearchStrategy[float]:
    return st.decimals(str(least), str(most), places=4).map(float)


@st.composite
def a_company(draw: st.DrawFn) -> tuple[list[pl.DataFrame], Any]:
    """Up to four products with any stock, orders, forecast and limits."""
    frames, forecasts = [], []
    for product in draw(st.lists(st.sampled_from("ABCD"), min_size=1, unique=True)):
        flags = {name: draw(st.integers(0, 9)) == 0 for name in ("is_discontinued", "is_unstocked")}
        supplier = draw(st.sampled_from(["supplier-07", "supplier-07", None]))
        frames += [
            a_product(product, supplier=supplier, is_tracked=draw(st.integers(0, 9)) > 0, **flags),
            in_stock(draw(units(-5, 500)), committed=draw(units(0, 50)), product=product),
        ]
        frames += [
            on_order(quantity, arriving=in_days(day), product=product, is_counted=is_counted)
            for quantity, day, is_counted in draw(
                st.lists(st.tuples(units(0, 200), st.integers(-9, 60), st.booleans()), max_size=4)
            )
        ]
        frames += [
            a_setting(name, str(draw(values)), subject=product)
            for name, values in {
                "minimum_order_quantity": units(0, 100),
                "batch_size": units(0.5, 24),
                "minimum_shelf_level": units(0, 100),
                "maximum_shelf_level": units(0, 400),
                "service_level": st.sampled_from([0.5, 0.8, 0.95, 0.9999]),
            }.items()
            if draw(st.booleans())
        ]
        if draw(st.booleans()):
            quantiles = sorted(draw(st.lists(units(0, 500), min_size=3, max_size=3)))
            by_level = dict(zip((0.5, 0.9, 0.95), quantiles, strict=True))
            forecasts.append(expecting(draw(units(0, 99)), draw(units(0, 99)), quantiles=by_level, product=product))
    return frames, together(expecting(1, 1, product="NO PRODUCT"), *forecasts)


@settings(max_examples=60, deadline=None)
@given(a_company())
def test_the_bridge_adds_up_on_every_row(company):
    frames, forecast = company
    for line in a_plan(*frames, expecting=forecast).iter_rows(named=True):
        need = math.fsum(sign * line[step] for step, sign in SIGNS.items())
        assert need == pytest.approx(line["needed_quantity"], abs=1e-8)
        assert line["quantity_after_cap"] == line["order_quantity"]
        on_order = line["stock_on_order_in_time"] + line["stock_on_order_after_cover"]
        assert on_order == pytest.approx(line["stock_on_order"], abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(a_company())
def test_every_product_is_there_once_with_its_reason(company):
    frames, forecast = company
    plan = a_plan(*frames, expecting=forecast)
    products = inputs(*frames).products["product_code"]
    assert plan["product_code"].to_list() == sorted(products)
    assert set(plan["reason"]) <= set(REASONS)
    is_excluded = plan["status"] == "not_planned"
    assert plan.filter(is_excluded)["order_quantity"].sum() == 0


@settings(max_examples=30, deadline=None)
@given(a_company())
def test_every_number_is_finite_and_none_is_minus_zero(company):
    frames, forecast = company
    plan = a_plan(*frames, expecting=forecast)
    for column in plan.select(pl.col(pl.Float64)).iter_columns():
        numbers = column.drop_nulls().to_list()
        assert all(math.isfinite(one) for one in numbers), column.name
        assert not [one for one in numbers if one == 0 and math.copysign(1, one) < 0], column.name


@settings(max_examples=30, deadline=None)
@given(a_company(), st.randoms(use_true_random=False))
def test_the_same_inputs_in_any_order_give_the_same_bytes(company, random):
    frames, forecast = company
    shuffled = random.sample(frames, len(frames))
    first, second = (a_plan(*given, expecting=forecast) for given in (frames, shuffled))
    assert first.write_csv() == second.write_csv()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(units(0, 500), min_size=5, max_size=5), st.tuples(units(0, 99), units(0, 99)),
    st.lists(st.integers(5000, 9999).map(lambda parts: parts / 10_000), min_size=2, max_size=2),
)  # fmt: skip
def test_a_higher_service_level_never_lowers_a_level(quantities, demand, levels):
    quantiles = dict(zip((0.5, 0.75, 0.9, 0.95, 0.99), sorted(quantities), strict=True))
    forecast = expecting(*demand, quantiles=quantiles)
    lower, higher = (
        the_line(a_product(), in_stock(0), a_setting("service_level", str(level)), expecting=forecast)
        for level in sorted(levels)
    )
    assert lower["order_up_to_level"] <= higher["order_up_to_level"]
    assert lower["reorder_point"] <= higher["reorder_point"]


def some_inputs(*, reversed_rows: bool = False) -> Company:
    tables = inputs(
        *(a_product(one) for one in "AB"), *(in_stock(1.1, product=one) for one in "AB"),
        *(on_order(quantity, arriving=None, product="A") for quantity in (0.1, 0.2, 0.3, 1e6)),
        sold({1: 2, 9: 3}, "A"), a_setting("lead_time_days", "3", subject="B"),
    )  # fmt: skip
    return Company(**{name: frame.reverse() if reversed_rows else frame for name, frame in vars(tables).items()})


def fingerprint(company: Company) -> str:
    return hash_inputs(vars(company.inputs) | vars(company.parameters), as_of=AS_OF, code_version="1")


def test_the_same_inputs_in_any_order_are_the_same_plan():
    one, other = some_inputs(), some_inputs(reversed_rows=True)
    assert fingerprint(one) == fingerprint(other)
    forecast = expecting(3, 4, product="A")
    name = plan_id(fingerprint(one), as_of=AS_OF)
    plans = [company.plan(forecast, plan_id=name).order_plan for company in (one, other)]
    assert plans[0].write_csv() == plans[1].write_csv()
    assert set(plans[0]["plan_id"]) == {f"20260302-{fingerprint(one)[:8]}"}


def test_one_unit_more_on_hand_is_another_plan():
    tables = some_inputs()
    more = vars(tables) | {"stock_position": in_stock(1.2, product="A").vstack(in_stock(1.1, product="B"))}
    assert fingerprint(Company(**more)) != fingerprint(tables)


def test_another_day_or_version_is_another_plan():
    tables = vars(some_inputs())
    names = {hash_inputs(tables, as_of=day, code_version=one) for day in (AS_OF, in_days(1)) for one in ("1", "2")}
    assert len(names) == 4
