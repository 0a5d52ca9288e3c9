"""How likely each demand is, for any products and any windows of days: the one entry to the forecast's maths.

What belongs here: from demand to a distribution, by a stored choice of models or by fixed rules. What does not: tables.
Read more in docs/maths.md.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, Index, Matrix, Series, make_series
from pipelines.forecasting.history.demand_patterns import demand_classes
from pipelines.forecasting.history.demand_spikes import with_enormous
from pipelines.forecasting.history.windows import Window, sums_after_origins
from pipelines.forecasting.models.features import Facts, gather_facts
from pipelines.forecasting.models.model_registry import (
    NB_PREDICTIVE,
    NOTHING,
    POOL,
    View,
    exact_means,
    learn_from,
    model_quantiles,
)
from pipelines.forecasting.models.seasonality import spread, weekly_season
from pipelines.forecasting.selection.fallback_rules import models_by_rule, unless_shifted

PROBABILITIES: Final = np.array([0.001, 0.005, *(k / 100 for k in range(1, 100)), 0.9925, 0.995, 0.9975, 0.999])
WEEKS_SHOWN: Final = 13
# Windows between two doublings of a week are learned together, told apart by their length.
BUCKET_RATIO: Final = 2.0
TINY: Final = 1e-9


@dataclass(frozen=True)
class DemandDistribution:
    """Quantiles of cumulative demand, a row a product and window; and for each product what paths are made of.

    `window_product[i]` is the place in `product_codes` of row i, whose window begins `start_days[i]` days after the
    day of the forecast and is `days[i]` long; `quantiles[i, j]` belongs to `probabilities[j]`, `mean[i]` is the mean.
    `weekly_mean` is the expected demand of the coming weeks, `weekly_variance` that of one week's demand.
    """

    product_codes: Sequence[str]
    demand_class: NDArray[np.str_]
    model: NDArray[np.str_]
    history_weeks: Index
    weekly_mean: Matrix
    weekly_variance: Matrix
    window_product: Index
    start_days: Index
    days: Index
    probabilities: Matrix
    quantiles: Matrix
    mean: Matrix


def forecast_distribution(
    demand: pl.DataFrame, windows: pl.DataFrame, *, as_of: date, seed: int = 0,
    choice: Mapping[str, str] | None = None, weeks: int = WEEKS_SHOWN, without_season: Collection[str] = (),
) -> DemandDistribution:  # fmt: skip
    """The distribution of demand in each window, from what was known before `as_of`.

    `demand` has the columns `product_code`, `demand_date`, `quantity` and may have `is_stocked_out` and `unit_price`:
    a row a product and day, or one a week that carries the week's first day. A product learns from all of `demand`.
    `windows` has `product_code` and `horizon_days`, and may have `start_days`: how many days after `as_of` the window
    begins (0 where it is missing); a product may have several. A product never sold has no row in the answer.

    `choice` says by code which model speaks for a product; where it has none `models_by_rule` does. What was not sold
    for a year is expected to sell nothing, and the products of `without_season` have a model that knows none.
    """
    weekly = make_series(demand, as_of=as_of)
    classes = demand_classes(weekly)
    facts = gather_facts(weekly, as_of=as_of)
    models = chosen_models(facts, classes, choice or {}, without_season=without_season)
    is_calm = np.isin(weekly.product_codes, list(without_season))
    asked = _asked(windows, weekly)
    is_short = asked.days < WEEK_DAYS
    short, long = np.flatnonzero(is_short), np.flatnonzero(~is_short)
    quantiles, mean = np.zeros((asked.product.size, PROBABILITIES.size)), np.zeros(asked.product.size)
    quantiles[long], mean[long] = _told(facts, classes, models, asked.only(long), seed=seed)
    if short.size:
        quantiles[short], mean[short] = _told_by_day(
            demand, weekly, classes, models, asked.only(short), as_of=as_of, seed=seed
        )
    quantiles = _rising(asked, _with_enormous(weekly, models, asked, quantiles))
    return DemandDistribution(
        product_codes=weekly.product_codes,
        demand_class=classes,
        model=models,
        history_weeks=weekly.history,
        weekly_mean=_weekly_mean(asked, mean, np.where(is_calm[:, None], 1.0, weekly_season(weekly, weeks=weeks))),
        weekly_variance=_weekly_variance(facts, classes, models),
        window_product=asked.product,
        start_days=asked.start_days,
        days=asked.days,
        probabilities=PROBABILITIES,
        quantiles=quantiles,
        mean=mean,
    )


def chosen_models(
    facts: Facts, classes: NDArray[np.str_], choice: Mapping[str, str], *, without_season: Collection[str] = ()
) -> NDArray[np.str_]:
    """For each product the model that was chosen for it, and by rule where none was; the dead sell nothing.

    A product whose sales have shifted has none that expects what was sold on average.
    """
    chosen = np.array([choice.get(code, "") for code in facts.series.product_codes], dtype="<U16")
    told = np.where(classes == "dead", NOTHING, chosen)
    if (is_open := told == "").any():
        told = np.where(is_open, models_by_rule(facts, classes, without_season=without_season), told)
    return np.asarray(unless_shifted(told, facts))


@dataclass(frozen=True)
class _Asked:
    """Windows by product: the place of the product in a series, and the window."""

    product: Index
    start_days: Index
    days: Index

    def only(self, which: Index) -> "_Asked":
        return _Asked(self.product[which], self.start_days[which], self.days[which])


def _asked(windows: pl.DataFrame, series: Series) -> _Asked:
    start = "start_days" if "start_days" in windows.columns else pl.lit(0)
    wanted = windows.select("product_code", days="horizon_days", start_days=start).unique()
    place = pl.DataFrame(
        {"product_code": series.product_codes, "product": np.arange(len(series.product_codes))},
        schema={"product_code": pl.String, "product": pl.Int64},
    )
    rows = wanted.join(place, on="product_code").sort("product", "start_days", "days")
    return _Asked(*(rows[name].cast(pl.Int64).to_numpy() for name in ("product", "start_days", "days")))


def _told(
    facts: Facts, classes: NDArray[np.str_], models: NDArray[np.str_], asked: _Asked, *, seed: int
) -> tuple[Matrix, Matrix]:
    """The quantiles of windows and their means, each by its product's model."""
    quantiles, mean = np.zeros((asked.product.size, PROBABILITIES.size)), np.zeros(asked.product.size)
    speaks = models[asked.product]
    for bucket in _buckets(asked.only(np.flatnonzero(speaks != NOTHING))):
        views = [View(facts, window, sums_after_origins(facts.series, window), classes) for window in bucket]
        is_learned = (models == POOL).any()
        learned = learn_from(views, origins=facts.series.periods, seed=seed) if is_learned else None
        for view in views:
            window = view.window
            is_here = (asked.start_days == window.start_days) & (asked.days == window.days)
            for model in np.unique(speaks[is_here]).tolist():
                rows = np.flatnonzero(is_here & (speaks == model))
                products = asked.product[rows]
                quantiles[rows] = model_quantiles(view, model, products, PROBABILITIES, learned)
                trust = learned.trust if model == POOL and learned is not None else 0.0
                mean[rows] = _means(quantiles[rows], exact_means(view, model, products), trust)
    return quantiles, mean


