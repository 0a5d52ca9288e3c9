"""The global (cross-product) quantile model: demand over a window, learned from all products of one company.

What belongs here: training rows, fits, and the bounds around what they predict. What does not: the choice
(`choose_model.py`).
The target is log(1 + D / (h s)), with D the window's demand, h its length in periods and s the product's scale at the
origin. The map is increasing, so quantiles of the target become quantiles of demand by its inverse.
Read more in docs/maths.md#the-global-quantile-model.
"""

import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import FEWEST_PRODUCTS, YEAR_DAYS, DemandMatrix, Index, Matrix
from pipelines.forecasting.history.demand_patterns import CALIBRATION_GROUPS
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.calibration import MEDIAN, has_enough_windows
from pipelines.forecasting.models.features import OriginStatistics, features

LEARNED: Final = np.array([0.5, 0.8, 0.9, 0.95, 0.98])
MOST_ROWS: Final = 25_000
# The part of the rows whose window begins later than the forecast: no order is decided on these.
LATER_SHARE: Final = 0.25
FEWEST_ROWS_OF_A_HALF: Final = 500
# With twice the fewest products and rows the trees count in full, with the fewest not at all.
FULL_TRUST: Final = 2.0
HALF_A_UNIT: Final = 0.5
TRAINED_DAYS: Final = 104 * 7
YOUNGEST: Final = 6
# A draw instead of weights: trees of weighted rows cost four times as much. Of few rows this share is drawn.
DRAWN_SHARE: Final = 0.75
# A bit of the code's hash: a product stays in its half whatever other products exist.
HALF_BIT: Final = 8
SPLIT_MIX: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
TREES: Final = {
    "max_iter": 70, "learning_rate": 0.12, "max_leaf_nodes": 15, "min_samples_leaf": 100, "max_bins": 63,
    "max_features": 0.7, "l2_regularization": 1.0, "early_stopping": False,
}  # fmt: skip


@dataclass(frozen=True)
class GlobalQuantileModel:
    """Trees fitted to each half of the products, one for each learned probability, with the conformal shift.

    `has_number` marks the features that had any number in each half, `share` is the weight of the negative binomial in
    the blend. `shift` is added to the blend in the target: calibration groups x learned probabilities. `trust` is the
    weight of the whole beside the negative binomial, below 1 if there is little to learn from.
    """

    halves: Sequence[Sequence[Any]]
    has_number: Sequence[NDArray[np.bool_]]
    share: float
    shift: Matrix
    trust: float

    def target_quantiles(self, rows: Matrix, group: Index, parametric: Matrix) -> Matrix:
        """The learned quantiles of the target, ascending: rows x learned probabilities.

        `rows` are features, `parametric` the negative binomial's quantiles over h s.
        """
        halves = zip(self.halves, self.has_number, strict=True)
        predicted = [_predicted(trees, np.where(has_number, rows, 0.0)) for trees, has_number in halves]
        return np.sort(_blended(np.mean(predicted, axis=0), parametric, self.share) + self.shift[group], axis=1)


@dataclass(frozen=True)
class TrainingRows:
    """Drawn windows, a row each: features, target, negative binomial ratios, product, group, length in periods.

    `parametric` holds the negative binomial's quantiles over h s: rows x learned probabilities. `spread_target` is the
    target of demand whose whole units are spread evenly, each by its own draw.
    """

    features: Matrix
    target: Matrix
    spread_target: Matrix
    parametric: Matrix
    product: Index
    group: Index
    periods: Matrix


@dataclass(frozen=True)
class ForecastRows:
    """Products at an origin, a row each: features, calibration group, scale s, usual demand h s of the window."""

    features: Matrix
    group: Index
    scale: Matrix
    usual: Matrix


def fit_global_model(
    parts: Sequence[TrainingRows], matrix: DemandMatrix, *, share: float, seed: int
) -> GlobalQuantileModel | None:
    """The model fitted to the rows of all windows together; None with too few products or rows.

    Products fall into two halves by their code, and trees are fitted to each half. How far the trees of one half,
    blended with the negative binomial, miss the other's products gives the conformal shift. With less than two years
    of history the shift is never negative: a half year of falling demand proves nothing for the rising one.
    """
    products = len(matrix.product_codes)
    if products <= FEWEST_PRODUCTS:
        return None
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    rows = TrainingRows(*(np.concatenate(column) for column in columns))
    halves_of_products = np.array([zlib.crc32(code.encode()) >> HALF_BIT & 1 for code in matrix.product_codes])
    in_half = halves_of_products[rows.product]
    trust = trust_in_trees(products, int(np.bincount(in_half, minlength=2).min()))
    if trust == 0:
        return None
    predicted, halves, has_number = np.zeros((rows.target.size, LEARNED.size)), [], []
    for half in (0, 1):
        is_own = in_half == half
        has_number.append(np.asarray(~np.isnan(rows.features[is_own]).all(axis=0)))
        known = np.where(has_number[-1], rows.features, 0.0)
        halves.append(_fit(known[is_own], rows.target[is_own], seed=seed))
        predicted[~is_own] = _predicted(halves[-1], known[~is_own])
    shift = _conformal_shift(rows, np.sort(_blended(predicted, rows.parametric, share), axis=1))
    has_two_years = matrix.periods_known * matrix.period_days >= TRAINED_DAYS
    return GlobalQuantileModel(halves, has_number, share, shift if has_two_years else np.maximum(0.0, shift), trust)


