"""The models that compete, from the simplest on, and the quantiles that each gives for a window.

What belongs here: the list, and the quantiles of each model. What does not: scoring (`model_backtest.py`).
Read more in docs/maths.md#models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import YEAR_DAYS, Index, Matrix
from pipelines.forecasting.history.demand_patterns import DEAD
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.calibration import CalibratedDistribution
from pipelines.forecasting.models.features import OriginStatistics
from pipelines.forecasting.models.global_quantile_model import (
    LEARNED,
    ForecastRows,
    GlobalQuantileModel,
    TrainingRows,
    draw_training_rows,
    fit_global_model,
    forecast_rows,
    global_quantiles,
    rows_per_window,
)
from pipelines.forecasting.models.negative_binomial import Moments, past_errors, predictive_moments, shrunken_moments
from pipelines.forecasting.models.smoothing import SHARPNESS, combined_level
from pipelines.forecasting.models.statsforecast_models import (
    POINT_MODELS,
    SEASONAL_NAIVE,
    point_model_mean,
    point_model_quantiles,
)

# The names are published in tables: `pool` is the global quantile model, `textbook` the baseline.
BASELINE: Final = "textbook"
NB_PREDICTIVE: Final = "nb_predictive"
NB: Final = "nb"
NB_SEASONAL: Final = "nb_seasonal"
GLOBAL_MODEL: Final = "pool"
NO_MODEL: Final = "none"
# From the simplest on: on a tie the earlier one is used.
MODELS: Final = (BASELINE, *POINT_MODELS, NB_PREDICTIVE, NB, NB_SEASONAL, GLOBAL_MODEL)
SEASONLESS: Final = tuple(name for name in MODELS if name not in (SEASONAL_NAIVE, NB_SEASONAL, GLOBAL_MODEL))
LEAST_BLEND: Final = 0.1
BLEND_PRODUCTS: Final = 200
# Levels weighted by their errors fall to zero in a quiet spell; the overall mean does not.
OVERALL_SHARE: Final = 0.25
OLD_ENOUGH: Final = 6
LARGEST_RATIO: Final = 1e6
TINY: Final = 1e-9


@dataclass(frozen=True)
class WindowModels:
    """The parametric models of one window's demand, as known at the last origin of the statistics.

    `sums` is the window's demand after each origin, products x origins; `patterns` the demand pattern of each product.
    """

    statistics: OriginStatistics
    window: Window
    sums: Matrix
    patterns: NDArray[np.str_]

    @property
    def periods(self) -> float:
        """The window's length in periods."""
        return self.window.periods(self.statistics.matrix.period_days)

    @cached_property
    def comparable_sums(self) -> Matrix:
        """The sums from origins at which a product was old enough for a level: six or more known periods."""
        return np.where(self.statistics.count >= OLD_ENOUGH, self.sums, np.nan)

    @cached_property
    def level(self) -> Matrix:
        """The reactive level, products x origins, in units per period.

        Three quarters are the weighted mean of the running levels, one quarter the overall mean of the product.
        """
        reactive = combined_level(self.statistics.levels, self.comparable_sums, self.periods, self.patterns)
        return (1 - OVERALL_SHARE) * reactive + OVERALL_SHARE * self.statistics.mean

    @cached_property
    def reactive(self) -> CalibratedDistribution:
        """The window's demand by the reactive level: model `nb`."""
        return self._of_level(self.level)

    @cached_property
    def seasonal(self) -> CalibratedDistribution:
        """The window's demand by the level with the season of the company and the product: model `nb_seasonal`.

        With the mean squared errors a with the season and b without, of a product's past windows, the season's weight
        is b^8 / (a^8 + b^8). Without a season it is `reactive`.
        """
        deseasonalised, days = self.statistics.deseasonalised, self.statistics.matrix.period_days
        if deseasonalised is None:
            return self.reactive
        index = deseasonalised.index_of_windows(self.window, days)
        reactive = combined_level(deseasonalised.levels, self.comparable_sums / index, self.periods, self.patterns)
        level = ((1 - OVERALL_SHARE) * reactive + OVERALL_SHARE * deseasonalised.mean) * index
        with_season, without = (
            past_errors(expected * self.periods, self.comparable_sums, window=self.window, period_days=days).squared
            for expected in (level, self.level)
        )
        ratio = np.minimum(LARGEST_RATIO, with_season / np.maximum(without, TINY))
        share = np.where(without > 0, 1 / (1 + ratio**SHARPNESS), 0.0)
        return self._of_level(share * level + (1 - share) * self.level)

    def _of_level(self, level: Matrix) -> CalibratedDistribution:
        days = self.statistics.matrix.period_days
        return self._calibrated(shrunken_moments(level, self.comparable_sums, window=self.window, period_days=days))

    @cached_property
    def stationary(self) -> CalibratedDistribution:
        """The window's demand if it never changes: model `nb_predictive`."""
        statistics, days = self.statistics, self.statistics.matrix.period_days
        sums, squares, count = statistics.summed, statistics.squares, statistics.count
        return self._calibrated(
            predictive_moments(sums, squares, count, self.comparable_sums, window=self.window, period_days=days)
        )

    def latest_quantiles(self, distribution: CalibratedDistribution, rows: Index, probabilities: Matrix) -> Matrix:
        """The quantiles of a distribution at the last origin: products x probabilities."""
        return distribution.quantiles(rows, np.full(rows.size, self.statistics.matrix.periods), probabilities)

    def training_rows(self, *, origins: int, most: int, seed: int) -> TrainingRows:
        """What the global quantile model learns from this window: at most `most` rows."""
        return draw_training_rows(
            self.statistics, self.window, self.sums,
            lambda rows, at: self.seasonal.quantiles(rows, at, LEARNED), origins=origins, most=most, seed=seed,
        )  # fmt: skip

    def latest_rows(self, rows: Index) -> ForecastRows:
        """What the global quantile model reads of some products at the last origin."""
        at = np.full(rows.size, self.statistics.matrix.periods)
        return forecast_rows(self.statistics, self.window, self.sums, rows, at)

    def _calibrated(self, moments: Moments) -> CalibratedDistribution:
        statistics = self.statistics
        return CalibratedDistribution(
            moments, self._recent_sums, statistics.group, self.periods, statistics.matrix.is_sold_whole
        )

    @cached_property
    def _recent_sums(self) -> Matrix:
        """The sums of the last year, from origins that knew half or more of what is known of a product today."""
        year = YEAR_DAYS // self.statistics.matrix.period_days
        recent = np.where((self.patterns != DEAD)[:, None], self.comparable_sums, np.nan)
        recent[:, : max(0, recent.shape[1] - year)] = np.nan
        recent[self.statistics.count < self.statistics.count[:, -1:] / 2] = np.nan
        return np.asarray(recent)


