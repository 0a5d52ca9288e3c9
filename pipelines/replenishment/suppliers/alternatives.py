"""Every other supplier of a planned product: what the same order would cost there, and when it would arrive.

What belongs here: the table `plan.supplier_alternatives`. What does not: the money of one comparison (`comparison.py`),
sentences (`alternative_words.py`). Nothing is ordered from another supplier by itself.
Read more in docs/maths.md#other-suppliers.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines.forecasting.distribution import DemandDistribution
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.planning_settings.registry import global_settings, wide_settings
from pipelines.planning_settings.supplier_terms.supplier_calendar import calendars_by_supplier
from pipelines.replenishment.decision.decision_inputs import (
    arrivals_on_order,
    counted_arrivals,
    distribution_of,
    prepare_inputs,
)
from pipelines.replenishment.decision.order_decision import decide
from pipelines.replenishment.plan.order_plan import SEED
from pipelines.replenishment.plan.statuses import NOT_PLANNED
from pipelines.replenishment.planning_parameters import planning_parameters
from pipelines.replenishment.suppliers.comparison import CostsOfOrdering, compared
from pipelines.storage.tables import SUPPLIER_ALTERNATIVES, empty

MOST_SUPPLIERS: Final = 5
"""So many other suppliers of a product are compared: those that it was bought from last."""
_KNOWN: Final = (
    "product_code", "product_name", "supplier_id", "supplier_name", "order_quantity", "unit_cost", "order_unit_cost",
    "currency_rate", "stock_position", "maximum_shelf_level", "average_daily_demand",
    "horizon_days", "service_level", "stock_on_hand", "stock_committed", "assembly_requirement",
    "expected_lead_time_days", "expected_arrival_date", "sales_unit_price", "plan_id",
)  # fmt: skip
_OF_SETTINGS: Final = ("minimum_order_quantity", "batch_size", "price_breaks")


@dataclass(frozen=True)
class SupplierSources:
    """A plan and what its suppliers are compared by; each frame has the shape of its table."""

    order_plan: pl.DataFrame
    products: pl.DataFrame
    product_suppliers: pl.DataFrame
    planning_settings: pl.DataFrame
    purchase_receipts: pl.DataFrame
    stock_on_order: pl.DataFrame
    protection_intervals: pl.DataFrame
    supplier_calendars: pl.DataFrame
    group_members: pl.DataFrame | None = None


def supplier_alternatives(
    sources: SupplierSources, forecast: Forecast, *, as_of: date, base_currency: str
) -> pl.DataFrame:
    """`plan.supplier_alternatives`: one row per planned product and other supplier of it, by product and supplier."""
    lines = _planned_lines(sources)
    others = _others(lines, sources.product_suppliers)
    if others.is_empty():
        return empty(SUPPLIER_ALTERNATIVES)
    terms = pl.concat([_terms(sources, part, as_of=as_of) for _, part in others.group_by("place", maintain_order=True)])
    rows = _with_lost_demand(others.join(terms, on=["product_code", "other_supplier_id"]), sources, forecast, as_of)
    costs = CostsOfOrdering.of(sources.order_plan, sources.planning_settings)
    found = [compared(row, costs, as_of=as_of) for row in rows.iter_rows(named=True)]
    return (
        pl.DataFrame(found, infer_schema_length=None)
        .with_columns(currency=pl.lit(base_currency))
        .select(list(SUPPLIER_ALTERNATIVES.columns))
        .cast(SUPPLIER_ALTERNATIVES.schema)
        .sort("product_code", "other_supplier_id")
    )


def _planned_lines(sources: SupplierSources) -> pl.DataFrame:
    """The planned lines that have a supplier, with the sales price in base currency."""
    return (
        sources.order_plan.filter((pl.col("status") != NOT_PLANNED) & pl.col("supplier_id").is_not_null())
        .join(sources.products.select("product_code", "sales_unit_price"), on="product_code", how="left")
        .select(_KNOWN)
    )


def _others(lines: pl.DataFrame, product_suppliers: pl.DataFrame) -> pl.DataFrame:
    """The planned lines beside each other supplier of the product that is not archived, with its place among them."""
    return (
        product_suppliers.filter(~pl.col("is_archived"))
        .select(
            "product_code", other_supplier_id="supplier_id", other_supplier_name="supplier_name",
            other_unit_cost="unit_cost", other_currency="currency", other_rate="currency_rate",
            last_purchase_date="last_purchase_date",
        )
        .join(lines, on="product_code")
        .filter(pl.col("other_supplier_id") != pl.col("supplier_id"))
        .sort(
            "product_code", "last_purchase_date", "other_supplier_id", descending=[False, True, False], nulls_last=True
        )
        .with_columns(place=pl.int_range(pl.len()).over("product_code"))
        .filter(pl.col("place") < MOST_SUPPLIERS)
    )  # fmt: skip


def _terms(sources: SupplierSources, others: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """How products would be planned with another supplier each: its settings, its lead time, its calendar.

    Of a product's receipts only those of that supplier count.
    """
    products = others.select("product_code", supplier_id="other_supplier_id")
    chosen = products.rename({"supplier_id": "chosen"})
    receipts = sources.purchase_receipts.join(chosen, on="product_code", how="left").filter(
        pl.col("chosen").is_null() | (pl.col("chosen") == pl.col("supplier_id"))
    )
    waiting = sources.stock_on_order.join(chosen, on="product_code", how="left").filter(
        pl.col("chosen").is_null() | (pl.col("chosen") == pl.col("supplier_id"))
    )
    made = planning_parameters(
        products, sources.planning_settings, receipts.drop("chosen"), waiting.drop("chosen"), sources.group_members,
        as_of=as_of,
    )  # fmt: skip
    days = made.protection_intervals.group_by("product_code").agg(
        other_lead_time_days=pl.col("expected_lead_time_days").first(),
        other_arrival_day=pl.col("expected_arrival_day").first(),
    )
    settings = wide_settings(made.plan_settings).select(
        "product_code", "holding_cost_rate", *(pl.col(name).alias(f"other_{name}") for name in _OF_SETTINGS)
    )
    return (
        products.rename({"supplier_id": "other_supplier_id"})
        .join(settings, on="product_code")
        .join(days, on="product_code")
    )


def _with_lost_demand(rows: pl.DataFrame, sources: SupplierSources, forecast: Forecast, as_of: date) -> pl.DataFrame:
    """The rows with the demand lost before the order arrives, from the used supplier and from the other.

    Both are worked out on the same demand paths with the expected arrival. They are null if nothing is ordered, or if
    an order would arrive after the protection interval.
    """
    policy = global_settings(sources.planning_settings).order_policy
    arrival = (pl.col("expected_arrival_date") - pl.lit(as_of)).dt.total_days()
    rows = rows.with_columns(arrival_day=arrival).with_row_index("row")
    calendars = calendars_by_supplier(sources.supplier_calendars, as_of=as_of)
    on_order = arrivals_on_order(
        sources.stock_on_order, sources.protection_intervals, as_of=as_of, calendars=calendars
    )  # fmt: skip
    distribution, arrivals = distribution_of(forecast), counted_arrivals(on_order)
    for name in ("arrival_day", "other_arrival_day"):
        lost = _lost_before(rows, name, distribution, arrivals, policy)
        rows = rows.join(lost, on="row", how="left", maintain_order="left")
    return rows


def _lost_before(
    rows: pl.DataFrame, name: str, distribution: DemandDistribution, arrivals: pl.DataFrame, policy: OrderPolicy
) -> pl.DataFrame:
    """By row the demand lost before a day: `row` and a column `lost_before_` with the name of the day."""
    column = f"lost_before_{name}"
    ordered = rows.filter((pl.col("order_quantity") > 0) & (pl.col(name) < pl.col("horizon_days")))
    parts: list[pl.DataFrame] = [pl.DataFrame(schema={"row": rows.schema["row"], column: pl.Float64})]
    for _, part in ordered.group_by("place", maintain_order=True):
        products = part.sort("product_code")
        windows = products.select(
            "product_code", pl.col(name).alias("arrival_day").cast(pl.Int64), "horizon_days", weight=pl.lit(1.0)
        )
        inputs = prepare_inputs(distribution, products, windows, arrivals, seed=SEED)
        lost: Any = decide(inputs, policy).demand_lost_before_arrival
        parts.append(products.select("row").with_columns(pl.Series(column, lost, dtype=pl.Float64)))
    return pl.concat(parts)
