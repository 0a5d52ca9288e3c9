"""Our rule as the replay runs it: the forecast of each review, and orders decided as in a plan.

What belongs here: a review of ours, and levels as a rule. What does not: the maths (`order_decision.py`).
Read more in docs/maths.md.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from pipelines.forecasting.distribution import DemandDistribution, forecast_distribution
from pipelines.forecasting.forecast_tables import choose_models, score_models
from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.protection_intervals import (
    expected_intervals,
    horizons_to_forecast,
    own_horizons,
    protection_intervals,
)
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.past import DAYS, History
from pipelines.policy_backtest.simulation import Orders, ReviewDecision, Shelf
from pipelines.replenishment.decision.decision_inputs import interval_demand
from pipelines.replenishment.decision.demand_paths import IntervalDemand, path_totals, quantile_at
from pipelines.replenishment.decision.order_decision import (
    DecisionInputs,
    decide,
    ordering_level,
    paths_of_products,
    quantity_for_cycles,
)
from pipelines.replenishment.decision.stock_projection import Stock

Levels = Callable[[int], Matrix]


def lead_windows(history: History, *, order_frequency_days: int) -> pl.DataFrame:
    """The windows of each product and lead time, as `protection_intervals` gives them."""
    codes = pl.DataFrame({"product_code": list(history.product_codes)}, schema={"product_code": pl.String})
    asked = codes.with_columns(order_frequency_days=pl.lit(order_frequency_days, dtype=pl.Int64))
    return protection_intervals(asked, history.lead_times)


def scores_at(history: History, day: int, *, order_frequency_days: int, seed: int) -> pl.DataFrame:
    """What a plan's comparison of models says of what was known before a day: a table like `forecast.model_scores`."""
    horizons = own_horizons(lead_windows(history, order_frequency_days=order_frequency_days))
    return score_models(history.known_before(day), horizons, as_of=history.day(day), seed=seed).model_scores


