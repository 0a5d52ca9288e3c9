"""The examples in the docstrings are true."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["answers", "books", "clock", "identity", "records", "where"])
def test_the_examples_hold(name):
    result = doctest.testmod(import_module(f"xero_sandbox.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
