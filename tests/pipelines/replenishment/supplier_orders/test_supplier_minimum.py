"""The units added to reach a supplier's minimum lose least: against every other choice, on small orders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.replenishment.supplier_orders.supplier_minimum import LaterNeed, least_loss_addition, least_wait
from tests.pipelines.replenishment.supplier_orders.money_builders import (
    every_quantity,
    money,
    some,
    some_values,
    terms_of,
    total,
    values_of,
)

ROOM = 6


def best_addition(values, terms, start, most, gap):
    """The most value of any addition that reaches the gap and has no batch to spare, by trying all; None if none does.

    Units beyond the minimum are not added, even if they would save more than they cost: the service level is a choice.
    """

    def is_just_enough(quantity):
        spare = money(terms, quantity - start) - gap
        batch = (terms.unit_cost * terms.batch)[quantity > start]
        return spare >= -1e-9 and not (batch <= spare + 1e-9).any()

    reaching = [quantity for quantity in every_quantity(terms, start, most) if is_just_enough(quantity)]
    return max((total(values, quantity) for quantity in reaching), default=None)


@settings(max_examples=100, deadline=None)
@given(some_values(), st.integers(1, 3), st.data())
def test_of_units_of_one_price_exactly_those_that_lose_least_are_added(values, cost, data):
    count = values.margin.size
    start = np.array(data.draw(some(st.integers(0, 4), count)), dtype=float)
    terms = terms_of([cost] * count)
    most, gap = start + ROOM, float(data.draw(st.integers(1, 20)))
    added = least_loss_addition(values, terms, start, most, gap=gap)
    best = best_addition(values, terms, start, most, gap)
    assert (added is None) == (best is None)
    if added is not None:
        assert money(terms, added - start) >= gap - 1e-9
        assert total(values, added) == pytest.approx(best, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(some_values(), st.data())
def test_with_any_prices_and_batches_it_loses_at_most_one_batch_more_than_the_best(values, data):
    count = values.margin.size
    terms = terms_of(data.draw(some(st.integers(1, 7), count)), data.draw(some(st.sampled_from([1, 2, 3]), count)))
    start = terms.batch * np.array(data.draw(some(st.integers(0, 2), count)))
    most, gap = start + 2 * terms.batch, float(data.draw(st.integers(1, 30)))
    added = least_loss_addition(values, terms, start, most, gap=gap)
    best = best_addition(values, terms, start, most, gap)
    assert (added is None) == (best is None)
    if added is None:
        return
    assert money(terms, added - start) >= gap - 1e-9
    assert ((added - start) / terms.batch % 1 < 1e-9).all()
    assert (added <= most + 1e-9).all()
    one_batch = np.abs(np.diff(values.value(np.stack([most - terms.batch, most], axis=1)), axis=1)).max()
    assert total(values, added) >= best - one_batch - 1e-6


def test_the_first_product_is_raised_of_two_that_are_alike():
    values = values_of([[5.0, 6.0], [5.0, 6.0]])
    added = least_loss_addition(values, terms_of([2.0, 2.0]), np.zeros(2), np.full(2, 9.0), gap=2.0)
    assert added is not None
    assert added.tolist() == [1.0, 0.0]


def test_a_line_that_is_new_begins_with_its_minimum_quantity():
    values = values_of([[0.0, 1.0], [0.0, 1.0]], margin=[0.0, 9.0])
    terms = terms_of([1.0, 1.0], [1.0, 1.0], [1.0, 4.0])
    added = least_loss_addition(values, terms, np.zeros(2), np.array([0.0, 9.0]), gap=2.0)
    assert added is not None
    assert added.tolist() == [0.0, 4.0]


def test_no_room_is_no_addition():
    values = values_of([[5.0, 6.0]])
    assert least_loss_addition(values, terms_of([2.0]), np.array([3.0]), np.array([3.0]), gap=1e-6) is None
    assert least_loss_addition(values, terms_of([2.0]), np.zeros(1), np.full(1, 50.0), gap=1e12) is None


def test_waiting_lasts_until_demand_has_raised_the_order_to_the_minimum():
    """An order of 10 units at 2.00; a unit a day more: the minimum of 26 is reached in three days."""
    values = values_of([[10.0] * 4], needed=[10.0])
    later = LaterNeed(np.ones(1), np.zeros(1), np.zeros(1), np.full(1, np.inf))
    wait = least_wait(values, terms_of([2.0]), later, np.array([10.0]), minimum=26.0)
    assert wait is not None
    assert wait.days == 3
    assert wait.margin_lost == pytest.approx(4.0 * 10 * 3 / 7)
    assert wait.holding_saved == pytest.approx(0.01 * 3 * (10 - 10 * 3 / 7 / 2))


def test_an_order_that_cannot_reach_the_minimum_in_three_months_does_not_wait():
    values = values_of([[10.0] * 4], needed=[10.0])
    later = LaterNeed(np.ones(1), np.zeros(1), np.zeros(1), np.array([12.0]))
    assert least_wait(values, terms_of([2.0]), later, np.array([10.0]), minimum=1e12) is None
