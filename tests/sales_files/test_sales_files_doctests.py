"""The examples in the docstrings are true."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["credit_notes", "dates", "forms", "headings", "numbers", "readings"])
def test_the_examples_hold(name: str) -> None:
    result = doctest.testmod(import_module(f"sales_files.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
