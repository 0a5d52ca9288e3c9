"""The examples in the docstrings of the forecast and the plan are true."""

import doctest
from importlib import import_module
from pkgutil import iter_modules

import pytest

PACKAGES = ("pipelines.forecasting", "pipelines.replenishment", "pipelines.policy_backtest")
MODULES = [f"{name}.{one.name}" for name in PACKAGES for one in iter_modules(import_module(name).__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name):
    assert doctest.testmod(import_module(name)).failed == 0


@pytest.mark.parametrize(
    "name",
    [
        "forecasting.backtest",
        "forecasting.candidates",
        "forecasting.distribution",
        "forecasting.family",
        "forecasting.levels",
        "forecasting.negative_binomial",
        "replenishment.parameters",
        "replenishment.policy",
    ],
)
def test_the_maths_has_examples(name):
    assert doctest.testmod(import_module(f"pipelines.{name}")).attempted > 0
