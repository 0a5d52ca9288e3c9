"""A product has a history from its launch on; the days before are unknown, not zero."""

import polars as pl
import pytest

from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from tests.pipelines.forecasting.demand_builders import out_of_stock
from tests.pipelines.planning_builders import AS_OF, sold


def test_the_days_before_a_launch_in_its_week_count_as_usual_days_of_the_weeks_after():
    """Launched 9 days ago with 50, and 2 on each of 8 days since: 5 days before it are 2 each."""
    series = make_demand_matrix(sold({9: 50} | dict.fromkeys(range(1, 9), 2)), as_of=AS_OF)
    assert series.demand[0].tolist() == pytest.approx([5 * 2 + 50 + 2, 14])
    assert series.imputed_share[0].tolist() == pytest.approx([5 / 7, 0])


def test_a_single_sale_implies_no_sales_before_it():
    assert make_demand_matrix(sold({10: 50}), as_of=AS_OF).demand.tolist() == [[50, 0]]


def test_a_product_out_of_stock_before_its_first_sale_is_not_launched_yet():
    sales = sold({9: 4, 2: 4}).with_columns(is_stocked_out=pl.lit(value=False))
    series = make_demand_matrix(pl.concat([out_of_stock(40, 41), sales]), as_of=AS_OF)
    assert series.history.tolist() == [2]
