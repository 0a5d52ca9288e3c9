"""The pooled quantile learner: how demand over a window spreads, learned from all products of one organisation.

What belongs here: rows, fits, and the guard rails around what they say. What does not: the choice (`choose_model.py`).
The target is log(1 + D / (h s)), with D the window's demand, h its length and s the product's scale at the origin;
quantiles pass through a map that never falls, so they are made of the learner's by the way back.
Read more in docs/maths.md.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import FEWEST_PRODUCTS, YEAR_DAYS, Index, Matrix
from pipelines.forecasting.history.demand_patterns import WAYS
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.calibration import MEDIAN, say_enough
from pipelines.forecasting.models.features import Facts, features

LEARNED: Final = np.array([0.5, 0.8, 0.9, 0.95, 0.98])
MOST_ROWS: Final = 25_000
FEWEST_ROWS_OF_A_HALF: Final = 500
# With twice the fewest products and rows the trees count in full, with the fewest not at all.
FULL_TRUST: Final = 2.0
TRAINED_DAYS: Final = 104 * 7
YOUNGEST: Final = 6
# A draw, not weights: trees of weighted rows cost four times as much. Of few rows so many are drawn.
DRAWN_SHARE: Final = 0.75
# A bit of the code's hash: a product stays in its half whatever its neighbours.
HALF_BIT: Final = 8
SPLIT_MIX: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
TREES: Final = {
    "max_iter": 70, "learning_rate": 0.12, "max_leaf_nodes": 15, "min_samples_leaf": 100, "max_bins": 63,
    "max_features": 0.7, "l2_regularization": 1.0, "early_stopping": False,
}  # fmt: skip


@dataclass(frozen=True)
class Lesson:
    """A window to learn from: its sums after every origin, and what the negative binomial said of it there.

    `sturdy` gives its quantiles at the `LEARNED` probabilities for some products, each at an origin.
    """

    window: Window
    sums: Matrix
    sturdy: Callable[[Index, Index], Matrix]


@dataclass(frozen=True)
class Learned:
    """Trees fitted to each half of the products, a set a learned probability, and how far their quantiles are shifted.

    `has_number` are the features that had any in each half, `share` is how much of the negative binomial is blended in;
    `shift` is what is added then, for each way of selling and learned probability.
    """

    halves: Sequence[Sequence[Any]]
    has_number: Sequence[NDArray[np.bool_]]
    share: float
    shift: Matrix
    trust: float

    def log_ratio(self, lines: Matrix, way: Index, sturdy: Matrix) -> Matrix:
        """The learned quantiles of the target for lines of features, ordered; `sturdy` is the other law's D / (h s)."""
        pairs = zip(self.halves, self.has_number, strict=True)
        told = [_predicted(half, np.where(has_number, lines, 0.0)) for half, has_number in pairs]
        return np.sort(_blended(np.mean(told, axis=0), sturdy, self.share) + self.shift[way], axis=1)


@dataclass(frozen=True)
class Drawn:
    """Windows that are learned from: features, target, the other law's ratios, product's row, way, length."""

    lines: Matrix
    target: Matrix
    sturdy: Matrix
    row: Index
    way: Index
    periods: Matrix


