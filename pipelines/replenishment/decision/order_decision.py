"""How much to order, for a cycle service level, a fill rate or money, from stock projected along demand paths.

What belongs here: the order quantity and what else the same paths give. What does not: demand (`demand_paths.py`), the
projection (`stock_projection.py`), limits (`order_limits.py`), tables (`order_plan.py`).
A product may have several lead times, each with its weight. One draw gives both the arrival of this order and of the
next: drawn separately they would stretch the coverage period. Read more in docs/maths.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.models.seasonality import cumulative_mean
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.demand_paths import IntervalDemand
from pipelines.replenishment.decision.stock_projection import Projection, Stock, project
from pipelines.replenishment.decision.whole_quantities import draws_of, mixed, round_up

# Two levels apply from this service level on: below it half of the orders would wait for a certain shortage.
LEAST_FOR_TWO_LEVELS: Final = 0.75
SOON: Final = 0.1
# Smaller demand is stored as zero.
LEAST_DEMAND: Final = 5e-5
_CELLS: Final = 4_000_000
_TINY: Final = 1e-9
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class OrderCalendars:
    """When each product's next order is placed and expected, and the first day outside shutdowns from each day on.

    `next_open_day[k, t]` is that of day t in calendar k, `calendar[i]` the calendar of product i. Days are days from
    today.
    """

    order_day: Index
    expected_arrival_day: Index
    calendar: Index
    next_open_day: Index

    def of_products(self, products: Index) -> "OrderCalendars":
        """Those of some products."""
        return OrderCalendars(
            self.order_day[products], self.expected_arrival_day[products], self.calendar[products], self.next_open_day
        )

    def opened(self, product: Index, days: Index) -> Index:
        """The days, a row per product, moved behind the shutdowns that they fall into."""
        known = np.minimum(days, self.next_open_day.shape[1] - 1)
        return np.asarray(np.maximum(days, self.next_open_day[self.calendar[product][:, None], known]))


@dataclass(frozen=True)
class DecisionInputs:
    """What an order decision needs: a row per product, and a row per possible lead time of a product.

    Lead time r is one of product `lead_product[r]`: an order placed today arrives on `arrival_day[r]`, and row r of
    `demand` ends with the coverage period. If that is not after the arrival, the order is for what stock and open
    orders lack of the demand until then. Orders that arrive within `horizon_days` of a product are in time. Without
    `calendars` every order is placed today, and no day is shut.
    """

    service_level: Matrix
    horizon_days: Index
    stock: Stock
    lead_product: Index
    arrival_day: Index
    lead_weight: Matrix
    demand: IntervalDemand
    calendars: OrderCalendars | None = None

    @cached_property
    def draws(self) -> Matrix:
        """A number for each product that decides between two whole quantities; 0 if it is sold in parts of a unit."""
        is_sold_whole = self.demand.is_sold_whole
        if is_sold_whole is None:
            return np.zeros(self.service_level.size)
        first = np.zeros(self.service_level.size, dtype=np.int64)
        first[self.lead_product[::-1]] = np.arange(self.lead_product.size)[::-1]
        return draws_of(self.demand.seeds[first], is_sold_whole[first])

    @property
    def coverage_begins(self) -> Index:
        """The first day that an order must cover: its arrival, or today if the interval ends before the arrival."""
        return np.where(self.arrival_day < self.demand.horizon_days, self.arrival_day, 0)

    def of_products(self, products: Index) -> "DecisionInputs":
        """The inputs of some products, given in their order."""
        place = np.full(self.service_level.size, -1)
        place[products] = np.arange(products.size)
        rows = np.flatnonzero(place[self.lead_product] >= 0)
        return DecisionInputs(
            self.service_level[products], self.horizon_days[products], self.stock.rows(products),
            place[self.lead_product[rows]], self.arrival_day[rows], self.lead_weight[rows], self.demand.rows(rows),
            None if self.calendars is None else self.calendars.of_products(products),
        )  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """The order decision, a number per product: the bridge, the two levels, and the shortages on the paths.

    `needed` is the net requirement: signed, and a whole number of units together with the stock position in time. Days
    are days from today, infinite if stock lasts for the horizon: on half of the paths, and on nine in ten; 0 if nothing
    is left to sell. `short_without_order` is the demand until the next order can arrive that stock and open orders
    cannot serve. `level_kept` is the probability that demand of the protection interval stays at or below the
    order-up-to level; NaN if the service level is not one of order cycles.
    """

    needed: Matrix
    is_due: NDArray[np.bool_]
    demand_before_arrival: Matrix
    demand_in_cover: Matrix
    demand_lost_before_arrival: Matrix
    short_without_order: Matrix
    stock_on_order_in_time: Matrix
    order_up_to_level: Matrix
    level_kept: Matrix
    reorder_point: Matrix
    short_before_arrival: Matrix
    days_to_stock_out: Matrix
    days_to_stock_out_soonest: Matrix


def decide(inputs: DecisionInputs, policy: OrderPolicy) -> Decision:
    """The decision for every product, computed for as many products at a time as memory allows."""
    sells = np.zeros(inputs.service_level.size, dtype=bool)
    sells[inputs.lead_product[(inputs.demand.quantiles > 0).any(axis=1)]] = True
    groups = [inputs.of_products(np.flatnonzero(group)) for group in (sells, ~sells) if group.any()] or [inputs]
    parts = [_decide(part, policy) for group in groups for part in parts_of_inputs(group)]
    order = np.argsort(np.concatenate([np.flatnonzero(sells), np.flatnonzero(~sells)]))
    return Decision(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in vars(parts[0])))


def parts_of_inputs(inputs: DecisionInputs) -> Iterator[DecisionInputs]:
    """The products in parts of some thousand, of fewer if they have many paths."""
    count = inputs.service_level.size
    leads = np.bincount(inputs.lead_product, minlength=count)
    cells = np.cumsum(leads * (inputs.stock.arrival_days.shape[1] + 2) * inputs.demand.edges.size)
    for start, end in pairwise([0, *(np.flatnonzero(np.diff(cells // _CELLS)) + 1).tolist(), count]):
        yield inputs.of_products(np.arange(start, end))


def _decide(inputs: DecisionInputs, policy: OrderPolicy) -> Decision:
    rows, weights = paths_of_products(
        inputs.lead_product, inputs.lead_weight, inputs.service_level.size, path_weights=inputs.demand.path_weights
    )
    by_lead_time = vars(projected_by_lead_time(inputs, policy)).values()
    projection = Projection(*(values[rows].reshape(weights.shape) for values in by_lead_time))
    arrives_on = np.repeat(inputs.arrival_day[rows], inputs.demand.edges.size, axis=1)
    stock = inputs.stock
    is_in_time = stock.arrival_days < inputs.horizon_days[:, None]
    in_time = np.where(is_in_time, stock.arrival_quantities, 0.0).sum(axis=1)
    position = stock.available + in_time
    before, whole = _expected(inputs)
    lost = _mean(projection.lost, weights)
    lost_mean = np.minimum(lost, before)
    total, level_kept = projection.before + projection.covered, np.full(position.size, np.nan)
    if policy.measure == "fill":
        needed = least = round_up(quantity_for_fill(projection, weights, inputs.service_level), position)
        order_up_to = reorder_point = np.ceil(needed + position + lost - _ROUNDING)
    elif policy.measure == "money":
        need = _for_money(inputs, policy, projection.need, projection.on_hand, weights)
        needed = least = round_up(need, position)
        order_up_to = reorder_point = round_up(_for_money(inputs, policy, total, -projection.before, weights), 0.0)
    else:
        draws = inputs.draws if policy.rounding == "average" else np.zeros(position.size)
        both = (inputs.service_level, ordering_level(inputs.service_level) if policy.has_two_levels else None)
        needed, least = whole_quantities(projection.need, weights, *both, draws=draws, position=position)
        order_up_to, reorder_point = whole_quantities(total, weights, *both, draws=draws)
        level_kept = _mean(total <= order_up_to[:, None] + _ROUNDING, weights)
    first_short = _first_short_day(projection, stock, whole)
    shares = (np.full(needed.size, share) for share in (0.5, SOON))
    half, soonest = quantities_for_cycles(first_short, weights, *shares)
    return Decision(
        needed=needed,
        is_due=(needed > 0) & (least >= 0),
        demand_before_arrival=before,
        demand_in_cover=whole - before,
        demand_lost_before_arrival=lost_mean,
        short_without_order=lost_mean + np.minimum(_mean(_not_served(projection), weights), whole - lost_mean),
        stock_on_order_in_time=in_time,
        order_up_to_level=order_up_to,
        level_kept=level_kept,
        reorder_point=reorder_point,
        short_before_arrival=_mean(first_short < arrives_on, weights),
        days_to_stock_out=half,
        days_to_stock_out_soonest=soonest,
    )


def _first_short_day(projection: Projection, stock: Stock, expected: Matrix) -> Matrix:
    """The first day with a shortage on each path: today if nothing is left to sell, never without expected demand."""
    is_out, sells = (stock.available <= _TINY)[:, None], (expected >= LEAST_DEMAND)[:, None]
    return np.where(sells, np.where(is_out, 0.0, projection.first_short_day), np.inf)


def _not_served(projection: Projection) -> Matrix:
    """Demand of each path that no stock serves, without that lost before arrival; what is owed today is no demand."""
    owed = np.maximum(0.0, projection.lost - projection.before - projection.on_hand)
    return np.asarray(np.maximum(0.0, np.maximum(0.0, projection.need) - owed))


def projected_by_lead_time(inputs: DecisionInputs, policy: OrderPolicy) -> Projection:
    """The projection of each product and lead time."""
    stock = _with_open_orders(inputs)
    if policy.order_rule == "position":
        is_in_time = stock.arrival_days < inputs.demand.horizon_days[:, None]
        stock = Stock(stock.available, np.where(is_in_time, 0, stock.arrival_days), stock.arrival_quantities)
    is_lost = policy.unmet_demand == "lost" and policy.order_rule == "projected"
    return project(inputs.demand, stock, inputs.coverage_begins, is_lost=is_lost)


def paths_of_products(
    lead_product: Index, lead_weight: Matrix, products: int, *, path_weights: Matrix
) -> tuple[Index, Matrix]:
    """For each product the rows of its lead times, padded to the longest, and the weights of all their paths.

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


