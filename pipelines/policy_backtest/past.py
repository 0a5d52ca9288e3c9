"""A company's past as a backtest runs through it: demand by day, prices, limits.

What belongs here: reading the frame, and which days are reviews. What does not: policies.
Read more in docs/maths.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.errors import DataError
from pipelines.forecasting.history.demand_matrix import Index, Matrix, is_quantity
from pipelines.policy_backtest.money_terms import MoneyTerms
from pipelines.policy_backtest.replay.order_rules import LineLimits, OrderRules, order_days
from pipelines.policy_backtest.replay.unserved_demand import with_unserved_demand
from pipelines.replenishment.decision.demand_paths import seeds_of
from pipelines.replenishment.decision.input_validation import days_of, demand_frame, number_frame
from pipelines.replenishment.lead_times import LENGTHS, known_receipts, learn_lead_times, summarise_lengths, waited_for

FEWEST_WEEKS: Final = 13
DAYS: Final = 7
# Ten years: older sales teach nothing, and a slip such as the year 1 must not make a column for each day since.
MOST_WEEKS: Final = 520
# Sales after a longer gap, if few, are a slip in the dates.
LONGEST_PAUSE: Final = timedelta(days=731)
# Without a cost or a price: a margin of half the price.
PRICE_TO_COST: Final = 2.0


@dataclass(frozen=True)
class Receipts:
    """What lead times are estimated from: frames as `learn_lead_times` and `known_receipts` take them."""

    products: pl.DataFrame
    purchase_receipts: pl.DataFrame


@dataclass(frozen=True)
class History:
    """Demand of each product by day from `first_day` on, and what each product costs and how it is bought.

    `lead_times` has the shape of `lead_times.LENGTHS`: orders take these days. `lead_time_days` is the mean of each
    product, rounded. `rules` are those of a plan for each product, `money` the suppliers' minimums and the spend cap.
    With `receipts` a review knows only the receipts and the late orders of its own day, and orders take the days of
    `received`, which has every receipt: also the longest, which a plan's few lengths level out. `daily` is what was
    wanted, `demand` what was sold.
    """

    product_codes: Sequence[str]
    first_day: date
    daily: Matrix
    demand: pl.DataFrame
    unit_cost: Matrix
    unit_price: Matrix
    lead_time_days: Index
    batch_size: Matrix
    minimum_order_quantity: Matrix
    lead_times: pl.DataFrame
    rules: OrderRules
    receipts: Receipts | None = None
    received: pl.DataFrame | None = None
    without_season: Sequence[str] = ()
    money: MoneyTerms | None = None

    @property
    def limits(self) -> LineLimits:
        """The limits of a line of an order."""
        return LineLimits(self.rules, self.minimum_order_quantity, self.batch_size)

    @property
    def longest_lead_time(self) -> int:
        """The most days that any order takes."""
        return int(self.lead_times["lead_time_days"].to_numpy().max(initial=0))

    def day(self, column: int) -> date:
        """The calendar day of a column."""
        return self.first_day + timedelta(days=column)

    def known_before(self, column: int) -> pl.DataFrame:
        """The demand before a column."""
        return self.demand.filter(pl.col("demand_date") < self.day(column))

    def known_at(self, column: int) -> "History":
        """The history of the products that were sold before a column: no policy can order an unknown product."""
        rows = np.flatnonzero(self.daily[:, :column].any(axis=1))
        codes = [self.product_codes[row] for row in rows.tolist()]
        is_known = pl.col("product_code").is_in(codes)
        return replace(
            self, product_codes=codes, daily=self.daily[rows], demand=self.demand.filter(is_known),
            unit_cost=self.unit_cost[rows], unit_price=self.unit_price[rows], lead_time_days=self.lead_time_days[rows],
            batch_size=self.batch_size[rows], minimum_order_quantity=self.minimum_order_quantity[rows],
            lead_times=self.lead_times.filter(is_known), rules=self.rules.rows(rows),
            received=None if self.received is None else self.received.filter(is_known),
            money=self.money and self.money.rows(rows),
        )  # fmt: skip

    def with_lead_times_known_at(self, column: int) -> "History":
        """The history with lead times estimated from the receipts before a column, and from the orders open on it."""
        if self.receipts is None:
            return self
        products = self.receipts.products.filter(pl.col("product_code").is_in(self.product_codes))
        receipts, as_of = self.receipts.purchase_receipts, self.day(column)
        received = known_receipts(receipts, as_of=as_of)
        lengths = learn_lead_times(products, received, waited_for(receipts, received, as_of=as_of))
        return replace(self, lead_times=lengths, lead_time_days=_expected_days(lengths), receipts=None)

    def drawn_lead_times(self, reviews: int, *, seed: int) -> Index:
        """The lead time of each product's order at each review, drawn by the seed and the supplier.

        One delay holds for all that is ordered from a supplier at a review: it comes in one delivery. A product whose
        supplier is not known has delays of its own.
        """
        lengths = self.lead_times if self.received is None else self.received
        by_product = lengths.group_by("product_code", maintain_order=True).agg("lead_time_days", "weight")
        drawn = np.zeros((len(self.product_codes), reviews), dtype=np.int64)
        of_supplier = zip(by_product.rows(), self.rules.drawn_by(), strict=True)
        for row, ((_, days, weight), by) in enumerate(of_supplier):
            chance = np.random.default_rng(seeds_of([by], seed=seed)[0]).random(reviews)
            drawn[row] = np.array(days)[np.minimum(np.searchsorted(np.cumsum(weight), chance), len(days) - 1)]
        return drawn


def make_history(sales: pl.DataFrame, *, lead_time_days: int, lead_times: pl.DataFrame | None = None) -> History:
    """The history of every product that was ever sold.

    `sales` has `product_code`, `date`, `quantity` and may have `unit_cost`, `unit_price`, `lead_time_days`,
    `batch_size`, `minimum_order_quantity` (the last value of a product counts) and `is_stocked_out`: on these days more
    was wanted than sold (`replay/unserved_demand.py`). One row a week, dated by its first day, will do. Whole weeks are
    kept, counted from the last day back, ten years at most.
    `lead_times` has the shape of `lead_times.LENGTHS`: if a product has rows there, its orders take these days.

    Raises:
        DataError: nothing was sold, or the last days are years after all others.
        PolicyError: a column holds values that cannot be used.
    """
    demand = demand_frame(sales)
    sold = demand.filter(is_quantity("quantity")).group_by("product_code", "demand_date").agg(
        pl.col("quantity").sum().clip(lower_bound=0.0)
    )  # fmt: skip
    if sold.filter(pl.col("quantity") > 0).is_empty():
        raise DataError("Nothing was sold in these sales, so there is nothing to backtest.")
    _check_pauses(sold["demand_date"])
    codes = sold.filter(pl.col("quantity") > 0).select("product_code").unique().sort("product_code")
    last: date = sold.select(pl.col("demand_date").max()).item()
    if demand["demand_date"].dt.weekday().n_unique() == 1:
        last += timedelta(days=DAYS - 1)
    first: date = sold.select(pl.col("demand_date").min()).item()
    weeks = min(MOST_WEEKS, ((last - first).days + 1) // DAYS)
    start = last + timedelta(days=1 - weeks * DAYS)
    rows = sold.join(codes.with_row_index("row"), on="product_code").filter(pl.col("demand_date") >= start)
    daily = np.zeros((codes.height, weeks * DAYS))
    column = rows.select((pl.col("demand_date") - pl.lit(start)).dt.total_days()).to_series()
    daily[rows["row"].to_numpy(), column.to_numpy()] = rows["quantity"].to_numpy()
    daily = with_unserved_demand(daily, _is_out(demand, codes, start, daily.shape), codes["product_code"].to_list())
    cost, price, lead, batch, least = _facts(sales, codes, lead_time_days=lead_time_days)
    lengths = _lengths(codes, lead, lead_times)
    lead = _expected_days(lengths)
    codes_in_order = codes["product_code"].to_list()
    return History(
        codes_in_order, start, daily, demand, cost, price, lead, batch, least, lengths, OrderRules.none(codes_in_order)
    )  # fmt: skip


def _is_out(demand: pl.DataFrame, codes: pl.DataFrame, start: date, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which days of each product were out of stock."""
    is_out = np.zeros(shape, dtype=bool)
    if "is_stocked_out" not in demand.columns:
        return is_out
    days = (pl.col("demand_date") - pl.lit(start)).dt.total_days()
    rows = (
        demand.filter(pl.col("is_stocked_out").fill_null(value=False))
        .join(codes.with_row_index("row"), on="product_code")
        .select("row", day=days)
        .filter(pl.col("day").is_between(0, shape[1] - 1))
    )
    is_out[rows["row"].to_numpy(), rows["day"].to_numpy()] = True
    return is_out


