"""The sums of a plan by group, in the organisation's base currency: `plan.group_totals`.

A product of several groups counts in each, so groups do not add up to the plan; products without a group are the row
without one.
What belongs here: these sums. What does not: those of the whole plan (`plan_summary.py`).
Read more in docs/buyer/groups.md.
"""

import polars as pl

from pipelines.replenishment.plan.plan_summary import base_value, in_money, is_out_of_stock
from pipelines.storage.tables import GROUP_TOTALS

NO_GROUP = "no group"


def group_totals(order_plan: pl.DataFrame, product_groups: pl.DataFrame, *, base_currency: str) -> pl.DataFrame:
    """One row per group with a product in the plan, and one for the products without a group, by kind and name."""
    of_groups = product_groups.select("product_code", "group_id", "group_kind", "group_name", "group_order")
    lines = order_plan.join(of_groups, on="product_code", how="left").with_columns(
        pl.col("group_id", "group_kind").fill_null(""), pl.col("group_name").fill_null(NO_GROUP)
    )
    over, under, order = (pl.col(f"{name}_quantity") for name in ("overstock", "understock", "order"))
    sums = lines.group_by("group_id", "group_kind", "group_name", "group_order").agg(
        products=pl.len(),
        products_to_order=(order > 0).sum(),
        order_value=base_value("order_value").sum(),
        products_understocked=(under > 0).sum(),
        understock_value=base_value("understock_value").sum(),
        understock_margin_lost=base_value("understock_margin_lost").sum(),
        products_overstocked=(over > 0).sum(),
        overstock_value=base_value("overstock_value").sum(),
        overstock_holding_cost=base_value("overstock_holding_cost").sum(),
        products_out_of_stock=is_out_of_stock().sum(),
        stock_value=base_value("stock_value").sum(),
        products_without_rate=pl.col("currency_rate").is_null().sum(),
        plan_id=pl.col("plan_id").first(),
        as_of_date=pl.col("as_of_date").first(),
    )
    return (
        sums.with_columns(
            in_money(pl.col("^.*_value$", "understock_margin_lost", "overstock_holding_cost")),
            currency=pl.lit(base_currency),
        )
        .sort(pl.col("group_id") == "", "group_order", "group_kind", "group_name", "group_id", nulls_last=True)
        .select(list(GROUP_TOTALS.columns))
        .cast(GROUP_TOTALS.schema)
    )
