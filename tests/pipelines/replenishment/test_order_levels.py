"""The reorder point and the order-up-to level: two quantiles of the horizon's demand."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from pipelines.replenishment.policy import order_levels, reorder_probability
from pipelines.tables import DEMAND_QUANTILES
from tests.pipelines.planning_builders import TEA


def levels(quantiles: dict[float, float], service_level: float) -> tuple[float, float]:
    told = pl.DataFrame(
        [{"product_code": TEA, "probability": p, "quantity": q} for p, q in quantiles.items()],
        schema=DEMAND_QUANTILES.schema,
    )
    settings = pl.DataFrame({"product_code": [TEA], "service_level": [service_level]})
    return order_levels(told, settings).select("reorder_point", "order_up_to_level").row(0)


SOME = {0.5: 10.0, 0.8: 18.0, 0.9: 24.2, 0.95: 31.0, 0.99: 60.0, 0.999: 90.0}


def test_the_levels_are_quantiles_in_whole_pieces_rounded_up():
    assert levels(SOME, 0.95) == (25, 31)


def test_between_two_quantiles_lies_a_straight_line():
    assert levels(SOME, 0.97) == (30, 46)  # 24.2 + 0.8 of 6.8 = 29.64; 31 + half of 29 = 45.5


def test_beyond_the_last_quantile_the_level_stays():
    assert levels(SOME, 0.9999)[1] == 90


def test_a_quantile_that_is_whole_already_is_not_raised():
    assert levels({0.9: 3.0000000001, 0.95: 3.0}, 0.95) == (3, 3)


def test_the_order_of_the_quantiles_does_not_matter():
    assert levels(dict(reversed(SOME.items())), 0.95) == levels(SOME, 0.95)


def test_a_higher_service_level_never_lowers_a_level():
    asked = np.arange(0.5, 0.9999, 0.001)
    for lower, higher in pairwise(levels(SOME, float(one)) for one in asked):
        assert higher[0] >= lower[0]
        assert higher[1] >= lower[1]


@pytest.mark.parametrize("service_level", [0.5, 0.6, 0.74, 0.75, 0.76, 0.95, 0.9999])
def test_the_reorder_point_is_never_above_the_order_up_to_level(service_level):
    point, level = levels(SOME, service_level)
    assert point <= level
    assert reorder_probability(service_level) <= service_level
