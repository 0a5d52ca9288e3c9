"""Demand as a matrix: a row for each product, a column for each period (week or day), the last one before `as_of`.

What belongs here: the calendar and missing values. What does not: demand lost in stock-outs (`censored_demand.py`).
Before a product's first row, and where demand cannot be known, the matrix holds NaN, which differs from zero.
Read more in docs/maths.md#demand-history.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.history.censored_demand import with_imputed_demand
from pipelines.forecasting.history.closures import closed_periods
from pipelines.forecasting.history.daily_quantities import DailyQuantities
from pipelines.forecasting.history.demand_spikes import SPIKE_RETURN_SHARE, mark_spikes
from pipelines.forecasting.history.launches import launch_days
from pipelines.forecasting.history.weekly_to_daily import split_weeks

WEEK_DAYS: Final = 7
YEAR_DAYS: Final = 364
LONGEST_DAYS: Final = {WEEK_DAYS: 4 * YEAR_DAYS, 1: 2 * YEAR_DAYS}
# A larger number is a typing error.
MOST_A_DAY: Final = 1e12
# Less than this beyond a whole number is a rounding error.
LEAST_PART: Final = 1e-6
# A period that was mostly imputed shows our estimate, not sales.
MOST_IMPUTED: Final = 0.5
# With fewer products a single one decides what seems to hold for all.
FEWEST_PRODUCTS: Final = 30
# Sales on one weekday are weekly rows; a few of them, the last a few days ago, may be a shop that opens on Saturdays.
FEWEST_WEEKS: Final = 2
FEWEST_WITH_A_CURRENT_WEEK: Final = 8
Matrix = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class DemandMatrix:
    """Demand by product and period, from the first row of each product on.

    `demand[i, t]` is in units, products x periods. It is NaN before the product's first row, and in a week in which
    the company was closed and the product did not sell. Demand lost in stock-outs is imputed, and so are the days
    before a launch in its period. Of a demand spike it holds the usual part; the rest is in `spikes`, one entry a week.
    `imputed_share` is the share of the period's days that were imputed. `days` are the same quantities by day.
    `log_price[:, o]` is the latest price known when column o begins; None if no prices were given. `is_sold_whole`
    marks the products of which no day ever sold a part of a unit.
    """

    product_codes: Sequence[str]
    period_days: int
    demand: Matrix
    imputed_share: Matrix
    days: DailyQuantities
    log_price: Matrix | None
    spikes: DailyQuantities
    is_sold_whole: NDArray[np.bool_]

    @property
    def periods(self) -> int:
        """The number of periods of the calendar."""
        return int(self.demand.shape[1])

    @property
    def history(self) -> Index:
        """For each product the number of known periods since its first row."""
        return np.asarray((~np.isnan(self.demand)).sum(axis=1), dtype=np.int64)

    @property
    def periods_known(self) -> int:
        """The number of periods for which 30 products are known, or all products if there are fewer.

        One product that was sold years before the others does not make the company older.
        """
        ordered = np.sort(self.history)[::-1]
        return int(ordered[min(FEWEST_PRODUCTS, ordered.size) - 1]) if ordered.size else 0

    @cached_property
    def spike_rate_and_size(self) -> tuple[Matrix, Matrix]:
        """For each product the expected number of demand spikes a day, and their mean size in units."""
        count = np.bincount(self.spikes.row, minlength=len(self.product_codes))
        units = np.bincount(self.spikes.row, weights=self.spikes.quantity, minlength=len(self.product_codes))
        rate = SPIKE_RETURN_SHARE * count / np.maximum(1, self.history * self.period_days)
        return rate, units / np.maximum(1, count)

    def until(self, origins: int) -> "DemandMatrix":
        """The matrix as it was known when column `origins` began."""
        days, spikes = (
            quantities.where(quantities.day < origins * self.period_days) for quantities in (self.days, self.spikes)
        )
        price = None if self.log_price is None else self.log_price[:, : origins + 1]
        demand, imputed_share = self.demand[:, :origins], self.imputed_share[:, :origins]
        return replace(
            self, demand=demand, imputed_share=imputed_share, days=days, log_price=price, spikes=spikes
        )  # fmt: skip

    def only(self, rows: Index) -> "DemandMatrix":
        """The matrix of some products, in the order of `rows`."""
        place = np.full(len(self.product_codes), -1)
        place[rows] = np.arange(rows.size)
        days, spikes = (
            replace(kept, row=place[kept.row])
            for quantities in (self.days, self.spikes)
            for kept in [quantities.where(place[quantities.row] >= 0)]
        )
        price = None if self.log_price is None else self.log_price[rows]
        codes = [self.product_codes[row] for row in rows.tolist()]
        return replace(
            self, product_codes=codes, demand=self.demand[rows], imputed_share=self.imputed_share[rows], days=days,
            log_price=price, spikes=spikes, is_sold_whole=self.is_sold_whole[rows],
        )  # fmt: skip


def make_demand_matrix(demand_daily: pl.DataFrame, *, as_of: date, period_days: int = WEEK_DAYS) -> DemandMatrix:
    """The demand matrix of every product that was sold before `as_of`, in the order of product codes.

    `demand_daily` has the shape of `marts.demand_daily`: one row a product and day. `is_stocked_out` may be missing, a
    `unit_price` and `is_usual` (no demand spike) may be added. One row a week is read too, dated on the week's first
    day. A day without a row is zero. At most four years are kept; of daily periods two.
    """
    rows, spikes, sold_in_parts = _by_day(demand_daily, as_of=as_of)
    rows = _without_unsold_products(rows, longest=LONGEST_DAYS[period_days])
    codes = rows["product_code"].unique(maintain_order=True)
    oldest = min(rows.select(pl.col("age").max()).item() or 0, LONGEST_DAYS[period_days])
    periods = -(-oldest // period_days)
    place = pl.DataFrame({"product_code": codes, "row": np.arange(len(codes))})
    rows, spikes = (
        frame.join(place, on="product_code", maintain_order="left").with_columns(
            day=periods * period_days - pl.col("age")
        )
        for frame in (rows, spikes)
    )
    launch = launch_days(rows, len(codes))
    rows, spike_days = rows.filter(pl.col("day") >= 0), _daily_quantities(spikes.filter(pl.col("day") >= 0))
    shape = (len(codes), periods)
    demand, imputed_share, days = with_imputed_demand(rows, shape, period_days, launch)
    demand = np.where(closed_periods(demand, period_days) & (demand == 0), np.nan, demand)
    price = _log_price(rows, shape, period_days)
    is_sold_whole = ~codes.is_in(sold_in_parts).to_numpy()
    return DemandMatrix(codes.to_list(), period_days, demand, imputed_share, days, price, spike_days, is_sold_whole)


def has_weekly_rows(demand_daily: pl.DataFrame, *, as_of: date) -> bool:
    """Whether each row stands for a week.

    Then all rows lie on one weekday, on two dates or more. If the last week is not over, eight dates are needed.
    The row of the current week holds what was sold until `as_of`.
    """
    days = demand_daily["demand_date"].drop_nulls()
    days = days.filter(days < as_of).unique()
    is_over = max(days, default=as_of) + timedelta(days=WEEK_DAYS) <= as_of
    return len(days) >= (FEWEST_WEEKS if is_over else FEWEST_WITH_A_CURRENT_WEEK) and days.dt.weekday().n_unique() == 1


def is_quantity(name: str) -> pl.Expr:
    """Whether a column holds a possible number of units; null if the column is null.

    >>> pl.DataFrame({"stock": [3.0, float("nan"), 1e300]}).select(is_quantity("stock")).to_series().to_list()
    [True, False, False]
    """
    return pl.col(name).cast(pl.Float64).is_between(-MOST_A_DAY, MOST_A_DAY)


def _by_day(demand_daily: pl.DataFrame, *, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """One row per product and day (age in days, quantity, `is_censored`, price), and one row per demand spike.

    And the products of which a day sold a part of a unit.
    """
    given = demand_daily.columns
    is_stocked_out = (
        pl.col("is_stocked_out").fill_null(value=False) if "is_stocked_out" in given else pl.lit(value=False)
    )
    price = pl.col("unit_price").cast(pl.Float64) if "unit_price" in given else pl.lit(None, dtype=pl.Float64)
    is_usual = pl.col("is_usual") if "is_usual" in given else pl.lit(value=False)
    quantity = pl.col("quantity").cast(pl.Float64)
    is_valid = is_quantity("quantity").fill_null(value=False)
    rows = demand_daily.filter(pl.col("demand_date") < as_of).select(
        "product_code",
        age=(pl.lit(as_of) - pl.col("demand_date")).dt.total_days(),
        quantity=pl.when(is_valid).then(quantity).otherwise(0.0),
        is_censored=is_stocked_out | ~is_valid,
        price=pl.when(price.is_finite() & (price > 0)).then(price),
        is_usual=is_usual,
    )
    rows = (
        rows.group_by("product_code", "age")
        .agg(
            pl.col("quantity").sort().sum().clip(lower_bound=0.0),
            pl.col("is_censored", "is_usual").any(),
            pl.col("price").mean(),
        )
        .sort("product_code", "age", descending=[False, True])
    )
    in_parts = (pl.col("quantity") - pl.col("quantity").round()).abs() > LEAST_PART
    sold_in_parts = rows.filter(in_parts)["product_code"].unique().to_list()
    rows, spikes = _without_spikes(rows)
    rows = split_weeks(rows, as_of=as_of) if has_weekly_rows(demand_daily, as_of=as_of) else rows
    return rows, spikes, sold_in_parts


def _without_unsold_products(rows: pl.DataFrame, *, longest: int) -> pl.DataFrame:
    sold = rows.filter((pl.col("quantity") > 0) & (pl.col("age") <= longest)).select("product_code").unique()
    return rows.join(sold, on="product_code", how="semi", maintain_order="left")


def _without_spikes(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with usual quantities; and what spikes sold beyond them, on each spike week's largest day."""
    rows = mark_spikes(rows)
    spikes = (
        rows.filter(pl.col("usual_share") < 1)
        .group_by("product_code", "week")
        .agg(
            pl.col("age").sort_by("quantity", "age").last(),
            quantity=(pl.col("quantity") * (1 - pl.col("usual_share"))).sum(),
        )
        .sort("product_code", "week", descending=[False, True])
    )
    return rows.with_columns(pl.col("quantity") * pl.col("usual_share")).drop("week", "usual_share", "is_usual"), spikes


def _daily_quantities(rows: pl.DataFrame) -> DailyQuantities:
    row, day = (rows[name].cast(pl.Int64).to_numpy() for name in ("row", "day"))
    return DailyQuantities(row, day, rows["quantity"].to_numpy())


def _log_price(rows: pl.DataFrame, shape: tuple[int, int], period_days: int) -> Matrix | None:
    """The logarithm of each product's latest price before each column; None if no row has a price."""
    priced = rows.filter(pl.col("price").is_not_null())
    if priced.is_empty():
        return None
    latest = np.full((shape[0], shape[1] + 1), np.nan)
    # rows come in order of days, so the last price of a period stays
    latest[priced["row"].to_numpy(), priced["day"].to_numpy() // period_days + 1] = np.log(priced["price"].to_numpy())
    column = np.where(np.isnan(latest), 0, np.arange(shape[1] + 1)[None, :])
    return np.asarray(np.take_along_axis(latest, np.maximum.accumulate(column, axis=1), axis=1), dtype=np.float64)
