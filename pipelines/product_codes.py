"""The product that a person means by the code that they typed.

What belongs here: finding the product. What does not: where codes come from (staging).
Read more in docs/interfaces.md.
"""

import unicodedata
from collections.abc import Iterable

from pipelines.errors import UsageError


def find_product(codes: Iterable[str | None], wanted: str) -> str | None:
    """The code itself, else the only code that differs from it in nothing but case, blanks and the form of accents.

    >>> find_product(["P-0004", "p-1", "P-1"], " p-0004"), find_product(["p-1", "P-1"], "P-1")
    ('P-0004', 'P-1')
    >>> find_product(["tea-01", "Tea-01"], "TEA-01") is None
    True
    """
    known = {code for code in codes if code is not None}
    if wanted in known:
        return wanted
    alike = [code for code in known if folded(code) == folded(wanted)]
    return alike[0] if len(alike) == 1 else None


def known_product(codes: Iterable[str], wanted: str) -> str:
    """The code of the product that a person means.

    Raises:
        UsageError: no product has this code, or several could be meant.
    """
    found = find_product(codes, wanted)
    if found is None:
        raise UsageError(f"There is no product {wanted!r}; load first if it is new in Xero.")
    return found


def folded(code: str) -> str:
    """A code without what people do not see: case, blanks and the form of its accents."""
    return unicodedata.normalize("NFC", " ".join(code.split())).casefold()
