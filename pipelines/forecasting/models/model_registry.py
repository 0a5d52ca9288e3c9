"""The models that compete, from the simplest on: what each says of a window, seen from one origin.

What belongs here: the list, and the quantiles of each model. What does not: judging (`model_backtest.py`).
Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.forecasting.history.demand_matrix import YEAR_DAYS, Index, Matrix
from pipelines.forecasting.history.windows import Window
from pipelines.forecasting.models.calibration import Law
from pipelines.forecasting.models.features import Facts
from pipelines.forecasting.models.global_quantile_model import LEARNED, Learned, Lesson, learn, pool_quantiles
from pipelines.forecasting.models.negative_binomial import (
    Moments,
    missed_in_the_past,
    pooled_moments,
    predictive_moments,
)
from pipelines.forecasting.models.smoothing import SHARPNESS, combined_level
from pipelines.forecasting.models.statsforecast_models import FAMILY, SEASONAL_NAIVE, family_mean, family_quantiles

FLOOR: Final = "textbook"
NB_PREDICTIVE: Final = "nb_predictive"
NB: Final = "nb"
NB_SEASONAL: Final = "nb_seasonal"
POOL: Final = "pool"
NOTHING: Final = "none"
# From the simplest on: on a tie the earlier one is used.
MODELS: Final = (FLOOR, *FAMILY, NB_PREDICTIVE, NB, NB_SEASONAL, POOL)
SEASONLESS: Final = tuple(name for name in MODELS if name not in (SEASONAL_NAIVE, NB_SEASONAL, POOL))
LEAST_BLEND: Final = 0.1
BLEND_PRODUCTS: Final = 200
# Levels that were weighed by how near they came fall to nothing in a quiet spell; the life's mean does not.
LIFE_SHARE: Final = 0.25
OLD_ENOUGH: Final = 6
MOST_APART: Final = 1e6
TINY: Final = 1e-9


@dataclass(frozen=True)
class View:
    """A window seen from the last origin of the facts: the sums known there, and the classes."""

    facts: Facts
    window: Window
    sums: Matrix
    classes: NDArray[np.str_]

    @property
    def periods(self) -> float:
        """The window's length."""
        return self.window.periods(self.facts.series.period_days)

    @cached_property
    def judged(self) -> Matrix:
        """The sums from origins where a product was old enough for a level to be held against them."""
        return np.where(self.facts.count >= OLD_ENOUGH, self.sums, np.nan)

    @cached_property
    def level(self) -> Matrix:
        """The level that reacts, at every origin, a quarter of it the life's mean."""
        reacting = combined_level(self.facts.levels, self.judged, self.periods, self.classes)
        return (1 - LIFE_SHARE) * reacting + LIFE_SHARE * self.facts.life

    @cached_property
    def pooled(self) -> Law:
        """The window's demand by the level that reacts, the variance pooled over all products."""
        return self._of_level(self.level)

    @cached_property
    def seasonal(self) -> Law:
        """The same with the organisation's season, the more the nearer a product's past windows were to it.

        With the mean squared errors a with the season and b without, the season's share is b⁸ / (a⁸ + b⁸).
        """
        if self.facts.seasonal is None:
            return self.pooled
        told, days = self.facts.seasonal, self.facts.series.period_days
        season = told.of_windows(self.window, days)
        reacting = combined_level(told.levels, self.judged / season, self.periods, self.classes)
        level = ((1 - LIFE_SHARE) * reacting + LIFE_SHARE * told.life) * season
        by_season, without = (
            missed_in_the_past(expected * self.periods, self.judged, window=self.window, period_days=days).squared
            for expected in (level, self.level)
        )
        ratio = np.minimum(MOST_APART, by_season / np.maximum(without, TINY))
        share = np.where(without > 0, 1 / (1 + ratio**SHARPNESS), 0.0)
        return self._of_level(share * level + (1 - share) * self.level)

    def _of_level(self, level: Matrix) -> Law:
        days = self.facts.series.period_days
        return self._law(pooled_moments(level, self.judged, window=self.window, period_days=days))

    @cached_property
    def steady(self) -> Law:
        """The window's demand if it never changes."""
        facts, days = self.facts, self.facts.series.period_days
        return self._law(
            predictive_moments(
                facts.summed, facts.squares, facts.count, self.judged, window=self.window, period_days=days
            )
        )

    def law_quantiles(self, law: Law, rows: Index, probabilities: Matrix) -> Matrix:
        """A law's quantiles from the last origin."""
        return law.quantiles(rows, np.full(rows.size, self.facts.series.periods), probabilities)

    def lesson(self) -> Lesson:
        """What the pool learns from this window."""
        return Lesson(self.window, self.sums, lambda rows, origins: self.seasonal.quantiles(rows, origins, LEARNED))

    def _law(self, moments: Moments) -> Law:
        return Law(moments, self._recent, self.facts.way, self.periods)

    @property
    def share(self) -> float:
        """How much of the negative binomial the pool has."""
        return blend_share(int((self.classes != "dead").sum()))

    @cached_property
    def _recent(self) -> Matrix:
        """The sums of the last year, from origins that knew half or more of what is known of a product today."""
        year = YEAR_DAYS // self.facts.series.period_days
        recent = np.where((self.classes != "dead")[:, None], self.judged, np.nan)
        recent[:, : max(0, recent.shape[1] - year)] = np.nan
        recent[self.facts.count < self.facts.count[:, -1:] / 2] = np.nan
        return np.asarray(recent)


