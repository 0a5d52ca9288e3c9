"""The examples in the docstrings of the forecast and the plan are true."""

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

PACKAGES = ("pipelines.forecasting", "pipelines.replenishment", "pipelines.policy_backtest")
MODULES = [
    module.name
    for package in PACKAGES
    for module in walk_packages(import_module(package).__path__, f"{package}.")
    if not module.ispkg
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name):
    assert doctest.testmod(import_module(name)).failed == 0


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