def _with_open_orders(inputs: DecisionInputs) -> Stock:
    """Stock for each lead time: open orders in time are as early or late as today's, in proportion to the days left.

    One draw serves all orders, so that what was just sent is not ordered again: it arrives when an order of today
    would. An order that is due sooner has less of its delay before it. One expected after the coverage period keeps
    its day. Nothing is moved into a shutdown.
    """
    stock, product = inputs.stock.rows(inputs.lead_product), inputs.lead_product
    mean, length = _expected_arrival(inputs)
    days = stock.arrival_days
    left = np.minimum(1.0, days / np.maximum(1.0, length)[:, None])
    moved = np.maximum(0, np.round(days + left * (inputs.arrival_day - mean)[:, None])).astype(np.int64)
    if inputs.calendars is not None:
        moved = inputs.calendars.opened(product, moved)
    is_in_time = days < inputs.horizon_days[product][:, None]
    return Stock(stock.available, np.where(is_in_time, moved, days), stock.arrival_quantities)


def _expected_arrival(inputs: DecisionInputs) -> tuple[Matrix, Matrix]:
    """For each lead time the day on which an order of its product is expected, and the days that it is on its way."""
    product = inputs.lead_product
    if inputs.calendars is not None:
        mean = inputs.calendars.expected_arrival_day[product].astype(float)
        return mean, mean - inputs.calendars.order_day[product]
    expected = np.bincount(product, inputs.arrival_day * inputs.lead_weight, inputs.service_level.size)
    mean = np.floor(expected + 0.5 + _ROUNDING)[product]
    return mean, mean


