"""A product by the code that a person typed.

What belongs here: finding the product. What does not: where codes come from (staging).
Read more in docs/interfaces.md.
"""

import unicodedata
from collections.abc import Iterable

from pipelines.errors import UsageError


def find_product(codes: Iterable[str | None], wanted: str) -> str | None:
    """The code itself, else the only one that differs in nothing but case, blanks and the form of its accents.

    >>> find_product(["P-0004", "p-1", "P-1"], " p-0004"), find_product(["p-1", "P-1"], "P-1")
    ('P-0004', 'P-1')
    >>> find_product(["tea-01", "Tea-01"], "TEA-01") is None
    True
    """
    told = {code for code in codes if code is not None}
    if wanted in told:
        return wanted
    alike = [code for code in told if folded(code) == folded(wanted)]
    return alike[0] if len(alike) == 1 else None


def known_product(codes: Iterable[str], wanted: str) -> str:
    """The product that a person means.

    Raises:
        UsageError: there is none, or several could be meant.
    """
    found = find_product(codes, wanted)
    if found is None:
        raise UsageError(f"There is no product {wanted!r}; load first if it is new in Xero.")
    return found


def folded(code: str) -> str:
    """A code without what people do not see: case, blanks and the form of its accents."""
    return unicodedata.normalize("NFC", " ".join(code.split())).casefold()
