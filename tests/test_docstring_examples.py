"""The examples in the docstrings of every package are true."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
PACKAGES = ("pipelines", "sales_files", "stocktrim_assets", "stocktrim_cli", "xero_sandbox")
MODULES = [
    ".".join(path.relative_to(TOP).with_suffix("").parts)
    for package in PACKAGES
    for path in sorted((TOP / package).rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
