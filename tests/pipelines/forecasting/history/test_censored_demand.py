"""Demand lost in a stock-out is estimated by what sold before it."""

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.windows import Window, sums_after_origins
from tests.pipelines.forecasting.demand_builders import out_of_stock
from tests.pipelines.planning_builders import AS_OF, in_days, sold, sold_every


def test_a_quantity_that_is_no_number_is_censored_and_not_zero():
    known = make_demand_matrix(sold_every(1, 2, for_days=70), as_of=AS_OF)
    day = pl.col("demand_date") == in_days(-3)
    quantity = pl.when(day).then(float("nan")).otherwise(pl.col("quantity"))
    unknown = make_demand_matrix(sold_every(1, 2, for_days=70).with_columns(quantity=quantity), as_of=AS_OF)
    assert unknown.demand[0] == pytest.approx(known.demand[0])


def test_demand_of_a_week_without_stock_is_estimated_by_the_weeks_before_it():
    sales = sold(dict.fromkeys(range(8, 71), 3)).with_columns(is_stocked_out=pl.lit(value=False))
    series = make_demand_matrix(pl.concat([sales, out_of_stock(*range(1, 8))]), as_of=AS_OF)
    assert series.demand[0].tolist() == pytest.approx([21] * 10)
    assert series.imputed_share[0].tolist() == [0] * 9 + [1]


def test_only_days_without_stock_are_imputed():
    sales = sold(dict.fromkeys(range(8, 71), 3) | {6: 30, 7: 30}).with_columns(is_stocked_out=pl.lit(value=False))
    series = make_demand_matrix(pl.concat([sales, out_of_stock(*range(1, 6))]), as_of=AS_OF)
    assert series.demand[0, -1] == pytest.approx(60 + 21 * 5 / 7)


def test_what_was_sold_on_the_day_the_shelf_ran_empty_is_never_lowered():
    sales = sold(dict.fromkeys(range(8, 71), 3) | dict.fromkeys(range(1, 8), 9))
    sales = sales.with_columns(is_stocked_out=pl.col("demand_date") >= in_days(-7))
    assert make_demand_matrix(sales, as_of=AS_OF).demand[0, -1] == 63


def test_a_window_that_was_mostly_out_of_stock_is_not_used():
    sales = sold(dict.fromkeys(range(8, 71), 3)).with_columns(is_stocked_out=pl.lit(value=False))
    series = make_demand_matrix(pl.concat([sales, out_of_stock(*range(1, 8))]), as_of=AS_OF)
    assert np.isnan(sums_after_origins(series, Window(0, 7))[0]).tolist() == [False] * 9 + [True] * 2
