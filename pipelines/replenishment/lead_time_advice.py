"""Set and observed lead times side by side, and which differences to review.

What belongs here: the observed lead time of each product, and the advice that follows. What does not: which receipts
are evidence (the warehouse), the estimated lead times (`lead_times.py`), accepting advice (the command).
Read more in docs/maths.md.
"""

from typing import Final

import polars as pl

from pipelines.planning_settings.registry import BY_DEFAULT
from pipelines.replenishment.plan.plan_summary import in_money
from pipelines.replenishment.plan.statuses import NOT_PLANNED
from pipelines.storage.tables import LEAD_TIME_ADVICE

# With fewer own receipts those of the supplier are used.
FEWEST_OWN: Final = 4
FEWEST_OF_SUPPLIER: Final = 8
# A smaller difference, in days or as a share, is no advice.
LEAST_DAYS: Final = 2
LEAST_SHARE: Final = 0.2
LOW, HIGH = 0.25, 0.75
_FIGURES: Final = ("observed", "low", "high", "receipts")


def observed_lead_times(products: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """The observed lead time of each product: median, middle half, number of receipts, and whose they are.

    `products` has `product_code`, `supplier_id`; `receipts` is a result of `lead_times.known_receipts`. The receipts
    are those of the product, if there are four or more, else all of its supplier. Columns: `product_code`,
    `observed_lead_time_days`, `observed_low_days`, `observed_high_days`, `receipts`, `receipts_of` (product, supplier).

    >>> tea = pl.DataFrame({"product_code": ["TEA"], "supplier_id": ["S"]})
    >>> days = [7, 8, 8, 12]
    >>> received = pl.DataFrame({"product_code": ["TEA"] * 4, "supplier_id": ["S"] * 4, "lead_time_days": days})
    >>> observed_lead_times(tea, received).rows()
    [('TEA', 8.0, 7.75, 9.0, 4, 'product')]
    """
    own, theirs = _figures(receipts, "product_code"), _figures(receipts, "supplier_id")
    both = products.select("product_code", "supplier_id").join(own, on="product_code", how="left").join(
        theirs, on="supplier_id", how="left", suffix="_of_supplier"
    )  # fmt: skip
    is_own = (pl.col("receipts") >= FEWEST_OWN).fill_null(value=False) | pl.col("receipts_of_supplier").is_null()
    chosen = {figure: pl.when(is_own).then(figure).otherwise(f"{figure}_of_supplier") for figure in _FIGURES}
    return both.select(
        "product_code",
        observed_lead_time_days=chosen["observed"],
        observed_low_days=chosen["low"],
        observed_high_days=chosen["high"],
        receipts=chosen["receipts"].fill_null(0),
        receipts_of=pl.when(is_own).then(pl.lit("product")).otherwise(pl.lit("supplier")),
    )


def advise_lead_times(order_plan: pl.DataFrame, observed: pl.DataFrame) -> pl.DataFrame:
    """The products whose set lead time receipts contradict: `plan.lead_time_advice`, largest money first.

    `order_plan` has the shape of its table, `observed` that of `observed_lead_times`. Advice is given if the median
    differs from the setting by two days or more and by a fifth or more, the setting lies outside the middle half of the
    receipts, and there are four receipts of the product or eight of its supplier.
    The change of level and safety stock is estimated in proportion to the days of the protection interval. A forecast
    period fixes that interval, so nothing changes then.
    """
    days, is_own = pl.col("observed_lead_time_days"), pl.col("receipts_of") == "product"
    is_held = (pl.col("lead_time_rule") == "as_set") & (pl.col("lead_time_origin") != BY_DEFAULT)
    is_enough = pl.col("receipts") >= pl.when(is_own).then(FEWEST_OWN).otherwise(FEWEST_OF_SUPPLIER)
    difference = (days - pl.col("lead_time_days")).abs()
    is_far = (difference >= LEAST_DAYS) & (difference >= LEAST_SHARE * pl.col("lead_time_days"))
    is_outside = ~pl.col("lead_time_days").is_between("observed_low_days", "observed_high_days")
    is_planned = pl.col("status") != NOT_PLANNED
    horizon = pl.col("horizon_days").clip(lower_bound=1)
    more = pl.when(pl.col("forecast_period_days").is_null()).then(days - pl.col("lead_time_days")).otherwise(0)
    cost = pl.col("unit_cost").cast(pl.Float64)
    return (
        order_plan.drop("observed_lead_time_days")
        .join(observed, on="product_code")
        .with_columns((days + 0.5).floor())
        .filter(is_held & is_enough & is_far & is_outside & is_planned)
        .with_columns(
            level_change_quantity=(pl.col("order_up_to_level") * more / horizon).round(1),
            stock_change_quantity=(pl.col("safety_stock") * more / horizon).round(1),
        )
        .with_columns(
            in_money(pl.when(cost > 0).then(pl.col(f"{change}_quantity") * cost)).alias(f"{change}_value")
            for change in ("level_change", "stock_change")
        )
        .rename({"lead_time_days": "set_lead_time_days", "lead_time_origin": "set_level"})
        .sort(pl.col("level_change_value").abs(), "product_code", descending=[True, False], nulls_last=True)
        .select(list(LEAD_TIME_ADVICE.columns))
        .cast(LEAD_TIME_ADVICE.schema)
    )


def _figures(receipts: pl.DataFrame, key: str) -> pl.DataFrame:
    days = pl.col("lead_time_days")
    return receipts.drop_nulls([key, "lead_time_days"]).group_by(key).agg(
        observed=days.median(),
        low=days.quantile(LOW, interpolation="linear"),
        high=days.quantile(HIGH, interpolation="linear"),
        receipts=pl.len().cast(pl.Int64),
    )  # fmt: skip
