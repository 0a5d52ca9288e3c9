"""The distribution of demand for any products and any windows of days: the one entry to the forecast's maths.

What belongs here: from demand to a distribution, by a stored choice of models or by the fallback rules. What does not:
tables (`forecast_tables.py`).
Read more in docs/maths.md#the-demand-distribution.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, DemandMatrix, Index, Matrix, make_demand_matrix
from pipelines.forecasting.history.demand_patterns import DEAD, demand_patterns
from pipelines.forecasting.history.demand_spikes import with_spikes
from pipelines.forecasting.history.windows import Window, sums_after_origins
from pipelines.forecasting.models.features import OriginStatistics, origin_statistics
from pipelines.forecasting.models.global_quantile_model import (
    ForecastRows,
    GlobalQuantileModel,
    TrainingRows,
    fit_global_model,
    global_quantiles,
    rows_per_window,
)
from pipelines.forecasting.models.model_registry import (
    GLOBAL_MODEL,
    NB_PREDICTIVE,
    NO_MODEL,
    WindowModels,
    blend_share,
    exact_means,
    model_quantiles,
)
from pipelines.forecasting.models.seasonality import weekly_path, weekly_seasons
from pipelines.forecasting.selection.fallback_rules import has_shifted, models_by_rule, replaced_after_shift

PROBABILITIES: Final = np.array([0.001, 0.005, *(k / 100 for k in range(1, 100)), 0.9925, 0.995, 0.9975, 0.999])
WEEKS_SHOWN: Final = 13


@dataclass(frozen=True)
class DemandDistribution:
    """Quantiles of cumulative demand, a row for each product and window, and what demand paths are made of.

    Row i is about the product `product_codes[window_product[i]]` and a window that begins `start_days[i]` days after
    the forecast's day and is `days[i]` long. `quantiles[i, j]` belongs to `probabilities[j]`, `mean[i]` is the mean.
    `weekly_mean` (products x weeks) is the expected demand of the coming weeks, `weekly_variance` the variance of one
    week's demand. `demand_class` and `model` are those of each product. Quantities are in units. Those of a product of
    `is_sold_whole` are of demand whose units are spread: `whole_units` gives the least whole number of units.
    """

    product_codes: Sequence[str]
    is_sold_whole: NDArray[np.bool_]
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

    `demand` has the columns `product_code`, `demand_date`, `quantity` and may have `is_stocked_out` and `unit_price`.
    It has one row for each product and day, or one for each week, dated on its first day. Models learn from all of it.
    `windows` has `product_code` and `horizon_days`, and may have `start_days`: how many days after `as_of` the window
    begins (0 if missing). A product may have several windows. A product that was never sold has no row in the result.

    `choice` gives the model by product code; the others have that of `models_by_rule`. A dead product is expected to
    sell nothing. The products of `without_season` have a model without a season.
    """
    weekly = make_demand_matrix(demand, as_of=as_of)
    patterns = demand_patterns(weekly)
    statistics = origin_statistics(weekly, as_of=as_of)
    models = models_before_shifts(statistics, patterns, choice or {}, without_season=without_season)
    models = replaced_after_shift(models, has_shifted(statistics))
    is_seasonless = np.isin(weekly.product_codes, list(without_season))
    rows = _window_rows(windows, weekly)
    is_short = rows.days < WEEK_DAYS
    short, long = np.flatnonzero(is_short), np.flatnonzero(~is_short)
    quantiles, mean = np.zeros((rows.product.size, PROBABILITIES.size)), np.zeros(rows.product.size)
    quantiles[long], mean[long] = _quantiles_and_means(statistics, patterns, models, rows.only(long), seed=seed)
    if short.size:
        quantiles[short], mean[short] = _from_daily_origins(
            demand, weekly, patterns, models, rows.only(short), as_of=as_of, seed=seed
        )
    quantiles = _never_falling_with_length(rows, _with_spikes(weekly, models, rows, quantiles))
    season = np.where(is_seasonless[:, None], 1.0, weekly_seasons(weekly, weeks=weeks))
    return DemandDistribution(
        product_codes=weekly.product_codes,
        is_sold_whole=weekly.is_sold_whole,
        demand_class=patterns,
        model=models,
        history_weeks=weekly.history,
        weekly_mean=_weekly_mean(rows, mean, season),
        weekly_variance=_weekly_variance(statistics, patterns, models),
        window_product=rows.product,
        start_days=rows.start_days,
        days=rows.days,
        probabilities=PROBABILITIES,
        quantiles=quantiles,
        mean=mean,
    )


