"""The exceptions that a filter finds, and each as a row of the page; sums by kind for the dashboard.

What belongs here: filters and words. What does not: deciding (`pipelines.organisations.organisation_exceptions`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from pipelines.exceptions.kinds import KINDS, SEVERITIES
from pipelines.exceptions.snoozes import OPEN, STATES
from pipelines.exceptions.words import by_kind, money_in_words, only_open, subject_of, without_command
from planner.shown.exception_list.where_to_act import ActingPlace, place_of
from planner.shown.published_view import PublishedView

A_PAGE: Final = 50
SEVERITY_WORDS: Final = {"error": "Error", "warning": "Warning", "info": "For information"}
STATE_WORDS: Final = {"open": "Open", "snoozed": "Snoozed", "dismissed": "Right as they are"}
_SEARCHED: Final = ("product_code", "product_name", "supplier_name", "document_number")


@dataclass(frozen=True)
class ExceptionQuery:
    """Which exceptions are wanted; empty values want all."""

    kind: str = ""
    severity: str = ""
    state: str = OPEN
    search: str = ""
    first: int = 0


@dataclass(frozen=True)
class ExceptionRow:
    """An exception as a row: what it is about, in words, with its money, and where it is dealt with."""

    exception_id: str
    kind: str
    title: str
    severity: str
    state: str
    subject: str
    product_code: str | None
    product_name: str | None
    supplier_name: str | None
    money: Decimal | None
    money_means: str
    currency: str | None
    since: date | None
    sentence: str
    what_to_do: str
    place: ActingPlace | None
    xero_link: str | None
    snoozed_until: date | None
    snoozed_by: str | None
    reason: str | None
    times_decided: int


@dataclass(frozen=True)
class KindShown:
    """A kind of exception: how many are open, and their money in words."""

    kind: str
    title: str
    severity: str
    count: int
    money: str
    counted: str = ""
    """How many, with what is counted."""


def exception_query(parameters: Mapping[str, str]) -> ExceptionQuery:
    """What an address asks for; what it does not know is left out.

    >>> exception_query({"kind": "overstock", "severity": "odd", "state": "snoozed", "first": "x"})
    ExceptionQuery(kind='overstock', severity='', state='snoozed', search='', first=0)
    """
    first = parameters.get("first", "")
    return ExceptionQuery(
        _known(parameters.get("kind", ""), KINDS), _known(parameters.get("severity", ""), SEVERITIES),
        _known(parameters.get("state", ""), STATES) or OPEN, parameters.get("search", "").strip()[:200],
        int(first) if first.isascii() and first.isdigit() and len(first) < 7 else 0,  # noqa: PLR2004, a million rows
    )  # fmt: skip


def _known(value: str, names: Sequence[str] | Mapping[str, Any]) -> str:
    return value if value in names else ""


def found_by(exceptions: pl.DataFrame, query: ExceptionQuery) -> pl.DataFrame:
    """The exceptions that a query asks for, by money as they were."""
    wanted = {"kind": query.kind, "severity": query.severity, "state": query.state}
    conditions = [pl.col(name) == value for name, value in wanted.items() if value]
    if query.search:
        word = query.search.casefold()
        texts = [pl.col(name).str.to_lowercase().str.contains(word, literal=True) for name in _SEARCHED]
        conditions.append(pl.any_horizontal(texts).fill_null(value=False))
    return exceptions.filter(conditions) if conditions else exceptions


def rows_shown(view: PublishedView, exceptions: pl.DataFrame, times_decided: Mapping[str, int]) -> list[ExceptionRow]:
    """Exceptions as rows of the page."""
    return [row_shown(view, row, times_decided) for row in exceptions.to_dicts()]


def row_shown(view: PublishedView, row: dict[str, Any], times_decided: Mapping[str, int]) -> ExceptionRow:
    """An exception as a row of the page; a product that is not in the plan has no page."""
    known, code = KINDS.get(row["kind"]), row["product_code"]
    code = code if code and view.codes.find(code) else None
    return ExceptionRow(
        row["exception_id"], row["kind"], title_of(row["kind"]), row["severity"] or "info", row["state"] or OPEN,
        row["document_number"] or subject_of(row), code, row["product_name"], row["supplier_name"],
        row["money_at_stake"], known.money if known else "", row["currency"], row["since_date"], row["sentence"] or "",
        without_command(row["what_to_do"] or ""), place_of(row | {"product_code": code}),
        row["xero_link"], row["snoozed_until"], row["snoozed_by"], row["snooze_reason"],
        times_decided.get(row["exception_id"], 0),
    )  # fmt: skip


def kinds_shown(exceptions: pl.DataFrame) -> list[KindShown]:
    """The open exceptions by kind, the severest first, then by money."""
    still_open = only_open(exceptions)
    return [
        KindShown(
            row["kind"], title_of(row["kind"]), row["severity"] or "info", row["count"], money_in_words(row),
            counted_in_words(still_open.filter(pl.col("kind") == row["kind"])),
        )
        for row in by_kind(still_open).to_dicts()
    ]  # fmt: skip


def counted_in_words(exceptions: pl.DataFrame) -> str:
    """How many exceptions of one kind there are, and what is counted: products, order lines with their orders, records.

    >>> rows = {"subject_kind": ["order"] * 3, "product_code": ["A", "B", "A"], "document_number": ["1", "1", "2"]}
    >>> counted_in_words(pl.DataFrame(rows)), counted_in_words(pl.DataFrame(rows).head(1))
    ('3 order lines of 2 orders', '1 order line of 1 order')
    >>> counted_in_words(pl.DataFrame(rows).with_columns(subject_kind=pl.lit("product")))
    '3 products'
    """
    rows, kind = exceptions.height, exceptions["subject_kind"].first() or "record"
    if kind == "order" and exceptions["product_code"].drop_nulls().len():
        return f"{_counted(rows, 'order line')} of {_counted(exceptions['document_number'].n_unique(), 'order')}"
    return _counted(rows, "record" if kind == "document" else str(kind))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def title_of(kind: str) -> str:
    """A kind in words, as the beginning of a sentence.

    >>> title_of("order_late_and_unbilled"), title_of("of_a_later_version")
    ('Late order', 'Of a later version')
    """
    title = KINDS[kind].title if kind in KINDS else kind.replace("_", " ")
    return title[:1].upper() + title[1:]
