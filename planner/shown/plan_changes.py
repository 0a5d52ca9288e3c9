"""What one plan orders otherwise than another.

What belongs here: comparing the lines of two plans. What does not: what the difference means.
"""

from typing import Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

COMPARED: Final = ("product_code", "product_name", "order_quantity", "order_value", "currency")


def lines_of_plan(view: PublishedView, plan_id: str, *, columns: tuple[str, ...] = ()) -> pl.DataFrame:
    """The lines of a kept plan, one per product.

    Raises:
        UsageError: there is no such plan, or it is not kept any more.
    """
    if view.summary and view.summary["plan_id"] == plan_id:
        lines = view.order_plan
    else:
        of_plan = pl.col("plan_id") == plan_id
        wanted = [name for name in tables.ORDER_PLAN.columns if not columns or name in columns]
        lines = view.rows(tables.PLAN_HISTORY, of_plan, columns=wanted).unique("product_code", keep="last")
    if lines.is_empty():
        raise UsageError(f"There is no plan {plan_id!r} here, or its lines are not kept any more.")
    return lines.sort("product_code")


def differences(view: PublishedView, before: str, after: str) -> pl.DataFrame:
    """The products whose order quantity differs, the largest change of value first.

    Columns: `product_code`, `product_name`, `quantity_before`, `quantity_after`, `value_change`, `currency`.

    Raises:
        UsageError: one of the plans is not there.
    """
    old, new = (lines_of_plan(view, plan, columns=COMPARED).select(COMPARED) for plan in (before, after))
    both = new.join(old, on="product_code", how="full", coalesce=True, suffix="_before")
    return (
        both.select(
            "product_code",
            pl.coalesce("product_name", "product_name_before"),
            quantity_before=pl.col("order_quantity_before").fill_null(0.0),
            quantity_after=pl.col("order_quantity").fill_null(0.0),
            value_change=pl.col("order_value").fill_null(0) - pl.col("order_value_before").fill_null(0),
            currency=pl.coalesce("currency", "currency_before"),
        )
        .filter(pl.col("quantity_before") != pl.col("quantity_after"))
        .sort(pl.col("value_change").abs(), "product_code", descending=[True, False])
    )
