"""The exceptions of an organisation as they are now, and what people decide about them, by terminal and page alike.

What belongs here: joining what is published with what people decided; snoozing and waking. What does not: finding
exceptions (`pipelines.exceptions`), printing them.
Read more in docs/buyer/exceptions.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.exceptions.open_exceptions import with_new_data
from pipelines.exceptions.refused_orders import with_refused_now
from pipelines.exceptions.snoozes import SNOOZED, day_to_snooze_until, reason_to_keep, with_decisions
from pipelines.exceptions.words import subject_of
from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.store import exception_decisions as decisions
from pipelines.store.engine import Store
from pipelines.store.exception_decisions import ExceptionDecision, decide_exceptions

_NAMES: Final = ("product_code", "document_number", "supplier_name", "product_name")


@dataclass(frozen=True)
class Deciding:
    """Who decides about exceptions of which organisation, and when."""

    store: Store
    key: str
    person: str
    at: datetime
    today: date


def published_exceptions(read: Callable[[Table], pl.DataFrame], *, today: date) -> pl.DataFrame:
    """The exceptions of the last plan, with the problems that the last load found in Xero's data, by money.

    What Xero refused at the last sending is among them at once.

    `read` is where published tables are read.
    """
    found, readiness, products = (read(table) for table in (tables.EXCEPTIONS, tables.XERO_READINESS, tables.PRODUCTS))
    return with_refused_now(with_new_data(found, readiness, products, today=today), read(tables.PURCHASE_ORDERS))


def with_decisions_of(
    store: Store, key: str, exceptions: pl.DataFrame, readiness: pl.DataFrame, *, today: date
) -> pl.DataFrame:
    """Published exceptions with their state of today: what people decided since then holds at once."""
    snoozes, dismissed = decisions.snoozes_in_force(store, key), decisions.dismissed_exceptions(store, key)
    return with_decisions(exceptions, readiness, snoozes=snoozes, dismissed=dismissed, today=today)


def find_one(exceptions: pl.DataFrame, wanted: str) -> dict[str, Any]:
    """The exception of an id.

    Raises:
        UsageError: there is none.
    """
    rows = exceptions.filter(exception_id=wanted.strip().lower()).to_dicts()
    if not rows:
        raise UsageError(f"No exception has the id {wanted!r}: it may be solved.")
    return rows[0]


def find_all(exceptions: pl.DataFrame, wanted: Sequence[str], *, kind: str = "") -> pl.DataFrame:
    """The exceptions that a person means by ids, products' codes, documents' numbers or suppliers' names.

    Raises:
        UsageError: one of them names no exception.
    """
    of_kind = exceptions.filter(kind=kind) if kind else exceptions
    meant = [(word, of_kind.filter(_is_meant(word.strip()))) for word in wanted]
    for word, rows in meant:
        if rows.is_empty():
            of = f" of the kind {kind}" if kind else ""
            raise UsageError(f"No exception{of} is about {word!r}: it may be solved.")
    return pl.concat([rows for _, rows in meant]).unique("exception_id", keep="first", maintain_order=True)


def _is_meant(word: str) -> pl.Expr:
    exact = [pl.col(name) == word for name in _NAMES]
    return pl.any_horizontal(pl.col("exception_id") == word.lower(), *exact).fill_null(value=False)


def snooze(
    deciding: Deciding, rows: pl.DataFrame, *, until: date, reason: str, seen: Mapping[str, int] | None = None
) -> list[ExceptionDecision]:
    """Leave exceptions out of the list until a day, all or none; until their money at stake has doubled.

    `seen` is how often each was decided when the person looked, by id; without it nobody else is waited for.

    Raises:
        UsageError: the day is not after today or too far ahead, or the reason is empty or too long.
        ExceptionChangedError: somebody else decided meanwhile.
    """
    day, why = day_to_snooze_until(until, today=deciding.today), reason_to_keep(reason)
    return _decide(deciding, rows, decisions.SNOOZED, why, seen, until=day)


def wake(
    deciding: Deciding, rows: pl.DataFrame, *, reason: str = "", seen: Mapping[str, int] | None = None
) -> list[ExceptionDecision]:
    """List snoozed exceptions again.

    Raises:
        UsageError: none of them is snoozed.
        ExceptionChangedError: somebody else decided meanwhile.
    """
    asleep = rows.filter(state=SNOOZED)
    if asleep.is_empty():
        raise UsageError("None of them is snoozed.")
    return _decide(deciding, asleep, decisions.WOKEN, reason, seen)


def times_decided(store: Store, key: str) -> dict[str, int]:
    """How often people decided about each exception, by its id: the version that a person sees."""
    counts: dict[str, int] = {}
    for one in decisions.decision_history(store, key):
        counts[one.record_id] = counts.get(one.record_id, 0) + 1
    return counts


def in_words(row: Mapping[str, Any]) -> str:
    """An exception as a sentence names it."""
    return f"{row['kind']} of {subject_of(row)} ({row['exception_id']})"


def _decide(
    deciding: Deciding, rows: pl.DataFrame, decision: str, reason: str, seen: Mapping[str, int] | None, **more: Any
) -> list[ExceptionDecision]:
    """Store one decision about each of the exceptions, all or none."""
    decided = [
        ExceptionDecision(
            row["kind"], row["exception_id"], "", decision, deciding.person, deciding.at, reason,
            money_at_stake=row["money_at_stake"], **more,
        )
        for row in rows.to_dicts()
    ]  # fmt: skip
    decide_exceptions(deciding.store, deciding.key, decided, seen=seen)
    return decided