def fit_to_windows(views: Sequence[WindowModels], *, origins: int, seed: int) -> GlobalQuantileModel | None:
    """The global quantile model fitted to windows of the same products; None if there is too little to learn from."""
    most = rows_per_window([view.window for view in views])
    training = [view.training_rows(origins=origins, most=most[view.window], seed=seed) for view in views]
    share = blend_share(int((views[0].patterns != DEAD).sum()))
    return fit_global_model(training, views[0].statistics.matrix, share=share, seed=seed)


def model_quantiles(
    window_models: WindowModels, model: str, rows: Index, probabilities: Matrix,
    global_model: GlobalQuantileModel | None = None,
) -> Matrix:  # fmt: skip
    """The quantiles of the window's demand by a model, for some products: products x probabilities, in units, >= 0.

    Without a fitted global model `pool` is `nb_seasonal`.
    """
    if model == NO_MODEL:
        return np.zeros((rows.size, probabilities.size))
    if model == BASELINE:
        return _textbook(window_models, rows, probabilities)
    if model == SEASONAL_NAIVE and (is_young := _is_young(window_models, rows)).any():
        quantiles = _textbook(window_models, rows, probabilities)
        if not is_young.all():
            quantiles[~is_young] = model_quantiles(window_models, model, rows[~is_young], probabilities)
        return quantiles
    matrix = window_models.statistics.matrix
    if model in POINT_MODELS:
        return point_model_quantiles(
            matrix.demand, window_models.sums, window_models.window, window_models.patterns, rows, model,
            probabilities=probabilities, period_days=matrix.period_days,
        )  # fmt: skip
    parametric = window_models.latest_quantiles(_distribution_of(window_models, model), rows, probabilities)
    if model != GLOBAL_MODEL or global_model is None:
        return parametric
    at = window_models.latest_rows(rows)
    return global_quantiles(global_model, at, parametric=parametric, probabilities=probabilities)


