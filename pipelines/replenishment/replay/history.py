"""A company's past as the replay walks through it: demand by day, prices, limits.

What belongs here: reading the frame, and which days are reviews. What does not: rules.
Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from pipelines.errors import DataError
from pipelines.forecasting.series import Index, Matrix
from pipelines.replenishment.checking import demand_frame

FEWEST_WEEKS: Final = 13
DAYS: Final = 7
# Where nobody says what a piece costs and sells for: a margin of half the price.
PRICE_TO_COST: Final = 2.0


@dataclass(frozen=True)
class History:
    """Demand of each product by day from `first_day` on, and what each product costs and how it is bought."""

    product_codes: Sequence[str]
    first_day: date
    daily: Matrix
    demand: pl.DataFrame
    unit_cost: Matrix
    unit_price: Matrix
    lead_time_days: Index
    batch_size: Matrix
    minimum_order_quantity: Matrix

    def day(self, column: int) -> date:
        """The calendar day of a column."""
        return self.first_day + timedelta(days=column)

    def known_at(self, column: int) -> "History":
        """The history of the products that were sold before a column: no rule can order what nobody has heard of."""
        rows = np.flatnonzero(self.daily[:, :column].any(axis=1))
        codes = [self.product_codes[row] for row in rows.tolist()]
        kept = self.demand.filter(pl.col("product_code").is_in(codes))
        facts = (self.unit_cost, self.unit_price, self.lead_time_days, self.batch_size, self.minimum_order_quantity)
        return History(codes, self.first_day, self.daily[rows], kept, *(one[rows] for one in facts))  # type: ignore[arg-type]


def make_history(sales: pl.DataFrame, *, lead_time_days: int) -> History:
    """The history of every product that was ever sold.

    `sales` has `product_code`, `date`, `quantity` and may have `unit_cost`, `unit_price`, `lead_time_days`,
    `batch_size`, `minimum_order_quantity` (the last one of a product counts) and `is_stocked_out`; one row a week,
    dated by its first day, will do. Whole weeks are kept, counted from the last day back.

    Raises:
        DataError: nothing was sold.
    """
    demand = demand_frame(sales)
    sold = demand.filter(pl.col("quantity").is_finite()).group_by("product_code", "demand_date").agg(
        pl.col("quantity").sum().clip(lower_bound=0.0)
    )  # fmt: skip
    if sold.filter(pl.col("quantity") > 0).is_empty():
        raise DataError("Nothing was sold in these sales, so there is nothing to replay.")
    codes = sold.filter(pl.col("quantity") > 0).select("product_code").unique().sort("product_code")
    last: date = sold["demand_date"].max()  # type: ignore[assignment]
    if demand["demand_date"].dt.weekday().n_unique() == 1:
        last += timedelta(days=DAYS - 1)
    first: date = sold["demand_date"].min()  # type: ignore[assignment]
    weeks = ((last - first).days + 1) // DAYS
    start = last + timedelta(days=1 - weeks * DAYS)
    rows = sold.join(codes.with_row_index("row"), on="product_code").filter(pl.col("demand_date") >= start)
    daily = np.zeros((codes.height, weeks * DAYS))
    column = rows.select((pl.col("demand_date") - pl.lit(start)).dt.total_days()).to_series()
    daily[rows["row"].to_numpy(), column.to_numpy()] = rows["quantity"].to_numpy()
    told = _facts(sales, codes, lead_time_days=lead_time_days)
    return History(codes["product_code"].to_list(), start, daily, demand, *told)


def review_days(history: History, *, order_frequency_days: int, weeks: int) -> list[int]:
    """The columns on which orders are placed in the last weeks: fewer where the past is short.

    Raises:
        DataError: so little is known that no order would have arrived and been judged.
    """
    days = history.daily.shape[1]
    start = days - min(weeks, max(0, days // DAYS - FEWEST_WEEKS)) * DAYS
    if start + int(history.lead_time_days.max()) + 2 * order_frequency_days > days:
        raise DataError(
            f"These sales span {days // DAYS} weeks; a replay needs {FEWEST_WEEKS} weeks to learn from, and then the "
            f"longest lead time and two order cycles."
        )
    return list(range(start, days, order_frequency_days))


def _facts(
    sales: pl.DataFrame, codes: pl.DataFrame, *, lead_time_days: int
) -> tuple[Matrix, Matrix, Index, Matrix, Matrix]:
    """Cost, price, lead time, batch and minimum order of each product."""
    names = ("unit_cost", "unit_price", "lead_time_days", "batch_size", "minimum_order_quantity")
    there = [name for name in names if name in sales.columns]
    told = (
        sales.sort("date").group_by("product_code", maintain_order=True).agg(pl.col(there).drop_nulls().last())
        if there
        else sales.select("product_code").unique()
    )
    known = codes.join(told.with_columns(pl.col("product_code").cast(pl.String)), on="product_code", how="left")

    def column(name: str, otherwise: float) -> Matrix:
        if name not in known.columns:
            return np.full(codes.height, otherwise)
        return known[name].cast(pl.Float64).fill_nan(None).fill_null(otherwise).to_numpy().copy()

    cost, price = column("unit_cost", np.nan), column("unit_price", np.nan)
    cost = np.where(np.isnan(cost), np.where(np.isnan(price), 1.0, price / PRICE_TO_COST), cost)
    price = np.where(np.isnan(price), cost * PRICE_TO_COST, price)
    lead = np.maximum(0, np.round(column("lead_time_days", float(lead_time_days)))).astype(np.int64)
    return cost, price, lead, np.maximum(1e-4, column("batch_size", 1.0)), column("minimum_order_quantity", 0.0)


def of_organisation(
    demand_daily: pl.DataFrame, products: pl.DataFrame, order_plan: pl.DataFrame, *, lead_time_days: int | None
) -> History:
    """The history of an organisation's planned products, with their costs and the settings that are in force today.

    The frames have the shapes of `marts.demand_daily`, `marts.products` and `plan.order_plan`; a lead time that is
    given takes the place of every product's own.

    Raises:
        DataError: nothing was sold.
    """
    own = pl.col("lead_time_days") + pl.col("manufacturing_time_days")
    facts = order_plan.filter(pl.col("status") != "not_planned").select(
        "product_code",
        pl.col("unit_cost").cast(pl.Float64),
        "batch_size",
        "minimum_order_quantity",
        lead_time_days=own if lead_time_days is None else pl.lit(lead_time_days),
    )
    prices = products.select("product_code", unit_price=pl.col("sales_unit_price").cast(pl.Float64))
    sales = (
        demand_daily.rename({"demand_date": "date"})
        .join(facts, on="product_code", how="inner")
        .join(prices, on="product_code", how="left")
        .with_columns(pl.when(pl.col(name) > 0).then(name).alias(name) for name in ("unit_cost", "unit_price"))
    )
    return make_history(sales, lead_time_days=lead_time_days or 0)
