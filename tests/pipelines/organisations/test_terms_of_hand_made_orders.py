"""A line that a person puts on an order keeps to the supplier's price breaks and calendar."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.organisations.order_decisions.ordered_products import OrderedProducts
from pipelines.purchasing.drafts import terms_of
from pipelines.setting_subjects import ProductSupplier
from pipelines.storage.tables import (
    ORDER_PLAN,
    PLANNING_SETTINGS,
    PRODUCT_SUPPLIERS,
    PRODUCTS,
    SUPPLIER_CALENDARS,
    Table,
)
from tests.pipelines.purchasing.purchasing_builders import NO_TERMS, SUPPLIER, a_draft, an_order

TABLES: dict[Table, list[dict[str, Any]]] = {
    PRODUCTS: [{"product_code": "TEA-09", "product_name": "Tea", "unit_cost": Decimal(10), "currency": "GBP"}],
    ORDER_PLAN: [{
        "product_code": "TEA-09", "supplier_id": SUPPLIER, "price_breaks": "20 at 9", "expected_lead_time_days": 14,
    }],
    SUPPLIER_CALENDARS: [{"supplier_id": SUPPLIER, "order_days": "", "shutdowns": "2026-03-10..2026-03-19"}],
}  # fmt: skip


@pytest.fixture
def products() -> OrderedProducts:
    return OrderedProducts(lambda table: pl.DataFrame(TABLES[table], schema=table.schema), NO_TERMS, "GBP")


def test_a_new_line_costs_what_its_quantity_costs_and_arrives_behind_a_shutdown(products):
    order = an_order(a_draft(currency="GBP"))
    few, many = (
        products.line(order, "TEA-09", Decimal(quantity), unit_cost=None, arrival=None) for quantity in (5, 25)
    )
    assert (few.unit_cost, many.unit_cost) == (10, 9)
    assert few.expected_arrival_date == date(2026, 3, 26)


def test_a_changed_quantity_changes_the_price_but_not_a_price_that_a_person_gave(products):
    order = an_order(a_draft(currency="GBP"))
    line = products.line(order, "TEA-09", Decimal(5), unit_cost=None, arrival=None)
    assert [products.cost_at(order, line, Decimal(units)) for units in (6, 20)] == [None, 9]
    typed = products.line(order, "TEA-09", Decimal(5), unit_cost=Decimal(8), arrival=None)
    assert products.cost_at(order, typed, Decimal(20)) is None


OTHER = "s-2"
PAIR = ProductSupplier("TEA-09", OTHER).text


def test_a_line_to_another_supplier_has_that_suppliers_price_breaks_code_and_lead_time():
    product, plan = TABLES[PRODUCTS][0] | {"supplier_id": SUPPLIER, "supplier_name": "Mill"}, TABLES[ORDER_PLAN]
    asked = {"product_code": "TEA-09", "supplier_id": OTHER, "unit_cost": Decimal(8), "currency": "GBP"}
    rows = {PRODUCTS: [product], ORDER_PLAN: plan, PRODUCT_SUPPLIERS: [asked]}
    set_by_people = [
        ("product", "TEA-09", "supplier_product_code", "of the usual supplier"),
        ("product_supplier", PAIR, "supplier_product_code", "B7"),
        ("product_supplier", PAIR, "price_breaks", "20 at 7"),
        ("supplier", OTHER, "lead_time_days", "5"),
    ]
    settings = pl.DataFrame(
        [dict(zip(("level", "subject", "name", "value"), row, strict=True)) for row in set_by_people],
        schema=PLANNING_SETTINGS.schema,
    )
    products = OrderedProducts(
        lambda table: pl.DataFrame(rows.get(table, []), schema=table.schema), terms_of(settings), "GBP", settings
    )
    order = an_order(a_draft(currency="GBP", supplier_id=OTHER))
    few, many = (
        products.line(order, "TEA-09", Decimal(quantity), unit_cost=None, arrival=None) for quantity in (5, 25)
    )
    assert [(line.unit_cost, line.supplier_product_code) for line in (few, many)] == [
        (Decimal(8), "B7"),
        (Decimal(7), "B7"),
    ]
    assert few.expected_arrival_date == date(2026, 3, 7)
    assert products.cost_at(order, few, Decimal(20)) == 7
