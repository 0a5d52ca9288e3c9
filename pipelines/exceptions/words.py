"""Exceptions in words: a line per kind, and totals.

What belongs here: sums and sentences. What does not: tables on a terminal (`stocktrim_cli`) or in Dagster.
Money is summed in base currency; exceptions of unknown money are counted.
Read more in docs/buyer/exceptions.md.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from pipelines.exceptions.kinds import KINDS, MONEYLESS, SEVERITIES
from pipelines.exceptions.snoozes import OPEN

_COMMAND: Final = re.compile(r":? ?`stocktrim .*`\.?$", re.DOTALL)
_ASIDE: Final = re.compile(r" \(stocktrim [a-z ]+\)")


def by_kind(exceptions: pl.DataFrame) -> pl.DataFrame:
    """One row per kind: severity, count, money, how many are of unknown money; the severest first, then by money."""
    rank = pl.col("severity").replace_strict(list(SEVERITIES), list(range(len(SEVERITIES))), default=len(SEVERITIES))
    has_money = ~pl.col("kind").is_in(list(MONEYLESS))
    return (
        exceptions.group_by("kind", "severity")
        .agg(
            count=pl.len(),
            money_at_stake=pl.col("money_at_stake").sum(),
            of_unknown_money=(pl.col("money_at_stake").is_null() & has_money).sum(),
            currency=pl.col("currency").first(),
        )
        .sort(rank, "money_at_stake", "kind", descending=[False, True, False])
    )


def only_open(exceptions: pl.DataFrame) -> pl.DataFrame:
    """The exceptions that are neither snoozed nor dismissed."""
    return exceptions.filter(pl.col("state") == OPEN)


def total(exceptions: pl.DataFrame) -> str:
    """How many exceptions of each severity there are, and their money; empty without any.

    >>> rows = {"severity": ["error", "info"], "kind": ["stale_load", "overstock"], "currency": ["GBP", "GBP"]}
    >>> total(pl.DataFrame({**rows, "money_at_stake": [None, 1200.5]}))
    '1 error and 1 info, 1,200.50 GBP at stake'
    """
    if exceptions.is_empty():
        return ""
    kinds = by_kind(exceptions)
    counts = kinds.group_by("severity").agg(pl.col("count").sum())
    known = dict(counts.iter_rows())
    parts = [_counted(known[severity], severity) for severity in SEVERITIES if severity in known]
    words = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    money = money_in_words(_summed(kinds))
    return f"{words}, {money} at stake" if money else words


def money_in_words(row: Mapping[str, Any]) -> str:
    """The money of a row of `by_kind`; empty if none is at stake.

    >>> money_in_words({"money_at_stake": 12.5, "of_unknown_money": 1, "currency": "GBP"})
    '12.50 GBP and 1 of unknown value'
    """
    unknown = f"{row['of_unknown_money']:,} of unknown value" if row["of_unknown_money"] else ""
    known = f"{row['money_at_stake']:,.2f} {row['currency'] or ''}".rstrip() if row["money_at_stake"] else ""
    return " and ".join(filter(None, (known, unknown)))


def kind_in_words(row: Mapping[str, Any]) -> str:
    """A row of `by_kind` as one line."""
    title = KINDS[row["kind"]].title if row["kind"] in KINDS else str(row["kind"])
    figures = ", ".join(filter(None, (f"{row['count']:,}", money_in_words(row))))
    return f"{row['kind']} ({title}): {figures}."


def subject_of(row: Mapping[str, Any]) -> str:
    """What an exception is about, for a person: the document, the product or the supplier.

    >>> subject_of({"document_number": "PO-7", "product_code": "TEA", "supplier_name": "Mill", "subject_id": "x"})
    'PO-7, TEA'
    """
    named = [row["document_number"], row["product_code"]]
    return ", ".join(filter(None, named)) or str(row["supplier_name"] or row["subject_id"])


def without_command(what_to_do: str) -> str:
    """What to do, for a page: without the command that does it on a terminal.

    >>> without_command("Expedite PO-7: `stocktrim orders advice --product TEA`.")
    'Expedite PO-7.'
    """
    return _ASIDE.sub("", _COMMAND.sub(".", what_to_do))


def _summed(kinds: pl.DataFrame) -> dict[str, Any]:
    return {
        "money_at_stake": kinds["money_at_stake"].sum(),
        "of_unknown_money": int(kinds["of_unknown_money"].sum()),
        "currency": kinds["currency"].first(),
    }


def _counted(number: int, severity: str) -> str:
    return f"{number:,} {severity}{'' if number == 1 or severity == 'info' else 's'}"