def learn(facts: Facts, lessons: Sequence[Lesson], *, share: float, origins: int, seed: int) -> Learned | None:
    """Trees fitted to windows that were over at the origin `origins`; nothing where there are too few.

    At most 25,000 pairs of product and origin, drawn by the seed, the older the rarer, are shared out among the
    lessons. Products fall into two halves by their code, and trees are fitted to each: what the one half's say of the
    other's products, blended with the negative binomial, shows how far it holds. With less than two years it raises
    quantiles and lowers none: half a year of falling demand says nothing of the half in which it rises.
    """
    products = len(facts.series.product_codes)
    if products <= FEWEST_PRODUCTS:
        return None
    drawn = _draw(facts, lessons, origins=origins, seed=seed)
    in_half = np.array([zlib.crc32(code.encode()) >> HALF_BIT & 1 for code in facts.series.product_codes])[drawn.row]
    trust = trust_in_trees(products, int(np.bincount(in_half, minlength=2).min()))
    if trust == 0:
        return None
    told, halves, has_number = np.zeros((drawn.target.size, LEARNED.size)), [], []
    for half in (0, 1):
        is_own = in_half == half
        has_number.append(np.asarray(~np.isnan(drawn.lines[is_own]).all(axis=0)))
        lines = np.where(has_number[-1], drawn.lines, 0.0)
        halves.append(_fit(lines[is_own], drawn.target[is_own], seed=seed))
        told[~is_own] = _predicted(halves[-1], lines[~is_own])
    shift = _shift(drawn, np.sort(_blended(told, drawn.sturdy, share), axis=1))
    has_seen_a_year_twice = facts.series.periods_known * facts.series.period_days >= TRAINED_DAYS
    return Learned(halves, has_number, share, shift if has_seen_a_year_twice else np.maximum(0.0, shift), trust)


def trust_in_trees(products: int, rows_of_a_half: int) -> float:
    """How much the trees count, from 0 up to 30 products or 500 rows a half to 1 from twice as many on.

    So a product more or less, which brings the trees in, moves no other product's forecast by a jump.

    >>> trust_in_trees(30, 2_000), trust_in_trees(45, 2_000), trust_in_trees(60, 750), trust_in_trees(60, 1_000)
    (0.0, 0.5, 0.5, 1.0)
    """
    times = min(products / FEWEST_PRODUCTS, rows_of_a_half / FEWEST_ROWS_OF_A_HALF)
    return float(np.clip((times - 1) / (FULL_TRUST - 1), 0.0, 1.0))


def _blended(log_ratio: Matrix, sturdy: Matrix, share: float) -> Matrix:
    return np.log1p((1 - share) * np.maximum(0.0, np.expm1(log_ratio)) + share * sturdy)


def _shift(drawn: Drawn, told: Matrix) -> Matrix:
    """How far quantiles above the median must be moved so that the target stayed below as often as is asked for.

    For each way of selling where enough is known of it, else as for all (Romano, Patterson and Candès 2019).
    """
    shift = np.zeros((WAYS, LEARNED.size))
    for column in np.flatnonzero(LEARNED > MEDIAN).tolist():
        missed = drawn.target - told[:, column]
        for ways in (range(WAYS), *((one,) for one in range(WAYS))):
            is_here = np.isin(drawn.way, ways)
            if say_enough(float((1 / np.maximum(1.0, drawn.periods[is_here])).sum()), LEARNED[column]):
                shift[list(ways), column] = np.quantile(missed[is_here], LEARNED[column])
    return shift


def _draw(facts: Facts, lessons: Sequence[Lesson], *, origins: int, seed: int) -> Drawn:
    most = MOST_ROWS // len(lessons)
    parts = [_draw_of(facts, lesson, origins=origins, most=most, seed=seed) for lesson in lessons]
    return Drawn(*(np.concatenate(one) for one in zip(*(vars(part).values() for part in parts), strict=True)))


