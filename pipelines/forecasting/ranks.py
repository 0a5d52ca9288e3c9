"""How far a law of demand held in the past, and where its quantiles must be taken so that they hold.

What belongs here: the ranks of past demand under what was forecast for it. What does not: the law itself
(`negative_binomial.py`).
Real demand goes further above its mean than a negative binomial of its own variance says: of a hundred windows, more
than two go beyond its 98 % quantile. How many did is known, so the quantile is taken at the higher probability that
98 in a hundred stayed below (conformal prediction: Vovk, Gammerman and Shafer 2005).
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np

from pipelines.forecasting.negative_binomial import Moments, nb_shares
from pipelines.forecasting.series import Matrix

KNOTS: Final = np.array([0.8, 0.9, 0.95, 0.98, 0.99, 0.995])
MOST_RANKED: Final = 25_000
# So many independent windows must lie beyond a knot for it to say anything.
FEWEST_BEYOND: Final = 10.0
GOLDEN: Final = 0.6180339887498949
LARGEST_Z: Final = 4.0
MEDIAN: Final = 0.5
TINY: Final = 1e-9


def ranks_of(moments: Moments, sums: Matrix) -> Matrix:
    """The rank of every known sum under the law as it stood at its origin, ascending: even in 0 ... 1 for a right law.

    Whole pieces fill a stretch of ranks; each is put at a place in it, evenly over all. Of many sums every k-th is
    taken.
    """
    row, origin = np.nonzero(~np.isnan(sums))
    step = -(-row.size // MOST_RANKED) or 1
    row, origin = row[::step], origin[::step]
    below, at_or_below = nb_shares(sums[row, origin], moments.mean[row, origin], moments.variance[row, origin])
    return np.sort(below + (np.arange(row.size) * GOLDEN % 1.0) * (at_or_below - below))


def taken_at(probabilities: Matrix, ranks: Matrix, *, windows: float) -> Matrix:
    """Where quantiles are taken so that past demand stayed below them as often as is asked for.

    At a half and below as asked; between the knots in z; beyond the last knot with ten or more independent `windows`
    above it the lift in z stays what it is there.

    >>> even = np.linspace(0, 1, 1001)
    >>> taken_at(np.array([0.3, 0.9, 0.99]), even, windows=1000).round(3).tolist()
    [0.3, 0.9, 0.99]
    >>> taken_at(np.array([0.3, 0.9, 0.95]), even**0.5, windows=100).round(3).tolist()
    [0.3, 0.949, 0.977]
    """
    from scipy.special import ndtr, ndtri  # noqa: PLC0415

    knots = KNOTS[windows * (1 - KNOTS) >= FEWEST_BEYOND - TINY]
    if not knots.size or not ranks.size:
        return probabilities
    place = np.ceil(ranks.size * knots - TINY).astype(int) - 1
    lift = np.clip(ndtri(ranks[place]), 0.0, LARGEST_Z) - ndtri(knots)
    z = ndtri(probabilities)
    lifted = z + np.interp(z, np.append(0.0, ndtri(knots)), np.append(0.0, lift))
    return np.asarray(np.where(probabilities > MEDIAN, ndtr(lifted), probabilities))
