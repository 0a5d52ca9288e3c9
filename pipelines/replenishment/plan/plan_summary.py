"""The sums of a plan: products and money, in the organisation's base currency.

What belongs here: sums over the plan and over the late orders, and the plan's name. What does not: the plan.
Amounts in another currency are divided by its rate; a product without a known rate is counted and left out.
Read more in docs/bi.md.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from pipelines.replenishment.open_orders.late_lines import late_lines
from pipelines.replenishment.plan.statuses import NOT_PLANNED, WAITS
from pipelines.storage import tables
from pipelines.storage.tables import KPI_DAILY, MOST_MONEY, PLAN_SUMMARY, SUPPLIER_ORDERS


def hash_inputs(frames: Mapping[str, pl.DataFrame], *, as_of: date, code_version: str, budget: str = "") -> str:
    """A fingerprint of everything a plan is made from, independent of the order of the rows.

    The same inputs, day, version and budget give the same plan, to the byte.
    """
    digest = hashlib.sha256(f"{as_of} {code_version}{f' {budget}' if budget else ''}".encode())
    for name in sorted(frames):
        frame = frames[name]
        rows = frame.select(sorted(frame.columns)).sort(sorted(frame.columns), nulls_last=True)
        digest.update(name.encode())
        digest.update(rows.write_csv(float_precision=6).encode())
    return digest.hexdigest()


def newest_last(summaries: pl.DataFrame, order_plan: pl.DataFrame) -> pl.DataFrame:
    """The summaries of plans by age; that of the lines is the newest, whatever its clock said."""
    its_own = pl.col("plan_id").is_in(order_plan["plan_id"].unique().implode())
    return summaries.sort(its_own, "planned_at")


def plan_id(inputs_hash: str, *, as_of: date) -> str:
    """A plan's name: its day and the beginning of its fingerprint.

    >>> plan_id("9f2c41aa77", as_of=date(2026, 3, 1))
    '20260301-9f2c41aa'
    """
    return f"{as_of:%Y%m%d}-{inputs_hash[:8]}"


def summarise_plan(
    order_plan: pl.DataFrame,
    stock_on_order: pl.DataFrame,
    *,
    base_currency: str,
    planned_at: datetime,
    data_loaded_at: datetime | None,
    is_stale: bool,
    inputs_hash: str,
    code_version: str,
    as_of: date,
    lead_times_to_review: int = 0,
    supplier_orders: pl.DataFrame | None = None,
    spend_cap: float | None = None,
) -> pl.DataFrame:
    """One row: `plan.plan_summary`; `spend_cap` is the one that the plan was made with."""
    late = late_lines(stock_on_order)
    is_out, week = _is_out_of_stock(), _weeks_demand() * pl.col("unit_cost").cast(pl.Float64)
    sums = order_plan.select(
        **sums_of_lines(),
        understock_quantity=pl.col("understock_quantity").sum(),
        overstock_quantity=pl.col("overstock_quantity").sum(),
        out_of_stock_value=(week.filter(is_out) / _rate().filter(is_out)).sum(),
        products_without_cost=_is_missing("unit cost").sum(),
        products_without_price=_is_missing("sales price").sum(),
    )
    return (
        sums.with_columns(
            plan_id=pl.lit(plan_id(inputs_hash, as_of=as_of)),
            as_of_date=pl.lit(as_of),
            planned_at=pl.lit(planned_at),
            data_loaded_at=pl.lit(data_loaded_at, dtype=PLAN_SUMMARY.columns["data_loaded_at"]),
            is_stale=pl.lit(is_stale),
            currency=pl.lit(base_currency),
            lead_times_to_review=pl.lit(lead_times_to_review),
            spend_cap=pl.lit(spend_cap, dtype=pl.Float64),
            **_order_sums(tables.empty(SUPPLIER_ORDERS) if supplier_orders is None else supplier_orders),
            late_orders=pl.lit(late["purchase_order_number"].n_unique()),
            late_on_order_quantity=pl.lit(float(late["quantity"].sum())),
            late_on_order_value=pl.lit(float(late.select(base_value("value").sum()).item())),
            inputs_hash=pl.lit(inputs_hash),
            code_version=pl.lit(code_version),
        )
        .with_columns(
            in_money(pl.col("^.*_value$", "^.*_margin_lost$", "overstock_holding_cost", "spend_cap")),
            pl.col("^.*_quantity$").round(4),
        )
        .select(list(PLAN_SUMMARY.columns))
        .cast(PLAN_SUMMARY.schema)
    )


def sums_of_lines() -> dict[str, pl.Expr]:
    """The counts and the money of lines of a plan, whether of all lines or of a group's; money in base currency."""
    over, under, order = (pl.col(f"{name}_quantity") for name in ("overstock", "understock", "order"))
    money = (
        "order_value", "understock_value", "understock_margin_lost", "overstock_value", "overstock_holding_cost",
        "stock_value",
    )  # fmt: skip
    return {
        "products": pl.len(),
        "products_to_order": (order > 0).sum(),
        "products_understocked": (under > 0).sum(),
        "products_overstocked": (over > 0).sum(),
        "products_out_of_stock": _is_out_of_stock().sum(),
        "products_without_rate": pl.col("currency_rate").is_null().sum(),
        **{name: base_value(name).sum() for name in money},
    }


