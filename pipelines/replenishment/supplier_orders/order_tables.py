"""The rows of `supplier_orders` and `order_adjustments`: what the rules of money did to each order and product.

What belongs here: decisions to rows. What does not: deciding (`with_money_rules.py`), sentences
(`order_sentences.py`).
A change is signed: units short and margin lost are negative where units were added, holding cost where they were not.
Read more in docs/interfaces.md.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.replenishment.plan.plan_summary import base_value, in_money
from pipelines.replenishment.plan.statuses import ADDED, LEFT_OUT, WAITS
from pipelines.replenishment.supplier_orders.cap_decisions import CapDecision
from pipelines.replenishment.supplier_orders.minimum_decisions import MinimumDecision
from pipelines.replenishment.supplier_orders.product_money import line_values, numbers_of
from pipelines.storage.tables import ORDER_ADJUSTMENTS, SUPPLIER_ORDERS, type_of

_LINE: Final = (
    "product_code", "product_name", "supplier_name", "is_margin_estimated", "currency", "supplier_id", "currency_rate",
)  # fmt: skip
_KEY: Final = ["supplier_id", "currency"]
_TINY: Final = 1e-6
_WAYS: Final[dict[str, type_of]] = {
    "adding_products": pl.Int64, "adding_units": pl.Float64, "adding_value": pl.Float64,
    "adding_holding_cost": pl.Float64, "adding_margin_saved": pl.Float64, "adding_cost": pl.Float64,
    "waiting_days": pl.Int64, "waiting_units_short": pl.Float64, "waiting_margin_lost": pl.Float64,
    "waiting_holding_saved": pl.Float64, "waiting_cost": pl.Float64,
}  # fmt: skip


def supplier_order_rows(
    lines: pl.DataFrame, natural: pl.DataFrame, decided: Mapping[tuple[str, str], MinimumDecision],
    cut: CapDecision | None, *, as_of: date, spend_cap: float | None,
) -> pl.DataFrame:  # fmt: skip
    """One row per order of `natural`, in its order, with both ways below its minimum, and what the cap leaves out."""
    ways = pl.DataFrame(
        [
            {"supplier_id": supplier, "currency": currency, "decided": one.decision, **_addition(one), **_wait(one)}
            for (supplier, currency), one in decided.items()
        ],
        schema={**dict.fromkeys([*_KEY, "decided"], pl.String), **_WAYS},
    )
    value_of = lines.filter(pl.col("supplier_id").is_not_null(), ~pl.col("is_kept")).group_by(_KEY).agg(
        value_after_minimum=line_values("quantity_after_supplier_minimum").sum(),
        order_value=line_values("quantity_after_budget").sum(),
    )  # fmt: skip
    out = _left_out_by_order(cut)
    days = pl.duration(days=pl.col("waiting_days"))
    rows = (
        natural.join(ways, on=_KEY, how="left", maintain_order="left", nulls_equal=True)
        .join(value_of, on=_KEY, how="left", maintain_order="left", nulls_equal=True)
        .join(out, on=_KEY, how="left", maintain_order="left", nulls_equal=True)
        .with_columns(
            decision=pl.coalesce("decided", "decision"),
            **{
                name: pl.col(name).fill_null(0.0) + pl.col("kept_value")
                for name in ("value_after_minimum", "order_value")
            },
            wait_until_date=pl.lit(as_of) + days,
            left_out_lines=pl.col("left_out_lines").fill_null(0),
            spend_cap=pl.lit(spend_cap, dtype=pl.Float64),
            left_out_units=pl.col("left_out_units").fill_null(0.0).round(4),
            left_out_value=pl.col("left_out_value").fill_null(0.0),
            left_out_margin_lost=pl.col("left_out_margin_lost").fill_null(0.0),
            minimum_order_value=pl.when(pl.col("minimum_order_value") > 0).then("minimum_order_value"),
        )
    )
    return _in_shape(rows, SUPPLIER_ORDERS.schema)


def _addition(one: MinimumDecision) -> dict[str, Any]:
    if one.addition is None:
        return {}
    added = one.addition.quantity - numbers_of(one.lines, "quantity_after_cap")
    return {
        "adding_products": int((added > _TINY).sum()), "adding_units": round(float(added.sum()), 4),
        "adding_value": float((added * numbers_of(one.lines, "unit_value")).sum()),
        "adding_holding_cost": float(one.addition.holding_cost.sum()),
        "adding_margin_saved": float(one.addition.margin_saved.sum()), "adding_cost": one.addition.cost,
    }  # fmt: skip


def _wait(one: MinimumDecision) -> dict[str, Any]:
    if one.wait is None:
        return {}
    return {
        "waiting_days": one.order_day + one.wait.days,
        "waiting_units_short": round(float(one.wait.units_short.sum()), 4),
        "waiting_margin_lost": one.wait.margin_lost, "waiting_holding_saved": one.wait.holding_saved,
        "waiting_cost": one.wait.cost,
    }  # fmt: skip


def adjustments(
    decided: Iterable[MinimumDecision], cut: CapDecision | None, kept: Iterable[pl.DataFrame] = ()
) -> pl.DataFrame:
    """One row per line and cause that changed its quantity, by product code; `kept` are those of kept drafts."""
    parts = [*kept, *(part for one in decided for part in _of_minimum(one))]
    if cut is not None:
        before = numbers_of(cut.lines, "quantity_after_supplier_minimum")
        parts.append(
            changed_lines(
                cut.lines, LEFT_OUT, before, cut.quantity, cut.units_short, cut.margin_lost, -cut.holding_saved
            )
        )
    if not parts:
        return pl.DataFrame(schema=_own(ORDER_ADJUSTMENTS.schema))
    changed = pl.concat(parts).filter((pl.col("quantity_before") - pl.col("quantity_after")).abs() > _TINY)
    return _in_shape(changed.sort("product_code", "cause"), ORDER_ADJUSTMENTS.schema)


def _of_minimum(one: MinimumDecision) -> list[pl.DataFrame]:
    before = numbers_of(one.lines, "quantity_after_cap")
    if one.decision == ADDED and one.addition is not None:
        added = one.addition
        money = (-added.units_served, -added.margin_saved, added.holding_cost)
        return [changed_lines(one.lines, ADDED, before, one.quantity, *money)]
    if one.decision == WAITS and one.wait is not None:
        wait = one.wait
        money = (wait.units_short, wait.margin_lost_by_line, -wait.holding_saved_by_line)
        return [changed_lines(one.lines, WAITS, before, one.quantity, *money)]
    return []


def changed_lines(
    lines: pl.DataFrame, cause: str, before: Matrix, after: Matrix, short: Matrix, lost: Matrix, held: Matrix
) -> pl.DataFrame:
    """The rows of lines whose quantity one cause changed; units short, margin lost and holding cost are changes."""
    numbers = {"quantity_before": before, "quantity_after": after, "units_short": short}
    money = {
        "margin_lost": lost, "holding_cost": held, "value_change": (after - before) * numbers_of(lines, "unit_value"),
    }  # fmt: skip
    return lines.select(_LINE).with_columns(
        pl.lit(cause).alias("cause"),
        *(pl.Series(name, np.asarray(values), dtype=pl.Float64).round(4) for name, values in numbers.items()),
        *(pl.Series(name, np.asarray(values), dtype=pl.Float64) for name, values in money.items()),
    )


def _left_out_by_order(cut: CapDecision | None) -> pl.DataFrame:
    schema = {
        "supplier_id": pl.String, "currency": pl.String, "left_out_lines": pl.Int64, "left_out_units": pl.Float64,
        "left_out_value": pl.Float64, "left_out_margin_lost": pl.Float64,
    }  # fmt: skip
    if cut is None:
        return pl.DataFrame(schema=schema)
    left = numbers_of(cut.lines, "quantity_after_supplier_minimum") - cut.quantity
    return (
        cut.lines.select(_KEY)
        .with_columns(
            left=pl.Series(left), value=pl.Series(left * numbers_of(cut.lines, "unit_value")),
            lost=pl.Series(cut.margin_lost),
        )
        .group_by(_KEY, maintain_order=True)
        .agg(
            left_out_lines=(pl.col("left") > _TINY).sum().cast(pl.Int64), left_out_units=pl.col("left").sum(),
            left_out_value=pl.col("value").sum(), left_out_margin_lost=pl.col("lost").sum(),
        )
    )  # fmt: skip


def _own(schema: pl.Schema) -> pl.Schema:
    """The columns of a table without those that name the plan."""
    return pl.Schema({name: dtype for name, dtype in schema.items() if name not in {"as_of_date", "plan_id"}})


def _in_shape(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The rows in the shape of a table, without the columns that name the plan, money in cents."""
    own = _own(schema)
    is_amount = [name for name, dtype in own.items() if dtype == pl.Decimal(18, 2)]
    return rows.with_columns(in_money(pl.col(name)) for name in is_amount).select(list(own)).cast(own)


def with_order_values(supplier_orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The orders with the value of their lines as they are ordered, by the price breaks that each quantity reaches.

    Lines on kept drafts count with the order that they are on.
    """
    by_order = lines.filter(~pl.col("is_kept")).group_by(_KEY).agg(priced=pl.col("order_value").sum())
    return (
        supplier_orders.join(by_order, on=_KEY, how="left", maintain_order="left", nulls_equal=True)
        .with_columns(
            order_value=(pl.col("priced").fill_null(0) + pl.col("kept_value")).cast(
                SUPPLIER_ORDERS.columns["order_value"]
            )
        )
        .drop("priced")
    )


def left_out_lines(order_adjustments: pl.DataFrame) -> pl.DataFrame:
    """What the spend cap leaves out, the largest expected loss first, in base currency as far as a rate is known."""
    return (
        order_adjustments.filter(cause=LEFT_OUT)
        .sort(base_value("margin_lost"), "product_code", descending=[True, False], nulls_last=True)
        .select(
            "product_code", "product_name", "supplier_name", "quantity_before", "quantity_after", "units_short",
            "margin_lost", "value_change", "currency",
        )
    )  # fmt: skip
