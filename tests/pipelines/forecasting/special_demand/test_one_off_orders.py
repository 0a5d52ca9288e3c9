"""Very large one-off orders are listed, and stay in the history."""

import polars as pl
import pytest

from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.special_demand.one_off_orders import find_one_off_orders
from tests.pipelines.planning_builders import AS_OF, TEA, in_days, sold, sold_every

USUAL = sold_every(7, 4, for_days=200)


def test_an_order_of_ten_times_the_usual_day_is_listed():
    sales = pl.concat([USUAL, sold({33: 400})])
    assert find_one_off_orders(sales, as_of=AS_OF).rows() == [(TEA, in_days(-33), 400.0, 4.0, 100.0)]


def test_a_one_off_order_stays_in_the_history():
    without, sales = (
        make_demand_matrix(pl.concat(parts), as_of=AS_OF) for parts in ([USUAL], [USUAL, sold({33: 400})])
    )
    assert (sales.demand - without.demand).sum() + sales.spikes.quantity.sum() == pytest.approx(400)


def test_a_spike_is_listed_by_its_largest_day_even_if_its_days_are_no_one_offs():
    """Some thirty units on each day of a week of a product that sells seven once a week."""
    sales = pl.concat([sold_every(7, 7, for_days=400), sold({203 + day: 30 + 20 * (day == 3) for day in range(1, 7)})])
    assert find_one_off_orders(sales, as_of=AS_OF)["demand_date"].to_list() == [in_days(-206)]


def test_a_product_that_always_sells_in_lumps_has_no_one_offs():
    lumps = sold({7 * k: 1 if k % 2 else 90 for k in range(1, 30)})
    assert find_one_off_orders(lumps, as_of=AS_OF).is_empty()


def test_five_sales_do_not_show_what_is_usual():
    assert find_one_off_orders(sold({1: 1, 2: 1, 3: 1, 4: 1, 5: 900}), as_of=AS_OF).is_empty()


def test_what_comes_after_the_as_of_day_is_not_seen():
    assert find_one_off_orders(pl.concat([USUAL, sold({0: 400})]), as_of=AS_OF).is_empty()