def _order_sums(supplier_orders: pl.DataFrame) -> dict[str, Any]:
    """What the suppliers' minimums and the spend cap did, by column of the summary; money in base currency."""
    return supplier_orders.select(
        orders_waiting=(pl.col("decision") == WAITS).sum(),
        kept_value=base_value("kept_value").sum(),
        products_left_out=pl.col("left_out_lines").sum(),
        left_out_value=base_value("left_out_value").sum(),
        left_out_margin_lost=base_value("left_out_margin_lost").sum(),
    ).row(0, named=True)


def _is_missing(price: str) -> pl.Expr:
    """Whether a planned product has no such price."""
    return pl.col("missing_price").str.contains(price, literal=True) & (pl.col("status") != NOT_PLANNED)


def in_money(amount: pl.Expr) -> pl.Expr:
    """An amount rounded to the cent, limited to the largest that the tables hold.

    >>> pl.select(in_money(pl.Series("amount", [0.125, 1e18]))).to_series().to_list()
    [0.13, 1000000000000000.0]
    """
    return amount.round(2, mode="half_away_from_zero").clip(-MOST_MONEY, MOST_MONEY)


def kpis_of_day(order_plan: pl.DataFrame, summary: pl.DataFrame) -> pl.DataFrame:
    """One row of `plan.kpi_daily`: the measures of a day, in units and in money."""
    units = order_plan.select(
        stock_quantity=pl.col("stock_on_hand").clip(lower_bound=0).sum().round(4),
        out_of_stock_quantity=_weeks_demand().filter(_is_out_of_stock()).sum().round(4),
    )
    return summary.hstack(units).select(list(KPI_DAILY.columns)).cast(KPI_DAILY.schema)


def _is_out_of_stock() -> pl.Expr:
    """Whether a planned product with demand has no stock."""
    return (pl.col("stock_on_hand") <= 0) & (pl.col("horizon_demand") > 0) & (pl.col("status") != NOT_PLANNED)


def _weeks_demand() -> pl.Expr:
    return pl.col("average_daily_demand") * 7


def _rate() -> pl.Expr:
    return pl.col("currency_rate").cast(pl.Float64)


def unit_cost_in_base() -> pl.Expr:
    """The unit cost in the organisation's base currency; null if the cost or its rate is unknown."""
    cost, rate = pl.col("unit_cost").cast(pl.Float64), _rate()
    return pl.when((cost > 0) & (rate > 0)).then(cost / rate)


def base_value(value: str) -> pl.Expr:
    """An amount in the organisation's base currency."""
    return pl.col(value).cast(pl.Float64) / _rate()
