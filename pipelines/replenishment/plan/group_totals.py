"""The sums of a plan by group, in the organisation's base currency: `plan.group_totals`.

A product of several groups counts in each, so groups do not add up to the plan; products without a group are the row
without one.
What belongs here: these sums. What does not: those of the whole plan (`plan_summary.py`).
Read more in docs/buyer/groups.md.
"""

import polars as pl

from pipelines.replenishment.plan.plan_summary import in_money, sums_of_lines
from pipelines.storage.tables import GROUP_TOTALS

NO_GROUP = "no group"


def group_totals(order_plan: pl.DataFrame, product_groups: pl.DataFrame, *, base_currency: str) -> pl.DataFrame:
    """One row per group with a product in the plan, and one for the products without a group, by kind and name."""
    of_groups = product_groups.select("product_code", "group_id", "group_kind", "group_name", "group_order")
    lines = order_plan.join(of_groups, on="product_code", how="left").with_columns(
        pl.col("group_id", "group_kind").fill_null(""), pl.col("group_name").fill_null(NO_GROUP)
    )
    sums = lines.group_by("group_id", "group_kind", "group_name", "group_order").agg(
        **sums_of_lines(),
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