def _means(quantiles: Matrix, exact: Matrix | None, trust: float) -> Matrix:
    """The mean of each row: that of the law, `trust` parts of it that of the quantiles; theirs alone without a law."""
    if exact is None:
        return mean_of_quantiles(quantiles)
    return trust * mean_of_quantiles(quantiles) + (1 - trust) * exact if trust else exact


def _with_enormous(series: Series, models: NDArray[np.str_], asked: _Asked, quantiles: Matrix) -> Matrix:
    """Quantiles of usual demand with the enormous sales that may come back; where nothing is expected they do not."""
    a_day, pieces = (one[asked.product] for one in series.enormous_sales)
    a_day = np.where(models[asked.product] == NOTHING, 0.0, a_day)
    return with_enormous(quantiles, PROBABILITIES, asked.days, a_day=a_day, pieces=pieces)


def _rising(asked: _Asked, quantiles: Matrix) -> Matrix:
    """A longer horizon of a product sells no less: its quantiles of each probability, put in order (rows are)."""
    rows = np.flatnonzero(asked.start_days == 0)
    product = asked.product[rows]
    if np.unique(product).size == product.size:
        return quantiles
    told = quantiles.copy()
    for column in range(quantiles.shape[1]):
        told[rows, column] = quantiles[rows[np.lexsort((quantiles[rows, column], product))], column]
    return told


