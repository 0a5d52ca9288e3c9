"""A line that a person adds has the cost that the plan uses, or the person says what it costs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.organisations.order_decisions.ordered_products import OrderedProducts
from pipelines.storage import tables
from pipelines.storage.tables import Table, empty
from tests.pipelines.purchasing.purchasing_builders import AS_OF, NO_TERMS, SUPPLIER, a_draft, an_order


def products_with(**of_product: Any) -> OrderedProducts:
    row = {
        "product_code": "TEA-01", "product_name": "Tea", "supplier_id": SUPPLIER, "supplier_name": "Supplier 01",
        "unit_cost": Decimal("2.5000"), "currency": "GBP",
    } | of_product  # fmt: skip
    plan = {"product_code": "TEA-01", "expected_lead_time_days": 9, "supplier_id": SUPPLIER}
    rows = {
        tables.PRODUCTS: pl.DataFrame([row], schema=tables.PRODUCTS.schema, orient="row"),
        tables.ORDER_PLAN: pl.DataFrame([plan], schema=tables.ORDER_PLAN.schema, orient="row"),
    }

    def read(table: Table) -> pl.DataFrame:
        return rows.get(table, empty(table))

    return OrderedProducts(read, NO_TERMS, "GBP")


def test_a_line_has_the_products_name_cost_and_lead_time() -> None:
    line = products_with().line(an_order(), " tea-01", Decimal(3), unit_cost=None, arrival=None)
    assert (line.product_code, line.product_name, line.unit_cost) == ("TEA-01", "Tea", Decimal("2.5000"))
    assert line.expected_arrival_date == AS_OF + timedelta(days=9)


@pytest.mark.parametrize(
    ("product", "why"),
    [
        ({"unit_cost": None}, "has no cost"),
        ({"currency": "USD"}, "has a cost in USD"),
        ({"supplier_id": "s-2", "supplier_name": "Mill"}, "has the cost of Mill, and the order goes to Supplier 01"),
    ],
)
def test_a_cost_that_is_not_of_this_supplier_and_currency_is_asked_for(product: dict[str, Any], why: str) -> None:
    products = products_with(**product)
    with pytest.raises(UsageError, match=f"TEA-01 {why}: add --cost"):
        products.line(an_order(), "TEA-01", Decimal(3), unit_cost=None, arrival=None)
    assert products.line(an_order(), "TEA-01", Decimal(3), unit_cost=Decimal(2), arrival=None).unit_cost == 2


def test_an_unknown_product_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="There is no product 'TEA-99'"):
        products_with().line(an_order(a_draft()), "TEA-99", Decimal(3), unit_cost=None, arrival=None)


def test_a_product_without_history_and_batch_size_comes_in_whole_units() -> None:
    assert not products_with().is_divisible("TEA-01")
