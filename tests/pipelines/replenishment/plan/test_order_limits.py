"""From what is needed to what is ordered: minimums, then batches, then the maximum, which wins."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.planning_settings.registry import SettingError, parse_setting
from pipelines.replenishment.plan.order_limits import with_limits


def the_order(need: float, *, is_ordered: bool = True, position: float = 0, **limits: float | None) -> dict[str, Any]:
    none = {
        "minimum_order_quantity": 0.0,
        "batch_size": 1.0,
        "minimum_shelf_level": 0.0,
        "maximum_shelf_level": None,
    }
    row = {"is_ordered": is_ordered, "needed_quantity": need, "stock_position": position, **none, **limits}
    return with_limits(pl.DataFrame([row], schema_overrides=dict.fromkeys([*row][1:], pl.Float64))).row(0, named=True)


def test_without_limits_what_is_needed_is_ordered():
    order = the_order(7)
    assert (order["quantity_after_cap"], order["binding_rule"]) == (7, "need")


def test_what_is_not_ordered_has_no_quantity_whatever_the_minimum():
    order = the_order(7, is_ordered=False, minimum_order_quantity=50)
    assert (order["quantity_after_cap"], order["binding_rule"]) == (0, "none")


def test_an_order_is_raised_to_the_minimum():
    order = the_order(7, minimum_order_quantity=50)
    assert (order["quantity_after_cap"], order["binding_rule"]) == (50, "minimum_order_quantity")


def test_an_order_is_rounded_up_to_whole_batches():
    order = the_order(7, batch_size=12)
    assert (order["quantity_after_minimum"], order["quantity_after_batch"]) == (7, 12)
    assert order["binding_rule"] == "batch_size"


def test_an_order_fills_the_shelf_to_its_minimum():
    order = the_order(-20, position=5, minimum_shelf_level=30)
    assert (order["quantity_after_cap"], order["binding_rule"]) == (25, "minimum_shelf_level")


def test_the_maximum_wins_over_a_minimum_and_rounds_down():
    order = the_order(7, position=10, minimum_order_quantity=50, batch_size=12, maximum_shelf_level=40)
    steps = [order[f"quantity_after_{limit}"] for limit in ("minimum", "batch", "cap")]
    assert steps == [50, 60, 24]
    assert order["binding_rule"] == "maximum_shelf_level"


@pytest.mark.parametrize("position", [40, 41, 35])
def test_a_full_shelf_leaves_no_room(position):
    order = the_order(7, position=position, batch_size=12, maximum_shelf_level=40)
    assert (order["quantity_after_cap"], order["binding_rule"]) == (0, "maximum_shelf_level")


def test_a_maximum_of_nothing_is_a_maximum():
    assert the_order(7, maximum_shelf_level=0)["quantity_after_cap"] == 0


@pytest.mark.parametrize(
    ("need", "batch_size", "order_quantity"),
    [(0.3, 0.1, 0.3), (0.7, 0.1, 0.7), (1.1, 0.1, 1.1), (1234567.3, 0.1, 1234567.3), (2.5, 2.5, 2.5), (2.5001, 2.5, 5)],
)
def test_batches_of_decimals_are_counted_as_decimals(need, batch_size, order_quantity):
    assert the_order(need, batch_size=batch_size)["quantity_after_cap"] == order_quantity


@pytest.mark.parametrize(
    ("position", "maximum", "order_quantity"), [(0.1, 0.4, 0.3), (0, 0.7, 0.7), (0, 0.6999, 0.6)]
)  # fmt: skip
def test_room_for_batches_of_decimals_is_counted_as_decimals(position, maximum, order_quantity):
    order = the_order(50, position=position, batch_size=0.1, maximum_shelf_level=maximum)
    assert order["quantity_after_cap"] == order_quantity


def units(least: float, most: float) -> st.SearchStrategy[float]:
    return st.decimals(str(least), str(most), places=4).map(float)


limits = st.fixed_dictionaries(
    {
        "need": units(-1e6, 1e6),
        "position": units(-1e6, 1e6),
        "minimum_order_quantity": units(0, 1e6),
        "batch_size": units(0.0001, 1e4),
        "minimum_shelf_level": units(0, 1e6),
        "maximum_shelf_level": st.none() | units(0, 1e6),
    }
)


@settings(deadline=None)
@given(limits)
def test_an_order_is_a_multiple_of_the_batch(limit):
    order = the_order(**limit)
    assert Decimal(str(order["quantity_after_cap"])) % Decimal(str(limit["batch_size"])) == 0


@settings(deadline=None)
@given(limits)
def test_an_order_is_below_its_minimums_only_if_it_is_capped(limit):
    order = the_order(**limit)
    asked = max(limit["need"], limit["minimum_order_quantity"], limit["minimum_shelf_level"] - limit["position"])
    if order["binding_rule"] != "maximum_shelf_level":
        assert order["quantity_after_cap"] >= round(asked, 4)
        assert order["quantity_after_cap"] < max(round(asked, 4), 0) + limit["batch_size"]


@settings(deadline=None)
@given(limits)
def test_no_order_goes_over_the_maximum(limit):
    order = the_order(**limit)
    if limit["maximum_shelf_level"] is not None and order["quantity_after_cap"]:
        assert round(limit["position"] + order["quantity_after_cap"], 4) <= limit["maximum_shelf_level"]


@settings(deadline=None)
@given(limits)
def test_an_order_is_never_negative(limit):
    assert the_order(**limit)["quantity_after_cap"] >= 0


@pytest.mark.parametrize(
    ("limits", "order_quantity", "binding_rule"),
    [
        ({"batch_size": 7.0}, 14, "batch_size"),
        ({"minimum_order_quantity": 50.0}, 50, "minimum_order_quantity"),
        ({"minimum_order_quantity": 50.0, "maximum_shelf_level": 20.0}, 20, "maximum_shelf_level"),
        ({"batch_size": 7.0, "minimum_order_quantity": 50.0, "maximum_shelf_level": 20.0}, 14, "maximum_shelf_level"),
        ({"batch_size": 7.0, "maximum_shelf_level": 5.0}, 0, "maximum_shelf_level"),
        ({"minimum_shelf_level": 30.0, "maximum_shelf_level": 12.0}, 12, "maximum_shelf_level"),
    ],
)
def test_minimums_come_before_batches_and_a_maximum_wins_over_both(limits, order_quantity, binding_rule):
    order = the_order(10, **limits)
    assert (order["quantity_after_cap"], order["binding_rule"]) == (order_quantity, binding_rule)


@pytest.mark.parametrize("typed", ["0", "", "-7", "none"])
def test_a_batch_of_zero_is_refused_when_it_is_typed(typed):
    with pytest.raises(SettingError, match="batch_size cannot be"):
        parse_setting("batch_size", typed, "product")
