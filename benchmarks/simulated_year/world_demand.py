"""The known demand distribution that the world follows: what is drawn from it, and how much it may be over some days.

What belongs here: the distribution. What does not: stock, orders and documents (`world.py`).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]

DAYS: Final = 7
_SHARES: Final = np.array([0.2, 0.19, 0.19, 0.19, 0.18, 0.05, 0.0])
_DRAWS: Final = 2_000


@dataclass(frozen=True)
class Lift:
    """An event: from the first day to the last, demand of the products at some places is times a factor."""

    first: date
    last: date
    factor: float
    places: tuple[int, ...]

    def factors(self, first: date, days: int, products: int) -> Amounts:
        """The factor by day and product."""
        is_on = np.array([self.first <= first + timedelta(days=day) <= self.last for day in range(days)], dtype=bool)
        is_of = np.isin(np.arange(products), self.places)
        return np.where(is_on[:, None] & is_of, self.factor, 1.0)


@dataclass(frozen=True)
class WorldDemand:
    """Demand of each product, in units; all arrays are by product.

    A week's level is gamma with mean 1 and this `shape`, times `mean_a_week` and the season; customers come by Poisson
    and each takes `size` units on average. `amplitude` and `peak` (a share of the year) make the season.
    `lift` is an event.
    """

    mean_a_week: Amounts
    amplitude: Amounts
    peak: Amounts
    shape: Amounts
    size: Amounts
    lift: "Lift | None" = None

    @classmethod
    def of(cls, products: int, rng: np.random.Generator) -> "WorldDemand":
        """Demand of so many products: half of them steady, a fourth seasonal, a fourth bought seldom and in lots."""
        kind = np.arange(products) % 4
        return cls(
            mean_a_week=np.where(kind == 3, 6.0, np.exp(rng.normal(2.7, 0.6, products))),  # noqa: PLR2004, a kind
            amplitude=np.where(kind == 1, 0.6, 0.0),
            peak=rng.choice([0.25, 0.55, 0.9], products),
            shape=np.where(kind == 3, 4.0, 12.0),  # noqa: PLR2004, as above
            size=np.where(kind == 3, 6.0, 1.5),  # noqa: PLR2004, as above
        )

    def means(self, first: date, days: int) -> Amounts:
        """Mean demand by day and product."""
        day = np.arange(days)
        in_year = (first.timetuple().tm_yday + day)[:, None] / 365.25
        season = np.exp(self.amplitude * np.cos(2 * np.pi * (in_year - self.peak)) - self.amplitude**2 / 4)
        means = np.asarray(_SHARES[(first.weekday() + day) % DAYS][:, None] * self.mean_a_week * season)
        return means if self.lift is None else means * self.lift.factors(first, days, len(self.shape))

    def draw(self, first: date, days: int, rng: np.random.Generator, *, paths: int = 1) -> Amounts:
        """Demand in whole units by path, day and product."""
        weeks = -(-days // DAYS)
        level = rng.gamma(self.shape, 1 / self.shape, (paths, weeks, len(self.shape)))
        mean = np.repeat(level, DAYS, axis=1)[:, :days] * self.means(first, days)
        customers = rng.poisson(mean / self.size)
        return np.asarray(customers + rng.poisson(customers * (self.size - 1)), dtype=np.float64)

    def most(self, first: date, days: int, share: float) -> Amounts:
        """What demand over the next days stays below with this probability, by product."""
        rng = np.random.default_rng(first.toordinal())
        return np.asarray(np.quantile(self.draw(first, days, rng, paths=_DRAWS).sum(axis=1), share, axis=0))
