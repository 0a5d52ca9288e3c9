"""Demand as one matrix: a row a product, a column a period (a week or a day), the last one before `as_of`.

What belongs here: the calendar, what is unknown, and what an empty shelf hid. What does not: models.
Before a product's first row, and where nobody can know, there is no number, which is not the same as zero.
Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.history.closures import closed_periods
from pipelines.forecasting.history.demand_spikes import RETURNING, mark_enormous
from pipelines.forecasting.history.weekly_to_daily import by_days

WEEK_DAYS: Final = 7
YEAR_DAYS: Final = 364
LONGEST_DAYS: Final = {WEEK_DAYS: 4 * YEAR_DAYS, 1: 2 * YEAR_DAYS}
COMPLETION_GAIN: Final = 0.1
LAUNCH_DAYS: Final = 28
# What is beyond this is no quantity, but a slip.
MOST_A_DAY: Final = 1e12
# A period that was mostly completed tells what we think, not what was sold.
MOST_COMPLETED: Final = 0.5
# With fewer products a single one decides what seems to hold for all.
FEWEST_PRODUCTS: Final = 30
# Sales on one weekday are rows of weeks; few of them, the last a few days ago, may be a shop that opens on Saturdays.
FEWEST_WEEKS: Final = 2
FEWEST_WITH_ONE_THAT_RUNS: Final = 8
Matrix = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Days:
    """Quantities on days, an entry a product and day: the row of the product, the day's column, the pieces."""

    row: Index
    day: Index
    quantity: Matrix

    def where(self, is_kept: NDArray[np.bool_]) -> "Days":
        """Some of the entries."""
        return Days(self.row[is_kept], self.day[is_kept], self.quantity[is_kept])

    def __add__(self, other: "Days") -> "Days":
        """Both, one after the other."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Days(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True)
class Series:
    """Demand by product and period, from the first row of each product on.

    `demand` has no number before that, nor in a week in which the company was closed and the product did not sell. What
    an empty shelf hid is completed, and so is the period of the first row; what goes beyond the usual in an enormous
    week is not in it but in `enormous`, an entry a week. `completed` is the share of the period's days to which that
    happened. `days` are the same quantities by day. `log_price[:, o]` is the latest price known when column o begins,
    where prices were given.
    """

    product_codes: Sequence[str]
    period_days: int
    demand: Matrix
    completed: Matrix
    days: Days
    log_price: Matrix | None
    enormous: Days

    @property
    def periods(self) -> int:
        """How many periods the calendar has."""
        return int(self.demand.shape[1])

    @property
    def history(self) -> Index:
        """For each product the periods since its first row."""
        return np.asarray((~np.isnan(self.demand)).sum(axis=1), dtype=np.int64)

    @property
    def periods_known(self) -> int:
        """For how many periods 30 products are known, or all products if there are fewer.

        One product that was sold years before the others does not make the company older.
        """
        ordered = np.sort(self.history)[::-1]
        return int(ordered[min(FEWEST_PRODUCTS, ordered.size) - 1]) if ordered.size else 0

    @cached_property
    def enormous_sales(self) -> tuple[Matrix, Matrix]:
        """For each product the enormous sales a day that may be expected of its history, and their mean size."""
        count = np.bincount(self.enormous.row, minlength=len(self.product_codes))
        pieces = np.bincount(self.enormous.row, weights=self.enormous.quantity, minlength=len(self.product_codes))
        return RETURNING * count / np.maximum(1, self.history * self.period_days), pieces / np.maximum(1, count)

    def until(self, origins: int) -> "Series":
        """What was known when column `origins` began."""
        known, enormous = (one.where(one.day < origins * self.period_days) for one in (self.days, self.enormous))
        price = None if self.log_price is None else self.log_price[:, : origins + 1]
        demand, completed = self.demand[:, :origins], self.completed[:, :origins]
        return replace(self, demand=demand, completed=completed, days=known, log_price=price, enormous=enormous)

    def only(self, rows: Index) -> "Series":
        """The same of some products, in the order of `rows`."""
        place = np.full(len(self.product_codes), -1)
        place[rows] = np.arange(rows.size)
        days, enormous = (
            replace(kept, row=place[kept.row])
            for one in (self.days, self.enormous)
            for kept in [one.where(place[one.row] >= 0)]
        )
        price = None if self.log_price is None else self.log_price[rows]
        codes = [self.product_codes[row] for row in rows.tolist()]
        return replace(
            self, product_codes=codes, demand=self.demand[rows], completed=self.completed[rows], days=days,
            log_price=price, enormous=enormous,
        )  # fmt: skip


def make_series(demand_daily: pl.DataFrame, *, as_of: date, period_days: int = WEEK_DAYS) -> Series:
    """The series of every product that was sold before `as_of`, by product code.

    `demand_daily` has the shape of `marts.demand_daily` (`is_stocked_out` may be missing, a `unit_price` may be
    added), or one row a week that carries the week's first day. A day without a row is zero. At most four years are
    kept, of days two.
    """
    rows, enormous = _by_day(demand_daily, as_of=as_of)
    rows = _without_what_never_sold(rows, longest=LONGEST_DAYS[period_days])
    codes = rows["product_code"].unique(maintain_order=True)
    oldest = min(int(rows["age"].max() or 0), LONGEST_DAYS[period_days])  # type: ignore[arg-type]
    periods = -(-oldest // period_days)
    place = pl.DataFrame({"product_code": codes, "row": np.arange(len(codes))})
    rows, enormous = (
        one.join(place, on="product_code", maintain_order="left").with_columns(
            day=periods * period_days - pl.col("age")
        )
        for one in (rows, enormous)
    )
    launch = _launch(rows, len(codes))
    rows, beyond = rows.filter(pl.col("day") >= 0), _days(enormous.filter(pl.col("day") >= 0))
    shape = (len(codes), periods)
    demand, completed, days = _complete(rows, shape, period_days, launch)
    demand = np.where(closed_periods(demand, period_days) & (demand == 0), np.nan, demand)
    price = _log_price(rows, shape, period_days)
    return Series(codes.to_list(), period_days, demand, completed, days, price, beyond)


def has_weekly_rows(demand_daily: pl.DataFrame, *, as_of: date) -> bool:
    """Whether each row stands for a week: all on one weekday, on two days or more; on eight where the last week runs.

    The row of a week that runs holds what was sold until `as_of`.
    """
    days = demand_daily["demand_date"].drop_nulls()
    days = days.filter(days < as_of).unique()
    is_over = (days.max() or as_of) + timedelta(days=WEEK_DAYS) <= as_of  # type: ignore[operator]
    return len(days) >= (FEWEST_WEEKS if is_over else FEWEST_WITH_ONE_THAT_RUNS) and days.dt.weekday().n_unique() == 1


def is_quantity(name: str) -> pl.Expr:
    """Whether a column holds a number of pieces; no answer where it holds nothing.

    >>> pl.DataFrame({"stock": [3.0, float("nan"), 1e300]}).select(is_quantity("stock")).to_series().to_list()
    [True, False, False]
    """
    return pl.col(name).cast(pl.Float64).is_between(-MOST_A_DAY, MOST_A_DAY)


def _by_day(demand_daily: pl.DataFrame, *, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per product and day: age in days, quantity, whether it is hidden, and the price where there is one.

    And what goes beyond the usual in enormous weeks, a row a week.
    """
    given = demand_daily.columns
    is_hidden = pl.col("is_stocked_out").fill_null(value=False) if "is_stocked_out" in given else pl.lit(value=False)
    price = pl.col("unit_price").cast(pl.Float64) if "unit_price" in given else pl.lit(None, dtype=pl.Float64)
    quantity = pl.col("quantity").cast(pl.Float64)
    is_told = is_quantity("quantity").fill_null(value=False)
    rows = demand_daily.filter(pl.col("demand_date") < as_of).select(
        "product_code",
        age=(pl.lit(as_of) - pl.col("demand_date")).dt.total_days(),
        quantity=pl.when(is_told).then(quantity).otherwise(0.0),
        is_hidden=is_hidden | ~is_told,
        price=pl.when(price.is_finite() & (price > 0)).then(price),
    )
    rows = (
        rows.group_by("product_code", "age")
        .agg(pl.col("quantity").sort().sum().clip(lower_bound=0.0), pl.col("is_hidden").any(), pl.col("price").mean())
        .sort("product_code", "age", descending=[False, True])
    )
    rows, enormous = _without_enormous(rows)
    return by_days(rows, as_of=as_of) if has_weekly_rows(demand_daily, as_of=as_of) else rows, enormous


