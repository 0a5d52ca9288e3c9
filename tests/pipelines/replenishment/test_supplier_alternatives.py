"""Another supplier is named where the same order costs less there, or comes soon enough to save sales."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.replenishment.suppliers.alternative_words import advised, alternative_sentence
from pipelines.replenishment.suppliers.alternatives import SupplierSources, supplier_alternatives
from pipelines.replenishment.units_in_words import about_units
from pipelines.storage.tables import PRODUCT_SUPPLIERS, SUPPLIER_ALTERNATIVES
from tests.pipelines.planning_builders import (
    AS_OF,
    SUPPLIER,
    TEA,
    a_product,
    a_setting,
    in_stock,
    inputs,
    sold_every,
)

# 2.50 a unit from the supplier used, 4.00 sales price; two sold a day; lead time 14, order frequency 7 days.
TWO_A_DAY = sold_every(1, 2.0, for_days=364)
OTHER = "supplier-09"


def also_from(*suppliers: str, **more: Any) -> pl.DataFrame:
    row = {
        "product_code": TEA, "is_archived": False, "is_used": False, "unit_cost": Decimal("2.5000"), "currency": "GBP",
        "currency_rate": Decimal(1), "last_purchase_date": date(2026, 1, 5), "unit_cost_source": "bill",
    }  # fmt: skip
    rows = [row | {"supplier_id": one, "supplier_name": f"Name of {one}"} | more for one in suppliers]
    return pl.DataFrame(rows, schema=PRODUCT_SUPPLIERS.schema, orient="row")


def of_other(name: str, value: str) -> pl.DataFrame:
    return a_setting(name, value, level="supplier", subject=OTHER)


def compared(suppliers: pl.DataFrame, *frames: pl.DataFrame, stock: float = 40) -> dict[str, Any]:
    company = inputs(a_product(), in_stock(stock), TWO_A_DAY, *frames)
    forecast, known = company.forecast(), company.parameters
    sources = SupplierSources(
        company.plan(forecast).order_plan, company.products, suppliers, company.planning_settings,
        company.purchase_receipts, company.stock_on_order, known.protection_intervals, known.supplier_calendars,
    )  # fmt: skip
    found = supplier_alternatives(sources, forecast, as_of=AS_OF, base_currency="GBP")
    assert found.schema == SUPPLIER_ALTERNATIVES.schema
    return found.row(0, named=True) if found.height else {}


def test_a_lower_price_makes_another_supplier_cheaper():
    row = compared(also_from(OTHER, unit_cost=Decimal("2.0000")))
    ordered = row["order_quantity"]
    assert ordered > 0
    assert (row["advice"], row["money_saved"]) == ("cheaper", Decimal(str(ordered / 2)))
    assert alternative_sentence(row) == f"Name of supplier-09 would be {ordered / 2:,.2f} GBP cheaper."


def test_a_cheaper_supplier_is_said_to_be_as_much_cheaper_as_its_price_and_lost_sales_apart():
    row = compared(also_from(OTHER, unit_cost=Decimal("1.0000")), of_other("lead_time_days", "13"), stock=8)
    saving, avoided = row["price_saving"] - row["order_cost"], row["shortage_avoided_value"]
    assert (row["advice"], row["money_saved"]) == ("cheaper", saving + avoided)
    assert avoided > 0
    assert alternative_sentence(row) == (
        f"Name of supplier-09 would be {saving:,.2f} GBP cheaper, and arrives 1 day sooner and loses about "
        f"{about_units(row['shortage_avoided_quantity'])} fewer units ({avoided:,.2f} GBP)."
    )


def test_a_price_in_another_currency_is_compared_in_base_currency():
    row = compared(also_from(OTHER, unit_cost=Decimal("2.4000"), currency="EUR", currency_rate=Decimal("1.2")))
    assert (row["other_unit_cost_in_base"], row["advice"]) == (Decimal("2.0000"), "cheaper")
    without_rate = compared(also_from(OTHER, unit_cost=Decimal("2.4000"), currency="EUR", currency_rate=None))
    assert (without_rate["other_unit_cost_in_base"], without_rate["advice"]) == (None, "none")


def test_a_quicker_supplier_saves_lost_sales_even_at_a_higher_price():
    row = compared(also_from(OTHER, unit_cost=Decimal("2.6000")), of_other("lead_time_days", "3"), stock=8)
    assert (row["days_sooner"], row["advice"]) == (11, "quicker")
    assert row["shortage_avoided_quantity"] == pytest.approx(20, abs=2)
    assert float(row["shortage_avoided_value"]) == pytest.approx(row["shortage_avoided_quantity"] * 1.5, abs=0.01)
    assert alternative_sentence(row).startswith("Name of supplier-09 arrives 11 days sooner and would avoid about 2")


def test_a_shutdown_of_the_other_supplier_counts():
    shut = of_other("shutdowns", "2026-03-03..2026-03-30")
    row = compared(also_from(OTHER), of_other("lead_time_days", "3"), shut, stock=8)
    assert (row["other_arrival_date"], row["advice"]) == (date(2026, 4, 2), "none")


def test_a_slower_supplier_is_cheaper_only_after_the_sales_that_it_loses():
    slow = of_other("lead_time_days", "18")
    a_little, much = (compared(also_from(OTHER, unit_cost=Decimal(cost)), slow, stock=30) for cost in ("2.45", "1.50"))
    assert a_little["shortage_avoided_quantity"] < 0
    assert (a_little["advice"], much["advice"]) == ("none", "cheaper")
    assert "though it arrives 4 days later" in alternative_sentence(much)


@pytest.mark.parametrize(
    "terms",
    [
        [of_other("minimum_order_value", "5000")],
        [a_setting("minimum_order_quantity", "5000", level="product_supplier", subject=f"{TEA} @ {OTHER}")],
        [of_other("cost_per_order", "500")],
        [a_setting("cost_per_order_line", "0", level="global", subject=""), of_other("cost_per_order_line", "500")],
        [a_setting("maximum_shelf_level", "60"),
         a_setting("batch_size", "48", level="product_supplier", subject=f"{TEA} @ {OTHER}")],
    ],
    ids=["minimum value", "minimum quantity", "an order of its own", "a dear line", "batches that do not fit"],
)  # fmt: skip
def test_a_supplier_is_cheaper_only_after_its_terms(terms):
    assert compared(also_from(OTHER, unit_cost=Decimal("2.0000")))["advice"] == "cheaper"
    assert compared(also_from(OTHER, unit_cost=Decimal("2.0000")), *terms)["advice"] == "none"


def test_price_breaks_of_the_other_supplier_count():
    breaks = a_setting("price_breaks", "2 at 1.5", level="product_supplier", subject=f"{TEA} @ {OTHER}")
    assert compared(also_from(OTHER), breaks)["other_unit_cost_in_base"] == Decimal("1.5000")


def test_an_archived_supplier_the_used_one_and_a_supplier_without_a_price_are_never_advised():
    assert compared(also_from(OTHER, is_archived=True)) == {}
    assert compared(also_from(SUPPLIER)) == {}
    assert compared(also_from(OTHER, unit_cost=None))["advice"] == "none"


def test_nothing_is_saved_if_nothing_is_ordered():
    row = compared(also_from(OTHER, unit_cost=Decimal("1.0000")), stock=500)
    assert (row["order_quantity"], row["money_saved"], row["advice"]) == (0, None, "none")
    assert row["other_unit_cost_in_base"] == 1


def test_of_several_suppliers_the_best_is_named():
    suppliers = pl.concat([
        also_from("a", unit_cost=Decimal("2.2000")), also_from("b", unit_cost=Decimal("2.0000")),
    ])  # fmt: skip
    company = inputs(a_product(), in_stock(40), TWO_A_DAY)
    forecast, known = company.forecast(), company.parameters
    found = supplier_alternatives(
        SupplierSources(
            company.plan(forecast).order_plan, company.products, suppliers, company.planning_settings,
            company.purchase_receipts, company.stock_on_order, known.protection_intervals, known.supplier_calendars,
        ),
        forecast, as_of=AS_OF, base_currency="GBP",
    )  # fmt: skip
    assert found["other_supplier_id"].to_list() == ["a", "b"]
    assert advised(found)["other_supplier_id"].to_list() == ["b"]


def test_what_assemblies_require_is_lost_before_the_arrival_as_in_the_plan():
    """A part whose stock all goes into bundles: the comparison loses as many of its sales as the plan does."""
    frames = (
        of_other("lead_time_days", "3"),
        a_product("SET"), a_setting("bundle_of", f"{TEA}:10", subject="SET"),
        a_setting("is_assembled", "true", subject="SET"), sold_every(1, 2.0, for_days=364, product="SET"),
        a_setting("manufacturing_time_days", "14", subject="SET"), in_stock(0, committed=40, product="SET"),
    )  # fmt: skip
    company = inputs(a_product(), in_stock(300), TWO_A_DAY, *frames)
    forecast, known = company.forecast(), company.parameters
    plan = company.plan(forecast).order_plan
    sources = SupplierSources(
        plan, company.products, also_from(OTHER), company.planning_settings, company.purchase_receipts,
        company.stock_on_order, known.protection_intervals, known.supplier_calendars,
    )  # fmt: skip
    (row,) = supplier_alternatives(sources, forecast, as_of=AS_OF, base_currency="GBP").to_dicts()
    part = plan.filter(product_code=TEA).row(0, named=True)
    assert part["assembly_requirement"] > 0
    assert part["demand_lost_before_arrival"] == pytest.approx(part["demand_before_arrival"])
    assert row["shortage_avoided_quantity"] == pytest.approx(part["demand_before_arrival"] * 11 / 14, rel=0.05)
