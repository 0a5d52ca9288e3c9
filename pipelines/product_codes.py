"""The product that a person means by the code that they typed, or the products by words in code and name.

What belongs here: finding products. What does not: where codes come from (staging).
Read more in docs/interfaces.md.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

import polars as pl

from pipelines.errors import UsageError


class ProductCodes:
    """The codes of products, to find many in."""

    def __init__(self, codes: Iterable[str | None]) -> None:
        self.codes = frozenset(code for code in codes if code is not None)

    def find(self, wanted: str) -> str | None:
        """The code itself, else the only code that differs from it in nothing but case, blanks and form of accents.

        >>> codes = ProductCodes(["P-0004", "p-1", "P-1"])
        >>> codes.find(" p-0004"), codes.find("P-1"), codes.find("P-2")
        ('P-0004', 'P-1', None)
        """
        if wanted in self.codes:
            return wanted
        alike = self._by_folded.get(folded(wanted), [])
        return alike[0] if len(alike) == 1 else None

    def known(self, wanted: str) -> str:
        """The code of the product that a person means.

        Raises:
            UsageError: no product has this code, or several could be meant.
        """
        found = self.find(wanted)
        if found is None:
            raise UsageError(f"There is no product {wanted!r}; load first if it is new in Xero.")
        return found

    def with_zeros(self, wanted: str) -> list[str]:
        """The codes that differ from a code by leading zeros, which a spreadsheet drops.

        >>> ProductCodes(["00123", "123-A"]).with_zeros("123")
        ['00123']
        """
        return sorted(self._by_digits.get(folded(wanted).lstrip("0"), []))

    @cached_property
    def _by_folded(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for code in self.codes:
            found[folded(code)].append(code)
        return dict(found)

    @cached_property
    def _by_digits(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for code in self.codes:
            if code.lstrip().startswith("0"):
                found[folded(code).lstrip("0")].append(code)
        return dict(found)


def find_product(codes: Iterable[str | None], wanted: str) -> str | None:
    """The code itself, else the only code that differs from it in nothing but case, blanks and the form of accents.

    >>> find_product(["tea-01", "Tea-01"], "TEA-01") is None
    True
    """
    known = list(codes)
    return wanted if wanted in known else ProductCodes(known).find(wanted)


def folded(code: str) -> str:
    """A code without what people do not see: case, blanks and the form of its accents."""
    return unicodedata.normalize("NFC", " ".join(code.split())).casefold()


def contains_words(words: str) -> pl.Expr:
    """Whether `product_code` or `product_name` contains every one of these words, whatever case and form of accents."""
    text = folded_text("product_code") + " " + folded_text("product_name")
    wanted = folded_value(words).split()
    return pl.all_horizontal(text.str.contains(word, literal=True) for word in wanted or [""])


def folded_text(column: str) -> pl.Expr:
    """A column of texts in small letters and one form of accents; empty where there is none."""
    return pl.col(column).fill_null("").str.normalize("NFC").str.to_lowercase()


def folded_value(text: str) -> str:
    """A text to compare with those of `folded_text`."""
    return unicodedata.normalize("NFC", text).lower()
