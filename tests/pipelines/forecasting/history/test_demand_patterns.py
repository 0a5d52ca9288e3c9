"""Demand patterns: often or rarely, evenly or in lumps."""

import pytest

from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.demand_patterns import demand_patterns
from tests.pipelines.planning_builders import AS_OF, sold


@pytest.mark.parametrize(
    ("days_ago", "demand_class"),
    [
        (dict.fromkeys(range(1, 365), 2), "smooth"),
        ({ago: 2 if ago % 7 else 60 * (ago % 28 == 0) for ago in range(1, 365)}, "erratic"),
        (dict.fromkeys(range(1, 365, 21), 2), "intermittent"),
        ({ago: 1 if ago % 2 else 90 for ago in range(1, 365, 21)}, "lumpy"),
        ({20: 5}, "new"),
        ({35: 5}, "new"),
        ({36: 5}, "intermittent"),
        ({400: 5, 500: 5}, "dead"),
        ({364: 5}, "intermittent"),
        ({365: 5}, "dead"),
    ],
)  # fmt: skip
def test_the_demand_pattern_follows_from_how_often_and_how_evenly_a_product_sells(days_ago, demand_class):
    assert demand_patterns(make_demand_matrix(sold(days_ago), as_of=AS_OF)).tolist() == [demand_class]
