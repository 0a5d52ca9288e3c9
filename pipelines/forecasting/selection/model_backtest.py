"""The backtest: the loss of every model at past origins, on demand over each product's own protection interval.

What belongs here: origins, and the loss of each model's quantiles there. What does not: choosing (`choose_model.py`).
A model sees at an origin only what was known then. Products younger than four weeks at an origin are left out, since
their launch week is imputed from those weeks. The global quantile model is fitted at the first and the fourth origin,
to the windows of all protection intervals that were over then.
Read more in docs/maths.md#the-backtest-of-models.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, DemandMatrix, Index, Matrix
from pipelines.forecasting.history.demand_patterns import DEAD, demand_patterns
from pipelines.forecasting.history.demand_spikes import with_spikes
from pipelines.forecasting.history.launches import LAUNCH_DAYS
from pipelines.forecasting.history.windows import Window, sums_after_origins
from pipelines.forecasting.models.features import OriginStatistics, known_at, origin_statistics
from pipelines.forecasting.models.global_quantile_model import GlobalQuantileModel
from pipelines.forecasting.models.model_registry import MODELS, WindowModels, fit_to_windows, model_quantiles
from pipelines.forecasting.models.negative_binomial import whole_units

JUDGED: Final = np.array([0.5, 0.8, 0.9, 0.95, 0.98, 0.99])
SCORED: Final = (0.8, 0.9, 0.95, 0.98, 0.99)
HELD_OUT_WEEKS: Final = 26
FEWEST_WEEKS_BEFORE: Final = 52
MOST_ORIGINS: Final = 6
# The origins at which the global model is fitted. A plan fits it anew: a fit of half a year ago is no fair rival, and
# one for each origin takes too long.
FITS: Final = (0, 3)
MOST_PRODUCTS: Final = 1_000

JUDGEMENTS: Final = pl.Schema(
    {
        "product": pl.Int64,
        "origin": pl.Int64,
        "demand_class": pl.String,
        "model": pl.String,
        "loss": pl.Float64,
        **{f"{share}_{100 * p:g}": pl.Boolean for p in JUDGED for share in ("below", "at_or_below")},
    }
)


def backtest(matrix: DemandMatrix, horizon_days: Index, *, as_of: date, seed: int) -> pl.DataFrame:
    """One row per product, past origin and model, columns `JUDGEMENTS`, for a sample of products and origins.

    `matrix` is weekly, `horizon_days` the protection interval of each of its products. `loss` is the mean pinball loss
    of the interval's demand at 80, 90, 95, 98 and 99%, over the product's mean demand plus one unit.
    """
    rows = _sample(matrix.product_codes, seed=seed)
    matrix, horizon_days = matrix.only(rows), horizon_days[rows]
    statistics = origin_statistics(matrix, as_of=as_of)
    frames = [
        frame
        for origins_of_window in _judged_together(matrix, horizon_days).values()
        for frame in _judged(statistics, origins_of_window, horizon_days, seed=seed)
    ]
    return pl.concat(frames) if frames else JUDGEMENTS.to_frame()


def _judged_together(matrix: DemandMatrix, horizon_days: Index) -> dict[int, dict[Window, Sequence[int]]]:
    """The judged origins of each window, by the first of them: windows of one first origin are learned together."""
    together: dict[int, dict[Window, Sequence[int]]] = {}
    for days in np.unique(horizon_days).tolist():
        window = Window(0, days)
        if origins := origins_of(matrix.periods, window, known=matrix.periods_known):
            together.setdefault(origins[0], {})[window] = origins
    return together


def _sample(codes: Sequence[str], *, seed: int) -> Index:
    """The rows of at most 1,000 products, drawn by a hash of seed and code: a new product replaces one at most."""
    drawn = np.argsort([zlib.crc32(f"{seed} {code}".encode()) for code in codes], kind="stable")[:MOST_PRODUCTS]
    return np.sort(drawn).astype(np.int64)


def origins_of(weeks: int, window: Window, *, known: int | None = None) -> Sequence[int]:
    """The judged origins, as weeks from the calendar's start: at most six, evenly over the last half year.

    Their windows are over; for a window longer than half a year they reach further back. `known` is the number of the
    calendar's last weeks that are known (all if not given). There is no origin with less than a known year before it.

    >>> origins_of(104, Window(0, 28))
    [78, 82, 87, 91, 96, 100]
    >>> origins_of(104, Window(0, 28), known=40)
    []
    """
    last = weeks - -(-window.end_days // WEEK_DAYS)
    first = min(weeks - HELD_OUT_WEEKS, last - HELD_OUT_WEEKS // 4)
    if first - (weeks - (weeks if known is None else known)) < FEWEST_WEEKS_BEFORE:
        return []
    return sorted({round(origin) for origin in np.linspace(first, last, MOST_ORIGINS).tolist()})


def _judged(
    statistics: OriginStatistics, origins_of_window: Mapping[Window, Sequence[int]], horizon_days: Index, *, seed: int
) -> Iterator[pl.DataFrame]:
    """The judgements of the products of some windows, a frame for each origin, window and model.

    The global quantile model is fitted to all these windows: at their first origin, and at the earliest fourth one.
    """
    sums = {window: sums_after_origins(statistics.matrix, window) for window in origins_of_window}
    spikes = {window: _spikes_after_origins(statistics.matrix, window) for window in origins_of_window}
    fitted_at = {min(origins[number] for origins in origins_of_window.values()) for number in FITS}
    global_model = None
    for origin in sorted(fitted_at.union(*origins_of_window.values())):
        known = known_at(statistics, origin)
        patterns = demand_patterns(known.matrix)
        views = [WindowModels(known, window, _ended(sums[window], window, origin), patterns) for window in sums]
        if origin in fitted_at:
            global_model = fit_to_windows(views, origins=origin, seed=seed)
        is_old_enough = (known.count[:, -1] > LAUNCH_DAYS // WEEK_DAYS) & (patterns != DEAD)
        for view in (view for view in views if origin in origins_of_window[view.window]):
            demand = sums[view.window][:, origin] + spikes[view.window][:, origin]
            is_own = horizon_days == view.window.days
            rows = np.flatnonzero(is_own & is_old_enough & np.isfinite(demand))
            for model in MODELS if rows.size else ():
                yield _judgement(view, global_model, model, rows, demand[rows], statistics.mean[rows, -1])


def _ended(sums: Matrix, window: Window, origin: int) -> Matrix:
    """The sums that were known at an origin: those of windows that were over."""
    known = sums[:, : origin + 1].copy()
    known[:, max(0, origin - -(-window.end_days // WEEK_DAYS) + 1) :] = np.nan
    return known


def _spikes_after_origins(matrix: DemandMatrix, window: Window) -> Matrix:
    """What demand spikes sold beyond the usual in the window after each origin: products x (periods + 1)."""
    spikes = np.zeros((len(matrix.product_codes), matrix.periods + 1))
    begins = np.arange(matrix.periods + 1) * matrix.period_days + window.start_days
    for row, day, quantity in zip(*vars(matrix.spikes).values(), strict=True):
        spikes[row, (begins <= day) & (day < begins + window.days)] += quantity
    return spikes


def _judgement(
    view: WindowModels, global_model: GlobalQuantileModel | None, model: str, rows: Index, demand: Matrix, mean: Matrix
) -> pl.DataFrame:
    """The judgements of one model at one origin, for some products with their demand and their mean demand."""
    matrix = view.statistics.matrix
    rate, size = (values[rows] for values in matrix.spike_rate_and_size)
    usual = model_quantiles(view, model, rows, JUDGED, global_model)
    quantiles = with_spikes(usual, JUDGED, np.full(rows.size, view.window.days), rate_per_day=rate, size=size)
    quantiles = np.where(matrix.is_sold_whole[rows, None], whole_units(quantiles), quantiles)
    scale = mean * view.periods + 1.0
    losses = [pinball_loss(demand, quantiles[:, k], p) for k, p in enumerate(JUDGED) if p in SCORED]
    shares = {
        f"{share}_{100 * p:g}": is_true
        for k, p in enumerate(JUDGED)
        for share, is_true in (("below", demand < quantiles[:, k]), ("at_or_below", demand <= quantiles[:, k]))
    }
    return pl.DataFrame(
        {
            "product": rows,
            "origin": np.full(rows.size, matrix.periods),
            "demand_class": view.patterns[rows].tolist(),
            "model": [model] * rows.size,
            "loss": np.mean(losses, axis=0) / scale,
            **shares,
        },
        schema=JUDGEMENTS,
    )


def pinball_loss(demand: Matrix, quantile: Matrix, probability: float) -> Matrix:
    """The pinball loss of a quantile Q for the probability p: max(p (D - Q), (p - 1) (D - Q)), in units.

    A unit above the quantile costs p, a unit below it 1 - p (Koenker and Bassett 1978).

    >>> pinball_loss(np.array([10.0]), np.array([6.0]), 0.9).tolist()
    [3.6]
    """
    over = demand - quantile
    return np.maximum(probability * over, (probability - 1) * over)
