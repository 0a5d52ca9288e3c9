"""Which sales a forecast sees, and from when on a product has a history."""

import numpy as np
import polars as pl

from pipelines.forecasting.series import make_series
from tests.pipelines.planning_builders import AS_OF, TEA, in_days, sold


def test_sales_on_or_after_the_as_of_day_are_left_out():
    series = make_series(sold({1: 4, 0: 100, -1: 1000}), as_of=AS_OF)
    assert series.daily.sum() == 4
    assert series.daily[0, -1] == 4


def test_weeks_end_the_day_before_the_as_of_day():
    series = make_series(sold({1: 2, 7: 3, 8: 5}), as_of=AS_OF)
    assert series.weekly.tolist() == [[5, 5]]


def test_before_the_first_sale_is_not_zero_demand():
    history = pl.concat([sold({400: 1}, "OLD"), sold({20: 1}, "YOUNG")])
    series = make_series(history, as_of=AS_OF)
    weeks = dict(zip(series.product_codes, series.history_weeks.tolist(), strict=True))
    assert weeks == {"OLD": 58, "YOUNG": 3}


def test_a_sale_three_years_ago_is_forgotten_the_day_after():
    kept, lost = sold({156 * 7: 1}), sold({156 * 7 + 1: 1})
    assert make_series(kept, as_of=AS_OF).product_codes == [TEA]
    assert make_series(lost, as_of=AS_OF).product_codes == []


def test_a_quantity_that_is_no_number_is_no_sale():
    series = make_series(sold({1: float("nan"), 2: float("inf"), 3: -5, 4: 7}), as_of=AS_OF)
    assert series.daily.sum() == 7


def test_no_sale_at_all_is_an_empty_history():
    series = make_series(sold({}), as_of=AS_OF)
    assert series.weeks == 0
    assert series.weekly.shape == (0, 0)


def test_sales_lie_on_their_own_days():
    series = make_series(sold({3: 2, 10: 5}), as_of=AS_OF)
    days = [in_days(-14 + int(column)) for column in np.flatnonzero(series.daily[0])]
    assert days == [in_days(-10), in_days(-3)]
