"""What a person reads when something is not there or fails: a sentence that says what to do, never a stack trace.

What belongs here: errors to pages, and to sentences for parts of pages. What does not: the errors.
"""

import logging
import secrets
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import PlannerError, UsageError
from pipelines.organisation_key import OrganisationError
from pipelines.purchasing.order_record import NoSuchOrderError, OrderChangedError
from pipelines.spreadsheets.file_faults import SpreadsheetFileError
from pipelines.storage.snapshots import NothingPublishedError
from pipelines.store.demand_decisions.demand_event_log import EventChangedError
from pipelines.store.exception_decisions import ExceptionChangedError
from pipelines.store.setting_ledger.group_ledger import GroupConflictError
from pipelines.store.setting_ledger.setting_changes import SettingConflictError
from planner.desk import Desk
from planner.frame.rendered_pages import page
from planner.security.guard import API, READS, problem_json
from planner.security.roles import Role

log = logging.getLogger(__name__)
_WAS_FIRST: Final = (
    SettingConflictError,
    GroupConflictError,
    OrderChangedError,
    ExceptionChangedError,
    EventChangedError,
)
_SENTENCES: Final = {
    404: "There is no such page.",
    405: "This address cannot be used that way: go back and try again.",
    413: "That is too large to be sent here.",
}


def add_sentences(app: FastAPI) -> None:
    """Answer the errors that a person can act on with their sentences."""
    app.add_exception_handler(NothingPublishedError, _nothing_yet)
    app.add_exception_handler(PlannerError, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


def problem_page(request: Request, sentence: str, *, status: int) -> Response:
    """A page with a sentence; for a part of a page the sentence alone, for a program problem+json (RFC 9457)."""
    if request.url.path.startswith(API):
        return problem_json(sentence, status=status)
    if "HX-Request" in request.headers:
        return PlainTextResponse(sentence, status)
    return page(request, "problem.html", {"sentence": sentence, "status": status}, status=status)


async def _nothing_yet(request: Request, trouble: Exception) -> Response:
    if request.url.path.startswith(API):
        return problem_json(str(trouble), status=404)
    desk: Desk = request.app.state.desk
    organisation = desk.organisation(request.path_params.get("key", ""))
    role = desk.role(request.state.session, organisation.key)
    content = {
        "organisation": organisation,
        "base": f"/o/{organisation.key}",
        "may_load": role.may(Role.PLANNER),
        "may_connect": desk.role(request.state.session, "").may(Role.ADMINISTRATOR),
    }
    return page(request, "nothing_yet.html", content)


async def _known(request: Request, trouble: Exception) -> Response:
    sentence = trouble.reason if isinstance(trouble, SettingConflictError) else str(trouble)
    return problem_page(request, sentence, status=_status_of(trouble, is_write=request.method not in READS))


def _status_of(trouble: Exception, *, is_write: bool) -> int:
    """404 for what is not there, 409 where somebody else was first, 422 for a write that is not possible, else 503."""
    if isinstance(trouble, _WAS_FIRST):
        return 409
    if isinstance(trouble, OrganisationError | NoSuchOrderError) or (isinstance(trouble, UsageError) and not is_write):
        return 404
    return 422 if isinstance(trouble, UsageError | SpreadsheetFileError) else 503


async def _http(request: Request, trouble: Exception) -> Response:
    status = trouble.status_code if isinstance(trouble, HTTPException) else 500
    if isinstance(trouble, HTTPException) and status == 304:  # noqa: PLR2004, not modified: it has no body
        return Response(status_code=status, headers=trouble.headers)
    detail = trouble.detail if isinstance(trouble, HTTPException) else ""
    usual = _SENTENCES.get(status, "This did not work: go back and try again.")
    return problem_page(request, detail if detail.endswith(".") else usual, status=status)


async def _invalid(request: Request, trouble: Exception) -> Response:
    found = trouble.errors() if isinstance(trouble, RequestValidationError) else []
    named = "; ".join(f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}" for one in found)
    return problem_page(request, f"This cannot be used: {named}.", status=422)


class PlainErrors:
    """Answers an error of ours with a sentence and a number that stands in the log beside the stack trace."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        has_begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception:
            number = secrets.token_hex(4)
            log.exception("Fault %s of the desk", number)
            if has_begun or scope["type"] != "http":
                raise
            sentence = (
                f"Something unexpected failed; nothing that was saved is lost. Try again; if it fails again, report "
                f"fault {number}, which the desk's log describes."
            )
            await problem_page(Request(scope), sentence, status=500)(scope, receive, send)