def _draw_of(facts: Facts, lesson: Lesson, *, origins: int, most: int, seed: int) -> Drawn:
    days = facts.series.period_days
    last = origins - -(-lesson.window.end_days // days)
    first = max(0, origins - TRAINED_DAYS // days)
    known = lesson.sums[:, first : max(first, last + 1)]
    row, column = np.nonzero(~np.isnan(known) & (facts.count[:, first : max(first, last + 1)] >= YOUNGEST))
    origin = column + first
    weight = 0.5 ** ((origins - origin) * days / YEAR_DAYS)
    # the largest u^(1/w) are a weighted draw without replacement (Efraimidis and Spirakis 2006)
    chance = chances(facts.series.product_codes, row, origins - origin, f"{seed} {lesson.window}")
    order = np.argsort(np.log(chance) / weight, kind="stable")
    kept = np.sort(order[-min(most, round(DRAWN_SHARE * row.size)) :]) if row.size else order
    row, origin = row[kept], origin[kept]
    periods = lesson.window.periods(days)
    usual = periods * facts.scale[row, origin]
    return Drawn(
        lines=features(facts, lesson.window, lesson.sums, row, origin),
        target=np.log1p(lesson.sums[row, origin] / usual),
        sturdy=lesson.sturdy(row, origin) / usual[:, None],
        row=row,
        way=facts.way[row, origin],
        periods=np.full(row.size, periods),
    )


def chances(codes: Sequence[str], row: Index, age: Index, salt: str) -> Matrix:
    """A number between 0 and 1 for each pair of a product's row and an age, by hash: the same whoever else is there.

    The hash is that of SplitMix64 (Steele, Lea and Flood 2014).

    >>> together, alone = chances(["A", "B"], np.array([0, 1]), np.array([3, 3]), ""), chances(["B"], *2 * [[0]], "")
    >>> bool(together[1] == chances(["B"], np.array([0]), np.array([3]), "")[0]), bool((together != alone).all())
    (True, True)
    """
    seeds = np.array([zlib.crc32(f"{salt} {code}".encode()) for code in codes], dtype=np.uint64)
    bits = (seeds[row] << np.uint64(32)) + np.asarray(age).astype(np.uint64) * np.uint64(SPLIT_MIX[0])
    for shift, factor in zip((30, 27), SPLIT_MIX[1:], strict=True):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    return np.asarray(((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53)


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


def _predicted(trees: Sequence[Any], lines: Matrix) -> Matrix:
    from threadpoolctl import threadpool_limits  # noqa: PLC0415, comes with scikit-learn

    with threadpool_limits(limits=1):
        return np.stack([one.predict(lines) for one in trees], axis=1)


def pool_quantiles(
    learned: Learned, facts: Facts, window: Window, sums: Matrix, rows: Index, origin: int,
    *, sturdy: Matrix, probabilities: Matrix,
) -> Matrix:  # fmt: skip
    """Quantiles of the window's demand from an origin, for some products, the negative binomial blended in.

    `sturdy` are the negative binomial's quantiles for the same products and probabilities: between the learned
    probabilities the learner's are joined in z, beyond them they go on as the negative binomial's do, and nowhere are
    they above three of its and three scales.
    """
    at = np.full(rows.size, origin)
    scale = facts.scale[rows, at]
    usual = (scale * window.periods(facts.series.period_days))[:, None]
    beside = _at(sturdy, probabilities, LEARNED) / usual
    log_ratio = learned.log_ratio(features(facts, window, sums, rows, at), facts.way[rows, at], beside)
    spread = _between(np.maximum(0.0, np.expm1(log_ratio)) * usual, sturdy, probabilities)
    capped = np.minimum(spread, 3 * sturdy + 3 * np.maximum(1.0, scale)[:, None])
    trusted = learned.trust * np.maximum(0.0, capped) + (1 - learned.trust) * sturdy
    return np.maximum.accumulate(trusted, axis=1)


def _between(learned: Matrix, sturdy: Matrix, probabilities: Matrix) -> Matrix:
    from scipy.special import ndtri  # noqa: PLC0415

    knots = ndtri(LEARNED)
    z = ndtri(np.clip(probabilities, 1e-9, 1 - 1e-9))
    left = np.clip(np.searchsorted(knots, z, side="right") - 1, 0, knots.size - 2)
    share = np.clip((z - knots[left]) / (knots[left + 1] - knots[left]), 0.0, 1.0)
    told = learned[:, left] * (1 - share) + learned[:, left + 1] * share
    first, last = (_at(sturdy, probabilities, one) for one in (LEARNED[:1], LEARNED[-1:]))
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(first > 0, np.clip(sturdy / first, 0.0, 1.0), 0.0)
        above = np.where(last > 0, np.clip(sturdy / last, 1.0, 4.0), 1.0)
    told = np.where(probabilities < LEARNED[0], told * below, told)
    return np.asarray(np.where(probabilities > LEARNED[-1], told * above, told))


def _at(quantiles: Matrix, probabilities: Matrix, asked: Matrix) -> Matrix:
    return quantiles[:, np.abs(probabilities[:, None] - asked).argmin(axis=0)]