def trust_in_trees(products: int, rows_of_a_half: int) -> float:
    """The weight of the trees: 0 up to 30 products or 500 rows in a half, 1 from twice as many on, linear in between.

    So the product that brings the trees in moves no other product's forecast by a jump.

    >>> trust_in_trees(30, 2_000), trust_in_trees(45, 2_000), trust_in_trees(60, 750), trust_in_trees(60, 1_000)
    (0.0, 0.5, 0.5, 1.0)
    """
    times = min(products / FEWEST_PRODUCTS, rows_of_a_half / FEWEST_ROWS_OF_A_HALF)
    return float(np.clip((times - 1) / (FULL_TRUST - 1), 0.0, 1.0))


def _blended(target: Matrix, parametric: Matrix, share: float) -> Matrix:
    """The blend of both models' D / (h s), in the target."""
    return np.log1p((1 - share) * np.maximum(0.0, np.expm1(target)) + share * parametric)


def _conformal_shift(rows: TrainingRows, predicted: Matrix) -> Matrix:
    """How far quantiles above the median are moved, so that spread targets stayed below them as often as requested.

    The shift for p is the p-quantile of target - prediction (Romano, Patterson and Candès 2019). A calibration group
    has its own if it has enough independent windows, else that of all rows. Groups x learned probabilities.
    """
    shift = np.zeros((CALIBRATION_GROUPS, LEARNED.size))
    for column in np.flatnonzero(LEARNED > MEDIAN).tolist():
        errors = rows.spread_target - predicted[:, column]
        for groups in (range(CALIBRATION_GROUPS), *((number,) for number in range(CALIBRATION_GROUPS))):
            is_own = np.isin(rows.group, groups)
            if has_enough_windows(float((1 / np.maximum(1.0, rows.periods[is_own])).sum()), LEARNED[column]):
                shift[list(groups), column] = np.quantile(errors[is_own], LEARNED[column])
    return shift


def rows_per_window(windows: Collection[Window]) -> dict[Window, int]:
    """How many rows are drawn of each window at most: 25,000 in all, however many windows there are.

    Windows that begin today have equal parts of three quarters of them, later windows equal parts of the rest.

    >>> list(rows_per_window([Window(0, 28), Window(0, 42), Window(21, 7)]).values())
    [9375, 9375, 6250]
    >>> list(rows_per_window([Window(0, 28)]).values())
    [25000]
    """
    later = sum(window.start_days > 0 for window in windows)
    share = LATER_SHARE if 0 < later < len(windows) else float(later > 0)
    of_later, of_others = share / max(1, later), (1 - share) / max(1, len(windows) - later)
    return {window: int(MOST_ROWS * (of_later if window.start_days else of_others)) for window in windows}


