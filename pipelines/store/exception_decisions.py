"""Decisions about exceptions: each is stored, with who, when and why; the latest is in force.

A record of Xero is dismissed in its present version, or restored. An exception is snoozed until a day, or woken; its
decision names the kind as `problem` and the exception's id as `record_id`.
What belongs here: the rows. What does not: which exceptions exist, and which may be dismissed or snoozed
(`pipelines.readiness`, `pipelines.exceptions`).
Read more in docs/buyer/exceptions.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from pipelines.errors import UsageError
from pipelines.exceptions.snoozes import SNOOZES
from pipelines.storage.tables import EXCEPTION_DECISIONS
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.setting_ledger.change_rows import ChangeLock, change_rows, wait_for_others

DISMISSED: Final = "dismissed"
RESTORED: Final = "restored"
SNOOZED: Final = "snoozed"
WOKEN: Final = "woken"


class ExceptionChangedError(UsageError):
    """Somebody else decided about the exception since the person looked at it."""


@dataclass(frozen=True)
class ExceptionDecision:
    """A person's decision about a problem of a record, which holds while the record is in this version; or a snooze.

    A snooze has the day `until` which it holds, and the money at stake when it was decided, if known.
    """

    problem: str
    record_id: str
    version: str
    decision: str
    decided_by: str
    decided_at: datetime
    reason: str = ""
    until: date | None = None
    money_at_stake: Decimal | None = None


_NAMES: Final = tuple(ExceptionDecision.__dataclass_fields__)


def decide_exception(store: Store, key: str, decision: ExceptionDecision) -> None:
    """Store a decision about an organisation's exception; it is in force from now on."""
    decide_exceptions(store, key, [decision])


def decide_exceptions(
    store: Store, key: str, decisions: Iterable[ExceptionDecision], *, seen: Mapping[str, int] | None = None
) -> None:
    """Store decisions about an organisation's exceptions, all or none.

    `seen` is how many decisions about each exception a person saw, by its id.

    Raises:
        ExceptionChangedError: there is a decision that the person did not see.
    """
    rows = [{"organisation_key": key, **vars(decision)} for decision in decisions]
    texts = [row | {"money_at_stake": _text(row["money_at_stake"])} for row in rows]
    if texts:
        with store.writing() as connection:
            if seen is not None:
                wait_for_others(connection, ChangeLock.EXCEPTIONS, key)
                for row in texts:
                    _check_seen(connection, key, row["record_id"], seen.get(row["record_id"], 0))
            connection.execute(sa.insert(schema.exception_decision), texts)


def _check_seen(connection: sa.Connection, key: str, record_id: str, seen: int) -> None:
    table = schema.exception_decision
    names = (table.c.decision, table.c.decided_by, table.c.reason, table.c.until)
    of_it = (table.c.organisation_key == key) & (table.c.record_id == record_id)
    rows = connection.execute(sa.select(*names).where(of_it).order_by(table.c.id)).all()
    if len(rows) > seen:
        decision, person, reason, until = rows[-1]
        day, why = f" until {until}" if until else "", f", because: {reason}" if reason else ""
        raise ExceptionChangedError(f"Meanwhile {person} decided: {decision}{day}{why}. Nothing was changed by you.")


def decision_history(store: Store, key: str) -> list[ExceptionDecision]:
    """Every decision about an organisation's exceptions, the oldest first."""
    return [_decision(row._asdict()) for row in change_rows(store, schema.exception_decision, key, _NAMES)]


def dismissed_exceptions(store: Store, key: str) -> pl.DataFrame:
    """The exceptions that are dismissed and not restored since, in the shape of `raw.exception_decisions`."""
    rows = [vars(decision) for decision in _latest(store, key) if decision.decision == DISMISSED]
    kept = [{name: row[name] for name in EXCEPTION_DECISIONS.columns} for row in rows]
    return pl.DataFrame(kept, schema=EXCEPTION_DECISIONS.schema, orient="row").sort("problem", "record_id")


def snoozes_in_force(store: Store, key: str) -> pl.DataFrame:
    """The exceptions that are snoozed and not woken since, over or not, in the shape of `snoozes.SNOOZES`."""
    rows = [
        (one.record_id, one.until, _number(one.money_at_stake), one.decided_by, one.reason)
        for one in _latest(store, key)
        if one.decision == SNOOZED
    ]
    return pl.DataFrame(rows, schema=SNOOZES, orient="row").sort("exception_id")


def _latest(store: Store, key: str) -> list[ExceptionDecision]:
    """The latest decision about each exception or record."""
    return list({(one.problem, one.record_id): one for one in decision_history(store, key)}.values())


def _decision(row: dict[str, Any]) -> ExceptionDecision:
    money = row["money_at_stake"]
    return ExceptionDecision(**row | {"money_at_stake": None if money is None else Decimal(money)})


def _text(money: Decimal | None) -> str | None:
    return None if money is None else str(money)


def _number(money: Decimal | None) -> float | None:
    return None if money is None else float(money)