def _expected(inputs: DecisionInputs) -> tuple[Matrix, Matrix]:
    """Expected demand before arrival, and to the end of the coverage period, over the lead times of each product."""
    end = inputs.demand.horizon_days
    days = np.stack([np.minimum(inputs.arrival_day, end), end], axis=1)
    mean = cumulative_mean(inputs.demand.weekly_mean, days) * inputs.lead_weight[:, None]
    count = inputs.service_level.size
    before, whole = (np.bincount(inputs.lead_product, part, count).astype(np.float64) for part in mean.T)
    return before, whole


def _for_money(inputs: DecisionInputs, policy: OrderPolicy, need: Matrix, on_hand: Matrix, weights: Matrix) -> Matrix:
    """The quantity of least cost, from the coverage period of each product and the order cycles before it."""
    count, coverage = inputs.service_level.size, inputs.demand.horizon_days - inputs.coverage_begins
    days, cycles = (
        np.asarray(np.bincount(inputs.lead_product, length * inputs.lead_weight, count), dtype=float)
        for length in (coverage, inputs.coverage_begins / coverage)
    )
    ratio = inputs.service_level
    level = level_for_money(ratio, cycles) if policy.unmet_demand == "lost" else ratio
    return quantity_for_money(need, on_hand, weights, level, days)


