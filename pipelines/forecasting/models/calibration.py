"""How far a law of demand held in the past, and where its quantiles must be taken so that they hold.

What belongs here: the ranks of past demand under what was forecast for it, and the law that they correct. What does
not: its mean and variance (`negative_binomial.py`).
Real demand goes further above its mean than a negative binomial of its own variance says: of a hundred windows, more
than two go beyond its 98 % quantile. How many did is known, so the quantile is taken at the higher probability that
98 in a hundred stayed below (conformal prediction: Vovk, Gammerman and Shafer 2005), in windows that began as today's
does: of products that sold in the same way.
Read more in docs/maths.md.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.history.demand_patterns import WAYS
from pipelines.forecasting.models.negative_binomial import Moments, nb_quantiles, nb_shares

KNOTS: Final = np.array([0.8, 0.9, 0.95, 0.98, 0.99, 0.995])
MOST_RANKED: Final = 25_000
# So many independent windows must lie beyond a probability for the past to say anything of it.
FEWEST_BEYOND: Final = 10.0
# So many products of the whole company stand beside those that sold in one way.
ALL_PRODUCTS: Final = 5.0
GOLDEN: Final = 0.6180339887498949
LARGEST_Z: Final = 4.0
MEDIAN: Final = 0.5
TINY: Final = 1e-9
# Demand that varies less than chance is no negative binomial: others' ranks say nothing of it.
NO_WAY: Final = -1


@dataclass(frozen=True)
class Law:
    """A negative binomial of every origin, its quantiles taken where demand that came says that they hold.

    `came` are the sums that count, `way` how each product sold at each origin (`segments.ways_of_selling`), `periods`
    the length of the window.
    """

    moments: Moments
    came: Matrix
    way: Index
    periods: float

    @cached_property
    def lift(self) -> Matrix:
        """How much further out in z quantiles are taken: a row a way of selling, a column one of the `KNOTS`.

        What products that sold in the same way say counts, and beyond that what all of them say. Of n products that
        sold so it counts n / (n + 5), so that one among few does not set how far the others' quantiles reach.
        """
        ranks, way, product = ranks_of(self.moments, self.came, self.way)
        windows = _is_ranked(self.moments, self.came).sum() / max(1.0, self.periods)
        a_rank = windows / max(1, ranks.size)
        everybodys = lift_of(ranks, windows=windows)
        lifts = []
        for is_own in (way == own for own in range(WAYS)):
            own = completed(lift_of(ranks[is_own], windows=is_own.sum() * a_rank), everybodys)
            products = np.unique(product[is_own]).size
            lifts.append((products * own + ALL_PRODUCTS * everybodys) / (products + ALL_PRODUCTS))
        return np.stack(lifts)

    def quantiles(self, rows: Index, origins: Index, probabilities: Matrix) -> Matrix:
        """Quantiles of the demand of some products, each from an origin: a row a product, a column a probability.

        The probabilities are in order.
        """
        mean, variance = self.moments.at(rows, origins)
        here = np.where(variance < mean, NO_WAY, self.way[rows, origins])
        told = np.zeros((rows.size, probabilities.size))
        for one in np.unique(here):
            taken = probabilities if one == NO_WAY else taken_at(probabilities, self.lift[one])
            told[here == one] = nb_quantiles(mean[here == one], variance[here == one], taken)
        # A gamma is inverted to the last digits only: a quantile may lie a rounding below the one before.
        return np.maximum.accumulate(told, axis=1)


def say_enough(windows: float, probabilities: Matrix | float) -> NDArray[np.bool_]:
    """Whether ten or more of so many independent windows lie beyond each probability.

    >>> say_enough(250, np.array([0.95, 0.98])).tolist()
    [True, False]
    """
    return np.asarray(windows * (1 - probabilities) >= FEWEST_BEYOND - TINY)


def ranks_of(moments: Moments, sums: Matrix, way: Index) -> tuple[Matrix, Index, Index]:
    """The rank of every known sum under the law as it stood at its origin, even in 0 ... 1 for a right law.

    And the way in which the product sold there, and its row.

    Whole pieces fill a stretch of ranks; each is put at a place in it, evenly over all. Of many sums every k-th is
    taken. `way` says for each product and origin how it sold. Demand that varies less than chance says nothing of it.
    """
    row, origin = np.nonzero(_is_ranked(moments, sums))
    step = -(-row.size // MOST_RANKED) or 1
    row, origin = row[::step], origin[::step]
    below, at_or_below = nb_shares(sums[row, origin], moments.mean[row, origin], moments.variance[row, origin])
    return below + (np.arange(row.size) * GOLDEN % 1.0) * (at_or_below - below), way[row, origin], row


def _is_ranked(moments: Moments, sums: Matrix) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(sums) & (moments.variance >= moments.mean))


def lift_of(ranks: Matrix, *, windows: float) -> Matrix:
    """How much further out in z quantiles are taken at each of the `KNOTS`; no number where the past says too little.

    >>> lift_of(np.linspace(0, 1, 1001) ** 0.5, windows=100)[:2].round(2).tolist()
    [0.41, 0.35]
    """
    from scipy.special import ndtri  # noqa: PLC0415

    lift = np.full(KNOTS.size, np.nan)
    is_told = say_enough(windows, KNOTS) & (ranks.size > 0)
    if is_told.any():
        place = np.ceil(ranks.size * KNOTS[is_told] - TINY).astype(int) - 1
        lift[is_told] = np.clip(ndtri(np.sort(ranks)[place]), 0.0, LARGEST_Z) - ndtri(KNOTS[is_told])
    return lift


def completed(own: Matrix, everybodys: Matrix) -> Matrix:
    """The lift of some products, and beyond what their past says, going on from there as everybody's does.

    >>> completed(np.array([0.1, 0.2, np.nan]), np.array([0.4, 0.5, 0.7])).round(3).tolist()
    [0.1, 0.2, 0.4]
    >>> completed(np.array([np.nan]), np.array([0.4])).tolist()
    [0.4]
    """
    known = np.flatnonzero(np.isfinite(own))
    gap = own[known[-1]] - everybodys[known[-1]] if known.size else 0.0
    return np.where(np.isfinite(own), own, everybodys + gap)


def taken_at(probabilities: Matrix, lift: Matrix) -> Matrix:
    """Where quantiles are taken so that past demand stayed below them as often as is asked for.

    At a half and below as asked; between the knots in z; beyond the last knot with a lift it stays what it is there.

    >>> even = lift_of(np.linspace(0, 1, 1001), windows=1000)
    >>> taken_at(np.array([0.3, 0.9, 0.99]), even).round(3).tolist()
    [0.3, 0.9, 0.99]
    >>> taken_at(np.array([0.3, 0.9, 0.95]), lift_of(np.linspace(0, 1, 1001) ** 0.5, windows=100)).round(3).tolist()
    [0.3, 0.949, 0.977]
    """
    from scipy.special import ndtr, ndtri  # noqa: PLC0415

    is_told = np.isfinite(lift)
    if not is_told.any():
        return probabilities
    z = ndtri(probabilities)
    lifted = z + np.interp(z, np.append(0.0, ndtri(KNOTS[is_told])), np.append(0.0, lift[is_told]))
    return np.asarray(np.where(probabilities > MEDIAN, ndtr(lifted), probabilities))
