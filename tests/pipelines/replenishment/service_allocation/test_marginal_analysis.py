"""The level of each product: what keeps a service together costs least."""

import time
from itertools import product

import numpy as np
import pytest

from pipelines.replenishment.service_allocation.marginal_analysis import Choices, least_value


def random_choices(seed: int, *, products: int, levels: int) -> Choices:
    random = np.random.default_rng(seed)
    service = np.sort(random.uniform(0.8, 1.0, (products, levels)), axis=1)
    value = np.sort(random.lognormal(2, 1.5, (products, 1)) * random.uniform(0.2, 3, (products, levels)), axis=1)
    return Choices(service, value)


def by_brute_force(choices: Choices, overall: float) -> float:
    rows = np.arange(len(choices.service))
    every = np.array(list(product(*(range(choices.service.shape[1]) for _ in rows))))
    service, value = choices.service[rows, every].mean(axis=1), choices.value[rows, every].sum(axis=1)
    return float(value[service >= overall - 1e-12].min())


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("overall", [0.85, 0.9, 0.95])
def test_the_choice_costs_as_little_as_the_best_of_all_combinations(seed, overall):
    choices = random_choices(seed, products=6, levels=5)
    if choices.service[:, -1].mean() < overall:
        pytest.skip("no combination keeps so much")
    service, value = choices.at(least_value(choices, overall))
    assert service.mean() >= overall - 1e-9
    assert value.sum() == pytest.approx(by_brute_force(choices, overall))


def test_levels_below_the_floor_are_never_chosen():
    choices = random_choices(1, products=30, levels=8)
    allowed = Choices(choices.service, np.where(choices.service < 0.88, np.inf, choices.value))
    service, _ = allowed.at(least_value(allowed, 0.93))
    assert service.min() >= 0.88
    assert service.mean() >= 0.93


def test_what_no_choice_can_keep_gets_the_highest_levels():
    choices = random_choices(2, products=5, levels=4)
    assert least_value(choices, 0.9999).tolist() == [3] * 5


def test_forty_thousand_products_take_less_than_five_seconds():
    choices = random_choices(3, products=40_000, levels=24)
    began = time.process_time()
    service, value = choices.at(least_value(choices, 0.95))
    assert time.process_time() - began < 5
    assert 0.95 <= service.mean() < 0.9501
    even = (choices.service >= 0.95).argmax(axis=1)
    assert value.sum() < choices.at(even)[1].sum()
