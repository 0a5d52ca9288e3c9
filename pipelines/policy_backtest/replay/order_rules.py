"""The rules that a plan keeps for each product, in the backtest: shelf levels, minimums, batches, and order calendars.

What belongs here: a plan's limits and calendars, applied to arrays at a past day. What does not: the rules themselves
(`replenishment/plan/order_limits.py`, `planning_settings/supplier_terms`), suppliers' minimums (`money_terms.py`).
Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.calendar_intervals import Calendars, calendar_id, calendar_intervals
from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.planning_settings.supplier_terms.supplier_calendar import calendars_by_supplier
from pipelines.replenishment.plan.order_limits import with_limits
from pipelines.replenishment.supplier_orders.order_values import whole_batches
from pipelines.storage.tables import SUPPLIER_CALENDARS, empty

_OF_PRODUCTS: Final = pl.Schema(
    {
        "product_code": pl.String, "supplier_id": pl.String, "order_frequency_origin": pl.String,
        "minimum_shelf_level": pl.Float64, "maximum_shelf_level": pl.Float64,
    }
)  # fmt: skip


@dataclass(frozen=True)
class OrderRules:
    """What a plan knows of how each product is ordered.

    `products` has a row per product of the history, in its order: the supplier, at which level the order frequency is
    set, and the shelf levels, a null maximum for none. `calendars` has the shape of its table.
    """

    products: pl.DataFrame
    calendars: pl.DataFrame

    @classmethod
    def none(cls, product_codes: Sequence[str]) -> "OrderRules":
        """No levels, no suppliers and no calendars."""
        codes = pl.DataFrame({"product_code": product_codes}, schema={"product_code": pl.String})
        return cls.of(codes["product_code"], codes, empty(SUPPLIER_CALENDARS))

    @classmethod
    def of(cls, product_codes: pl.Series, facts: pl.DataFrame, calendars: pl.DataFrame) -> "OrderRules":
        """The rules of some products from a frame of facts, of which columns may be missing."""
        there = facts.select(name for name in _OF_PRODUCTS if name in facts.columns)
        rows = product_codes.rename("product_code").to_frame().join(there, on="product_code", how="left",
                                                                     maintain_order="left")  # fmt: skip
        missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in _OF_PRODUCTS.items()
                   if name not in rows.columns]  # fmt: skip
        return cls(rows.with_columns(missing).select(list(_OF_PRODUCTS)).cast(_OF_PRODUCTS), calendars)

    def rows(self, chosen: Index) -> "OrderRules":
        """The rules of some products."""
        return OrderRules(self.products[chosen], self.calendars)

    def calendars_on(self, day: date) -> Calendars:
        """The calendars by supplier, seen from a day."""
        return calendars_by_supplier(self.calendars, as_of=day)

    def most(self) -> Matrix:
        """The maximum shelf level of each product, infinite for none."""
        return np.asarray(self.products["maximum_shelf_level"].fill_null(np.inf).to_numpy(), dtype=float)

    def drawn_by(self) -> list[str]:
        """Whose orders arrive together: each product's supplier, or the product itself if none is known."""
        return self.products.select(pl.coalesce("supplier_id", "product_code")).to_series().to_list()


@dataclass(frozen=True)
class LineLimits:
    """The limits of each line of an order: shelf levels, the minimum order quantity and the batch."""

    rules: OrderRules
    minimum_order_quantity: Matrix
    batch_size: Matrix

    def after(self, wanted: Matrix, position: Matrix) -> Matrix:
        """The quantities after the limits of a plan: products by service levels, as `wanted` and the stock position."""
        levels = wanted.shape[1]

        def each(values: Matrix | pl.Series) -> Matrix:
            return np.repeat(np.asarray(values), levels)

        shelf = self.rules.products
        least = shelf["minimum_shelf_level"].fill_null(0.0).to_numpy()
        frame = pl.DataFrame(
            {
                "needed_quantity": wanted.ravel(), "stock_position": position.ravel(),
                "is_ordered": ((wanted > 0) | (position < least[:, None])).ravel(),
                "minimum_order_quantity": each(self.minimum_order_quantity), "batch_size": each(self.batch_size),
                "minimum_shelf_level": each(least), "maximum_shelf_level": each(self.rules.most()),
            }
        ).with_columns(pl.when(pl.col("maximum_shelf_level").is_finite()).then("maximum_shelf_level"))  # fmt: skip
        return with_limits(frame)["quantity_after_cap"].to_numpy().reshape(wanted.shape)

    def room(self, position: Matrix) -> Matrix:
        """The most that may be ordered at these stock positions, in whole batches; infinite without a maximum."""
        most = self.rules.most()[:, None]
        room = np.maximum(0.0, np.where(np.isfinite(most), most - position, 0.0))
        return np.where(np.isfinite(most), whole_batches(room, self.batch_size[:, None], is_up=False), np.inf)


