"""How much to order, for a cycle service level, a fill rate or money, given stock projected along demand paths.

What belongs here: the order quantity and what is read off the same paths.
What does not: demand (`demand_paths.py`), the
projection (`stock_projection.py`), limits (`order_limits.py`), tables (`order_plan.py`).
A product may have several lead times, each with its weight: one draw gives both the arrival and the end of the cover
(drawn apart they would stretch the cover). Read more in docs/maths.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.models.seasonality import cumulative_mean
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.demand_paths import IntervalDemand
from pipelines.replenishment.decision.stock_projection import Projection, Stock, project

# Two levels apply from this service level on: below it half of the orders would wait for a certain shortage.
LEAST_FOR_TWO_LEVELS: Final = 0.75
SOON: Final = 0.1
# Less demand than this is stored as none.
LEAST_DEMAND: Final = 5e-5
_CELLS: Final = 4_000_000
_TINY: Final = 1e-9
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class DecisionInputs:
    """What is asked: a row a product; and its possible lead times, a row each, by product.

    Lead time r is one of product `lead_product[r]`: an order placed today arrives on `arrival_day[r]`, and the law's
    row r goes to the end of what it covers; where that is not after the arrival, the order is for what stock and open
    orders lack of the demand until then. `horizon_days` is what counts as in time for a product.
    """

    service_level: Matrix
    horizon_days: Index
    stock: Stock
    lead_product: Index
    arrival_day: Index
    lead_weight: Matrix
    law: IntervalDemand

    @property
    def cover_begins(self) -> Index:
        """The first day of what an order must cover: its arrival, or today where all ends before it arrives."""
        return np.where(self.arrival_day < self.law.horizon_days, self.arrival_day, 0)

    def of(self, products: Index) -> "DecisionInputs":
        """What is asked of some of the products, given in their order."""
        place = np.full(self.service_level.size, -1)
        place[products] = np.arange(products.size)
        rows = np.flatnonzero(place[self.lead_product] >= 0)
        return DecisionInputs(
            self.service_level[products], self.horizon_days[products], self.stock.rows(products),
            place[self.lead_product[rows]], self.arrival_day[rows], self.lead_weight[rows], self.law.rows(rows),
        )  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """The answer, a number a product: the bridge, the two levels, and what the paths say of shortages.

    `needed` is signed, and a whole number of units with what is there in time. Days are days from today, infinite
    where stock lasts for the horizon: on half of the paths, and on nine in ten; 0 if nothing is left to sell.
    `short_without_order` is the demand until the next order can arrive that stock and open orders cannot serve.
    """

    needed: Matrix
    is_due: NDArray[np.bool_]
    demand_before_arrival: Matrix
    demand_in_cover: Matrix
    demand_lost_before_arrival: Matrix
    short_without_order: Matrix
    stock_on_order_in_time: Matrix
    order_up_to_level: Matrix
    reorder_point: Matrix
    short_before_arrival: Matrix
    days_to_stock_out: Matrix
    days_to_stock_out_soonest: Matrix


def decide(question: DecisionInputs, rule: OrderPolicy) -> Decision:
    """The decision for every product, as many products at a time as memory allows."""
    sells = np.zeros(question.service_level.size, dtype=bool)
    sells[question.lead_product[(question.law.quantiles > 0).any(axis=1)]] = True
    kinds = [question.of(np.flatnonzero(kind)) for kind in (sells, ~sells) if kind.any()] or [question]
    parts = [_decide(part, rule) for kind in kinds for part in _parts(kind)]
    order = np.argsort(np.concatenate([np.flatnonzero(sells), np.flatnonzero(~sells)]))
    return Decision(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in vars(parts[0])))


def _parts(question: DecisionInputs) -> Iterator[DecisionInputs]:
    """The products of a question in runs of some thousand, of fewer where they have many paths."""
    count = question.service_level.size
    leads = np.bincount(question.lead_product, minlength=count)
    cells = np.cumsum(leads * (question.stock.arrival_days.shape[1] + 2) * question.law.edges.size)
    for start, end in pairwise([0, *(np.flatnonzero(np.diff(cells // _CELLS)) + 1).tolist(), count]):
        yield question.of(np.arange(start, end))


def _decide(asked: DecisionInputs, rule: OrderPolicy) -> Decision:
    rows, weights = paths_of_products(
        asked.lead_product, asked.lead_weight, asked.service_level.size, path_weights=asked.law.path_weights
    )
    there = Projection(*(one[rows].reshape(weights.shape) for one in vars(_projected(asked, rule)).values()))
    arrives_on = np.repeat(asked.arrival_day[rows], asked.law.edges.size, axis=1)
    stock = asked.stock
    is_in_time = stock.arrival_days < asked.horizon_days[:, None]
    in_time = np.where(is_in_time, stock.arrival_quantities, 0.0).sum(axis=1)
    position = stock.available + in_time
    before, whole = _expected(asked)
    lost = _mean(there.lost, weights)
    lost_mean = np.minimum(lost, before)
    total = there.before + there.covered
    if rule.measure == "fill":
        needed = least = _whole(quantity_for_fill(there, weights, asked.service_level), position)
        order_up_to = reorder_point = np.ceil(needed + position + lost - _ROUNDING)
    elif rule.measure == "money":
        needed = least = _whole(_for_money(asked, rule, there.need, there.on_hand, weights), position)
        order_up_to = reorder_point = _whole(_for_money(asked, rule, total, -there.before, weights), 0.0)
    else:
        level = asked.service_level
        lower = ordering_level(level) if rule.has_two_levels else level
        needed, least = (_whole(one, position) for one in quantities_for_cycles(there.need, weights, level, lower))
        order_up_to, reorder_point = (_whole(one, 0.0) for one in quantities_for_cycles(total, weights, level, lower))
    first_short = _first_short_day(there, stock, whole)
    shares = (np.full(needed.size, share) for share in (0.5, SOON))
    half, soonest = quantities_for_cycles(first_short, weights, *shares)
    return Decision(
        needed=needed,
        is_due=(needed > 0) & (least >= 0),
        demand_before_arrival=before,
        demand_in_cover=whole - before,
        demand_lost_before_arrival=lost_mean,
        short_without_order=lost_mean + np.minimum(_mean(_not_served(there), weights), whole - lost_mean),
        stock_on_order_in_time=in_time,
        order_up_to_level=order_up_to,
        reorder_point=reorder_point,
        short_before_arrival=_mean(first_short < arrives_on, weights),
        days_to_stock_out=half,
        days_to_stock_out_soonest=soonest,
    )


def _first_short_day(projection: Projection, stock: Stock, expected: Matrix) -> Matrix:
    """The first short day of each path: today if nothing is left to sell, never if no demand is expected."""
    is_out, sells = (stock.available <= _TINY)[:, None], (expected >= LEAST_DEMAND)[:, None]
    return np.where(sells, np.where(is_out, 0.0, projection.first_short_day), np.inf)


def _not_served(projection: Projection) -> Matrix:
    """Demand of each path, that lost before arrival aside, which no stock serves; what is owed today is no demand."""
    owed = np.maximum(0.0, projection.lost - projection.before - projection.on_hand)
    return np.asarray(np.maximum(0.0, np.maximum(0.0, projection.need) - owed))


def _projected(asked: DecisionInputs, rule: OrderPolicy) -> Projection:
    """The projection of each product and lead time by the rule."""
    stock = _under_way(asked)
    if rule.order_rule == "position":
        is_in_time = stock.arrival_days < asked.law.horizon_days[:, None]
        stock = Stock(stock.available, np.where(is_in_time, 0, stock.arrival_days), stock.arrival_quantities)
    is_lost = rule.unmet_demand == "lost" and rule.order_rule == "projected"
    return project(asked.law, stock, asked.cover_begins, is_lost=is_lost)


def paths_of_products(
    lead_product: Index, lead_weight: Matrix, products: int, *, path_weights: Matrix
) -> tuple[Index, Matrix]:
    """For each product the rows of its lead times, padded to the longest, and the weights of the paths of all of them.

    >>> of_three = np.array([0, 1, 1]), np.array([1.0, 0.3, 0.7])
    >>> rows, weight = paths_of_products(*of_three, 2, path_weights=np.array([0.5, 0.5]))
    >>> rows.tolist(), weight.tolist()
    ([[0, 0], [1, 2]], [[0.5, 0.5, 0.0, 0.0], [0.15, 0.15, 0.35, 0.35]])
    """
    count = np.bincount(lead_product, minlength=products)
    first = np.cumsum(count) - count
    slots = np.arange(count.max(initial=1))[None, :]
    rows = first[:, None] + np.minimum(slots, count[:, None] - 1)
    weight = np.where(slots < count[:, None], lead_weight[rows], 0.0)
    return rows, (weight[:, :, None] * path_weights).reshape(products, slots.size * path_weights.size)


def _under_way(asked: DecisionInputs) -> Stock:
    """Stock for each lead time: what is in time is as quick or as slow as today's order, in proportion to its way left.

    One draw serves all orders, so that what was sent a moment ago is not ordered again: it comes when an order of today
    would. What is due sooner has less of its delay before it; what is expected after the cover keeps its day.
    """
    stock, product = asked.stock.rows(asked.lead_product), asked.lead_product
    expected = np.bincount(product, asked.arrival_day * asked.lead_weight, asked.service_level.size)
    mean = np.floor(expected + 0.5 + _ROUNDING)[product]
    days = stock.arrival_days
    left = np.minimum(1.0, days / np.maximum(1.0, mean)[:, None])
    moved = np.maximum(0, np.round(days + left * (asked.arrival_day - mean)[:, None])).astype(np.int64)
    is_in_time = days < asked.horizon_days[product][:, None]
    return Stock(stock.available, np.where(is_in_time, moved, days), stock.arrival_quantities)


def _expected(asked: DecisionInputs) -> tuple[Matrix, Matrix]:
    """Expected demand before arrival, and to the end of the cover, over the lead times of each product."""
    end = asked.law.horizon_days
    days = np.stack([np.minimum(asked.arrival_day, end), end], axis=1)
    mean = cumulative_mean(asked.law.weekly_mean, days) * asked.lead_weight[:, None]
    count = asked.service_level.size
    before, whole = (np.bincount(asked.lead_product, one, count).astype(np.float64) for one in mean.T)
    return before, whole


def _for_money(asked: DecisionInputs, rule: OrderPolicy, need: Matrix, on_hand: Matrix, weights: Matrix) -> Matrix:
    """The quantity that costs least, from the cover of each product and the order cycles before it."""
    count, cover = asked.service_level.size, asked.law.horizon_days - asked.cover_begins
    days, cycles = (
        np.asarray(np.bincount(asked.lead_product, one * asked.lead_weight, count), dtype=float)
        for one in (cover, asked.cover_begins / cover)
    )
    ratio = asked.service_level
    level = level_for_money(ratio, cycles) if rule.unmet_demand == "lost" else ratio
    return quantity_for_money(need, on_hand, weights, level, days)


def _mean(of: Matrix | NDArray[np.bool_], weights: Matrix) -> Matrix:
    return np.asarray((of * weights).sum(axis=1))


def _whole(quantity: Matrix, position: Matrix | float) -> Matrix:
    """The quantity raised so that it is whole together with what is there: stock is counted in pieces."""
    return np.asarray(np.ceil(quantity + position - _ROUNDING) - position)


def quantity_for_cycles(need: Matrix, weights: Matrix, service_level: Matrix) -> Matrix:
    """For each row the smallest quantity that is enough on paths that weigh the service level or more, signed.

    No interpolation: of 100 equal paths at 95% it is the 95th smallest need.

    >>> quantity_for_cycles(np.arange(100.0)[None, :], np.full((1, 100), 0.01), np.array([0.95])).tolist()
    [94.0]
    """
    return quantities_for_cycles(need, weights, service_level)[0]


def quantities_for_cycles(need: Matrix, weights: Matrix, *service_levels: Matrix) -> list[Matrix]:
    """What `quantity_for_cycles` tells of each service level; the needs are put in order once."""
    order = np.argsort(need, axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(np.broadcast_to(weights, need.shape), order, axis=1), axis=1)
    places = ((reached[:, :-1] < level[:, None] - _TINY).sum(axis=1) for level in service_levels)
    rows = np.arange(need.shape[0])
    return [np.asarray(need[rows, order[rows, place]]) for place in places]


def quantity_for_fill(projection: Projection, weights: Matrix, fill_rate: Matrix) -> Matrix:
    """For each row the smallest whole quantity with E(short in the cover) <= (1 - fill rate) E(demand in the cover).

    What is owed already when the cover begins is not short again: short(q) = (need - q)+ - (owed - q)+.
    Convex in q, so bisection on whole pieces finds it.
    """
    allowed = (1 - fill_rate) * (weights * projection.covered).sum(axis=1)
    owed = -projection.on_hand

    def short(quantity: Matrix) -> Matrix:
        missing = np.maximum(0.0, projection.need - quantity[:, None]) - np.maximum(0.0, owed - quantity[:, None])
        return np.asarray((weights * missing).sum(axis=1))

    return _least_whole(lambda quantity: short(quantity) <= allowed + _TINY, owed, projection.need)


def quantity_for_money(need: Matrix, on_hand: Matrix, weights: Matrix, ratio: Matrix, cover_days: Matrix) -> Matrix:
    """For each row the least whole quantity of which one more piece would cost more than it earns in the cover.

    With `ratio` = b / (b + h), one more piece earns b where it is needed, and costs h, over the whole cover, for the
    share of it that the piece lies there: to its end where nobody asks for it, else the days that are over when it
    goes, demand being spread evenly. Convex in the quantity, so bisection finds it.
    In a cover of one day that is the cycle quantity at the ratio.

    >>> needs, weights = np.arange(100.0)[None, :], np.full((1, 100), 0.01)
    >>> [
    ...     quantity_for_money(needs, 0 * needs, weights, np.array([0.8]), np.array([days])).tolist()
    ...     for days in (1.0, 7.0)
    ... ]
    [[79.0], [76.0]]
    """
    ratio, days = ratio[:, None], cover_days[:, None]
    asked = np.maximum(need + on_hand, _TINY)

    def is_enough(quantity: Matrix) -> NDArray[np.bool_]:
        gone_at = (quantity[:, None] + on_hand + 0.5) / asked
        share = np.clip(np.floor(days * gone_at + _ROUNDING) / days, 0.0, 1.0)
        earned = np.where(need > quantity[:, None] + _ROUNDING, ratio, 0.0)
        return np.asarray((weights * ((1 - ratio) * share - earned)).sum(axis=1) >= -_TINY)

    return _least_whole(is_enough, -on_hand, need)


def _least_whole(is_enough: Callable[[Matrix], NDArray[np.bool_]], least: Matrix, most: Matrix) -> Matrix:
    """The least whole quantity that is enough, a row a product: more than is owed on any path less one, at most all."""
    low, high = np.floor(least.min(axis=1)) - 1, np.ceil(most.max(axis=1))
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = is_enough(middle)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(high, dtype=float)


def level_for_money(ratio: Matrix, cycles_before_arrival: Matrix) -> Matrix:
    """The ratio to decide by where demand is lost, less than p = b / (b + h), which is right where it waits.

    A piece that saves a sale is missing afterwards, while the orders of L cycles are fixed already. So a piece held
    counts for k = 1 + 0.3 sqrt(L) times h, but for no more than b where it cost less: b / (b + k h), and one half or
    more where p is. Near p = 1 that is 1 - (1 - p) k.

    >>> level_for_money(np.array([0.95, 0.9, 0.5]), np.array([4.0, 4.0, 21.0])).round(3).tolist()
    [0.922, 0.849, 0.5]
    """
    held = (1 - ratio) * (1 + 0.3 * np.sqrt(cycles_before_arrival))
    return np.asarray(np.maximum(ratio / (ratio + held), np.minimum(ratio, 0.5)))


def ordering_level(service_level: Matrix) -> Matrix:
    """The probability of the reorder point: 1 - 2(1 - p), but 0.75 or more where p is, and p itself below.

    So a higher service level never has a lower reorder point.

    >>> [float(round(one, 4)) for one in ordering_level(np.array([0.95, 0.6]))]
    [0.9, 0.6]
    """
    return np.maximum(1 - 2 * (1 - service_level), np.minimum(service_level, LEAST_FOR_TWO_LEVELS))