def learn_from(views: Sequence[View], *, origins: int, seed: int) -> Learned | None:
    """The pool that learns from some windows of the same products."""
    lessons = [view.lesson() for view in views]
    return learn(views[0].facts, lessons, share=views[0].share, origins=origins, seed=seed)


def model_quantiles(
    view: View, model: str, rows: Index, probabilities: Matrix, learned: Learned | None = None
) -> Matrix:
    """Quantiles of the window's demand for some products, never below nothing; without trees the pool's law speaks."""
    if model == NOTHING:
        return np.zeros((rows.size, probabilities.size))
    if model == FLOOR:
        return _textbook(view, rows, probabilities)
    series = view.facts.series
    if model == SEASONAL_NAIVE and (is_young := _is_young(view, rows)).any():
        quantiles = _textbook(view, rows, probabilities)
        if not is_young.all():
            quantiles[~is_young] = model_quantiles(view, model, rows[~is_young], probabilities)
        return quantiles
    if model in FAMILY:
        return family_quantiles(
            series.demand, view.sums, view.window, view.classes, rows, model,
            probabilities=probabilities, period_days=series.period_days,
        )  # fmt: skip
    sturdy = view.law_quantiles(_law_of(view, model), rows, probabilities)
    if model != POOL or learned is None:
        return sturdy
    return pool_quantiles(
        learned, view.facts, view.window, view.sums, rows, series.periods,
        sturdy=sturdy, probabilities=probabilities,
    )  # fmt: skip


def exact_means(view: View, model: str, rows: Index) -> Matrix | None:
    """The mean of the window's demand by the model's law or path, that of the pool by the law that it is blended with.

    A model that expects nothing has none here.
    """
    series = view.facts.series
    if model in FAMILY:
        mean = family_mean(series.demand, view.window, rows, model, series.period_days)
        if model == SEASONAL_NAIVE:
            mean = np.where(_is_young(view, rows), _recent_year(view, rows)[0], mean)
        return mean
    if model == FLOOR:
        return _recent_year(view, rows)[0]
    if model in (NB_PREDICTIVE, NB, NB_SEASONAL, POOL):
        return _law_of(view, model).moments.latest(rows)[0]
    return None


def _law_of(view: View, model: str) -> Law:
    """The law of a model, and that which the pool is blended with."""
    if model == NB_PREDICTIVE:
        return view.steady
    return view.pooled if model == NB else view.seasonal


def blend_share(products: int) -> float:
    """How much of the negative binomial is mixed into the pool's quantiles: 200 / (200 + products), a tenth at least.

    >>> blend_share(200), blend_share(40_000)
    (0.5, 0.1)
    """
    return max(LEAST_BLEND, BLEND_PRODUCTS / (BLEND_PRODUCTS + products))


def _is_young(view: View, rows: Index) -> NDArray[np.bool_]:
    """Whether a product has no last year to repeat and be held against: the floor then stands for `seasonal_naive`.

    So that model is chosen by what it is, not by what stands for it, and not before two years are known.
    """
    return np.asarray(view.facts.count[rows, -1] < 2 * (YEAR_DAYS // view.facts.series.period_days))


def _textbook(view: View, rows: Index, probabilities: Matrix) -> Matrix:
    """Mean and standard deviation of the last year, as if weeks were independent and normal: m h + z s √h."""
    from scipy.special import ndtri  # noqa: PLC0415

    mean, deviation = _recent_year(view, rows)
    return np.asarray(np.maximum(0.0, mean[:, None] + deviation[:, None] * ndtri(probabilities)))


def _recent_year(view: View, rows: Index) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of the window's demand by the weeks of the last year: m h and s √h."""
    series = view.facts.series
    year = series.demand[rows, -(YEAR_DAYS // series.period_days) :]
    count = np.maximum(1, (~np.isnan(year)).sum(axis=1))
    mean = np.nan_to_num(year).sum(axis=1) / count
    squared = np.where(np.isnan(year), 0.0, year - mean[:, None]) ** 2
    deviation = np.sqrt(squared.sum(axis=1) / np.maximum(1, count - 1) * view.periods)
    return np.asarray(mean * view.periods), np.asarray(deviation)