def _mean(values: Matrix | NDArray[np.bool_], weights: Matrix) -> Matrix:
    return np.asarray((values * weights).sum(axis=1))


def whole_quantities(
    need: Matrix, weights: Matrix, service_level: Matrix, lower: Matrix | None, *, draws: Matrix,
    position: Matrix | float = 0.0,
) -> tuple[Matrix, Matrix]:  # fmt: skip
    """The whole quantities for a service level and for the lower one at which an order is due; both are one without it.

    With draws the first is mixed: over many products it keeps the service level. The second is never above the first.
    """
    levels = (service_level,) if lower is None else (service_level, lower)
    chosen, *others = (round_up(q, position) for q in quantities_for_cycles(need, weights, *levels))
    chosen = mixed(chosen, need, weights, service_level, draws)
    return chosen, np.minimum(chosen, others[0]) if others else chosen


def quantity_for_cycles(need: Matrix, weights: Matrix, service_level: Matrix) -> Matrix:
    """For each row the smallest signed quantity that suffices on paths whose weights reach the service level.

    No interpolation: of 100 equal paths at 95% it is the 95th smallest requirement.

    >>> quantity_for_cycles(np.arange(100.0)[None, :], np.full((1, 100), 0.01), np.array([0.95])).tolist()
    [94.0]
    """
    return quantities_for_cycles(need, weights, service_level)[0]


def quantities_for_cycles(need: Matrix, weights: Matrix, *service_levels: Matrix) -> list[Matrix]:
    """The results of `quantity_for_cycles` for several service levels; the requirements are sorted once."""
    order = np.argsort(need, axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(np.broadcast_to(weights, need.shape), order, axis=1), axis=1)
    places = ((reached[:, :-1] < level[:, None] - _TINY).sum(axis=1) for level in service_levels)
    rows = np.arange(need.shape[0])
    return [np.asarray(need[rows, order[rows, place]]) for place in places]