def exact_means(window_models: WindowModels, model: str, rows: Index) -> Matrix | None:
    """The mean of the window's demand by a model, for some products, in units; None for a model that expects nothing.

    That of the global quantile model is the mean of the negative binomial with which it is blended.
    """
    matrix = window_models.statistics.matrix
    if model in POINT_MODELS:
        mean = point_model_mean(matrix.demand, window_models.window, rows, model, matrix.period_days)
        if model == SEASONAL_NAIVE:
            mean = np.where(_is_young(window_models, rows), _recent_year(window_models, rows)[0], mean)
        return mean
    if model == BASELINE:
        return _recent_year(window_models, rows)[0]
    if model in (NB_PREDICTIVE, NB, NB_SEASONAL, GLOBAL_MODEL):
        return _distribution_of(window_models, model).moments.latest(rows)[0]
    return None


def _distribution_of(window_models: WindowModels, model: str) -> CalibratedDistribution:
    """The distribution of a parametric model; for the global quantile model the one with which it is blended."""
    if model == NB_PREDICTIVE:
        return window_models.stationary
    return window_models.reactive if model == NB else window_models.seasonal


def blend_share(products: int) -> float:
    """The weight of the negative binomial in the global quantile model: max(0.1, 200 / (200 + products)).

    >>> blend_share(200), blend_share(40_000)
    (0.5, 0.1)
    """
    return max(LEAST_BLEND, BLEND_PRODUCTS / (BLEND_PRODUCTS + products))


def _is_young(window_models: WindowModels, rows: Index) -> NDArray[np.bool_]:
    """Whether a product is known for less than two years: the baseline then stands for `seasonal_naive`.

    So `seasonal_naive` is chosen for what it is, not for what replaces it.
    """
    year = YEAR_DAYS // window_models.statistics.matrix.period_days
    return np.asarray(window_models.statistics.count[rows, -1] < 2 * year)


def _textbook(window_models: WindowModels, rows: Index, probabilities: Matrix) -> Matrix:
    """The baseline's quantiles m h + z s sqrt(h): mean m and deviation s of the last year's periods, as if normal."""
    from scipy.special import ndtri  # noqa: PLC0415, only a forecast pays for the import

    mean, deviation = _recent_year(window_models, rows)
    return np.asarray(np.maximum(0.0, mean[:, None] + deviation[:, None] * ndtri(probabilities)))


def _recent_year(window_models: WindowModels, rows: Index) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of the window's demand by the periods of the last year: m h and s sqrt(h)."""
    matrix = window_models.statistics.matrix
    year = matrix.demand[rows, -(YEAR_DAYS // matrix.period_days) :]
    count = np.maximum(1, (~np.isnan(year)).sum(axis=1))
    mean = np.nan_to_num(year).sum(axis=1) / count
    squared = np.where(np.isnan(year), 0.0, year - mean[:, None]) ** 2
    deviation = np.sqrt(squared.sum(axis=1) / np.maximum(1, count - 1) * window_models.periods)
    return np.asarray(mean * window_models.periods), np.asarray(deviation)
