"""Exceptions for programs: what needs a person, largest money first; snoozing and waking.

What belongs here: the routes and their shapes. What does not: the rules (`pipelines.organisations`).
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from pipelines.exceptions.snoozes import LONGEST_REASON
from pipelines.exceptions.words import without_command
from pipelines.organisations.organisation_exceptions import find_all, find_one, snooze, times_decided, wake
from pipelines.storage import tables
from planner.api.answer_types.responses import answer_of
from planner.api.snapshot_reading import OF, Cursor, Limit, ReadingOf
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites
from planner.screens.exceptions_screen import deciding, present_exceptions
from planner.shown.exception_list.exceptions_shown import ExceptionQuery, exception_query, found_by

router = APIRouter(prefix=f"{OF}/exceptions")
_Row: Any = answer_of(tables.EXCEPTIONS, "ExceptionColumns")


class ExceptionAnswer(_Row):  # type: ignore[misc]  # made from the table
    """What needs a person: its kind, its money, what it is, what to do, its state."""

    version: int = Field(description="How often people decided about it: a write that names it is refused if it grew.")


class ExceptionsAnswer(BaseModel):
    """Exceptions, largest money first, and the sum of all that were found."""

    found: int
    money_at_stake: Decimal
    currency: str | None
    exceptions: list[ExceptionAnswer]
    next_cursor: str | None


class Snooze(BaseModel):
    """Until when an exception is left out of the list, and why."""

    until: date
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    version: int | None = Field(default=None, description="The version that was seen; without it the last write wins.")


class Wake(BaseModel):
    """A snoozed exception is listed again."""

    reason: str = Field(default="", max_length=LONGEST_REASON)
    version: int | None = Field(default=None, description="The version that was seen; without it the last write wins.")


@router.get("", summary="What needs a person")
def exceptions(
    reading: ReadingOf,
    *,
    kind: Annotated[str, Query(max_length=80)] = "",
    severity: Literal["", "error", "warning", "info"] = "",
    state: Literal["open", "snoozed", "dismissed", "all"] = "open",
    search: Annotated[str, Query(description="Words of product, document or supplier.", max_length=200)] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> ExceptionsAnswer:
    """Those that a filter finds; a kind that is not known finds nothing."""
    context = reading.context
    known = exception_query({"kind": kind, "severity": severity, "search": search})
    query = ExceptionQuery(kind, known.severity, "" if state == "all" else state, known.search)
    found, times = found_by(present_exceptions(context), query), _times(context)
    rows, following = reading.page_of(found, limit, cursor, sum(times.values()), context.today)
    return ExceptionsAnswer(
        found=found.height,
        money_at_stake=Decimal(found["money_at_stake"].sum() or 0),
        currency=context.organisation.base_currency,
        exceptions=[_answer(row, times) for row in rows],
        next_cursor=following,
    )


@router.get("/{exception_id}", summary="One exception")
def one(reading: ReadingOf, exception_id: str) -> ExceptionAnswer:
    """As it is now."""
    times = _times(reading.context)
    row = find_one(present_exceptions(reading.context), exception_id)
    reading.tag(times.get(row["exception_id"], 0), reading.context.today)
    return _answer(row, times)


@router.post("/{exception_id}/snooze", summary="Leave an exception out of the list until a day")
def snooze_one(context: ContextOf, writing: PlannerWrites, exception_id: str, body: Snooze) -> ExceptionAnswer:
    """It comes back on that day, or once its money at stake has doubled."""
    row = _rows(context, exception_id)
    snooze(
        deciding(context, writing), row, until=body.until, reason=body.reason, seen=_seen(exception_id, body.version)
    )
    return _now(context, exception_id)


@router.post("/{exception_id}/wake", summary="List a snoozed exception again")
def wake_one(context: ContextOf, writing: PlannerWrites, exception_id: str, body: Wake) -> ExceptionAnswer:
    """It is in the list again at once."""
    row = _rows(context, exception_id)
    wake(deciding(context, writing), row, reason=body.reason, seen=_seen(exception_id, body.version))
    return _now(context, exception_id)


def _rows(context: ScreenContext, exception_id: str) -> pl.DataFrame:
    return find_all(present_exceptions(context), [find_one(present_exceptions(context), exception_id)["exception_id"]])


def _seen(exception_id: str, version: int | None) -> dict[str, int] | None:
    return None if version is None else {exception_id.strip().lower(): version}


def _times(context: ScreenContext) -> dict[str, int]:
    return times_decided(context.desk.store, context.organisation.key)


def _now(context: ScreenContext, exception_id: str) -> ExceptionAnswer:
    return _answer(find_one(present_exceptions(context), exception_id), _times(context))


def _answer(row: dict[str, Any], times: dict[str, int]) -> ExceptionAnswer:
    plain = row | {"what_to_do": without_command(row["what_to_do"] or "")}
    return ExceptionAnswer(**plain, version=times.get(row["exception_id"], 0))
