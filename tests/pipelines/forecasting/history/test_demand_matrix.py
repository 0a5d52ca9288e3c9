"""Which sales a forecast sees, and from when on a product has a history."""

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.history.demand_matrix import has_weekly_rows, make_demand_matrix
from pipelines.forecasting.history.windows import Window, sums_after_origins
from tests.pipelines.planning_builders import AS_OF, TEA, sold, sold_every


def a_week_a_row(quantities: list[float], *, last_week_begins: int = 7, product: str = TEA) -> pl.DataFrame:
    """One row a week, the first day of each, the latest so many days ago."""
    begins = range(last_week_begins + 7 * (len(quantities) - 1), last_week_begins - 1, -7)
    return sold(dict(zip(begins, quantities, strict=True)), product)


def test_sales_on_or_after_the_as_of_day_are_left_out():
    series = make_demand_matrix(sold({1: 4, 0: 100, -1: 1000}), as_of=AS_OF)
    assert series.demand.tolist() == [[4]]


def test_weeks_end_the_day_before_the_as_of_day():
    series = make_demand_matrix(sold({1: 2, 7: 3, 8: 5, 14: 0}), as_of=AS_OF)
    assert series.demand.tolist() == [[5, 5]]


def test_before_the_first_sale_is_not_zero_demand():
    history = pl.concat([sold({400: 1}, "OLD"), sold({20: 1}, "YOUNG")])
    series = make_demand_matrix(history, as_of=AS_OF)
    assert dict(zip(series.product_codes, series.history.tolist(), strict=True)) == {"OLD": 58, "YOUNG": 3}
    assert np.isnan(series.demand[1, :-3]).all()
    assert series.demand[1, -3:].tolist() == [1, 0, 0]


def test_a_product_is_known_from_its_first_row_on_even_if_nothing_was_sold_on_it():
    series = make_demand_matrix(sold({21: 0, 3: 1}), as_of=AS_OF)
    assert series.demand.tolist() == [[0, 0, 1]]


def test_a_sale_four_years_ago_is_forgotten_the_day_after():
    kept, lost = sold({208 * 7: 1}), sold({208 * 7 + 1: 1})
    assert make_demand_matrix(kept, as_of=AS_OF).product_codes == [TEA]
    assert make_demand_matrix(lost, as_of=AS_OF).product_codes == []


def test_of_twenty_years_of_days_four_are_kept_and_the_product_is_old():
    series = make_demand_matrix(sold_every(30, 1, for_days=7300), as_of=AS_OF)
    assert series.periods == 208
    assert series.history.tolist() == [208]


def test_a_day_with_more_returns_than_sales_is_zero():
    assert make_demand_matrix(sold({2: -5, 4: 7}), as_of=AS_OF).demand.tolist() == [[7]]


def test_no_sale_at_all_is_an_empty_history():
    for nothing in (sold({}), sold({3: 0, 9: 0}), sold({5: -2})):
        assert make_demand_matrix(nothing, as_of=AS_OF).demand.shape == (0, 0)


def test_one_row_a_week_is_that_week():
    weekly = a_week_a_row([7, 14, 21])
    assert has_weekly_rows(weekly, as_of=AS_OF)
    assert make_demand_matrix(weekly, as_of=AS_OF).demand.tolist() == [[7, 14, 21]]
    by_day = make_demand_matrix(weekly, as_of=AS_OF, period_days=1).demand
    assert by_day.reshape(3, 7).sum(axis=1).tolist() == [7, 14, 21]


def test_a_row_on_a_monday_is_a_day_if_another_row_is_not_on_a_monday():
    assert not has_weekly_rows(sold({7: 7, 14: 7, 20: 1}), as_of=AS_OF)


def test_three_rows_are_no_weeks_if_the_last_is_less_than_a_week_old():
    assert not has_weekly_rows(sold({3: 7, 10: 7, 17: 1}), as_of=AS_OF)


def test_weeks_that_began_on_another_weekday_are_spread_and_not_shifted():
    series = make_demand_matrix(a_week_a_row([7, 7, 7], last_week_begins=9), as_of=AS_OF)
    usual = (6 + 7 + 7) / 22
    assert series.demand[0].tolist() == pytest.approx([2 + 5 * usual, 7, 7, 5])


@pytest.mark.parametrize(("window", "units"), [((0, 7), 3), ((0, 10), 6), ((3, 7), 3), ((10, 4), 4), ((0, 14), 10)])
def test_demand_over_a_window_sums_its_days(window, units):
    series = make_demand_matrix(sold({14: 1, 12: 2, 7: 1, 5: 2, 4: 1, 2: 3, 21: 0}), as_of=AS_OF)
    assert sums_after_origins(series, Window(*window))[0, 1] == units


def test_a_window_that_reaches_past_the_end_or_before_the_launch_is_unknown():
    series = make_demand_matrix(pl.concat([sold_every(1, 1, for_days=70), sold({12: 0, 10: 1}, "YOUNG")]), as_of=AS_OF)
    old, young = sums_after_origins(series, Window(0, 21))
    assert np.isnan(old).tolist() == [False] * 8 + [True] * 3
    assert np.isnan(young).all()
    assert np.isfinite(sums_after_origins(series, Window(0, 10))[1]).tolist() == [False] * 8 + [True] + [False] * 2
