"""What the lines that are shown come to, by supplier and by group, in base currency.

What belongs here: these sums. What does not: the total below the table (`plan_lines_shown.py`).
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from pipelines.replenishment.plan.group_totals import NO_GROUP
from pipelines.replenishment.plan.plan_reports import IS_TO_ORDER, in_base_currency, value_to_order
from planner.shown.plan_lines_shown import NO_SUPPLIER, PlanLines


def by_supplier(found: PlanLines) -> Sequence[dict[str, Any]]:
    """The sums of each supplier, the largest order first."""
    lines = _lines(found).with_columns(
        name=pl.when(pl.col("supplier_id").is_null()).then(pl.lit("No supplier")).otherwise("supplier_name"),
        value_of_filter=pl.when(pl.col("supplier_id").is_null()).then(pl.lit(NO_SUPPLIER)).otherwise("supplier_name"),
    )
    return _sums(lines)


def by_group(found: PlanLines) -> Sequence[dict[str, Any]]:
    """The sums of each group; a product of several groups counts in each. None without groups."""
    view = found.view
    if view.product_groups.is_empty():
        return []
    titles = pl.DataFrame(list(view.groups.items()), schema=["group_id", "name"], orient="row")
    of_groups = view.product_groups.select("product_code", "group_id").join(titles, on="group_id")
    lines = _lines(found).join(of_groups, on="product_code", how="left")
    return _sums(lines.with_columns(pl.col("name").fill_null(NO_GROUP), value_of_filter=pl.col("group_id")))


def base_total(found: PlanLines) -> float:
    """What is to order of all lines found, in base currency."""
    return value_to_order(_lines(found))


def _lines(found: PlanLines) -> pl.DataFrame:
    columns = [
        "product_code", "supplier_id", "supplier_name", "order_quantity", "order_value", "currency_rate", "status",
    ]  # fmt: skip
    return found.now.lines.select(columns)[found.rows].with_columns(base_value=in_base_currency("order_value"))


def _sums(lines: pl.DataFrame) -> Sequence[dict[str, Any]]:
    sums = lines.group_by("name", "value_of_filter").agg(
        products=pl.len(), to_order=IS_TO_ORDER.sum(), units=pl.col("order_quantity").filter(IS_TO_ORDER).sum(),
        value=pl.col("base_value").filter(IS_TO_ORDER).sum(),
    )  # fmt: skip
    return sums.sort("value", "name", descending=[True, False], nulls_last=True).to_dicts()