def _expected_days(lengths: pl.DataFrame) -> Index:
    return summarise_lengths(lengths)["expected_lead_time_days"].to_numpy()


def _check_pauses(days: pl.Series) -> None:
    known = days.unique().sort()
    after = known.filter(known.diff() > LONGEST_PAUSE)
    if after.is_empty():
        return
    before: date = known.filter(known < after[-1])[-1]
    if (known >= after[-1]).sum() < FEWEST_WEEKS:
        years = (after[-1] - before).days // 365
        raise DataError(
            f"There is a gap of {years} years in these sales, from {before} to {after[-1]}: correct the dates, or "
            "leave out the rows after it."
        )


def _lengths(codes: pl.DataFrame, lead: Index, lead_times: pl.DataFrame | None) -> pl.DataFrame:
    """The lengths of each product's lead time, by product code."""
    fixed = codes.with_columns(lead_time_days=pl.Series(lead, dtype=pl.Int64), weight=pl.lit(1.0)).cast(LENGTHS)
    if lead_times is None:
        return fixed
    known = lead_times.select(list(LENGTHS)).cast(LENGTHS).join(codes, on="product_code", how="semi")
    rest = fixed.join(known, on="product_code", how="anti")
    return pl.concat([known, rest]).sort("product_code", "lead_time_days")


