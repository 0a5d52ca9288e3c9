"""The simulation of a past: orders arrive, a policy orders at each review, demand comes, and all is counted.

What belongs here: the simulation and the counts. What does not: policies, and the results (`report.py`).
Read more in docs/maths.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.policy_backtest.past import DAYS, History, weeks_until_counted
from pipelines.policy_backtest.replay.order_rules import OrderDays, order_days


@dataclass(frozen=True)
class Shelf:
    """What a policy sees at a review: net stock, and open orders by the day on which they are expected.

    Products by service levels; the last axis of `under_way` begins tomorrow, when overdue orders are expected too.
    """

    net: Matrix
    under_way: Matrix

    @property
    def position(self) -> Matrix:
        """Net stock and all open orders."""
        return np.asarray(self.net + self.under_way.sum(axis=2))


Orders = Callable[[Shelf], Matrix]


@dataclass(frozen=True)
class ReviewDecision:
    """A policy at a review: its order-up-to levels, its orders, and what the rules of money leave of them."""

    order_up_to_level: Matrix
    orders: Orders
    within_money: Callable[[Shelf, Matrix], Matrix] | None = None


ReviewRule = Callable[[int], ReviewDecision]


@dataclass(frozen=True)
class Counts:
    """Sums by week, group of products and service level, of whole weeks only; orders and their lines are by review.

    Served units and values are demand met from stock. An order is kept if its coverage period
    ended without shortage, a period (product week) if it had none, a level if demand over its horizon stayed below it.
    """

    stock_value: Matrix
    demand_units: Matrix
    served_units: Matrix
    demand_value: Matrix
    served_value: Matrix
    lost_margin: Matrix
    order_lines: Matrix
    supplier_orders: Matrix
    judged_orders: Matrix
    kept_orders: Matrix
    periods: Matrix
    kept_periods: Matrix
    levels: Matrix
    kept_levels: Matrix


def simulate(
    history: History, rule: ReviewRule, known: Mapping[int, History], *, order_frequency_days: int, groups: Index,
    is_lost: bool, seed: int = 0,
) -> Counts:  # fmt: skip
    """The counts of a policy from the first review to the last day; it starts full, without open orders.

    `known` is the history as each review knew it (`known_at_reviews`); its keys are the days of the reviews.
    The seed draws the same random lead times for every policy. Counting begins with the first whole week that depends
    on real decisions: after the longest lead time and one order cycle. `groups[i]` is the group of product i; the
    counts have the shape weeks, groups, service levels.
    """
    return walked(
        history, rule, known, order_frequency_days=order_frequency_days, groups=groups, is_lost=is_lost, seed=seed
    ).counts()


def walked(
    history: History, rule: ReviewRule, known: Mapping[int, History], *, order_frequency_days: int, groups: Index,
    is_lost: bool, seed: int = 0,
) -> "Walk":  # fmt: skip
    """The simulation that `simulate` counts: every day of it, and every order."""
    drawn = history.drawn_lead_times(len(known), seed=seed)
    walk = Walk(history, min(known), order_frequency_days, groups, is_lost=is_lost)
    place = {day: number for number, day in enumerate(known)}
    for day in range(min(known), history.daily.shape[1]):
        if day not in place:
            walk.step(day)
            continue
        expected, true = (
            order_days(history.rules, lengths, on=history.day(day), order_frequency_days=order_frequency_days)
            for lengths in (known[day].lead_time_days, drawn[:, place[day]])
        )
        walk.step(day, rule(day), (expected, true))
    return walk


@dataclass(frozen=True)
class PlacedOrders:
    """The orders of a review on `day`: when each product's is placed, arrives and was expected, and what it covers.

    The coverage period ends before an order of the next review arrives. `position` was the stock position before.
    """

    day: int
    quantity: Matrix
    position: Matrix
    placed: Index
    arrives: Index
    expected: Index
    covered_until: Index
    order_up_to_level: Matrix


class Walk:
    """Stock from day to day, the sums so far, and the days with a shortage: products by service levels."""

    def __init__(
        self, history: History, start: int, order_frequency_days: int, groups: Index, *, is_lost: bool
    ) -> None:
        self.history, self.start, self.is_lost = history, start, is_lost
        warm_up = weeks_until_counted(history, start, order_frequency_days=order_frequency_days)
        self.counted_from = start + warm_up * DAYS
        self.weeks: int = (history.daily.shape[1] - start) // DAYS
        self.of_group = (np.arange(groups.max() + 1)[:, None] == groups).astype(float)
        self.sums: dict[str, Matrix] = {}
        self.short_days: list[NDArray[np.bool_]] = []
        self.placed: list[PlacedOrders] = []
        self.under_way: list[PlacedOrders] = []
        self.net = np.zeros((0, 0))

    def step(
        self, day: int, review: ReviewDecision | None = None, days: tuple[OrderDays, OrderDays] | None = None
    ) -> None:
        """A day: orders arrive, a review may order (with the days expected and the true ones), demand comes."""
        if review is not None and day == self.start:
            self.net = np.minimum(review.order_up_to_level, self.history.rules.most()[:, None])
        for order in self.under_way:
            self.net = self.net + np.where((order.arrives == day)[:, None], order.quantity, 0.0)
        self.under_way = [order for order in self.under_way if (order.arrives > day).any()]
        if review is not None and days is not None:
            self._review(day, review, *days)
        demand = np.repeat(self.history.daily[:, day][:, None], self.net.shape[1], axis=1)
        stock = np.maximum(0.0, self.net)
        served = np.minimum(demand, stock)
        self.net = self.net - (served if self.is_lost else demand)
        self.short_days.append(demand > served if self.is_lost else self.net < 0)
        self._count(day, demand, served, (stock + np.maximum(0.0, self.net)) / 2)

    def _review(self, day: int, review: ReviewDecision, expected: OrderDays, true: OrderDays) -> None:
        """Place orders within the limits of a plan; without a lead time they arrive at once."""
        shelf = Shelf(self.net, self._expected(day))
        limits, position = self.history.limits, shelf.position
        quantity = limits.after(review.orders(shelf), position)
        if review.within_money is not None:
            quantity = np.minimum(review.within_money(shelf, quantity), limits.room(position))
        self.net = self.net + np.where(true.arrives[:, None] == 0, quantity, 0.0)
        order = PlacedOrders(
            day, quantity, position, day + true.placed, day + true.arrives, day + expected.arrives,
            day + true.next_arrives, review.order_up_to_level,
        )  # fmt: skip
        self.placed.append(order)
        self.under_way.append(order)

    def _expected(self, day: int) -> Matrix:
        """Open orders by the day on which they are expected, from tomorrow on."""
        reach = max([1, *(int(order.expected.max()) - day for order in self.under_way)])
        expected = np.zeros((*self.net.shape, reach))
        rows = np.arange(self.net.shape[0])
        for order in self.under_way:
            is_open = order.arrives > day
            slot = np.maximum(0, order.expected - day - 1)
            expected[rows[is_open], :, slot[is_open]] += order.quantity[is_open]
        return expected

    def _count(self, day: int, demand: Matrix, served: Matrix, held: Matrix) -> None:
        cost, price = self.history.unit_cost[:, None], self.history.unit_price[:, None]
        self._add("stock_value", day, held * cost / DAYS)
        self._add("demand_units", day, demand)
        self._add("served_units", day, served)
        self._add("demand_value", day, demand * price)
        self._add("served_value", day, served * price)
        self._add("lost_margin", day, (demand - served) * (price - cost))

    def _add(self, name: str, day: int, values: Matrix | NDArray[np.bool_]) -> None:
        sums = self.sums.setdefault(name, np.zeros((self.weeks, self.of_group.shape[0], self.net.shape[1])))
        if self._is_counted(day):
            sums[(day - self.start) // DAYS] += self.of_group @ values

    def _is_counted(self, day: int) -> bool:
        return self.counted_from <= day < self.start + self.weeks * DAYS

    def counts(self) -> Counts:
        """Everything that was counted, with orders and periods judged by the days with a shortage."""
        short = np.stack(self.short_days)
        summed = np.concatenate([np.zeros((1, *short.shape[1:])), np.cumsum(short, axis=0)])
        sold = np.concatenate([np.zeros((len(self.history.daily), 1)), np.cumsum(self.history.daily, axis=1)], axis=1)
        for order in self.placed:
            self._judge(order, summed, sold)
        self.sums["order_lines"] = np.stack(
            [self.of_group @ (order.quantity > 0) * self._is_counted(order.day) for order in self.placed]
        )
        self.sums["supplier_orders"] = np.stack(
            [
                self.of_group @ self._parts_of_orders(order.quantity) * self._is_counted(order.day)
                for order in self.placed
            ]
        )
        for day in range(self.start, self.start + self.weeks * DAYS, DAYS):
            first, end = day - self.start, day - self.start + DAYS
            is_kept = summed[end] == summed[first] if self.is_lost else ~short[end - 1]
            self._add("periods", day, np.ones_like(self.net))
            self._add("kept_periods", day, is_kept)
        return Counts(**self.sums)

    def _parts_of_orders(self, quantity: Matrix) -> Matrix:
        """Each line's part of its supplier's order, so that the parts of an order are 1; no suppliers are one."""
        lines = (quantity > 0).astype(float)
        money = self.history.money
        order = np.zeros(len(lines), dtype=np.int64) if money is None else money.order
        count = np.zeros((int(order.max(initial=0)) + 1, lines.shape[1]))
        np.add.at(count, order, lines)
        return np.asarray(lines / np.maximum(1.0, count[order]))

    def _judge(self, order: PlacedOrders, summed: Matrix, sold: Matrix) -> None:
        """Count whether the coverage period of an order ended without shortage, and demand stayed below its level."""
        rows, last = np.arange(sold.shape[0]), sold.shape[1] - 1
        ends = order.covered_until
        is_whole = (ends <= last)[:, None]
        first, end = np.minimum(order.arrives, last) - self.start, np.minimum(ends, last) - self.start
        before = first if self.is_lost else end - 1
        is_kept = summed[end, rows] == summed[before, rows]
        demand = sold[rows, np.minimum(ends, last)] - sold[rows, order.day]
        is_placed = (order.quantity > 0) & is_whole
        level = order.order_up_to_level
        self._add("judged_orders", order.day, is_placed)
        self._add("kept_orders", order.day, is_placed & is_kept)
        self._add("levels", order.day, np.broadcast_to(is_whole, level.shape))
        self._add("kept_levels", order.day, is_whole & (demand[:, None] <= level + 1e-9))
