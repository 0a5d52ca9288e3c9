"""Our policy in the backtest: the forecast at each review, and orders decided as in a plan.

What belongs here: a review by our policy, and levels as a policy. What does not: the maths (`order_decision.py`).
Read more in docs/maths.md.
"""

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from pipelines.forecasting.distribution import DemandDistribution, forecast_distribution
from pipelines.forecasting.forecast_tables import choose_models, score_models
from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.forecasting.protection_intervals import (
    horizons_to_forecast,
    own_horizons,
)
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.past import DAYS, History
from pipelines.policy_backtest.planned_orders import PlannedOrders, products_of, within_money
from pipelines.policy_backtest.replay.order_rules import intervals_on
from pipelines.policy_backtest.simulation import Orders, ReviewDecision, ReviewRule, Shelf
from pipelines.replenishment.decision.decision_inputs import interval_demand
from pipelines.replenishment.decision.demand_paths import IntervalDemand, path_totals
from pipelines.replenishment.decision.order_decision import (
    ordering_level,
    paths_of_products,
    whole_quantities,
)
from pipelines.replenishment.decision.whole_quantities import draws_of

Levels = Callable[[int], Matrix]


def lead_windows(history: History, day: int, *, order_frequency_days: int) -> pl.DataFrame:
    """The protection interval of each product and lead time at a review, in the shape of `protection_intervals`."""
    on = history.day(day)
    return intervals_on(history.rules, history.lead_times, on=on, order_frequency_days=order_frequency_days)


def scores_at(history: History, day: int, *, order_frequency_days: int, seed: int) -> pl.DataFrame:
    """The model comparison of a plan on a past day, from what was known before it: like `forecast.model_scores`."""
    horizons = own_horizons(lead_windows(history, day, order_frequency_days=order_frequency_days))
    return score_models(history.known_before(day), horizons, as_of=history.day(day), seed=seed).model_scores


def forecast_at(
    history: History, day: int, *, order_frequency_days: int, seed: int, model_scores: pl.DataFrame | None = None
) -> DemandDistribution:
    """The forecast of every product's horizons from what was known before a day.

    With `model_scores` each product has the model that a plan of that day would choose, else models are chosen by rule.
    """
    horizons = horizons_to_forecast(lead_windows(history, day, order_frequency_days=order_frequency_days))
    weeks = -(-int(horizons["horizon_days"].to_numpy().max(initial=1)) // DAYS)
    as_of, known, without_season = history.day(day), history.known_before(day), history.without_season
    choice = None
    if model_scores is not None:
        chosen = choose_models(known, model_scores, as_of=as_of, without_season=without_season)
        choice = dict(chosen.select("product_code", "model").rows())
    return forecast_distribution(
        known, horizons, as_of=as_of, seed=seed, choice=choice, weeks=weeks, without_season=without_season
    )  # fmt: skip


def our_review(
    history: History, day: int, distribution: DemandDistribution, service_levels: list[float], policy: OrderPolicy, *,
    order_frequency_days: int, seed: int, money_rule: str = "",
) -> ReviewDecision:  # fmt: skip
    """The order-up-to levels of our policy at a review, and its orders.

    For cycle service levels the decision on paths equals level minus position, to the unit, if unmet demand is
    backordered (or positions are compared), no open order arrives later than one of today, and no supplier has a
    calendar. The paths are then left out. With a `money_rule` the suppliers' minimums and the spend cap of the history
    are kept.
    """
    leads = lead_windows(history, day, order_frequency_days=order_frequency_days)
    days = leads["horizon_days"].to_numpy().astype(np.int64)
    demand = interval_demand(distribution, leads["product_code"], days, seed=seed)
    on_paths = PlannedOrders(demand, leads, history, day, service_levels, policy)
    money = within_money(history, on_paths, money_rule)
    if policy.measure != "cycle":
        return ReviewDecision(on_paths.order_up_to_levels(), on_paths.orders, money)
    points = ordering_level(np.array(service_levels)).tolist() if policy.has_two_levels else service_levels
    levels, least = _levels(demand, leads, history, service_levels, points, policy)
    if (policy.unmet_demand == "lost" and policy.order_rule == "projected") or history.rules.calendars.height:
        return ReviewDecision(levels, on_paths.orders, money)
    by_position = up_to(levels, least)

    def orders(shelf: Shelf) -> Matrix:
        return (by_position if _none_arrives_later(shelf, history) else on_paths.orders)(shelf)

    return ReviewDecision(levels, orders, money)


def up_to(levels: Matrix, points: Matrix | None = None) -> Orders:
    """Order up to the levels if the position is at or below the points; without points, whenever it is below."""

    def orders(shelf: Shelf) -> Matrix:
        position = shelf.position
        least = levels if points is None else points
        return np.where(position <= least, np.maximum(0.0, levels - position), 0.0)

    return orders


def as_rule(levels: Levels, limited: Callable[[Shelf, Matrix], Matrix] | None = None) -> ReviewRule:
    """A review rule from the order-up-to levels of each day, and what the rules of money leave."""

    def rule(day: int) -> ReviewDecision:
        of_day = levels(day)
        return ReviewDecision(of_day, up_to(of_day), limited)

    return rule


def known_weeks(history: History, day: int) -> tuple[Matrix, date]:
    """Demand by whole week known before a day, and the day."""
    weeks = day // DAYS
    daily = history.daily[:, day - weeks * DAYS : day]
    return daily.reshape(daily.shape[0], weeks, DAYS).sum(axis=2), history.day(day)


def _levels(
    demand: IntervalDemand, leads: pl.DataFrame, history: History, at: list[float], points: list[float],
    policy: OrderPolicy,
) -> tuple[Matrix, Matrix]:  # fmt: skip
    """The order-up-to levels and reorder points of a plan: products by service levels."""
    products = len(history.product_codes)
    owner = products_of(leads, history)
    rows, weight = paths_of_products(owner, leads["weight"].to_numpy(), products, path_weights=demand.path_weights)
    totals, is_sold_whole = path_totals(demand)[rows].reshape(weight.shape), demand.is_sold_whole
    draws = np.zeros(products)
    if policy.rounding == "average" and is_sold_whole is not None:
        draws = draws_of(demand.seeds[rows[:, 0]], is_sold_whole[rows[:, 0]])
    both = [
        whole_quantities(totals, weight, *(np.full(products, level) for level in pair), draws=draws)
        for pair in zip(at, points, strict=True)
    ]
    levels, least = (np.stack(columns, axis=1) for columns in zip(*both, strict=True))
    return levels, least


def _none_arrives_later(shelf: Shelf, history: History) -> bool:
    """Whether every open order is expected no later than an order of today would be."""
    is_open = shelf.under_way.any(axis=1)
    last = np.where(is_open, np.arange(is_open.shape[1]) + 1, 0).max(axis=1, initial=0)
    return bool((last <= history.lead_time_days).all())
