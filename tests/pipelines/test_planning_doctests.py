"""The maths of the forecast and the plan is shown by examples; that they hold is tested for every package."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "forecasting.distribution",
        "forecasting.history.demand_spikes",
        "forecasting.history.transferred_demand",
        "forecasting.models.calibration",
        "forecasting.models.global_quantile_model",
        "forecasting.models.model_registry",
        "forecasting.models.negative_binomial",
        "forecasting.models.seasonality",
        "forecasting.models.smoothing",
        "forecasting.models.statsforecast_models",
        "forecasting.selection.model_backtest",
        "replenishment.public_api",
    ],
)
def test_the_maths_has_examples(name):
    assert doctest.testmod(import_module(f"pipelines.{name}")).attempted > 0
