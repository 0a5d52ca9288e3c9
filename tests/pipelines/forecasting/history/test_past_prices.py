"""The global quantile model learns from prices that were known, and from no others."""

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.prices import with_unit_prices
from pipelines.storage.tables import DEMAND_TRANSACTIONS
from tests.pipelines.planning_builders import AS_OF, TEA, in_days, sold


def a_line(days_ago: int, quantity: float, price: str, *, currency: str | None = "GBP") -> pl.DataFrame:
    line = {"product_code": TEA, "demand_date": in_days(-days_ago), "sold_quantity": quantity, "currency": currency}
    priced = pl.DataFrame([line], schema=DEMAND_TRANSACTIONS.schema, orient="row")
    return priced.with_columns(unit_price=pl.lit(price).cast(DEMAND_TRANSACTIONS.columns["unit_price"]))


def prices(*lines: pl.DataFrame) -> dict[int, float]:
    priced = with_unit_prices(sold({3: 4, 9: 2}), pl.concat(lines))
    return {(AS_OF - day).days: price for day, price in priced.select("demand_date", "unit_price").rows()}


def test_a_days_price_is_its_mean_price_per_unit():
    assert prices(a_line(3, 3, "2.00"), a_line(3, 1, "4.00")) == {3: 2.5, 9: None}


def test_a_currency_in_which_the_product_rarely_sells_gives_no_price():
    lines = [a_line(3, 1, "2.00"), a_line(3, 1, "2.00"), a_line(9, 1, "300.00", currency="JPY")]
    assert prices(*lines) == {3: 2.0, 9: None}


def test_what_was_given_away_has_no_price():
    assert prices(a_line(3, 3, "0.00"), a_line(9, 1, "4.00")) == {3: None, 9: 4.0}


def test_a_price_is_known_from_the_week_after_it_was_paid():
    priced = with_unit_prices(sold({20: 1, 9: 2, 3: 4}), pl.concat([a_line(9, 1, "4.00"), a_line(3, 1, "8.00")]))
    log_price = make_demand_matrix(priced, as_of=AS_OF).log_price
    assert log_price is not None
    known = log_price[0]
    assert np.isnan(known[:2]).all()
    assert known[2:].tolist() == pytest.approx(np.log([4.0, 8.0]).tolist())
