"""Exceptions: records that could not be read or do not add up, in sentences for a person.

What belongs here: summing up `marts.xero_readiness`, less what a person dismissed. What does not: finding the
problems (dbt) and storing decisions (`pipelines.store.exception_decisions`).
Read more in docs/operations.md.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError

UNREADABLE: Final = "unreadable_record"
PROBLEMS_SHOWN: Final = 5
RECORDS_NAMED: Final = 5
# Unreadable records are missing from sales or supply: each is named, up to a list that nobody would read.
UNREADABLE_NAMED: Final = 50
_STATE: Final = ["problem", "record_id", "version"]
_MONEYLESS: Final = {"stale_load", "demo_company", "duplicate_supplier_name", "order_currency_differs"}


def open_exceptions(readiness: pl.DataFrame, dismissed: pl.DataFrame) -> pl.DataFrame:
    """The rows of `xero_readiness` that no person dismissed in their present version.

    `dismissed` has the shape of `raw.exception_decisions`. A record that changed in Xero since then has a new version.
    """
    return readiness.join(dismissed, on=_STATE, how="anti")


def by_problem(readiness: pl.DataFrame) -> pl.DataFrame:
    """One row per problem and effect: its records, the money at stake, the records of most money, what to do.

    Unreadable records come first, then problems of unknown value, then by money. `amount` is the known part;
    `without_amount` counts the records without one.
    """
    named = pl.coalesce(pl.col("document_number", "product_code").replace("", None), "name", "record_id")
    return (
        readiness.with_columns(named=named)
        .sort("amount", "record_id", descending=[True, False], nulls_last=False)
        .group_by("problem", "effect", maintain_order=True)
        .agg(
            records=pl.len(),
            amount=pl.when(pl.col("amount").is_not_null().any()).then(pl.col("amount").sum()),
            without_amount=pl.col("amount").is_null().sum(),
            currency=pl.col("currency").first(),
            which=pl.struct("named", "name", "amount", "age_days").head(UNREADABLE_NAMED),
            what_to_do=pl.col("what_to_do").first(),
            xero_link=pl.col("xero_link").sort_by("amount", descending=True, nulls_last=True).first(),
        )
        .sort(
            pl.col("problem") != UNREADABLE, pl.col("without_amount") == 0, "amount", "problem",
            descending=[False, False, True, False], nulls_last=False,
        )
    )  # fmt: skip


def money(problem: Mapping[str, Any]) -> str:
    """The money at stake of a row of `by_problem`: the known amount, and the number of records of unknown value.

    >>> money({"problem": "old_draft_invoice", "amount": Decimal("12.5"), "without_amount": 1, "currency": "GBP"})
    '12.50 GBP and 1 of unknown value'
    """
    if problem["problem"] in _MONEYLESS:
        return ""
    unknown = f"{problem['without_amount']} of unknown value" if problem["without_amount"] else ""
    known = "" if problem["amount"] is None else _amount(problem["amount"], problem["currency"])
    return " and ".join(filter(None, (known, unknown)))


def records_named(problem: Mapping[str, Any]) -> str:
    """The first records of a row of `by_problem`, each with its name, its money and, if it has a date, its age."""
    most = UNREADABLE_NAMED if problem["problem"] == UNREADABLE else RECORDS_NAMED
    named = [
        _named(record, problem["currency"], is_money=problem["problem"] not in _MONEYLESS)
        for record in problem["which"][:most]
    ]
    return first_in_words(named, problem["records"])


def record_in_words(code: str, name: str | None = None, details: str = "") -> str:
    """A record by its code or number, with its name and what else is known of it.

    >>> record_in_words("P-0004", "Mug, small", "12.50 GBP"), record_in_words("INV-7"), record_in_words("Ann", "Ann")
    ('P-0004 (Mug, small; 12.50 GBP)', 'INV-7', 'Ann')
    """
    known = "; ".join(filter(None, ("" if name == code else name, details)))
    return f"{code} ({known})" if known else code


def first_in_words(records: Sequence[str], count: int) -> str:
    """The first of some records, and how many more there are.

    >>> first_in_words(["P-0004", "P-0007"], 2), first_in_words(["P-0004"], 1200)
    ('P-0004, P-0007', 'P-0004 and 1,199 more')
    """
    more = count - len(records)
    return ", ".join(records) + (f" and {more:,} more" if more else "")


def sentences(readiness: pl.DataFrame, *, shown: int = PROBLEMS_SHOWN) -> list[str]:
    """One line per problem: the number of its records, the money at stake, its effect, what to do.

    All problems of unreadable records, and the first `shown` others; a last line counts the rest.
    """
    problems = by_problem(readiness).to_dicts()
    unreadable = sum(problem["problem"] == UNREADABLE for problem in problems)
    shown_problems = problems[: unreadable + shown]
    left = problems[len(shown_problems) :]
    lines = [_sentence(problem) for problem in shown_problems]
    if left:
        records = sum(problem["records"] for problem in left)
        lines.append(f"{len(left)} more {_count(len(left), 'problem')} of {records:,} {_count(records, 'record')}.")
    return lines


def find_exception(readiness: pl.DataFrame, wanted: str, *, problem: str = "") -> dict[str, Any]:
    """The row that a person means by a document's number, a product's code, a name or a record's id.

    Raises:
        UsageError: no row or several rows could be meant, or the row cannot be dismissed.
    """
    names = ("record_id", "document_number", "product_code", "name")
    rows = [
        row
        for row in readiness.to_dicts()
        if wanted in {row[name] for name in names} and problem in {"", row["problem"]}
    ]
    if not rows:
        raise UsageError(f"No exception is about {wanted!r}; `stocktrim doctor --all` lists them.")
    if len(rows) > 1:
        raise UsageError(f"{wanted!r} has several exceptions: {_choices(rows)}.")
    if rows[0]["version"] is None:
        raise UsageError(f"{rows[0]['problem']} cannot be dismissed. {rows[0]['what_to_do']}")
    return rows[0]


def _choices(rows: Sequence[Mapping[str, Any]]) -> str:
    """How to say which of several exceptions is meant: by its problem, by the record's id if that says too little."""
    problems = [row["problem"] for row in rows]
    if len(set(problems)) == len(problems):
        return f"add --problem with one of {', '.join(problems)}"
    ids = "; ".join(f"{row['record_id']} ({row['problem']})" for row in rows)
    return f"give the record's id: {ids}"


def _sentence(problem: Mapping[str, Any]) -> str:
    count = f"{problem['records']:,} {_count(problem['records'], 'record')}"
    heading = ", ".join(filter(None, (f"{problem['problem']}: {count}", money(problem))))
    return f"{heading}: {records_named(problem)}. {problem['effect'] or ''} {problem['what_to_do']}".replace("  ", " ")


def _named(record: Mapping[str, Any], currency: str, *, is_money: bool) -> str:
    age = "" if record["age_days"] is None else f"{record['age_days']:,} days old"
    amount = _amount(record["amount"], currency) if is_money else ""
    return record_in_words(record["named"], record["name"], ", ".join(filter(None, (age, amount))))


def _amount(amount: Decimal | None, currency: str | None) -> str:
    return "value unknown" if amount is None else f"{amount:,.2f} {currency or ''}".rstrip()


def _count(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