def review_days(history: History, *, order_frequency_days: int, weeks: int) -> list[int]:
    """The columns on which orders are placed in the last weeks; fewer weeks if the past is short.

    Raises:
        DataError: the past is so short that no order would arrive and be counted.
    """
    days = history.daily.shape[1]
    known = days // DAYS
    start = days - min(weeks, max(0, known - FEWEST_WEEKS)) * DAYS
    counted_from = start + weeks_until_counted(history, start, order_frequency_days=order_frequency_days) * DAYS
    if counted_from + max(DAYS, order_frequency_days) > days:
        raise DataError(
            f"These sales span {known} week{'' if known == 1 else 's'}; a backtest needs {FEWEST_WEEKS} weeks to learn "
            f"from, then the longest lead time and two order cycles, in whole weeks; it covers at most {weeks} weeks."
        )
    return list(range(start, days, order_frequency_days))


def known_at_reviews(history: History, reviews: Sequence[int]) -> dict[int, History]:
    """The history as each review knew it, by the column of the review."""
    return {column: history.with_lead_times_known_at(column) for column in reviews}


def weeks_until_counted(history: History, start: int, *, order_frequency_days: int) -> int:
    """The weeks of a backtest from a column on before the first whole week that depends on real decisions."""
    lengths = np.full(len(history.product_codes), history.longest_lead_time)
    days = order_days(history.rules, lengths, on=history.day(start), order_frequency_days=order_frequency_days)
    return -(-int(days.next_arrives.max(initial=0)) // DAYS)


def _facts(
    sales: pl.DataFrame, codes: pl.DataFrame, *, lead_time_days: int
) -> tuple[Matrix, Matrix, Index, Matrix, Matrix]:
    """Cost, price, lead time, batch and minimum order of each product."""
    names = ("unit_cost", "unit_price", "lead_time_days", "batch_size", "minimum_order_quantity")
    there = [name for name in names if name in sales.columns]
    facts = number_frame(sales, "sales", there).with_columns(sales["date"]).sort("date")
    last = facts.group_by("product_code", maintain_order=True).agg(pl.col(there).drop_nulls().last())
    known = codes.join(last, on="product_code", how="left")

    def column(name: str, otherwise: float, *, least: float = 0.0) -> Matrix:
        if name not in there:
            return np.full(codes.height, otherwise)
        return known[name].set(known[name] <= least, None).fill_null(otherwise).to_numpy().copy()

    cost, price = column("unit_cost", np.nan), column("unit_price", np.nan)
    cost = np.where(np.isnan(cost), np.where(np.isnan(price), 1.0, price / PRICE_TO_COST), cost)
    price = np.where(np.isnan(price), cost * PRICE_TO_COST, price)
    days = codes.with_columns(lead_time_days=column("lead_time_days", float(lead_time_days), least=-math.inf))
    lead = days_of(codes, days, name="lead_time_days", least=0)["lead_time_days"].to_numpy()
    return cost, price, lead, np.maximum(1e-4, column("batch_size", 1.0)), column("minimum_order_quantity", 0.0)
