"""Exceptions: the whole list with filters, and snoozing and waking one or several.

What belongs here: the routes. What does not: the rules (`pipelines.organisations.organisation_exceptions`).
"""

from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import polars as pl
from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.exceptions.snoozes import LONGEST_DAYS, LONGEST_REASON
from pipelines.organisations.organisation_exceptions import (
    Deciding,
    find_all,
    find_one,
    snooze,
    times_decided,
    wake,
    with_decisions_of,
)
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites, Writing
from planner.security.sessions import now
from planner.shown.exception_list.exceptions_shown import (
    A_PAGE,
    SEVERITY_WORDS,
    STATE_WORDS,
    exception_query,
    found_by,
    kinds_shown,
    row_shown,
    rows_shown,
    title_of,
)

router = APIRouter(prefix="/o/{key}/exceptions")
USUAL_DAYS: Final = 14


@router.get("")
def exceptions(request: Request, context: ContextOf) -> Response:
    """The page."""
    return page(request, "exceptions.html", _list_content(request, context))


@router.get("/list")
def list_part(request: Request, context: ContextOf) -> Response:
    """The list alone, for the filters of the page; the browser's address follows."""
    content = _list_content(request, context)
    answer = page(request, "exceptions/list.html", content)
    answer.headers["HX-Push-Url"] = f"/o/{context.organisation.key}/exceptions?{content['address']}"
    return answer


@router.get("/{exception_id}/snooze")
def ask(request: Request, context: ContextOf, exception_id: str) -> Response:
    """The form that asks until when, and why."""
    row = find_one(present_exceptions(context), exception_id)
    content = context.content(
        one=row_shown(context.view, row, _seen(context)),
        until=context.today + timedelta(days=USUAL_DAYS),
        **day_limits(context),
    )
    return page(request, "exceptions/snooze_form.html", content)


@router.get("/{exception_id}/row")
def unchanged(request: Request, context: ContextOf, exception_id: str) -> Response:
    """What stands where the form stood, if it is closed without a decision."""
    return _decided(request, context, exception_id, "")


@router.post("/{exception_id}/snooze")
def snooze_one(request: Request, context: ContextOf, writing: PlannerWrites, exception_id: str) -> Response:
    """Snooze an exception until a day."""
    row = find_all(present_exceptions(context), [exception_id])
    seen = {exception_id: writing.version()}
    (done,) = snooze(
        deciding(context, writing), row, until=day_of(writing.text("until")), reason=writing.text("reason"), seen=seen
    )
    return _decided(request, context, exception_id, f"Snoozed until {done.until:%d %b %Y}.")


@router.post("/{exception_id}/wake")
def wake_one(request: Request, context: ContextOf, writing: PlannerWrites, exception_id: str) -> Response:
    """List a snoozed exception again."""
    row = find_all(present_exceptions(context), [exception_id])
    wake(deciding(context, writing), row, seen={exception_id: writing.version()})
    return _decided(request, context, exception_id, "Listed again.")


@router.post("/snooze")
def snooze_several(request: Request, context: ContextOf, writing: PlannerWrites) -> Response:
    """Snooze the ticked exceptions until a day; each box carries the version that was seen."""
    seen = dict(_ticked(writing))
    if not seen:
        raise UsageError("Tick at least one exception first.")
    rows = find_all(present_exceptions(context), list(seen))
    snooze(
        deciding(context, writing), rows, until=day_of(writing.text("until")), reason=writing.text("reason"), seen=seen
    )
    said = f"Snoozed {len(seen):,} exception{'' if len(seen) == 1 else 's'}."
    return page(request, "exceptions/list.html", _list_content(request, context, said=said))


def present_exceptions(context: ScreenContext) -> pl.DataFrame:
    """The exceptions with their state of this moment."""
    published, readiness = context.view.exceptions(context.today)
    return with_decisions_of(
        context.desk.store, context.organisation.key, published, readiness, today=context.today
    )  # fmt: skip


def deciding(context: ScreenContext, writing: Writing) -> Deciding:
    """Who decides, and when."""
    return Deciding(context.desk.store, context.organisation.key, writing.person, now(), context.today)


def day_of(text: str) -> date:
    """A day as a browser's field sends it.

    Raises:
        UsageError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError("Choose the day until which it can wait.") from None


def day_limits(context: ScreenContext) -> dict[str, Any]:
    """What the form of a snooze accepts."""
    return {
        "earliest": context.today + timedelta(days=1),
        "latest": context.today + timedelta(days=LONGEST_DAYS),
        "longest_reason": LONGEST_REASON,
    }


def _ticked(writing: Writing) -> list[tuple[str, int]]:
    pairs = [text.partition(" ") for text in writing.texts("ticked")]
    return [(name, int(times)) for name, _, times in pairs if times.isascii() and times.isdigit()]


def _seen(context: ScreenContext) -> dict[str, int]:
    return times_decided(context.desk.store, context.organisation.key)


def _decided(request: Request, context: ScreenContext, exception_id: str, said: str) -> Response:
    row = find_one(present_exceptions(context), exception_id)
    content = context.content(one=row_shown(context.view, row, _seen(context)), said=said, has_focus=True)
    return page(request, "exceptions/actions.html", content)


def _list_content(request: Request, context: ScreenContext, *, said: str = "") -> dict[str, Any]:
    query = exception_query(request.query_params)
    every = present_exceptions(context)
    found = found_by(every, query)
    first = query.first if query.first < found.height else 0
    kept = {"kind": query.kind, "severity": query.severity, "state": query.state, "search": query.search}
    return context.content(
        screen="dashboard", query=query, rows=rows_shown(context.view, found.slice(first, A_PAGE), _seen(context)),
        found=found.height, money=found["money_at_stake"].sum(), first=first, said=said,
        address=urlencode({name: value for name, value in kept.items() if value}),
        next_first=first + A_PAGE if first + A_PAGE < found.height else None,
        before_first=max(0, first - A_PAGE) if first else None,
        kinds=[(kind, title_of(kind)) for kind in every["kind"].unique().sort()], severities=SEVERITY_WORDS,
        states=STATE_WORDS, until=context.today + timedelta(days=USUAL_DAYS), kinds_open=kinds_shown(every),
        **day_limits(context),
    )  # fmt: skip
