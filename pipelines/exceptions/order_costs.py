"""Unit costs that open orders contradict: what was set, or is the item's purchase price, beside what is being paid.

What belongs here: comparing the two. What does not: which cost a product has (dbt).
Only open orders in Xero are looked at, since what was paid before is not in the marts.
Read more in docs/buyer/exceptions.md.
"""

from typing import Final

import polars as pl

from pipelines.exceptions.kinds import COST_FAR_OFF
from pipelines.exceptions.of_the_plan import as_argument, by_product, found

LEAST_SHARE: Final = 0.1
"""A smaller difference is no exception."""
_YEAR: Final = 365
_OF_PEOPLE: Final = ("setting", "item")


def order_costs(stock_on_order: pl.DataFrame, products: pl.DataFrame, order_plan: pl.DataFrame) -> pl.DataFrame:
    """The products whose unit cost differs from that of their latest open order by a tenth or more: rows of `FOUND`.

    Only costs that a person keeps are compared: a setting, or the item's purchase price. Both are in base currency; a
    cost or an order without a known rate is left out.
    """
    latest = (
        stock_on_order.filter(
            (pl.col("quantity") > 0) & (pl.col("rule") != "approved_not_sent")
            & (pl.col("ordered_product_code") == pl.col("product_code"))
        )
        .with_columns(ordered_cost=_in_base("value") / pl.col("quantity"))
        .filter(pl.col("ordered_cost") > 0)
        .sort("order_date", "purchase_order_number", "line_number", nulls_last=False)
        .group_by("product_code", maintain_order=True)
        .agg(pl.col("ordered_cost", "purchase_order_number", "xero_link").last())
    )  # fmt: skip
    sells = order_plan.select("product_code", "average_daily_demand")
    cost = _in_base("unit_cost")
    return _rows(
        products.filter(pl.col("unit_cost_source").is_in(list(_OF_PEOPLE)))
        .with_columns(cost=cost)
        .filter(pl.col("cost") > 0)
        .join(latest, on="product_code")
        .join(sells, on="product_code", how="left")
        .with_columns(difference=pl.col("ordered_cost") - pl.col("cost"))
        .filter(pl.col("difference").abs() >= LEAST_SHARE * pl.col("cost"))
    )


def _rows(lines: pl.DataFrame) -> pl.DataFrame:
    what = pl.when(pl.col("unit_cost_source") == "setting").then(pl.lit("is set")).otherwise(pl.lit("is in Xero"))
    per_cent = (pl.col("difference") / pl.col("cost") * 100).round(0).cast(pl.Int64)
    return found(
        lines.with_columns(
            *by_product(),
            kind=pl.lit(COST_FAR_OFF),
            quantity=pl.col("average_daily_demand") * _YEAR,
            money_at_stake=pl.col("difference").abs() * pl.col("average_daily_demand") * _YEAR,
            sentence=pl.format(
                "A unit cost of {} {}, {} pays {} ({}%).", _amount("cost"), what, "purchase_order_number",
                _amount("ordered_cost"), per_cent,
            ),
            what_to_do=pl.format(
                "Correct it in Xero, or here: `stocktrim settings set unit_cost COST --product {}`.",
                as_argument("product_code"),
            ),
        )
    )  # fmt: skip


def _in_base(amount: str) -> pl.Expr:
    rate = pl.col("currency_rate").cast(pl.Float64)
    return pl.col(amount).cast(pl.Float64) / pl.when(rate > 0).then(rate)


def _amount(name: str) -> pl.Expr:
    return pl.col(name).round(2).cast(pl.Decimal(18, 2), strict=False).cast(pl.String)
