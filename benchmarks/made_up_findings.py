"""What a run finds in a made-up plan: products, exceptions, receipts, stock by day, advice, a policy backtest.

For the desk's benchmark and tests, as `made_up_plans.py` is.
"""

from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from pipelines.exceptions.kinds import KINDS
from pipelines.exceptions.open_exceptions import exception_ids
from pipelines.storage import tables
from pipelines.storage.tables import Table

RECEIPTS: Final = 5
_LEVELS: Final = {0.9: (7_000, 410.0, 0.955), 0.95: (8_200, 240.0, 0.975), 0.98: (9_900, 120.0, 0.989)}
_OF_STATUS: Final = {"short": "will_run_out", "too_much": "overstock", "not_planned": "dead_stock"}


def findings(plan: pl.DataFrame, today: date) -> dict[Table, pl.DataFrame]:
    """The tables of what a run finds in a plan."""
    return {
        tables.PRODUCTS: _products(plan, today), tables.EXCEPTIONS: _exceptions(plan, today),
        tables.PURCHASE_RECEIPTS: _receipts(plan, today), tables.STOCK_DAILY: _stock(plan, today),
        tables.POLICY_BACKTEST: _backtest(plan), tables.FORECAST_CALIBRATION: _calibration(),
    }  # fmt: skip


def _products(plan: pl.DataFrame, today: date) -> pl.DataFrame:
    return plan.select(
        "product_code", "product_name", "supplier_id", "supplier_name", "unit_cost", "currency", "currency_rate",
        "last_sale_date", product_id=pl.format("item-{}", "product_code"), is_tracked=pl.lit(value=True),
        sales_unit_price=pl.col("unit_cost") * 2, first_sale_date=pl.lit(today - timedelta(days=700)),
    )  # fmt: skip


def _exceptions(plan: pl.DataFrame, today: date) -> pl.DataFrame:
    """An exception for every line that is short, too much or dead."""
    kinds, cost = pl.col("status").replace_strict(_OF_STATUS, default=None), pl.col("unit_cost").cast(pl.Float64)
    rows = plan.with_columns(kind=kinds).filter(pl.col("kind").is_not_null())
    return rows.select(
        exception_ids(rows["kind"], rows["product_code"]), "kind", "product_code", "product_name", "supplier_id",
        "supplier_name", "currency", "plan_id",
        severity=pl.col("kind").replace_strict({code: kind.severity for code, kind in KINDS.items()}),
        state=pl.lit("open"), subject_kind=pl.lit("product"), subject_id="product_code", quantity="stock_on_hand",
        money_at_stake=(pl.col("stock_on_hand") * cost + 1).round(2), sentence=pl.lit("This is made up."),
        what_to_do=pl.format("Look at it: `stocktrim explain {}`.", "product_code"), since_date=pl.lit(today),
        as_of_date=pl.lit(today),
    ).sort("money_at_stake", "exception_id", descending=[True, False])  # fmt: skip


def _receipts(plan: pl.DataFrame, today: date) -> pl.DataFrame:
    ago = pl.DataFrame({"ago": [40 * (at + 1) for at in range(RECEIPTS)]})
    ordered = pl.lit(today) - pl.duration(days=pl.col("ago") + 14)
    return plan.select("product_code", "supplier_id").join(ago, how="cross", maintain_order="left_right").with_columns(
        purchase_order_number=pl.format("PO-{}-{}", "ago", "product_code"), line_number=1,
        order_date=ordered.cast(pl.Date), received_date=(ordered + pl.duration(days=15)).cast(pl.Date),
        promised_date=(ordered + pl.duration(days=14)).cast(pl.Date), quantity=20.0, lead_time_days=15, days_late=1,
        confidence=pl.lit("exact"), is_evidence=pl.lit(value=True), bill_number=pl.lit("B-1"),
    )  # fmt: skip


def _stock(plan: pl.DataFrame, today: date) -> pl.DataFrame:
    """The stock of the last year in steps of four weeks; each product has a bit more in older steps."""
    steps = pl.DataFrame({"step": np.arange(14)})
    start = pl.lit(today) - pl.duration(weeks=(pl.col("step") + 1) * 4 - 1)
    end = pl.lit(today) - pl.duration(weeks=pl.col("step") * 4 - 1) - pl.duration(days=1)
    crossed = plan.select("product_code", "stock_on_hand").join(steps, how="cross", maintain_order="left_right")
    return crossed.with_columns(
        stock_date=start.cast(pl.Date), until_date=pl.min_horizontal(end.cast(pl.Date), pl.lit(today)),
        stock_on_hand=pl.col("stock_on_hand") + pl.col("step"), quantity_in=0.0, quantity_out=1.0, days_out=0,
    ).sort("product_code", "stock_date")  # fmt: skip


def _backtest(plan: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame([
        {
            "policy": policy, "service_level": level, "demand_class": "all", "products": plan.height,
            "levels_kept": level, "orders_kept": level - 0.005, "weeks_kept": kept, "fill_rate_units": kept,
            "fill_rate_money": kept, "average_stock_value": stock * times, "lost_margin_a_week": lost * times,
            "order_lines": 900, "orders": 52, "weeks": 52, "supplier_orders": 300.0, "reviews": 52,
            "model_comparisons": 13,
        }
        for policy, times in (("ours", 1.0), ("textbook, a year", 1.2))
        for level, (stock, lost, kept) in _LEVELS.items()
    ])  # fmt: skip


def _calibration() -> pl.DataFrame:
    return pl.DataFrame([
        {"demand_class": "smooth", "model": "pool", "probability": chance, "forecasts": 1_000,
         "share_below": share - 0.01, "share_at_or_below": share + 0.01}
        for chance, share in ((0.1, 0.11), (0.5, 0.5), (0.8, 0.79), (0.9, 0.89), (0.95, 0.93))
    ])  # fmt: skip
