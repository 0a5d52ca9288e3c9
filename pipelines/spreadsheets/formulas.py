"""Texts that a spreadsheet would take for a formula: written with an apostrophe before them, and read without.

Read more in docs/security.md.
"""

import re
from typing import Final

import polars as pl
import polars.selectors as cs

_FORMULA: Final = r"^'*[=+\-@\t\r\n]"
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r\n]")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    >>> guarded("=1+1"), guarded("TEA-1"), unguarded(guarded("'=1+1"))
    ("'=1+1", 'TEA-1', "'=1+1")
    """
    return f"'{text}" if re.match(_FORMULA, text) else text


def unguarded(text: str) -> str:
    """A text as it was before it was guarded."""
    return text[1:] if _GUARDED.match(text) else text


def all_guarded(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with every text guarded.

    >>> all_guarded(pl.DataFrame({"name": ["=1+1", "Mug"], "units": [1, 2]}))["name"].to_list()
    ["'=1+1", 'Mug']
    """
    text = cs.string()
    return rows.with_columns(pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).name.keep())