def _told_by_day(
    demand: pl.DataFrame,
    weekly: Series,
    classes: NDArray[np.str_],
    models: NDArray[np.str_],
    asked: _Asked,
    *,
    as_of: date,
    seed: int,
) -> tuple[Matrix, Matrix]:
    """The same from daily origins, for windows shorter than a week; the calendar of days is shorter too."""
    daily = make_series(demand, as_of=as_of, period_days=1)
    place_of = {code: place for place, code in enumerate(daily.product_codes)}
    here = np.array([place_of.get(code, -1) for code in weekly.product_codes], dtype=np.int64)
    there = np.flatnonzero(here >= 0)
    quantiles, mean = np.zeros((asked.product.size, PROBABILITIES.size)), np.zeros(asked.product.size)
    kept = np.flatnonzero(here[asked.product] >= 0)
    moved = _Asked(here[asked.product[kept]], asked.start_days[kept], asked.days[kept])
    facts = gather_facts(daily, as_of=as_of)
    quantiles[kept], mean[kept] = _told(facts, classes[there], models[there], moved, seed=seed)
    return quantiles, mean


def _buckets(asked: _Asked) -> list[list[Window]]:
    """The distinct windows of a day or more: horizons, and covers; those of nearly one length are learned together.

    The borders lie at 7 · 2^k days, whatever windows there are: a product with another lead time moves none of them.
    """
    distinct = set(map(Window, asked.start_days.tolist(), asked.days.tolist()))
    buckets: dict[tuple[bool, int], list[Window]] = {}
    for window in sorted(distinct, key=lambda window: (window.start_days > 0, window.days, window.start_days)):
        if window.days > 0:
            step = math.floor(math.log(max(window.days, WEEK_DAYS) / WEEK_DAYS, BUCKET_RATIO) + TINY)
            buckets.setdefault((window.start_days > 0, step), []).append(window)
    return list(buckets.values())


def mean_of_quantiles(quantiles: Matrix) -> Matrix:
    """The mean of each row's distribution: the area under its quantiles.

    >>> mean_of_quantiles(np.full((1, PROBABILITIES.size), 3.0)).tolist()
    [3.0]
    """
    edges = np.concatenate([[0.0], (PROBABILITIES[1:] + PROBABILITIES[:-1]) / 2, [1.0]])
    return np.asarray(np.round(quantiles @ np.diff(edges), 9))


def _weekly_mean(asked: _Asked, mean: Matrix, season: Matrix) -> Matrix:
    """The expected demand of the coming weeks: the mean of the product's longest horizon, in the season's shape."""
    longest, days = np.zeros(len(season)), np.ones(len(season), dtype=np.int64)
    order = np.lexsort((asked.days, -asked.start_days))
    longest[asked.product[order]], days[asked.product[order]] = mean[order], asked.days[order]
    return spread(season, longest, days)


def _weekly_variance(facts: Facts, classes: NDArray[np.str_], models: NDArray[np.str_]) -> Matrix:
    week = Window(0, WEEK_DAYS)
    view = View(facts, week, sums_after_origins(facts.series, week), classes)
    of_a_week = view.pooled.moments.variance[:, -1]
    if (is_steady := models == NB_PREDICTIVE).any():
        of_a_week = np.where(is_steady, view.steady.moments.variance[:, -1], of_a_week)
    return np.where(models == NOTHING, 0.0, of_a_week)
