"""A product is found by the code that a person typed, where only one can be meant."""

import doctest

import pytest

from pipelines import product_codes
from pipelines.errors import UsageError
from pipelines.product_codes import ProductCodes

CODES = ProductCodes(["P-0004", "tea 1", "Tea 1", "caf\u00e9"])


def test_the_examples_hold():
    assert doctest.testmod(product_codes) == (0, 4)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("P-0004", "P-0004"),
        ("p-0004", "P-0004"),
        (" P-0004 ", "P-0004"),
        ("Tea 1", "Tea 1"),
        ("CAFE\u0301", "caf\u00e9"),
    ],
)
def test_case_blanks_and_the_form_of_accents_do_not_matter(typed, found):
    assert CODES.known(typed) == found


@pytest.mark.parametrize("typed", ["P-004", "", "TEA 1"], ids=["another", "none", "two could be meant"])
def test_what_could_be_none_or_several_is_one_sentence(typed):
    with pytest.raises(UsageError, match=rf"^There is no product '{typed}'; load first"):
        CODES.known(typed)