@dataclass(frozen=True)
class OrderDays:
    """For each product's order of a review, in days from it: when it is placed, arrives, and the next one arrives."""

    placed: Index
    arrives: Index
    next_arrives: Index


def order_days(rules: OrderRules, lead_time_days: Index, *, on: date, order_frequency_days: int) -> OrderDays:
    """When orders that are decided on a day are placed and arrive, if they take so many days each.

    Without a calendar an order is placed at once, and the next one after the order frequency.

    >>> tea = pl.DataFrame({"product_code": ["TEA"], "supplier_id": ["S"], "order_frequency_origin": ["global"]})
    >>> thursdays = pl.DataFrame([("S", "thu", "supplier", "")], schema=SUPPLIER_CALENDARS.schema, orient="row")
    >>> rules = OrderRules.of(tea["product_code"], tea, thursdays)
    >>> days = order_days(rules, np.array([10]), on=date(2026, 11, 30), order_frequency_days=7)
    >>> days.placed.item(), days.arrives.item(), days.next_arrives.item()
    (3, 13, 20)
    """
    if rules.calendars.is_empty():
        return OrderDays(np.zeros_like(lead_time_days), lead_time_days, lead_time_days + order_frequency_days)
    lengths = rules.products.select("product_code", lead_time_days=pl.Series(lead_time_days), weight=pl.lit(1.0))
    intervals = intervals_on(rules, lengths, on=on, order_frequency_days=order_frequency_days)
    rows = rules.products.select("product_code").join(intervals, on="product_code", maintain_order="left", how="left")
    return OrderDays(*(rows[name].to_numpy().astype(np.int64) for name in ("order_day", "arrival_day", "horizon_days")))


def intervals_on(
    rules: OrderRules, lead_times: pl.DataFrame, *, on: date, order_frequency_days: int
) -> pl.DataFrame:  # fmt: skip
    """The protection interval of each product and lead time on a day, as a plan of that day has it."""
    settings = rules.products.select(
        "product_code", "supplier_id", pl.col("order_frequency_origin").fill_null("global"),
        order_frequency_days=pl.lit(order_frequency_days, dtype=pl.Int64),
    )  # fmt: skip
    return calendar_intervals(settings, lead_times, rules.calendars, as_of=on)


def rules_in_words(rules: OrderRules, *, on: date) -> str:
    """What of the rules is replayed, as a sentence; empty if there are none.

    >>> tea = pl.DataFrame({"product_code": ["TEA"], "maximum_shelf_level": [60.0]})
    >>> rules_in_words(OrderRules.of(tea["product_code"], tea, empty(SUPPLIER_CALENDARS)), on=date(2026, 1, 1))
    'Maximum shelf levels of 1 product.'
    """
    products = rules.products
    counts = (
        ("minimum shelf levels", int((products["minimum_shelf_level"].fill_null(0.0) > 0).sum())),
        ("maximum shelf levels", products["maximum_shelf_level"].drop_nulls().len()),
        ("order days and shutdowns", _with_calendar(rules, on)),
    )
    parts = [f"{name} of {count} product{'' if count == 1 else 's'}" for name, count in counts if count]
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}." if parts else ""


def _with_calendar(rules: OrderRules, on: date) -> int:
    """How many products are bought by a calendar."""
    calendars = rules.calendars_on(on)
    return rules.products.select(calendar_id("supplier_id", calendars)).to_series().drop_nulls().len()