def forecast_at(
    history: History, day: int, *, order_frequency_days: int, seed: int, model_scores: pl.DataFrame | None = None
) -> DemandDistribution:
    """The forecast of every product's horizons from what was known before a day.

    Each product has the model that a plan would give it by `model_scores`, its class being that of the day; without
    these models are chosen by rule.
    """
    horizons = horizons_to_forecast(lead_windows(history, order_frequency_days=order_frequency_days))
    weeks = -(-int(horizons["horizon_days"].max() or DAYS) // DAYS)  # type: ignore[arg-type]
    as_of, known, calm = history.day(day), history.known_before(day), history.without_season
    choice = None
    if model_scores is not None:
        chosen = choose_models(known, model_scores, as_of=as_of, without_season=calm)
        choice = dict(chosen.select("product_code", "model").rows())
    return forecast_distribution(
        known, horizons, as_of=as_of, seed=seed, choice=choice, weeks=weeks, without_season=calm
    )  # fmt: skip


def our_review(
    history: History, told: DemandDistribution, service_levels: list[float], rule: OrderPolicy, *,
    order_frequency_days: int, seed: int,
) -> ReviewDecision:  # fmt: skip
    """What our rule holds at most and orders, from a forecast.

    Where a service level is one of cycles, demand waits (or positions are compared) and all that is under way arrives
    no later than today's order would, the decision on paths is the level less the position, to the piece: the paths
    are then left out.
    """
    leads = lead_windows(history, order_frequency_days=order_frequency_days)
    law = interval_demand(told, leads["product_code"], leads["horizon_days"].to_numpy().astype(np.int64), seed=seed)
    on_paths = _Decided(law, leads, history, service_levels, rule)
    if rule.measure != "cycle":
        return ReviewDecision(on_paths.order_up_to_levels(), on_paths.orders)
    levels, points = (_levels(law, leads, history, at) for at in (service_levels, _points(service_levels, rule)))
    if rule.unmet_demand == "lost" and rule.order_rule == "projected":
        return ReviewDecision(levels, on_paths.orders)
    by_position = up_to(levels, points)
    return ReviewDecision(
        levels, lambda shelf: (by_position if _comes_first(shelf, history) else on_paths.orders)(shelf)
    )


def up_to(levels: Matrix, points: Matrix | None = None) -> Orders:
    """Order up to the levels, where the position is at or below the points; without points whenever it is below."""

    def orders(shelf: Shelf) -> Matrix:
        position = shelf.position
        least = levels if points is None else points
        return np.where(position <= least, np.maximum(0.0, levels - position), 0.0)

    return orders


def as_rule(levels: Levels) -> Callable[[int], ReviewDecision]:
    """A rule from the levels of each day."""

    def rule(day: int) -> ReviewDecision:
        told = levels(day)
        return ReviewDecision(told, up_to(told))

    return rule


def known_weeks(history: History, day: int) -> tuple[Matrix, date]:
    """Weekly demand known before a day, whole weeks, and the day."""
    weeks = day // DAYS
    daily = history.daily[:, day - weeks * DAYS : day]
    return daily.reshape(daily.shape[0], weeks, DAYS).sum(axis=2), history.day(day)


def _points(service_levels: list[float], rule: OrderPolicy) -> list[float]:
    return ordering_level(np.array(service_levels)).tolist() if rule.has_two_levels else service_levels


def _products(leads: pl.DataFrame, history: History) -> Index:
    return np.searchsorted(np.array(history.product_codes), leads["product_code"].to_numpy()).astype(np.int64)


def _levels(law: IntervalDemand, leads: pl.DataFrame, history: History, at: list[float]) -> Matrix:
    """Quantiles of demand over the horizon, whichever it is; with one lead time a product those of the forecast."""
    products = len(history.product_codes)
    if leads.height == products:
        told = np.maximum(0.0, quantile_at(law.probabilities, law.quantiles, np.array(at)))
    else:
        rows, weight = paths_of_products(
            _products(leads, history), leads["weight"].to_numpy(), products, path_weights=law.path_weights
        )
        totals = path_totals(law)[rows].reshape(weight.shape)
        told = np.stack([quantity_for_cycles(totals, weight, np.full(products, one)) for one in at], axis=1)
    return np.asarray(np.ceil(told - 1e-6))


def _comes_first(shelf: Shelf, history: History) -> bool:
    """Whether all that is under way is expected no later than an order of today would be."""
    is_under_way = shelf.under_way.any(axis=1)
    last = np.where(is_under_way, np.arange(is_under_way.shape[1]) + 1, 0).max(axis=1, initial=0)
    return bool((last <= history.lead_time_days).all())


class _Decided:
    """Orders decided as in a plan, for each service level."""

    def __init__(
        self, law: IntervalDemand, leads: pl.DataFrame, history: History, service_levels: list[float], rule: OrderPolicy
    ) -> None:
        self.law, self.rule, self.service_levels = law, rule, service_levels
        self.horizon = expected_intervals(leads)["horizon_days"].to_numpy()
        self.lead_product, self.weight = _products(leads, history), leads["weight"].to_numpy()
        self.arrival_day = leads["arrival_day"].to_numpy().astype(np.int64)

    def orders(self, shelf: Shelf) -> Matrix:
        """What is ordered at each service level, whole pieces."""
        told = np.zeros_like(shelf.net)
        days = np.flatnonzero(shelf.under_way.any(axis=(0, 1)))
        for column in range(told.shape[1]):
            arrivals = shelf.under_way[:, column, days]
            stock = Stock(shelf.net[:, column], np.tile(days + 1, (self.horizon.size, 1)), arrivals)
            decision = decide(self._question(column, stock), self.rule)
            told[:, column] = np.where(decision.is_due, np.ceil(decision.needed - 1e-9), 0.0)
        return told

    def order_up_to_levels(self) -> Matrix:
        """What stock and open orders are raised to where nothing is lost before an order of today arrives."""
        count = self.horizon.size
        nothing = Stock(np.zeros(count), np.zeros((count, 0), dtype=np.int64), np.zeros((count, 0)))
        by_position = replace(self.rule, order_rule="position")
        columns = range(len(self.service_levels))
        told = [decide(self._question(column, nothing), by_position).order_up_to_level for column in columns]
        return np.stack(told, axis=1)

    def _question(self, column: int, stock: Stock) -> DecisionInputs:
        asked = np.full(self.horizon.size, self.service_levels[column])
        return DecisionInputs(asked, self.horizon, stock, self.lead_product, self.arrival_day, self.weight, self.law)
