"""The pooled quantile learner: how demand over a window spreads, learned from all products of one organisation.

What belongs here: rows, fits, and the guard rails around what they say. What does not: the choice (`selection.py`).
The target is log(1 + D / (h s)), with D the window's demand, h its length and s the product's scale at the origin;
quantiles pass through a map that never falls, so they are made of the learner's by the way back.
Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.features import Facts, features
from pipelines.forecasting.series import YEAR_DAYS, Index, Matrix
from pipelines.forecasting.windows import Window

LEARNED: Final = np.array([0.5, 0.8, 0.9, 0.95, 0.98])
MOST_ROWS: Final = 25_000
FEWEST_ROWS: Final = 1_000
FEWEST_PRODUCTS: Final = 30
TRAINED_DAYS: Final = 104 * 7
YOUNGEST: Final = 6
# A draw, not weights: trees of weighted rows cost four times as much. Of few rows so many are drawn.
DRAWN_SHARE: Final = 0.75
TREES: Final = {
    "max_iter": 70, "learning_rate": 0.12, "max_leaf_nodes": 15, "min_samples_leaf": 100, "max_bins": 63,
    "max_features": 0.7, "l2_regularization": 1.0, "early_stopping": False,
}  # fmt: skip


@dataclass(frozen=True)
class Learned:
    """Fitted trees, one set a learned probability, and the features that had any number."""

    trees: Sequence[Any]
    has_number: NDArray[np.bool_]

    def log_ratio(self, lines: Matrix) -> Matrix:
        """The learned quantiles of the target for lines of features, ordered."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415, comes with scikit-learn

        with threadpool_limits(limits=1):
            told = [one.predict(np.where(self.has_number, lines, 0.0)) for one in self.trees]
        return np.sort(np.stack(told, axis=1), axis=1)


def learn(facts: Facts, windows: Sequence[tuple[Window, Matrix]], *, origins: int, seed: int) -> Learned | None:
    """Trees fitted to windows that were over at the origin `origins`; nothing where there are too few.

    `windows` are the windows with their sums after every origin. At most 25,000 pairs of product and origin, drawn by
    the seed, the older the rarer, are shared out among them.
    """
    if len(facts.series.product_codes) < FEWEST_PRODUCTS:
        return None
    lines, target = _draw(facts, windows, origins=origins, seed=seed)
    if target.size < FEWEST_ROWS:
        return None
    has_number = np.asarray(~np.isnan(lines).all(axis=0))
    return Learned(_fit(np.where(has_number, lines, 0.0), target, seed=seed), has_number)


def _draw(facts: Facts, windows: Sequence[tuple[Window, Matrix]], *, origins: int, seed: int) -> tuple[Matrix, Matrix]:
    random = np.random.default_rng(seed)
    parts = [
        _draw_of(facts, window, sums, origins=origins, most=MOST_ROWS // len(windows), random=random)
        for window, sums in windows
    ]
    lines, target = (np.concatenate(one) for one in zip(*parts, strict=True))
    return lines, target


def _draw_of(
    facts: Facts, window: Window, sums: Matrix, *, origins: int, most: int, random: np.random.Generator
) -> tuple[Matrix, Matrix]:
    days = facts.series.period_days
    last = origins - -(-window.end_days // days)
    first = max(0, origins - TRAINED_DAYS // days)
    known = sums[:, first : max(first, last + 1)]
    row, column = np.nonzero(~np.isnan(known) & (facts.count[:, first : max(first, last + 1)] >= YOUNGEST))
    origin = column + first
    weight = 0.5 ** ((origins - origin) * days / YEAR_DAYS)
    # the largest u^(1/w) are a weighted draw without replacement (Efraimidis and Spirakis 2006)
    order = np.argsort(np.log(random.random(row.size)) / weight, kind="stable")
    kept = np.sort(order[-min(most, round(DRAWN_SHARE * row.size)) :]) if row.size else order
    row, origin = row[kept], origin[kept]
    target = np.log1p(sums[row, origin] / (window.periods(days) * facts.scale[row, origin]))
    return features(facts, window, sums, row, origin), target


def _fit(lines: Matrix, target: Matrix, *, seed: int) -> list[Any]:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415, 1 s: only a forecast pays for it
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    with threadpool_limits(limits=1):
        return [
            HistGradientBoostingRegressor(loss="quantile", quantile=p, random_state=seed + k, **TREES).fit(
                lines, target
            )
            for k, p in enumerate(LEARNED.tolist())
        ]


def pool_quantiles(
    learned: Learned, facts: Facts, window: Window, sums: Matrix, rows: Index, origin: int,
    *, sturdy: Matrix, probabilities: Matrix,
) -> Matrix:  # fmt: skip
    """Quantiles of the window's demand from an origin, for some products.

    `sturdy` are the negative binomial's quantiles for the same products and probabilities: between the learned
    probabilities the learner's are joined in z, beyond them they go on as the negative binomial's do, and nowhere are
    they above three of its and three scales.
    """
    at = np.full(rows.size, origin)
    scale = facts.scale[rows, at]
    periods = window.periods(facts.series.period_days)
    told = np.expm1(learned.log_ratio(features(facts, window, sums, rows, at))) * (scale * periods)[:, None]
    learned_quantiles = np.maximum(0.0, told)
    spread = _between(learned_quantiles, sturdy, probabilities)
    capped = np.minimum(spread, 3 * sturdy + 3 * np.maximum(1.0, scale)[:, None])
    return np.maximum.accumulate(np.maximum(0.0, capped), axis=1)


def _between(learned: Matrix, sturdy: Matrix, probabilities: Matrix) -> Matrix:
    from scipy.special import ndtri  # noqa: PLC0415

    knots = ndtri(LEARNED)
    z = ndtri(np.clip(probabilities, 1e-9, 1 - 1e-9))
    left = np.clip(np.searchsorted(knots, z, side="right") - 1, 0, knots.size - 2)
    share = np.clip((z - knots[left]) / (knots[left + 1] - knots[left]), 0.0, 1.0)
    told = learned[:, left] * (1 - share) + learned[:, left + 1] * share
    first, last = (_at(sturdy, probabilities, one) for one in (LEARNED[0], LEARNED[-1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(first > 0, np.clip(sturdy / first, 0.0, 1.0), 0.0)
        above = np.where(last > 0, np.clip(sturdy / last, 1.0, 4.0), 1.0)
    told = np.where(probabilities < LEARNED[0], told * below, told)
    return np.asarray(np.where(probabilities > LEARNED[-1], told * above, told))


def _at(quantiles: Matrix, probabilities: Matrix, one: float) -> Matrix:
    return quantiles[:, [int(np.argmin(np.abs(probabilities - one)))]]
