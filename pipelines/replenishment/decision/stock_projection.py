"""Stock projected along demand paths, to the arrival of an order and through its coverage period.

What belongs here: the projection. What does not: demand (`demand_paths.py`), the order decision (`order_decision.py`).

    events of a day: open orders that are due arrive -> an order may be placed -> demand
    an order placed today arrives on day A; the next can arrive on day B; the coverage period is A ... B - 1

Read more in docs/maths.md.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.replenishment.decision.demand_paths import IntervalDemand, demand_between


@dataclass(frozen=True)
class Stock:
    """For each row the available stock (on hand less allocated), and arrivals by day (padded).

    `arrival_days` are days from today, never below 0; padding has the quantity 0.
    """

    available: Matrix
    arrival_days: Index
    arrival_quantities: Matrix

    def rows(self, chosen: Index) -> "Stock":
        """The stock of some of the rows, no wider than they need."""
        days, quantities = self.arrival_days[chosen], self.arrival_quantities[chosen]
        is_used = (quantities != 0).any(axis=0)
        return Stock(self.available[chosen], days[:, is_used], quantities[:, is_used])


@dataclass(frozen=True)
class Projection:
    """Stock on every path without a new order: a row per row, a column per path.

    `need`: the net requirement, units that must arrive on day A to avoid a shortage in the coverage period (negative:
    units left over). `on_hand`: stock on day A, including its arrivals. `lost`: demand lost before A.
    `first_short_day`: the first day with unmet demand, infinite if there is none. `before`, `covered`: demand before A,
    and in the coverage period.
    """

    need: Matrix
    on_hand: Matrix
    lost: Matrix
    first_short_day: Matrix
    before: Matrix
    covered: Matrix


def project(interval: IntervalDemand, stock: Stock, arrival_day: Index, *, is_lost: bool) -> Projection:
    """Stock along every path of demand; the coverage period ends with the horizon.

    Before A unmet demand is lost, or backordered. In the coverage period the requirement is the running maximum of
    demand less arrivals: an arrival in the middle does not help before it.
    """
    days, arrivals = _periods(interval.horizon_days, stock, arrival_day)
    demand = demand_between(interval, days, arrival_day)
    rows, paths, periods = demand.shape
    on_hand = np.repeat(stock.available[:, None], paths, axis=1)
    uncut, lost, summed = on_hand, np.zeros((rows, paths)), np.zeros((rows, paths))
    most, first_short = np.full((rows, paths), -np.inf), np.full((rows, paths), np.inf)
    is_before = days[:, 1:] <= arrival_day[:, None]
    for k in range(periods):
        sought, arrived, before = demand[:, :, k], arrivals[:, k, None], is_before[:, k, None]
        first_short = np.minimum(
            first_short, _short_day(uncut + arrived, sought, days[:, k, None], days[:, k + 1, None])
        )
        uncut = uncut + arrived - sought
        left = on_hand + arrived - sought
        kept = np.maximum(left, np.minimum(on_hand + arrived, 0.0)) if is_lost else left
        lost += np.where(before, kept - left, 0.0)
        on_hand = np.where(before, kept, on_hand)
        summed = np.where(before, 0.0, summed + sought - arrived)
        most = np.where(before, most, np.maximum(most, summed))
    before_arrival = (demand * is_before[:, None, :]).sum(axis=2)
    covered = demand.sum(axis=2) - before_arrival
    return Projection(most - on_hand, on_hand, lost, first_short, before_arrival, covered)


def _periods(horizon: Index, stock: Stock, arrival_day: Index) -> tuple[Index, Matrix]:
    """The days that divide the horizon, in order, and the arrivals on each.

    They are today, the arrivals, day A after its arrivals, and the end of the horizon.
    """
    days = np.concatenate([np.zeros_like(arrival_day)[:, None], stock.arrival_days, arrival_day[:, None]], axis=1)
    arrivals = np.pad(stock.arrival_quantities, ((0, 0), (1, 1)))
    arrivals = np.where(days < horizon[:, None], arrivals, 0.0)
    days = np.minimum(days, horizon[:, None])
    order = np.argsort(days, axis=1, kind="stable")
    days, arrivals = np.take_along_axis(days, order, axis=1), np.take_along_axis(arrivals, order, axis=1)
    return np.concatenate([days, horizon[:, None]], axis=1), arrivals


def _short_day(stock: Matrix, sought: Matrix, begins: Index, ends: Index) -> Matrix:
    """The day of a period on which stock no longer serves demand, spread evenly; infinite if it always does."""
    is_short = (sought > 0) & (stock < sought)
    share = np.divide(np.maximum(0.0, stock), sought, out=np.ones_like(sought), where=is_short)
    day = begins + np.floor(share * (ends - begins))
    return np.where(is_short, np.minimum(day, ends - 1), np.inf)