def models_before_shifts(
    statistics: OriginStatistics,
    patterns: NDArray[np.str_],
    choice: Mapping[str, str],
    *,
    without_season: Collection[str] = (),
) -> NDArray[np.str_]:
    """The model of each product: the chosen one, else that of the fallback rules; `none` for a dead product.

    After a level shift another one may replace it: see `replaced_after_shift`.
    """
    chosen = np.array([choice.get(code, "") for code in statistics.matrix.product_codes], dtype="<U16")
    models = np.where(patterns == DEAD, NO_MODEL, chosen)
    if (is_open := models == "").any():
        models = np.where(is_open, models_by_rule(statistics, patterns, without_season=without_season), models)
    return models


@dataclass(frozen=True)
class _WindowRows:
    """The requested windows, an entry each: the product's place in the demand matrix, start and length in days."""

    product: Index
    start_days: Index
    days: Index

    def only(self, which: Index) -> "_WindowRows":
        return _WindowRows(self.product[which], self.start_days[which], self.days[which])


def _window_rows(windows: pl.DataFrame, matrix: DemandMatrix) -> _WindowRows:
    start = "start_days" if "start_days" in windows.columns else pl.lit(0)
    wanted = windows.select("product_code", days="horizon_days", start_days=start).unique()
    place = pl.DataFrame(
        {"product_code": matrix.product_codes, "product": np.arange(len(matrix.product_codes))},
        schema={"product_code": pl.String, "product": pl.Int64},
    )
    rows = wanted.join(place, on="product_code").sort("product", "start_days", "days")
    return _WindowRows(*(rows[name].cast(pl.Int64).to_numpy() for name in ("product", "start_days", "days")))


def _quantiles_and_means(
    statistics: OriginStatistics, patterns: NDArray[np.str_], models: NDArray[np.str_], rows: _WindowRows, *, seed: int
) -> tuple[Matrix, Matrix]:
    """The quantiles of windows (rows x probabilities) and their means, each by its product's model.

    The global quantile model is fitted once, to all its windows together. Until then its rows hold the negative
    binomial with which it is blended, so that the parametric models of only one window are in memory at a time.
    """
    quantiles, mean = np.zeros((rows.product.size, PROBABILITIES.size)), np.zeros(rows.product.size)
    model_of_row = models[rows.product]
    most = rows_per_window(_distinct_windows(rows.only(np.flatnonzero(model_of_row == GLOBAL_MODEL))))
    training: list[TrainingRows] = []
    forecast: list[tuple[Index, ForecastRows]] = []
    for window in _distinct_windows(rows.only(np.flatnonzero(model_of_row != NO_MODEL))):
        view = WindowModels(statistics, window, sums_after_origins(statistics.matrix, window), patterns)
        is_here = (rows.start_days == window.start_days) & (rows.days == window.days)
        for model in np.unique(model_of_row[is_here]).tolist():
            places = np.flatnonzero(is_here & (model_of_row == model))
            quantiles[places] = model_quantiles(view, model, rows.product[places], PROBABILITIES)
            exact = exact_means(view, model, rows.product[places])
            mean[places] = mean_of_quantiles(quantiles[places]) if exact is None else exact
            if model == GLOBAL_MODEL:
                training.append(view.training_rows(origins=statistics.matrix.periods, most=most[window], seed=seed))
                forecast.append((places, view.latest_rows(rows.product[places])))
    share = blend_share(int((patterns != DEAD).sum()))
    fitted = fit_global_model(training, statistics.matrix, share=share, seed=seed) if training else None
    if fitted is not None:
        for places, at in forecast:
            quantiles[places], mean[places] = _by_global_model(fitted, at, quantiles[places], mean[places])
    return quantiles, mean


def _by_global_model(
    fitted: GlobalQuantileModel, at: ForecastRows, parametric: Matrix, mean: Matrix
) -> tuple[Matrix, Matrix]:
    """The quantiles and means of the global model for rows whose negative binomial has these."""
    quantiles = global_quantiles(fitted, at, parametric=parametric, probabilities=PROBABILITIES)
    return quantiles, fitted.trust * mean_of_quantiles(quantiles) + (1 - fitted.trust) * mean


