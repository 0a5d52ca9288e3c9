"""The worked examples of docs/maths.md are what the code computes."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.forecast_tables import forecast_demand
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.models.negative_binomial import whole_units
from pipelines.replenishment.explain.bridge import bridge
from pipelines.replenishment.explain.records import PlanLine
from tests.pipelines.planning_builders import (
    AS_OF,
    a_late_order,
    a_product,
    a_setting,
    in_days,
    in_stock,
    on_order,
    sold,
    the_horizon,
    the_line,
)

WAITS = a_setting("unmet_demand", "backordered", level="global", subject="")
PAGE = Path(__file__).parents[3] / "docs" / "maths.md"
SALES = sold({21: 1, 16: 2, 9: 1, 3: 2})


@pytest.fixture
def line():
    orders = [on_order(2, arriving=in_days(9)), a_late_order(10)]
    return the_line(a_product(), SALES, in_stock(5, committed=1), *orders, a_setting("batch_size", "4"), WAITS)


def test_the_bridge_by_hand_is_the_bridge_of_the_plan(line):
    section = PAGE.read_text().split("## One product, by hand")[1].split("##")[0]
    rows = re.findall(r"^\| [a-z].* \| ([+-]?) ?(\d+) \|$", section, flags=re.MULTILINE)
    by_hand = [(sign, float(units)) for sign, units in rows]
    assert by_hand == [(step.sign, step.quantity) for step in bridge(PlanLine(**line))]


def test_the_levels_by_hand_are_the_levels_of_the_plan(line):
    assert (line["reorder_point"], line["order_up_to_level"]) == (13, 16)
    assert (line["days_to_stock_out_soonest"], line["stock_on_order_late"], line["binding_rule"]) == (
        6,
        10,
        "batch_size",
    )


def test_six_units_in_three_weeks_have_the_power_law_variance_of_their_mean():
    quantiles = forecast_demand(SALES, the_horizon(), as_of=AS_OF).demand_quantiles
    at = dict(quantiles.select("probability", "quantity").rows())
    assert at[0.95] == pytest.approx(15.5 + (0.95 - 0.943) / (0.954 - 0.943), abs=0.05)
    of_grid = np.array([at[one] for one in (0.89, 0.9, 0.91, 0.94, 0.95)])
    assert whole_units(of_grid).tolist() == [12, 13, 13, 15, 16]


def test_two_open_days_and_five_without_stock_are_75_units():
    week = sold({7: 30, 6: 30}).with_columns(is_stocked_out=pl.lit(value=False))
    hidden = sold(dict.fromkeys(range(1, 6), 0)).with_columns(is_stocked_out=pl.lit(value=True))
    before = sold(dict.fromkeys(range(8, 71), 3)).with_columns(is_stocked_out=pl.lit(value=False))
    assert make_demand_matrix(pl.concat([before, week, hidden]), as_of=AS_OF).demand[0, -1] == pytest.approx(75)
