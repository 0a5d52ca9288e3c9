"""The units bought under a spend cap save most: against every other choice, on small orders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.replenishment.supplier_orders.spend_cap import Wanted, within_cap
from tests.pipelines.replenishment.supplier_orders.money_builders import (
    every_quantity,
    money,
    some,
    some_values,
    terms_of,
    values_of,
)


def saved(wanted, quantity):
    """The value of a choice; units that lose value are bought only with money that is left, and count nothing."""
    ways = np.linspace(0.0, 1.0, 13)[None, :] * quantity[:, None]
    whole = np.floor(ways / wanted.terms.batch[:, None] + 1e-9) * wanted.terms.batch[:, None]
    return float(wanted.values.value(whole).max(axis=1).sum())


def best_within(wanted, cap):
    """The most value of any choice that the cap allows, each order at its minimum or not at all."""

    def is_allowed(quantity):
        worth = np.bincount(wanted.order, wanted.terms.unit_cost * quantity, wanted.minimums.size)
        return (worth.sum() <= cap + 1e-9) and ((worth <= 1e-9) | (worth >= wanted.minimums - 1e-9)).all()

    every = every_quantity(wanted.terms, np.zeros_like(wanted.quantity), wanted.quantity)
    return max(saved(wanted, quantity) for quantity in every if is_allowed(quantity))


def wanted_of(values, terms, quantity, order=None, minimums=(0.0,)):
    count = len(quantity)
    of_order = np.zeros(count, dtype=int) if order is None else np.array(order)
    return Wanted(values, terms, np.array(quantity, dtype=float), of_order, np.array(minimums, dtype=float))


@settings(max_examples=100, deadline=None)
@given(some_values(), st.integers(1, 3), st.integers(0, 40), st.data())
def test_of_units_of_one_price_exactly_those_that_save_most_are_bought(values, cost, cap, data):
    wanted = wanted_of(
        values, terms_of([cost] * values.margin.size), data.draw(some(st.integers(0, 4), values.margin.size))
    )
    bought = within_cap(wanted, float(cap))
    assert money(wanted.terms, bought) <= cap + 1e-9
    assert (bought <= wanted.quantity).all()
    assert saved(wanted, bought) == pytest.approx(best_within(wanted, float(cap)), abs=1e-6)


@settings(max_examples=120, deadline=None)
@given(some_values(), st.integers(0, 60), st.booleans(), st.data())
def test_with_any_prices_batches_and_minimums_it_saves_the_best_less_one_step_at_most(values, cap, has_minimums, data):
    count = values.margin.size
    terms = terms_of(data.draw(some(st.integers(1, 7), count)), data.draw(some(st.sampled_from([1, 2, 3]), count)))
    quantity = terms.batch * np.array(data.draw(some(st.integers(0, 4), count)))
    order = data.draw(some(st.integers(0, 1), count))
    worth = np.bincount(order, terms.unit_cost * quantity, 2)
    minimums = worth * np.array(data.draw(some(st.sampled_from([0.0, 0.5, 1.0]), 2))) * has_minimums
    wanted = wanted_of(values, terms, quantity, order, minimums)
    bought = within_cap(wanted, float(cap))
    of_order = np.bincount(wanted.order, terms.unit_cost * bought, 2)
    assert of_order.sum() <= cap + 1e-9
    assert ((of_order <= 1e-9) | (of_order >= minimums - 1e-9)).all()
    assert (np.abs(bought / terms.batch - np.round(bought / terms.batch)) < 1e-9).all()
    one_batch = float(np.maximum(0.0, values.value(np.minimum(terms.batch, quantity)[:, None])).max())
    whole = [saved(wanted, np.where(order == np.array(number), quantity, 0.0)) for number in np.flatnonzero(minimums)]
    assert saved(wanted, bought) >= best_within(wanted, float(cap)) - max([one_batch, *whole]) - 1e-6


def test_a_cap_of_nothing_buys_nothing_and_a_large_one_everything():
    wanted = wanted_of(values_of([[5.0, 6.0], [1.0, 2.0]]), terms_of([2.0, 3.0]), [6.0, 9.0])
    assert within_cap(wanted, 0.0).tolist() == [0.0, 0.0]
    assert within_cap(wanted, 1e12).tolist() == [6.0, 9.0]
    assert within_cap(wanted, money(wanted.terms, wanted.quantity)).tolist() == [6.0, 9.0]


def test_of_two_products_alike_the_first_is_bought():
    wanted = wanted_of(values_of([[5.0, 6.0], [5.0, 6.0]]), terms_of([2.0, 2.0]), [1.0, 1.0])
    assert within_cap(wanted, 2.0).tolist() == [1.0, 0.0]


def test_an_order_that_no_longer_reaches_its_minimum_is_not_begun():
    wanted = wanted_of(values_of([[5.0, 6.0], [5.0, 6.0]]), terms_of([2.0, 2.0]), [5.0, 5.0], [0, 1], [10.0, 0.0])
    assert within_cap(wanted, 9.0).tolist() == [0.0, 4.0]
    assert within_cap(wanted, 12.0).tolist() in ([5.0, 1.0], [0.0, 5.0])


def test_a_product_without_a_cost_takes_nothing_from_the_cap():
    wanted = wanted_of(values_of([[5.0, 6.0], [5.0, 6.0]]), terms_of([0.0, 2.0]), [5.0, 5.0])
    assert within_cap(wanted, 4.0).tolist() == [5.0, 2.0]
