"""How every model would have done: from past origins, on demand summed over each product's own horizon.

What belongs here: origins, and what each model's quantiles cost there. What does not: choosing (`choose_model.py`).
A model sees at an origin only what was known then (the week of a launch is known when its first four weeks are over:
younger products are not judged); the learner is fitted at the first and at the fourth of the origins, each time to
windows that were over then.
Read more in docs/maths.md.
"""

import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import LAUNCH_DAYS, WEEK_DAYS, Index, Matrix, Series
from pipelines.forecasting.history.demand_patterns import demand_classes
from pipelines.forecasting.history.demand_spikes import with_enormous
from pipelines.forecasting.history.windows import Window, sums_after_origins
from pipelines.forecasting.models.features import Facts, gather_facts, known_at
from pipelines.forecasting.models.global_quantile_model import Learned
from pipelines.forecasting.models.model_registry import MODELS, View, learn_from, model_quantiles

JUDGED: Final = np.array([0.5, 0.8, 0.9, 0.95, 0.98, 0.99])
SCORED: Final = (0.8, 0.9, 0.95, 0.98, 0.99)
HELD_OUT_WEEKS: Final = 26
FEWEST_WEEKS_BEFORE: Final = 52
MOST_ORIGINS: Final = 6
# A plan fits the learner anew; one of half a year ago is no fair rival, and one for each origin takes too long.
ORIGINS_A_FIT: Final = 3
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


def backtest(series: Series, horizon_days: Index, *, as_of: date, seed: int) -> pl.DataFrame:
    """One row per product, past origin and model, columns `JUDGEMENTS`; a sample of products and origins.

    `series` is one of weeks, `horizon_days` has a number for each of its products. `loss` is the mean pinball loss at
    80, 90, 95, 98 and 99 % of the demand over the product's own horizon, over the product's mean demand plus one
    piece.
    """
    rows = _sample(series.product_codes, seed=seed)
    series, horizon_days = series.only(rows), horizon_days[rows]
    facts = gather_facts(series, as_of=as_of)
    frames = [
        frame
        for days in np.unique(horizon_days).tolist()
        for frame in _judged(facts, Window(0, days), np.flatnonzero(horizon_days == days), seed=seed)
    ]
    return pl.concat(frames) if frames else JUDGEMENTS.to_frame()


def _sample(codes: Sequence[str], *, seed: int) -> Index:
    """The rows of at most 1,000 products, drawn by a hash of seed and code: a new product takes the place of one."""
    drawn = np.argsort([zlib.crc32(f"{seed} {code}".encode()) for code in codes], kind="stable")[:MOST_PRODUCTS]
    return np.sort(drawn).astype(np.int64)


def origins_of(weeks: int, window: Window, *, known: int | None = None) -> Sequence[int]:
    """The origins that are judged: at most six, evenly spread over the last half year whose windows are over.

    If a window is longer than that they reach further back; there are none with less than a year before, of the
    last weeks of the calendar that are `known` (all unless given).

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


def _judged(facts: Facts, window: Window, products: Index, *, seed: int) -> Iterator[pl.DataFrame]:
    origins = origins_of(facts.series.periods, window, known=facts.series.periods_known)
    if not origins:
        return
    sums = sums_after_origins(facts.series, window)
    seen = [_seen_at(facts, window, sums, origin) for origin in origins]
    enormous = _enormous_after_origins(facts.series, window)
    learned = None
    for place, (origin, view) in enumerate(zip(origins, seen, strict=True)):
        if place % ORIGINS_A_FIT == 0:
            learned = learn_from([view], origins=origin, seed=seed)
        classes = view.classes
        is_old_enough = view.facts.count[products, -1] > LAUNCH_DAYS // WEEK_DAYS
        is_judged = np.isfinite(sums[products, origin]) & (classes[products] != "dead") & is_old_enough
        rows = products[is_judged]
        for model in MODELS:
            if rows.size:
                demand = sums[rows, origin] + enormous[rows, origin]
                yield _judgement(view, learned, model, rows, demand, facts.life[rows, -1])


def _seen_at(facts: Facts, window: Window, sums: Matrix, origin: int) -> View:
    known = known_at(facts, origin)
    return View(known, window, _over(sums, window, origin), demand_classes(known.series))


def _over(sums: Matrix, window: Window, origin: int) -> Matrix:
    """The sums that were known at an origin: of windows that were over."""
    known = sums[:, : origin + 1].copy()
    known[:, max(0, origin - -(-window.end_days // WEEK_DAYS) + 1) :] = np.nan
    return known


def _enormous_after_origins(series: Series, window: Window) -> Matrix:
    """What enormous weeks sold beyond the usual in the window after each origin."""
    told = np.zeros((len(series.product_codes), series.periods + 1))
    begins = np.arange(series.periods + 1) * series.period_days + window.start_days
    for row, day, quantity in zip(*vars(series.enormous).values(), strict=True):
        told[row, (begins <= day) & (day < begins + window.days)] += quantity
    return told


def _judgement(
    view: View, learned: Learned | None, model: str, rows: Index, demand: Matrix, mean: Matrix
) -> pl.DataFrame:
    series = view.facts.series
    a_day, pieces = (one[rows] for one in series.enormous_sales)
    usual = model_quantiles(view, model, rows, JUDGED, learned)
    told = with_enormous(usual, JUDGED, np.full(rows.size, view.window.days), a_day=a_day, pieces=pieces)
    scale = mean * view.periods + 1.0
    losses = [pinball_loss(demand, told[:, k], p) for k, p in enumerate(JUDGED) if p in SCORED]
    shares = {
        f"{name}_{100 * p:g}": is_true
        for k, p in enumerate(JUDGED)
        for name, is_true in (("below", demand < told[:, k]), ("at_or_below", demand <= told[:, k]))
    }
    return pl.DataFrame(
        {
            "product": rows,
            "origin": np.full(rows.size, series.periods),
            "demand_class": view.classes[rows].tolist(),
            "model": [model] * rows.size,
            "loss": np.mean(losses, axis=0) / scale,
            **shares,
        },
        schema=JUDGEMENTS,
    )


def pinball_loss(demand: Matrix, quantile: Matrix, probability: float) -> Matrix:
    """What a quantile that misses costs: p a piece above it, 1 - p a piece below (Koenker and Bassett 1978).

    >>> pinball_loss(np.array([10.0]), np.array([6.0]), 0.9).tolist()
    [3.6]
    """
    over = demand - quantile
    return np.maximum(probability * over, (probability - 1) * over)
