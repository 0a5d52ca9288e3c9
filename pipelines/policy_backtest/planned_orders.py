"""Orders of our policy at a review, decided as in a plan, and what the rules of money leave of them.

What belongs here: the decision at each service level, made once. What does not: levels as a policy (`our_rule.py`).
Read more in docs/maths.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.protection_intervals import expected_intervals
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.money_terms import MoneyTerms, by_least_loss, in_proportion
from pipelines.policy_backtest.past import History
from pipelines.policy_backtest.simulation import Shelf
from pipelines.replenishment.decision.decision_inputs import order_calendars
from pipelines.replenishment.decision.demand_paths import IntervalDemand
from pipelines.replenishment.decision.order_decision import Decision, DecisionInputs, decide
from pipelines.replenishment.decision.requirement_paths import requirement_paths
from pipelines.replenishment.decision.stock_projection import Stock
from pipelines.replenishment.supplier_orders.order_values import OrderTerms, OrderValues
from pipelines.replenishment.supplier_orders.product_money import YEAR_DAYS
from pipelines.replenishment.supplier_orders.supplier_minimum import LaterNeed

BY_LEAST_LOSS: Final = "least loss"
IN_PROPORTION: Final = "in proportion"
OVERSTOCK_DAYS: Final = 90


def products_of(leads: pl.DataFrame, history: History) -> Index:
    """The row of each lead time's product in the history."""
    return np.searchsorted(np.array(history.product_codes), leads["product_code"].to_numpy()).astype(np.int64)


def within_money(
    history: History, on_paths: "PlannedOrders | None", money_rule: str
) -> Callable[[Shelf, Matrix], Matrix] | None:
    """What a money rule leaves of the quantities of a review; None without a rule, or without any minimum and cap."""
    money = history.money
    if not money_rule or money is None or not money.is_binding:
        return None
    terms = OrderTerms.of(history.unit_cost, history.batch_size, history.minimum_order_quantity)

    def limited(shelf: Shelf, quantity: Matrix) -> Matrix:
        kept = quantity.copy()
        for column in range(quantity.shape[1]):
            if money_rule == BY_LEAST_LOSS and on_paths is not None:
                kept[:, column] = by_least_loss(quantity[:, column], terms, money, on_paths.at(shelf, column))
            else:
                kept[:, column] = in_proportion(quantity[:, column], terms, money)
        return kept

    return limited


@dataclass(frozen=True)
class _ValuesAtReview:
    """What quantities are worth at a review, at one service level: see `money_terms.ReviewValues`."""

    history: History
    inputs: DecisionInputs
    decision: Decision
    policy: OrderPolicy
    expected_arrival: Index
    room: Matrix

    def values(self, products: Index, money: MoneyTerms) -> OrderValues:
        paths = requirement_paths(self.inputs, products, self.policy)
        history, cost = self.history, self.history.unit_cost[products]
        horizon = self.inputs.horizon_days[products]
        demand = (self.decision.demand_before_arrival + self.decision.demand_in_cover)[products]
        return OrderValues(
            paths.need, paths.on_hand, paths.weights,
            needed=self.decision.needed[products],
            margin=np.maximum(0.0, history.unit_price[products] - cost),
            holding_a_day=cost * money.holding_cost_rate[products] / YEAR_DAYS,
            coverage_days=np.maximum(1.0, horizon - self.expected_arrival[products]),
            daily_demand=demand / np.maximum(1, horizon),
        )  # fmt: skip

    def later(self, products: Index) -> LaterNeed:
        position = (self.inputs.stock.available + self.decision.stock_on_order_in_time)[products]
        is_due = self.decision.is_due[products].astype(float)
        return LaterNeed(
            is_due, position, self.decision.reorder_point[products], self.room[products]
        )  # fmt: skip

    def most(self, products: Index) -> Matrix:
        horizon = np.maximum(1, self.inputs.horizon_days[products])
        position = (self.inputs.stock.available + self.inputs.stock.arrival_quantities.sum(axis=1))[products]
        level = self.decision.order_up_to_level[products] * (horizon + OVERSTOCK_DAYS) / horizon
        return np.asarray(np.clip(level - position, 0.0, self.room[products]))


class PlannedOrders:
    """Orders decided as in a plan, for each service level."""

    def __init__(
        self, demand: IntervalDemand, leads: pl.DataFrame, history: History, day: int, service_levels: list[float],
        policy: OrderPolicy,
    ) -> None:  # fmt: skip
        self.demand, self.policy, self.service_levels, self.history = demand, policy, service_levels, history
        self.decisions: dict[int, _ValuesAtReview] = {}
        expected = expected_intervals(leads)
        self.horizon, self.expected_arrival = (expected[name].to_numpy() for name in ("horizon_days", "arrival_day"))
        calendars = history.rules.calendars_on(history.day(day))
        self.calendars = order_calendars(history.rules.products, leads, calendars) if calendars else None
        self.lead_product, self.weight = products_of(leads, history), leads["weight"].to_numpy()
        self.arrival_day = leads["arrival_day"].to_numpy().astype(np.int64)

    def orders(self, shelf: Shelf) -> Matrix:
        """Order quantities in whole units: products by service levels."""
        quantities = np.zeros_like(shelf.net)
        self.decisions.clear()
        for column in range(quantities.shape[1]):
            decision = self.at(shelf, column).decision
            quantities[:, column] = np.where(decision.is_due, np.ceil(decision.needed - 1e-9), 0.0)
        return quantities

    def at(self, shelf: Shelf, column: int) -> _ValuesAtReview:
        """The decision at a service level, which is made once."""
        if column not in self.decisions:
            days = np.flatnonzero(shelf.under_way.any(axis=(0, 1)))
            arrivals = shelf.under_way[:, column, days]
            stock = Stock(shelf.net[:, column], np.tile(days + 1, (self.horizon.size, 1)), arrivals)
            inputs = self._inputs(column, stock)
            decision, room = decide(inputs, self.policy), self.history.limits.room(shelf.position)[:, column]
            self.decisions[column] = _ValuesAtReview(
                self.history, inputs, decision, self.policy, self.expected_arrival, room
            )  # fmt: skip
        return self.decisions[column]

    def order_up_to_levels(self) -> Matrix:
        """The order-up-to levels if nothing is lost before an order of today arrives: products by service levels."""
        count = self.horizon.size
        empty = Stock(np.zeros(count), np.zeros((count, 0), dtype=np.int64), np.zeros((count, 0)))
        by_position = replace(self.policy, order_rule="position")
        decisions = (decide(self._inputs(column, empty), by_position) for column in range(len(self.service_levels)))
        return np.stack([decision.order_up_to_level for decision in decisions], axis=1)

    def _inputs(self, column: int, stock: Stock) -> DecisionInputs:
        levels = np.full(self.horizon.size, self.service_levels[column])
        return DecisionInputs(
            levels, self.horizon, stock, self.lead_product, self.arrival_day, self.weight, self.demand, self.calendars
        )  # fmt: skip
