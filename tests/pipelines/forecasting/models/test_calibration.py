"""A distribution is calibrated by its past: what past demand exceeded, tomorrow's will."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.history.demand_patterns import demand_patterns
from pipelines.forecasting.history.windows import Window, sums_after_origins
from pipelines.forecasting.models.calibration import calibrated_probabilities, calibration_shift, pit_values
from pipelines.forecasting.models.features import origin_statistics
from pipelines.forecasting.models.model_registry import WindowModels
from pipelines.forecasting.models.negative_binomial import Moments, nb_quantiles, shrunken_moments
from pipelines.forecasting.models.smoothing import past_levels
from tests.pipelines.forecasting.demand_builders import a_company
from tests.pipelines.planning_builders import AS_OF

SHAPE = (400, 50)
HIGH = np.array([0.8, 0.9, 0.95, 0.98, 0.99])


def a_negative_binomial(random: np.random.Generator, size: float = 2.0) -> np.ndarray:
    return random.negative_binomial(size, 1 / 3, SHAPE).astype(float)


def forecast_as(demand: np.ndarray, *, variance: float = 1.0) -> Moments:
    """The true mean at every origin, and so many times the true variance."""
    return Moments(np.full(demand.shape, demand.mean()), np.full(demand.shape, variance * demand.var()))


def shares_kept(moments: Moments, probabilities: np.ndarray) -> np.ndarray:
    """How often the demand of another time stays at or below the quantiles."""
    future = a_negative_binomial(np.random.default_rng(2))
    return (future.ravel()[:, None] <= nb_quantiles(*moments.latest(np.array([0])), probabilities)).mean(axis=0)


def taken(moments: Moments, past: np.ndarray, *, windows: float) -> np.ndarray:
    """The probabilities at which quantiles are taken after this past."""
    values, *_ = pit_values(moments, past, np.zeros(past.shape, dtype=np.int64))
    return calibrated_probabilities(HIGH, calibration_shift(values, windows=windows))


def test_a_right_distribution_stays_as_it_is():
    past = a_negative_binomial(np.random.default_rng(1))
    assert taken(forecast_as(past), past, windows=past.size) == pytest.approx(HIGH, abs=0.005)


def test_a_distribution_that_was_too_narrow_is_taken_further_out():
    past = a_negative_binomial(np.random.default_rng(1))
    narrow = forecast_as(past, variance=0.5)
    assert (shares_kept(narrow, HIGH)[1:] < HIGH[1:] - 0.02).all()
    held = shares_kept(narrow, taken(narrow, past, windows=past.size))
    assert (held >= HIGH - 0.005).all()
    assert (held <= HIGH + 0.03).all()


def test_too_little_history_corrects_no_distribution():
    past = a_negative_binomial(np.random.default_rng(1))
    assert taken(forecast_as(past, variance=0.5), past, windows=49) is HIGH
    assert calibrated_probabilities(HIGH, calibration_shift(np.zeros(0), windows=1000)) is HIGH


def a_view(demand: pl.DataFrame) -> WindowModels:
    weekly, window = make_demand_matrix(demand, as_of=AS_OF), Window(0, 28)
    statistics = origin_statistics(weekly, as_of=AS_OF)
    return WindowModels(statistics, window, sums_after_origins(weekly, window), demand_patterns(weekly))


def test_a_product_is_calibrated_by_those_of_its_own_group():
    smooth, lumpy = a_company(80, size=20.0, mean=12.0), a_company(80, size=0.15, seed=4)
    beside = pl.concat([smooth, lumpy.with_columns(product_code=pl.lit("Q") + pl.col("product_code"))])
    rows = np.arange(80)
    alone, among = (view.latest_quantiles(view.reactive, rows, HIGH) for view in (a_view(smooth), a_view(beside)))
    assert (among / alone).mean(axis=0) == pytest.approx(1.0, abs=0.05)
    company = a_view(beside)
    by_all = replace(company, statistics=replace(company.statistics, group=np.zeros_like(company.statistics.group)))
    assert (by_all.latest_quantiles(by_all.reactive, rows, HIGH) > among).mean() > 0.5


def test_the_distribution_of_a_past_day_uses_nothing_that_came_after_it():
    window, origin = Window(0, 28), 40
    weekly = make_demand_matrix(a_company(12, weeks=60), as_of=AS_OF)
    then, now = weekly.until(origin), weekly
    level = past_levels(weekly.demand)[0]
    before, after = (
        shrunken_moments(
            level[:, : matrix.periods + 1], sums_after_origins(matrix, window), window=window, period_days=7
        )
        for matrix in (then, now)
    )
    assert after.variance[:, : origin + 1] == pytest.approx(before.variance)
