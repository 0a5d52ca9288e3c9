"""Decisions about exceptions: each is stored, with who, when and why; the latest is in force.

What belongs here: the rows. What does not: which exceptions exist (`marts.xero_readiness`), and which may be dismissed
(`pipelines.readiness`).
Read more in docs/operations.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl
import sqlalchemy as sa

from pipelines.storage.tables import EXCEPTION_DECISIONS
from pipelines.store import schema
from pipelines.store.engine import Store

DISMISSED: Final = "dismissed"
RESTORED: Final = "restored"


@dataclass(frozen=True)
class ExceptionDecision:
    """A person's decision about a problem of a record; it holds while the record is in this version."""

    problem: str
    record_id: str
    version: str
    decision: str
    decided_by: str
    decided_at: datetime
    reason: str = ""


_NAMES: Final = tuple(ExceptionDecision.__dataclass_fields__)


def decide_exception(store: Store, key: str, decision: ExceptionDecision) -> None:
    """Store a decision about an organisation's exception; it is in force from now on."""
    with store.writing() as connection:
        connection.execute(sa.insert(schema.exception_decision).values(organisation_key=key, **vars(decision)))


def decision_history(store: Store, key: str) -> list[ExceptionDecision]:
    """Every decision about an organisation's exceptions, the oldest first."""
    table = schema.exception_decision
    with store.reading() as connection:
        rows = connection.execute(
            sa.select(table).where(table.c.organisation_key == key).order_by(table.c.id)
        ).mappings()
        return [ExceptionDecision(**{name: row[name] for name in _NAMES}) for row in rows]


def dismissed_exceptions(store: Store, key: str) -> pl.DataFrame:
    """The exceptions that are dismissed and not restored since, in the shape of `raw.exception_decisions`."""
    latest = {(decision.problem, decision.record_id): decision for decision in decision_history(store, key)}
    rows = [vars(decision) for decision in latest.values() if decision.decision == DISMISSED]
    return pl.DataFrame(rows, schema=EXCEPTION_DECISIONS.schema, orient="row").sort("problem", "record_id")
