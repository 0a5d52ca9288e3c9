"""Which lines are sales and which are credit notes: by the prefix of the invoice number, or by the sign.

What belongs here: finding prefixes, and the kind of each line. What does not: which sale a credit note cancels.
Read more in docs/sales_files.md.
"""

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

SALE, CREDIT, UNUSED = "sale", "credit", "none"
NEARLY_ALL: Final = 0.95
FEW: Final = 0.2
USUAL: Final = frozenset({"CN", "CRN", "CR", "CM", "SCN", "SRN", "SR", "RN", "RMA", "REF", "RF", "CREDIT", "REFUND"})
_LETTERS: Final = re.compile("[^A-Z]")
_PREFIX: Final = pl.col("invoice_number").str.extract(r"^([^0-9]*)")


def marking_prefixes(lines: pl.DataFrame) -> list[str]:
    """The prefixes of invoice numbers that mark credit notes; a prefix is the text before the first digit.

    Nearly all lines with such a prefix must be negative, and nearly all negative lines must have such a prefix.
    If prices are known, negative lines without a price do not count: they are stock corrections.

    >>> marking_prefixes(pl.DataFrame({"invoice_number": ["12", "C13"], "quantity": [5.0, -5.0]}))
    ['C']
    >>> marking_prefixes(pl.DataFrame({"invoice_number": ["CA-1", "US-2"], "quantity": [5.0, 5.0]}))
    []
    """
    negative = lines.filter(pl.col("quantity") < 0)
    priced = negative.filter(pl.col("unit_price") != 0) if "unit_price" in lines.columns else negative
    credited = (negative if priced.is_empty() else priced).select(prefix=_PREFIX)
    candidates = credited.filter(pl.col("prefix") != "")["prefix"].unique().sort().to_list()
    if not candidates:
        return []
    marking = (
        (
            lines.filter(bears(candidates), pl.col("quantity") != 0)
            .group_by(prefix=_PREFIX)
            .agg(share=(pl.col("quantity") < 0).mean())
            .filter(pl.col("share") >= NEARLY_ALL)
        )["prefix"]
        .sort()
        .to_list()
    )
    marked = credited["prefix"].is_in(marking).sum()
    return marking if marked >= NEARLY_ALL * credited.height else []


def usual_prefixes(lines: pl.DataFrame) -> list[tuple[str, int]]:
    """The usual prefixes of credit notes that are on few lines, none of them negative; with the number of lines.

    >>> numbers = [*map(str, range(9)), "CRN-1"]
    >>> usual_prefixes(pl.DataFrame({"invoice_number": numbers, "quantity": 5.0}))
    [('CRN-', 1)]
    """
    by_prefix = lines.group_by(prefix=_PREFIX).agg(pl.len(), least=pl.col("quantity").min()).sort("prefix")
    return [
        (prefix, count)
        for prefix, count, least in by_prefix.iter_rows()
        if prefix and _LETTERS.sub("", prefix) in USUAL and least >= 0 and count <= FEW * lines.height
    ]


def bears(prefixes: Sequence[str]) -> pl.Expr:
    """Whether one of these is the whole text before the first digit of an invoice number.

    >>> pl.DataFrame({"invoice_number": ["C1", "CA-1", "1"]}).select(bears(["C"])).to_series().to_list()
    [True, False, False]
    """
    alternatives = "|".join(map(re.escape, prefixes))
    return pl.col("invoice_number").str.contains(f"^(?:{alternatives})(?:[0-9]|$)").fill_null(value=False)


def begins_with(prefixes: Sequence[str]) -> pl.Expr:
    """Whether an invoice number begins with one of these.

    >>> pl.DataFrame({"invoice_number": ["C1", "CA-1", "1"]}).select(begins_with(["C"])).to_series().to_list()
    [True, True, False]
    """
    return pl.any_horizontal(pl.col("invoice_number").str.starts_with(prefix) for prefix in prefixes).fill_null(
        value=False
    )


def kind_of(is_marked: pl.Expr | None) -> pl.Expr:
    """The kind of a line, by its sign; if credits are marked, a marked negative is one, an unmarked positive a sale."""
    is_sale, is_credit = pl.col("quantity") > 0, pl.col("quantity") < 0
    if is_marked is not None:
        is_sale, is_credit = is_sale & ~is_marked, is_credit & is_marked
    return (
        pl.when(is_sale).then(pl.lit(SALE)).when(is_credit).then(pl.lit(CREDIT)).otherwise(pl.lit(UNUSED)).alias("kind")
    )
