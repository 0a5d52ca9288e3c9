"""The run through the past: orders arrive, a rule orders at each review, demand comes, and everything is counted.

What belongs here: the walk and the counts. What does not: rules, and what the counts come to (`report.py`).
Read more in docs/maths.md.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.series import Index, Matrix
from pipelines.replenishment.replay.history import DAYS, History


@dataclass(frozen=True)
class Shelf:
    """What a rule sees at a review: net stock, and what is under way by days from now; products by service levels."""

    net: Matrix
    under_way: Matrix

    @property
    def position(self) -> Matrix:
        """Net stock and all that is under way."""
        return np.asarray(self.net + self.under_way.sum(axis=2))


Orders = Callable[[Shelf], Matrix]


@dataclass(frozen=True)
class Reviewed:
    """A rule at one review: what it holds at most, and what it orders."""

    order_up_to_level: Matrix
    orders: Orders


Rule = Callable[[int], Reviewed]


@dataclass(frozen=True)
class Counts:
    """Sums by week, group of products and service level."""

    stock_value: Matrix
    asked_units: Matrix
    served_units: Matrix
    asked_value: Matrix
    served_value: Matrix
    lost_margin: Matrix
    order_lines: Matrix
    judged_orders: Matrix
    kept_orders: Matrix
    periods: Matrix
    kept_periods: Matrix
    levels: Matrix
    kept_levels: Matrix


def simulate(
    history: History, rule: Rule, reviews: list[int], *, order_frequency_days: int, groups: Index, is_lost: bool
) -> Counts:
    """Run a rule from the first review to the last day, starting full with nothing under way.

    Counting begins with the first day that a real decision rules: after the longest lead time and one order cycle.
    `groups[i]` is the group of product i; the counts have the shape weeks, groups, service levels.
    """
    walk = _Walk(history, reviews[0], order_frequency_days, groups, is_lost=is_lost)
    due = set(reviews)
    for day in range(reviews[0], history.daily.shape[1]):
        walk.one_day(day, rule(day) if day in due else None)
    return walk.counts()


class _Walk:
    """The shelves from day to day, what was counted so far, and which days were short: products by service levels."""

    def __init__(
        self, history: History, start: int, order_frequency_days: int, groups: Index, *, is_lost: bool
    ) -> None:
        self.history, self.start, self.is_lost = history, start, is_lost
        self.frequency = order_frequency_days
        self.lead = history.lead_time_days
        self.counted_from = start + int(self.lead.max()) + order_frequency_days
        self.of_group = (np.arange(groups.max() + 1)[:, None] == groups).astype(float)
        self.weeks = -(-(history.daily.shape[1] - start) // DAYS)
        self.sums: dict[str, Matrix] = {}
        self.short_days: list[NDArray[np.bool_]] = []
        self.reviews: list[tuple[int, Matrix, Matrix]] = []
        self.net = self.under_way = np.zeros((0, 0))

    def one_day(self, day: int, told: Reviewed | None) -> None:
        """What is due arrives, a review may order, demand comes."""
        if told is not None and day == self.start:
            self.net = told.order_up_to_level.copy()
            self.under_way = np.zeros((*self.net.shape, int(self.lead.max()) + 1))
        self.net = self.net + self.under_way[:, :, 0]
        self.under_way = np.concatenate([self.under_way[:, :, 1:], np.zeros((*self.net.shape, 1))], axis=2)
        if told is not None:
            self._review(day, told)
        asked = np.repeat(self.history.daily[:, day][:, None], self.net.shape[1], axis=1)
        there = np.maximum(0.0, self.net)
        served = np.minimum(asked, there)
        self.net = self.net - (served if self.is_lost else asked)
        self.short_days.append(asked > served if self.is_lost else self.net < 0)
        self._count(day, asked, served, (there + np.maximum(0.0, self.net)) / 2)

    def _review(self, day: int, told: Reviewed) -> None:
        """Place orders, raised to the minimum and whole batches; one without a lead time is there at once."""
        wanted = told.orders(Shelf(self.net, self.under_way))
        batch, least = self.history.batch_size[:, None], self.history.minimum_order_quantity[:, None]
        placed = np.where(wanted > 0, np.ceil(np.maximum(wanted, least) / batch - 1e-9) * batch, 0.0)
        self.net = self.net + np.where(self.lead[:, None] == 0, placed, 0.0)
        later = np.flatnonzero(self.lead > 0)
        self.under_way[later, :, self.lead[later] - 1] += placed[later]
        self.reviews.append((day, placed, told.order_up_to_level))

    def _count(self, day: int, asked: Matrix, served: Matrix, held: Matrix) -> None:
        cost, price = self.history.unit_cost[:, None], self.history.unit_price[:, None]
        self._add("stock_value", day, held * cost / DAYS)
        self._add("asked_units", day, asked)
        self._add("served_units", day, served)
        self._add("asked_value", day, asked * price)
        self._add("served_value", day, served * price)
        self._add("lost_margin", day, (asked - served) * (price - cost))

    def _add(self, name: str, day: int, values: Matrix | NDArray[np.bool_]) -> None:
        told = self.sums.setdefault(name, np.zeros((self.weeks, self.of_group.shape[0], self.net.shape[1])))
        if day >= self.counted_from:
            told[(day - self.start) // DAYS] += self.of_group @ values

    def counts(self) -> Counts:
        """Everything that was counted, orders and periods judged by the days that were short."""
        short = np.stack(self.short_days)
        summed = np.concatenate([np.zeros((1, *short.shape[1:])), np.cumsum(short, axis=0)])
        sold = np.concatenate([np.zeros((self.lead.size, 1)), np.cumsum(self.history.daily, axis=1)], axis=1)
        for day, placed, level in self.reviews:
            self._judge_review(day, placed, level, summed, sold)
        for day in range(self.start, self.start + (short.shape[0] // DAYS) * DAYS, DAYS):
            first, end = day - self.start, day - self.start + DAYS
            is_kept = summed[end] == summed[first] if self.is_lost else ~short[end - 1]
            self._add("periods", day, np.ones_like(self.net))
            self._add("kept_periods", day, is_kept)
        return Counts(**self.sums)

    def _judge_review(self, day: int, placed: Matrix, level: Matrix, summed: Matrix, sold: Matrix) -> None:
        """An order is kept if what it covers ends without shortage; a level, if demand of its horizon stays below."""
        rows, last = np.arange(self.lead.size), sold.shape[1] - 1
        arrives, ends = day + self.lead, day + self.lead + self.frequency
        is_whole = (ends <= last)[:, None]
        first, end = np.minimum(arrives, last) - self.start, np.minimum(ends, last) - self.start
        before = first if self.is_lost else end - 1
        is_kept = summed[end, rows] == summed[before, rows]
        demand = sold[rows, np.minimum(ends, last)] - sold[rows, day]
        is_placed = (placed > 0) & is_whole
        self._add("order_lines", day, placed > 0)
        self._add("judged_orders", day, is_placed)
        self._add("kept_orders", day, is_placed & is_kept)
        self._add("levels", day, np.broadcast_to(is_whole, level.shape))
        self._add("kept_levels", day, is_whole & (demand[:, None] <= level + 1e-9))
