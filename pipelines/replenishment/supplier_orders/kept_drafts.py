"""Drafts that people keep, in a plan: fixed units of its products, and fixed money of its orders.

What belongs here: which lines they fix, and what they come to. What does not: which drafts are kept
(`purchasing/kept_lines.py`), the rules that count them (`with_money_rules.py`).
A kept line is ordered as it is, and counts for the minimum of the supplier that it goes to.
Read more in docs/buyer/minimums-and-budget.md.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.purchasing.kept_lines import KEPT
from pipelines.replenishment.plan.plan_summary import in_money
from pipelines.replenishment.supplier_orders.order_tables import changed_lines
from pipelines.replenishment.supplier_orders.product_money import PathSource, numbers_of
from pipelines.storage.tables import RATE, UNIT_PRICE

_KEY: Final = ["supplier_id", "currency"]
_TINY: Final = 1e-6


def with_kept_lines(lines: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """The lines with `is_kept`, and the units and the value that they have on drafts that people keep, else 0.

    `kept` has the shape of `raw.kept_order_lines`. The value is in the line's currency; where a rate is unknown, at the
    line's unit cost. What is assembled is not ordered, so no draft fixes it.
    """
    of_product = _with_rates(kept, lines).group_by("product_code").agg(
        kept_quantity=pl.col("quantity").cast(pl.Float64).sum(),
        kept_base_value=pl.when(pl.col("rate").is_not_null().all()).then(_base_value().sum()),
        kept_own_value=pl.col("value").cast(pl.Float64).sum(),
        kept_currencies=pl.col("currency").unique().sort(),
    )  # fmt: skip
    joined = lines.join(of_product, on="product_code", how="left", maintain_order="left")
    is_bought = ~pl.col("is_assembled").fill_null(value=False)
    quantity = pl.when(is_bought).then("kept_quantity")
    cost, rate = pl.col("unit_cost").cast(pl.Float64).fill_null(0.0), pl.col("currency_rate").cast(pl.Float64)
    is_in_one = (pl.col("kept_currencies").list.len() == 1) & (
        pl.col("kept_currencies").list.first() == pl.col("currency")
    )
    value = (
        pl.when(is_in_one)
        .then("kept_own_value")
        .otherwise(pl.coalesce(pl.col("kept_base_value") * rate, pl.col("kept_quantity") * cost))
    )
    return joined.with_columns(
        is_kept=quantity.is_not_null(),
        kept_quantity=quantity.fill_null(0.0),
        kept_value=pl.when(quantity.is_not_null()).then(value).fill_null(0.0),
    ).drop("kept_base_value", "kept_own_value", "kept_currencies")


def kept_orders(kept: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """What kept drafts come to by supplier and currency: lines, value, order numbers, and the rate if it is known."""
    return (
        _with_rates(kept.filter(pl.col("quantity") > 0), lines)
        .group_by(_KEY)
        .agg(
            kept_supplier_name=pl.col("supplier_name").max(),
            kept_lines=pl.len().cast(pl.Int64),
            kept_value=pl.col("value").cast(pl.Float64).sum().round(2),
            kept_orders=pl.col("purchase_order_number")
            .filter(pl.col("purchase_order_number") != "")
            .unique()
            .sort()
            .str.join(", "),
            kept_rate=pl.col("rate").first().cast(RATE),
        )
        .sort(_KEY)
    )


def kept_money(orders: pl.DataFrame) -> float:
    """What the kept drafts of some orders come to in base currency, as far as a rate is known."""
    rate = pl.col("currency_rate").cast(pl.Float64)
    return float(orders.select((pl.col("kept_value") / pl.when(rate > 0).then(rate)).sum()).item())


def kept_changes(lines: pl.DataFrame, paths: PathSource) -> list[pl.DataFrame]:
    """What kept drafts change of the plan's own quantities, with the risk and the holding of what is planned."""
    other = lines.filter("is_kept", (pl.col("kept_quantity") - pl.col("quantity_after_cap")).abs() > _TINY)
    is_planned = pl.col("exclusion").is_null()
    parts = [(other.filter(is_planned), True), (other.filter(~is_planned), False)]
    return [_changed(rows, paths if is_valued else None) for rows, is_valued in parts if rows.height]


def _changed(rows: pl.DataFrame, paths: PathSource | None) -> pl.DataFrame:
    before, after = numbers_of(rows, "quantity_after_cap"), numbers_of(rows, "kept_quantity")
    short = lost = held = np.zeros_like(before)
    if paths is not None:
        values, both = paths.values(rows), np.stack([after, before], axis=1)
        short, lost, held = (
            np.diff(of(both), axis=1)[:, 0] for of in (values.units_served, values.margin_saved, values.holding_cost)
        )
    return changed_lines(rows, KEPT, before, after, short, lost, -held)


def with_kept_prices(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with the price and the value that people gave them on kept drafts; no price break is advised there."""
    if not lines["is_kept"].any():
        return lines
    cost = pl.when(pl.col("kept_quantity") > 0).then(pl.col("kept_value") / pl.col("kept_quantity"))
    kept = {
        "order_unit_cost": pl.coalesce(cost.round(4).cast(UNIT_PRICE), pl.col("order_unit_cost").cast(UNIT_PRICE)),
        "order_value": in_money(pl.col("kept_value")),
        "price_break_quantity": None,
        "price_break_saving": None,
    }
    return lines.with_columns(
        pl.when("is_kept").then(value).otherwise(name).alias(name) for name, value in kept.items()
    )


def _with_rates(kept: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The kept lines with the exchange rate of their currency, by the lines of the plan; empty if none is known."""
    rate = pl.col("currency_rate").cast(pl.Float64)
    rates = lines.filter(rate > 0).group_by("currency").agg(known=rate.max())
    return kept.join(rates, on="currency", how="left", maintain_order="left").with_columns(
        rate=pl.when("is_base_currency").then(1.0).otherwise("known")
    )


def _base_value() -> pl.Expr:
    return pl.col("value").cast(pl.Float64) / pl.col("rate")