def _without_what_never_sold(rows: pl.DataFrame, *, longest: int) -> pl.DataFrame:
    sold = rows.filter((pl.col("quantity") > 0) & (pl.col("age") <= longest)).select("product_code").unique()
    return rows.join(sold, on="product_code", how="semi", maintain_order="left")


def _without_enormous(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with usual quantities, and what goes beyond them in enormous weeks, on the day that sold the most."""
    rows = mark_enormous(rows)
    enormous = (
        rows.filter(pl.col("usual_share") < 1)
        .group_by("product_code", "week")
        .agg(
            pl.col("age").sort_by("quantity", "age").last(),
            quantity=(pl.col("quantity") * (1 - pl.col("usual_share"))).sum(),
        )
        .sort("product_code", "week", descending=[False, True])
    )
    return rows.with_columns(pl.col("quantity") * pl.col("usual_share")).drop("week", "usual_share"), enormous


def _days(rows: pl.DataFrame) -> Days:
    row, day = (rows[name].cast(pl.Int64).to_numpy() for name in ("row", "day"))
    return Days(row, day, rows["quantity"].to_numpy())


def _launch(rows: pl.DataFrame, products: int) -> Index:
    """For each product the day of its first row on which it could be sold; the calendar's first day at the earliest."""
    first = rows.filter(~pl.col("is_hidden") | (pl.col("quantity") > 0)).group_by("row").agg(pl.col("day").min())
    launch = np.zeros(products, dtype=np.int64)
    launch[first["row"].to_numpy()] = np.maximum(0, first["day"].to_numpy())
    return launch


def _complete(
    rows: pl.DataFrame, shape: tuple[int, int], period_days: int, launch: Index
) -> tuple[Matrix, Matrix, Days]:
    """Demand by period with what an empty shelf hid, the share of days to which that happened, and the days.

    A hidden stretch sold at least what the running level of the product, an exponential smoothing of what came
    before it, expects of it (Nahmias 1994 treats lost sales so, by what a full shelf would have sold).
    """
    row, day, quantity = (rows[name].to_numpy() for name in ("row", "day", "quantity"))
    hidden = rows["is_hidden"].to_numpy() & (day >= launch[row])
    cell = row * shape[1] + day // period_days
    size = shape[0] * shape[1]

    def summed(weights: Matrix) -> Matrix:
        return np.asarray(np.bincount(cell, weights=weights, minlength=size).reshape(shape), dtype=np.float64)

    before = _before_launch(Days(row, day, quantity), hidden, launch, period_days, days=shape[1] * period_days)
    open_sales, hidden_sales = summed(quantity * ~hidden), summed(quantity * hidden)
    share = summed(hidden.astype(float)) / period_days
    np.add.at(open_sales, (before.row, before.day // period_days), before.quantity)
    np.add.at(share, (before.row, before.day // period_days), 1 / period_days)
    is_before = np.arange(shape[1])[None, :] < (launch // period_days)[:, None]
    demand = _raised(open_sales, hidden_sales, share, is_before) if hidden.any() else open_sales
    added = (demand - open_sales - hidden_sales).ravel()[cell[hidden]] / (share.ravel()[cell[hidden]] * period_days)
    days = Days(row, day, quantity) + Days(row[hidden], day[hidden], added) + before
    return np.where(is_before, np.nan, demand), share, days


def _before_launch(sold: Days, hidden: NDArray[np.bool_], launch: Index, period_days: int, *, days: int) -> Days:
    """The days of a launch's period before the launch, each with what a usual day of the first four weeks sold.

    The day of the launch itself is no usual one, as a launch is seen by its sale.
    """
    is_first = (sold.day > launch[sold.row]) & (sold.day <= launch[sold.row] + LAUNCH_DAYS)
    pieces = np.bincount(sold.row, weights=sold.quantity * (is_first & ~hidden), minlength=launch.size)
    unseen = np.bincount(sold.row, weights=is_first & hidden, minlength=launch.size)
    seen = np.minimum(LAUNCH_DAYS, days - 1 - launch) - unseen
    missing = launch % period_days
    row = np.repeat(np.arange(launch.size), missing)
    back = np.arange(row.size) - np.repeat(np.cumsum(missing) - missing, missing)
    return Days(row, launch[row] - 1 - back, (pieces / np.maximum(1, seen))[row])


def _raised(open_sales: Matrix, hidden_sales: Matrix, share: Matrix, is_before: NDArray[np.bool_]) -> Matrix:
    demand = open_sales + hidden_sales
    level = np.full(demand.shape[0], np.nan)
    seen = np.zeros(demand.shape[0])
    for period in range(demand.shape[1]):
        expected = np.nan_to_num(level) * share[:, period]
        demand[:, period] = open_sales[:, period] + np.maximum(hidden_sales[:, period], expected)
        is_known = ~is_before[:, period]
        seen += is_known
        gain = np.maximum(COMPLETION_GAIN, 1 / np.maximum(1, seen))
        level = np.where(is_known, np.nan_to_num(level) * (1 - gain) + gain * demand[:, period], level)
    return demand


def _log_price(rows: pl.DataFrame, shape: tuple[int, int], period_days: int) -> Matrix | None:
    told = rows.filter(pl.col("price").is_not_null())
    if told.is_empty():
        return None
    latest = np.full((shape[0], shape[1] + 1), np.nan)
    # rows come in order of days, so the last price of a period stays
    latest[told["row"].to_numpy(), told["day"].to_numpy() // period_days + 1] = np.log(told["price"].to_numpy())
    column = np.where(np.isnan(latest), 0, np.arange(shape[1] + 1)[None, :])
    return np.asarray(np.take_along_axis(latest, np.maximum.accumulate(column, axis=1), axis=1), dtype=np.float64)