def quantity_for_fill(projection: Projection, weights: Matrix, fill_rate: Matrix) -> Matrix:
    """For each row the smallest whole quantity with E(shortage) <= (1 - fill rate) E(demand in the coverage).

    What is owed when the coverage period begins is not short again: shortage(q) = (need - q)+ - (owed - q)+.
    Convex in q, so bisection on whole units finds it.
    """
    allowed = (1 - fill_rate) * (weights * projection.covered).sum(axis=1)
    owed = -projection.on_hand

    def short(quantity: Matrix) -> Matrix:
        missing = np.maximum(0.0, projection.need - quantity[:, None]) - np.maximum(0.0, owed - quantity[:, None])
        return np.asarray((weights * missing).sum(axis=1))

    return _least_whole(lambda quantity: short(quantity) <= allowed + _TINY, owed, projection.need)


def quantity_for_money(need: Matrix, on_hand: Matrix, weights: Matrix, ratio: Matrix, covered_days: Matrix) -> Matrix:
    """For each row the least whole quantity whose next unit would cost more than it earns in the coverage period.

    With `ratio` = b / (b + h) the next unit earns b if it is needed. It costs h over the whole period, for the share of
    the period that it is held: all of it if it is not needed, else the days until it is sold, with demand spread
    evenly. Convex in the quantity, so bisection finds it.
    In a coverage period of one day that is the cycle quantity at the ratio.

    >>> needs, weights = np.arange(100.0)[None, :], np.full((1, 100), 0.01)
    >>> [
    ...     quantity_for_money(needs, 0 * needs, weights, np.array([0.8]), np.array([days])).tolist()
    ...     for days in (1.0, 7.0)
    ... ]
    [[79.0], [76.0]]
    """
    ratio, days = ratio[:, None], covered_days[:, None]
    demand = np.maximum(need + on_hand, _TINY)

    def is_enough(quantity: Matrix) -> NDArray[np.bool_]:
        sold_at = (quantity[:, None] + on_hand + 0.5) / demand
        share = np.clip(np.floor(days * sold_at + _ROUNDING) / days, 0.0, 1.0)
        earned = np.where(need > quantity[:, None] + _ROUNDING, ratio, 0.0)
        return np.asarray((weights * ((1 - ratio) * share - earned)).sum(axis=1) >= -_TINY)

    return _least_whole(is_enough, -on_hand, need)


def _least_whole(is_enough: Callable[[Matrix], NDArray[np.bool_]], least: Matrix, most: Matrix) -> Matrix:
    """The least whole quantity per product that is enough, between the extremes of the paths, by bisection."""
    low, high = np.floor(least.min(axis=1)) - 1, np.ceil(most.max(axis=1))
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = is_enough(middle)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(high, dtype=float)


def level_for_money(ratio: Matrix, cycles_before_arrival: Matrix) -> Matrix:
    """The ratio to decide by if unmet demand is lost: below p = b / (b + h), which is right for backorders.

    A unit that saves a sale is missing afterwards, while the orders of L cycles are already fixed. So a unit held
    counts k = 1 + 0.3 sqrt(L) times h, but at most b if it cost less: the ratio is b / (b + k h), and at least one half
    if p is. Near p = 1 that is 1 - (1 - p) k.

    >>> level_for_money(np.array([0.95, 0.9, 0.5]), np.array([4.0, 4.0, 21.0])).round(3).tolist()
    [0.922, 0.849, 0.5]
    """
    held = (1 - ratio) * (1 + 0.3 * np.sqrt(cycles_before_arrival))
    return np.asarray(np.maximum(ratio / (ratio + held), np.minimum(ratio, 0.5)))


def ordering_level(service_level: Matrix) -> Matrix:
    """The probability of the reorder point: 1 - 2(1 - p), but at least 0.75 if p is, and p itself below 0.75.

    So a higher service level never has a lower reorder point.

    >>> [float(round(level, 4)) for level in ordering_level(np.array([0.95, 0.6]))]
    [0.9, 0.6]
    """
    return np.maximum(1 - 2 * (1 - service_level), np.minimum(service_level, LEAST_FOR_TWO_LEVELS))
