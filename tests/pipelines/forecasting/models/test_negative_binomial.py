"""The quantiles of the negative binomial are those that scipy finds by inverting it."""

import numpy as np
import pytest
from scipy.stats import nbinom

from pipelines.forecasting.distribution import PROBABILITIES
from pipelines.forecasting.models.negative_binomial import LARGEST_COUNTED, MOST_ADDED, nb_quantiles


@pytest.mark.parametrize("probabilities", [PROBABILITIES, np.array([0.999999, 0.2, 0.9999])])
def test_quantiles_are_those_of_the_inverted_distribution(probabilities):
    random = np.random.default_rng(0)
    mean = np.exp(random.uniform(-12, np.log(LARGEST_COUNTED), 2_000))
    variance = np.clip(mean * (1 + np.exp(random.normal(0.5, 3, mean.size))), 1.0001 * mean, 1e4 * mean)
    inverted = nbinom.ppf(probabilities, (mean**2 / (variance - mean))[:, None], (mean / variance)[:, None])
    assert (inverted > MOST_ADDED).any()
    np.testing.assert_array_equal(nb_quantiles(mean, variance, probabilities), inverted)


def test_a_probability_that_a_count_meets_exactly_is_that_count():
    """One geometric: a half is at nothing, three quarters at one or less."""
    assert nb_quantiles(np.array([1.0]), np.array([2.0]), np.array([0.5, 0.75, 0.76])).tolist() == [[0.0, 1.0, 2.0]]
