"""Returns in a file of sales cancel the most recent sales before them, as credit notes do in Xero."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.policy_backtest.sales_file import Netted, net_of_returns

START = date(2026, 1, 1)
Row = tuple[str, int, float]


def netted(rows: list[Row], **more: list[str]) -> Netted:
    return net_of_returns(
        pl.DataFrame(
            {
                "product_code": [code for code, _, _ in rows],
                "date": [START + timedelta(days=day) for _, day, _ in rows],
                "quantity": [float(quantity) for _, _, quantity in rows],
                **more,
            }
        )
    )


def test_a_return_cancels_the_latest_sale_first_and_no_later_one() -> None:
    result = netted([("TEA", 0, 5), ("TEA", 7, 3), ("TEA", 14, 9), ("TEA", 8, -4)])
    assert result.sales["quantity"].to_list() == [4, 0, 9, 0]
    assert (result.cancelled_units, result.unmatched_units) == (4, 0)


def test_a_return_cancels_a_sale_of_the_same_day_wherever_it_stands_in_the_file() -> None:
    assert netted([("TEA", 3, -2), ("TEA", 3, 5)]).sales["quantity"].to_list() == [0, 3]


def test_a_return_cancels_sales_of_the_same_customer_only() -> None:
    result = netted([("TEA", 0, 5), ("TEA", 1, 5), ("TEA", 2, -7)], customer=["A", "B", "A"])
    assert result.sales["quantity"].to_list() == [0, 5, 0]
    assert result.unmatched_units == 2
    assert "cancel 5 units" in result.sentence
    assert "2 units match no earlier sale and are left out." in result.sentence


LINES = st.tuples(st.sampled_from("AB"), st.integers(0, 9), st.integers(-9, 9).map(float))


@given(rows=st.lists(LINES, min_size=1, max_size=20))
def test_no_unit_of_a_return_vanishes(rows: list[Row]) -> None:
    """What is left of sales + what returns cancelled = what was sold; cancelled + unmatched = what was returned."""
    result = netted(rows)
    sold, returned = (sum(max(0.0, sign * quantity) for *_, quantity in rows) for sign in (1, -1))
    assert (result.sales["quantity"] >= 0).all()
    assert sum(result.sales["quantity"]) + result.cancelled_units == sold
    assert result.cancelled_units + result.unmatched_units == returned
    assert result.sales["date"].to_list() == [START + timedelta(days=day) for _, day, _ in rows]
