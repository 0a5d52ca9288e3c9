"""Demand with a known distribution, so that an order can be compared with the right one."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.replenishment.decision.demand_paths import EDGES, HIGHEST, IntervalDemand, seeds_of
from pipelines.replenishment.decision.stock_projection import Stock

AT = np.minimum(EDGES, HIGHEST)
Quantiles = Callable[[Matrix], Matrix]


def known_demand_of(
    mean: float, horizon_days: int, *, mean_days: int = 7, dispersion: float = 0.0, rows: int = 1, seed: int = 0
) -> IntervalDemand:
    """Poisson demand of a mean in so many days, or negative binomial with Var / mean - 1 = dispersion."""
    horizon_mean = mean * horizon_days / mean_days
    weeks = np.full((rows, -(-horizon_days // 7)), mean * 7 / mean_days)
    total = np.repeat(quantiles(horizon_mean, dispersion)(AT)[None, :], rows, axis=0)
    return IntervalDemand(
        seeds_of(map(str, range(rows)), seed=seed), np.full(rows, horizon_days), AT, total, weeks,
        np.full(rows, dispersion),
    )  # fmt: skip


def quantiles(mean: float, dispersion: float = 0.0) -> Quantiles:
    if dispersion == 0:
        return lambda at: np.asarray(stats.poisson.ppf(at, mean))
    return lambda at: np.asarray(stats.nbinom.ppf(at, mean / dispersion, 1 / (1 + dispersion)))


def one_a_day(horizon_days: int, *, rows: int = 1) -> IntervalDemand:
    """Exactly one piece a day."""
    return IntervalDemand(
        np.zeros(rows, dtype=np.int64), np.full(rows, horizon_days), np.array([0.5]),
        np.full((rows, 1), float(horizon_days)), np.ones((rows, -(-horizon_days // 7))) * 7, -np.ones(rows),
    )  # fmt: skip


def there_is(available: float | Matrix, *arrivals: tuple[int, float], rows: int = 1) -> Stock:
    """Stock of each row, and (day, quantity) that arrives in all of them."""
    days = np.array([[day for day, _ in arrivals]] * rows, dtype=np.int64).reshape(rows, len(arrivals))
    quantities = np.array([[n for _, n in arrivals]] * rows, dtype=float).reshape(rows, len(arrivals))
    return Stock(np.broadcast_to(np.asarray(available, dtype=float), rows).copy(), days, quantities)
