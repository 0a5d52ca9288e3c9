"""A law of demand is corrected by how far it held: what past demand went beyond, tomorrow's will."""

import numpy as np
import pytest

from pipelines.forecasting.levels import past_levels
from pipelines.forecasting.negative_binomial import Moments, nb_quantiles, pooled_moments
from pipelines.forecasting.ranks import ranks_of, taken_at
from pipelines.forecasting.series import make_series
from pipelines.forecasting.windows import Window, sums_after_origins
from tests.pipelines.forecasting.demand_builders import a_company
from tests.pipelines.planning_builders import AS_OF

SHAPE = (400, 50)
HIGH = np.array([0.8, 0.9, 0.95, 0.98, 0.99])


def a_negative_binomial(random: np.random.Generator, size: float = 2.0) -> np.ndarray:
    return random.negative_binomial(size, 1 / 3, SHAPE).astype(float)


def forecast_as(demand: np.ndarray, *, variance: float = 1.0) -> Moments:
    """The true mean at every origin, and so many times the true variance."""
    return Moments(np.full(demand.shape, demand.mean()), np.full(demand.shape, variance * demand.var()))


def shares_kept(law: Moments, probabilities: np.ndarray) -> np.ndarray:
    """How often the demand of another time stays at or below the law's quantiles."""
    future = a_negative_binomial(np.random.default_rng(2))
    return (future.ravel()[:, None] <= nb_quantiles(*law.latest(np.array([0])), probabilities)).mean(axis=0)


def test_what_a_right_law_says_stays_as_it_is():
    past = a_negative_binomial(np.random.default_rng(1))
    assert taken_at(HIGH, ranks_of(forecast_as(past), past), windows=past.size) == pytest.approx(HIGH, abs=0.005)


def test_a_law_that_was_too_narrow_is_taken_further_out():
    past = a_negative_binomial(np.random.default_rng(1))
    narrow = forecast_as(past, variance=0.5)
    assert (shares_kept(narrow, HIGH)[1:] < HIGH[1:] - 0.02).all()
    held = shares_kept(narrow, taken_at(HIGH, ranks_of(narrow, past), windows=past.size))
    assert (held >= HIGH - 0.005).all()
    assert (held <= HIGH + 0.03).all()


def test_too_little_history_corrects_nothing():
    past = a_negative_binomial(np.random.default_rng(1))
    assert taken_at(HIGH, ranks_of(forecast_as(past, variance=0.5), past), windows=49) is HIGH
    assert taken_at(HIGH, np.zeros(0), windows=1000) is HIGH


def test_the_law_of_a_past_day_knows_nothing_of_what_came_after_it():
    window, origin = Window(0, 28), 40
    weekly = make_series(a_company(12, weeks=60), as_of=AS_OF)
    then, now = weekly.until(origin), weekly
    level = past_levels(weekly.demand)[0]
    laws = [
        pooled_moments(level[:, : one.periods + 1], sums_after_origins(one, window), window=window, period_days=7)
        for one in (then, now)
    ]
    assert laws[1].variance[:, : origin + 1] == pytest.approx(laws[0].variance)