def _with_spikes(matrix: DemandMatrix, models: NDArray[np.str_], rows: _WindowRows, quantiles: Matrix) -> Matrix:
    """Quantiles of usual demand with the spikes that may return; none for products without a model."""
    rate, size = (values[rows.product] for values in matrix.spike_rate_and_size)
    rate = np.where(models[rows.product] == NO_MODEL, 0.0, rate)
    return with_spikes(quantiles, PROBABILITIES, rows.days, rate_per_day=rate, size=size)


def _never_falling_with_length(rows: _WindowRows, quantiles: Matrix) -> Matrix:
    """Each probability's quantiles sorted by length: a longer window from today sells no less than a shorter one.

    The rows of a product stand together, by length.
    """
    from_today = np.flatnonzero(rows.start_days == 0)
    _, first, count = np.unique(rows.product[from_today], return_index=True, return_counts=True)
    rising = quantiles.copy()
    for windows in np.unique(count[count > 1]).tolist():
        places = from_today[first[count == windows][:, None] + np.arange(windows)]
        rising[places] = np.sort(quantiles[places], axis=1)
    return rising


def _from_daily_origins(
    demand: pl.DataFrame,
    weekly: DemandMatrix,
    patterns: NDArray[np.str_],
    models: NDArray[np.str_],
    rows: _WindowRows,
    *,
    as_of: date,
    seed: int,
) -> tuple[Matrix, Matrix]:
    """Quantiles and means of windows shorter than a week, from daily origins; the daily calendar is shorter too."""
    daily = make_demand_matrix(demand, as_of=as_of, period_days=1)
    place_of = {code: place for place, code in enumerate(daily.product_codes)}
    here = np.array([place_of.get(code, -1) for code in weekly.product_codes], dtype=np.int64)
    there = np.flatnonzero(here >= 0)
    quantiles, mean = np.zeros((rows.product.size, PROBABILITIES.size)), np.zeros(rows.product.size)
    kept = np.flatnonzero(here[rows.product] >= 0)
    daily_rows = _WindowRows(here[rows.product[kept]], rows.start_days[kept], rows.days[kept])
    statistics = origin_statistics(daily, as_of=as_of)
    quantiles[kept], mean[kept] = _quantiles_and_means(
        statistics, patterns[there], models[there], daily_rows, seed=seed
    )  # fmt: skip
    return quantiles, mean


def _distinct_windows(rows: _WindowRows) -> list[Window]:
    """The distinct windows of a day or more, those that begin today first."""
    distinct = set(map(Window, rows.start_days.tolist(), rows.days.tolist()))
    ordered = sorted(distinct, key=lambda window: (window.start_days > 0, window.days, window.start_days))
    return [window for window in ordered if window.days > 0]


def mean_of_quantiles(quantiles: Matrix) -> Matrix:
    """The mean of each row's distribution: the area under its quantiles (rows x `PROBABILITIES`).

    >>> mean_of_quantiles(np.full((1, PROBABILITIES.size), 3.0)).tolist()
    [3.0]
    """
    edges = np.concatenate([[0.0], (PROBABILITIES[1:] + PROBABILITIES[:-1]) / 2, [1.0]])
    return np.asarray(np.round(quantiles @ np.diff(edges), 9))


def _weekly_mean(rows: _WindowRows, mean: Matrix, season: Matrix) -> Matrix:
    """Expected demand by week, products x weeks: the mean of each product's longest window, in the season's shape."""
    longest, days = np.zeros(len(season)), np.ones(len(season), dtype=np.int64)
    order = np.lexsort((rows.days, -rows.start_days))
    longest[rows.product[order]], days[rows.product[order]] = mean[order], rows.days[order]
    return weekly_path(season, longest, days)


def _weekly_variance(
    statistics: OriginStatistics, patterns: NDArray[np.str_], models: NDArray[np.str_]
) -> Matrix:  # fmt: skip
    """The variance of one week's demand of each product."""
    week = Window(0, WEEK_DAYS)
    view = WindowModels(statistics, week, sums_after_origins(statistics.matrix, week), patterns)
    variance = view.reactive.moments.variance[:, -1]
    if (is_stationary := models == NB_PREDICTIVE).any():
        variance = np.where(is_stationary, view.stationary.moments.variance[:, -1], variance)
    return np.where(models == NO_MODEL, 0.0, variance)
