"""The records to mend in Xero: by problem, with the money at stake, a link to each, and what to do.

What belongs here: problems of Xero's data in a table. What does not: finding them (dbt).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import polars as pl

from pipelines.readiness import by_problem, money
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

RECORDS_SHOWN: Final = 50


@dataclass(frozen=True)
class RecordToMend:
    """A record: its number or code, its name, the money in it, how old it is, its address in Xero."""

    number: str
    name: str
    amount: Decimal | None
    currency: str | None
    age_days: int | None
    xero_link: str | None


@dataclass(frozen=True)
class ProblemToMend:
    """A problem: its records and their money, what it does to the plan, what to do, and the records of most money."""

    title: str
    count: int
    money: str
    effect: str
    what_to_do: str
    records: Sequence[RecordToMend]

    @property
    def more(self) -> int:
        """How many records are not named."""
        return self.count - len(self.records)


def to_mend(view: PublishedView) -> list[ProblemToMend]:
    """The problems that nobody dismissed: unreadable records first, then by money."""
    rows = view.rows(tables.XERO_READINESS).filter(~pl.col("is_dismissed").fill_null(value=False))
    return [_shown(problem, rows) for problem in by_problem(rows).to_dicts()]


def _shown(problem: Mapping[str, Any], rows: pl.DataFrame) -> ProblemToMend:
    its_own = rows.filter(
        pl.col("problem") == problem["problem"], pl.col("effect").eq_missing(pl.lit(problem["effect"], pl.String))
    )
    dearest = its_own.sort("amount", "record_id", descending=[True, False], nulls_last=True).head(RECORDS_SHOWN)
    return ProblemToMend(
        problem["problem"].replace("_", " ").capitalize().replace("xero", "Xero"), problem["records"], money(problem),
        problem["effect"] or "", problem["what_to_do"] or "", [_record(row) for row in dearest.to_dicts()],
    )  # fmt: skip


def _record(row: Mapping[str, Any]) -> RecordToMend:
    number = row["document_number"] or row["product_code"] or row["name"] or row["record_id"]
    name = "" if row["name"] in {None, number} else row["name"]
    return RecordToMend(number, name, row["amount"], row["currency"], row["age_days"], row["xero_link"])