def draw_training_rows(
    statistics: OriginStatistics, window: Window, sums: Matrix, parametric: Callable[[Index, Index], Matrix], *,
    origins: int, most: int, seed: int,
) -> TrainingRows:  # fmt: skip
    """At most `most` windows that were over at the origin `origins`, drawn from all products and the last 104 weeks.

    `sums` is the window's demand after every origin, products x origins. `parametric(rows, origins)` gives the negative
    binomial's quantiles at the `LEARNED` probabilities, pairs x probabilities. Six or more periods are known before an
    origin; older origins are drawn less often.
    """
    days = statistics.matrix.period_days
    last = origins - -(-window.end_days // days)
    first = max(0, origins - TRAINED_DAYS // days)
    known = sums[:, first : max(first, last + 1)]
    is_old_enough = statistics.count[:, first : max(first, last + 1)] >= YOUNGEST
    product, column = np.nonzero(~np.isnan(known) & is_old_enough)
    origin = column + first
    weight = 0.5 ** ((origins - origin) * days / YEAR_DAYS)
    # the largest u^(1/w) are a weighted draw without replacement (Efraimidis and Spirakis 2006)
    codes = statistics.matrix.product_codes
    uniform = uniform_by_hash(codes, product, origins - origin, f"{seed} {window}")
    drawn = min(most, round(DRAWN_SHARE * product.size))
    kept = np.sort(np.argpartition(-np.log(uniform) / weight, drawn - 1)[:drawn]) if drawn else np.arange(0)
    product, origin = product[kept], origin[kept]
    at, demand = forecast_rows(statistics, window, sums, product, origin), sums[product, origin]
    placed = uniform_by_hash(codes, product, origins - origin, f"unit {seed} {window}") - HALF_A_UNIT
    is_spread = statistics.matrix.is_sold_whole[product] & (demand >= HALF_A_UNIT)
    return TrainingRows(
        features=at.features,
        target=np.log1p(demand / at.usual),
        spread_target=np.log1p((demand + np.where(is_spread, placed, 0.0)) / at.usual),
        parametric=parametric(product, origin) / at.usual[:, None],
        product=product,
        group=at.group,
        periods=np.full(product.size, window.periods(days)),
    )


def forecast_rows(
    statistics: OriginStatistics, window: Window, sums: Matrix, rows: Index, origins: Index
) -> ForecastRows:
    """What the model reads of some products, each at an origin."""
    scale = statistics.scale[rows, origins]
    return ForecastRows(
        features=features(statistics, window, sums, rows, origins),
        group=statistics.group[rows, origins],
        scale=scale,
        usual=scale * window.periods(statistics.matrix.period_days),
    )


def uniform_by_hash(codes: Sequence[str], row: Index, age: Index, salt: str) -> Matrix:
    """A uniform number in (0, 1) for each pair of a product's row and an age, the same whatever other products exist.

    >>> rows, ages = np.array([0, 1]), np.array([3, 3])
    >>> together, alone = uniform_by_hash(["A", "B"], rows, ages, ""), uniform_by_hash(["B"], rows[:1], ages[:1], "")
    >>> bool(together[1] == alone[0]), bool(together[0] == alone[0])
    (True, False)
    """
    seeds = np.array([zlib.crc32(f"{salt} {code}".encode()) for code in codes], dtype=np.uint64)
    return uniform_of_bits((seeds[row] << np.uint64(32)) + np.asarray(age).astype(np.uint64) * np.uint64(SPLIT_MIX[0]))


def uniform_of_bits(bits: NDArray[np.uint64]) -> Matrix:
    """A uniform number in (0, 1) for each word of 64 bits, by the hash of SplitMix64 (Steele, Lea and Flood 2014)."""
    for shift, factor in zip((30, 27), SPLIT_MIX[1:], strict=True):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    return np.asarray(((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53)


def _fit(rows: Matrix, target: Matrix, *, seed: int) -> list[Any]:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415, 1 s: only a forecast pays for it
    from threadpoolctl import threadpool_limits  # noqa: PLC0415, comes with scikit-learn

    with threadpool_limits(limits=1):
        return [
            HistGradientBoostingRegressor(loss="quantile", quantile=p, random_state=seed + k, **TREES).fit(rows, target)
            for k, p in enumerate(LEARNED.tolist())
        ]


def _predicted(trees: Sequence[Any], rows: Matrix) -> Matrix:
    from threadpoolctl import threadpool_limits  # noqa: PLC0415, comes with scikit-learn

    with threadpool_limits(limits=1):
        return np.stack([tree.predict(rows) for tree in trees], axis=1)


def global_quantiles(
    model: GlobalQuantileModel, rows: ForecastRows, *, parametric: Matrix, probabilities: Matrix
) -> Matrix:
    """The quantiles of the window's demand for some products: products x probabilities, in units.

    `parametric` holds the negative binomial's quantiles, in the same shape; they are blended in. Between the learned
    probabilities the model's quantiles are linear in z, beyond them they grow as the negative binomial's do. Nowhere
    are they above 3 times the negative binomial's plus 3 max(1, s).
    """
    usual = rows.usual[:, None]
    ratio = _nearest(parametric, probabilities, LEARNED) / usual
    target = model.target_quantiles(rows.features, rows.group, ratio)
    interpolated = _interpolated(np.maximum(0.0, np.expm1(target)) * usual, parametric, probabilities)
    capped = np.minimum(interpolated, 3 * parametric + 3 * np.maximum(1.0, rows.scale)[:, None])
    trusted = model.trust * np.maximum(0.0, capped) + (1 - model.trust) * parametric
    return np.maximum.accumulate(trusted, axis=1)


def _interpolated(learned: Matrix, parametric: Matrix, probabilities: Matrix) -> Matrix:
    """Quantiles at all probabilities from those at the learned ones, the tails in the parametric model's shape."""
    from scipy.special import ndtri  # noqa: PLC0415, only a forecast pays for the import

    knots = ndtri(LEARNED)
    z = ndtri(np.clip(probabilities, 1e-9, 1 - 1e-9))
    left = np.clip(np.searchsorted(knots, z, side="right") - 1, 0, knots.size - 2)
    share = np.clip((z - knots[left]) / (knots[left + 1] - knots[left]), 0.0, 1.0)
    quantiles = learned[:, left] * (1 - share) + learned[:, left + 1] * share
    first, last = (_nearest(parametric, probabilities, knot) for knot in (LEARNED[:1], LEARNED[-1:]))
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(first > 0, np.clip(parametric / first, 0.0, 1.0), 0.0)
        above = np.where(last > 0, np.clip(parametric / last, 1.0, 4.0), 1.0)
    quantiles = np.where(probabilities < LEARNED[0], quantiles * below, quantiles)
    return np.asarray(np.where(probabilities > LEARNED[-1], quantiles * above, quantiles))


def _nearest(quantiles: Matrix, probabilities: Matrix, wanted: Matrix) -> Matrix:
    """The columns of the quantiles whose probabilities are nearest to the wanted ones."""
    return quantiles[:, np.abs(probabilities[:, None] - wanted).argmin(axis=0)]
