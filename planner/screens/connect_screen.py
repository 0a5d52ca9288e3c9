"""Connecting Xero: the page, the sign-in in another tab, Xero's answer, the choice of organisations.

What belongs here: the routes. What does not: Xero (`pipelines.organisations.connecting`), and which sign-in an answer
belongs to (`planner/beginning`).
"""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.credentials import BROWSER, CUSTOM, App
from pipelines.errors import PlannerError, UsageError
from pipelines.organisations.open_organisation import secrets_of
from pipelines.secret import Secret
from pipelines.settings import Settings, is_loopback
from pipelines.store.sign_ins import sign_in_of
from planner.beginning.pending_sign_ins import PendingSignIn
from planner.desk import Desk
from planner.frame.browser_sentences import without_commands
from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf
from planner.frame.writes import AdministratorWrites, refuse_below
from planner.runs.graphql import DagsterDownError
from planner.security.guard import CALLBACK, address_of
from planner.security.roles import Role
from planner.security.sessions import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.organisations.connecting import AllowedOrganisations
    from pipelines.store.connected_organisations import ConnectedOrganisation

log = logging.getLogger(__name__)
router = APIRouter(prefix="/connect")
COOKIE: Final = "desk_connect"
BEGIN_AGAIN: Final = "This sign-in is no longer known here: begin it again."
OTHER: Final = "This answer belongs to no sign-in that was begun in this browser, so nothing was connected."
ARRIVED: Final = "Xero's answer has arrived. Go on in the tab of the desk; this one can be closed."


@router.get("")
def ask(request: Request, desk: DeskOf, organisation: str = "") -> Response:
    """What connecting does, and its button."""
    refuse_below(Role.ADMINISTRATOR, desk.role(request.state.session, ""))
    content = {
        "again": desk.organisation(organisation) if organisation else None,
        "needs_app": not desk.settings.xero_client_id and not organisation,
        "redirect_uri": redirect_uri(request),
    }
    return page(request, "connect.html", content)


@router.post("")
def begin(request: Request, desk: DeskOf, writing: AdministratorWrites) -> Response:
    """Begin a sign-in: the address of Xero's page, which the browser opens in a tab of its own."""
    from pipelines.organisations.connecting import sign_in_custom  # noqa: PLC0415, memory that only connecting needs
    from pipelines.xero.oauth.authorization import new_sign_in  # noqa: PLC0415, as above

    settings, app, grant = _way(
        desk, writing.text("client_id"), writing.text("client_secret"), writing.text("organisation")
    )
    asked = new_sign_in(settings.xero_login_url, app.client_id, redirect_uri=redirect_uri(request))
    session = request.state.session
    begun = desk.xero_sign_ins.begin(session.session_id, settings, app, asked, at=now())
    desk.log.note("xero_sign_in_begun", at=now(), person=session.person, address=address_of(request.scope))
    if grant == CUSTOM:
        _settle(desk, begun, lambda: sign_in_custom(settings, app=app))
        return progress(request, desk)
    answer = page(request, "connect/progress.html", {"sign_in": begun, "is_new": True, "sentence": ""})
    answer.set_cookie(
        COOKIE, begun.browser, max_age=600, path="/connect", httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.get("/progress")
def progress(request: Request, desk: DeskOf) -> Response:
    """Whether Xero's answer has come; then the choice, or why nothing was connected."""
    found = desk.xero_sign_ins.of(request.state.session.session_id, at=now())
    content = {"sign_in": found, "is_new": False, "sentence": "" if found else BEGIN_AGAIN}
    return page(request, "connect/progress.html", content)


@router.get(CALLBACK.removeprefix("/connect"))
def answered(request: Request, desk: DeskOf) -> Response:
    """Xero's answer: the tab that it comes in says that it came; the tab of the desk goes on."""
    from pipelines.organisations.connecting import allowed_by  # noqa: PLC0415, memory that only connecting needs

    answer = dict(request.query_params)
    browser = request.cookies.get(COOKIE)
    if browser is None and not _is_on_this_machine(request):
        browser = ""
    found = desk.xero_sign_ins.waiting(answer, browser=browser, at=now())
    if found is None:
        desk.log.note("xero_answer_refused", at=now(), address=address_of(request.scope))
        return page(request, "connect/answered.html", {"title": "Nothing was connected", "sentence": OTHER}, status=400)
    failure = _settle(desk, found, lambda: allowed_by(found.settings, found.app, found.request, answer))
    title = "Nothing was connected" if failure else "Back to the desk"
    return page(request, "connect/answered.html", {"title": title, "sentence": failure or ARRIVED})


@router.post("/organisations")
def connect(request: Request, desk: DeskOf, writing: AdministratorWrites) -> Response:
    """Connect the organisations that were ticked, and go to the first."""
    from pipelines.organisations.connecting import connect as keep  # noqa: PLC0415, memory that only connecting needs

    session = request.state.session
    found = desk.xero_sign_ins.of(session.session_id, at=now())
    if found is None or found.allowed is None:
        raise UsageError(found.failure if found and found.failure else BEGIN_AGAIN)
    ticked = set(writing.texts("tenant"))
    chosen = [one for one in found.allowed.organisations if one.tenant_id in ticked]
    if not chosen:
        raise UsageError("Tick at least one organisation.")
    try:
        connected = keep(found.settings, found.allowed, chosen)
    except PlannerError as refused:
        raise UsageError(without_commands(str(refused))) from refused
    desk.xero_sign_ins.end(session.session_id)
    for organisation in connected:
        _note(request, desk, organisation)
    desk.forget()
    return Response(status_code=204, headers={"HX-Redirect": f"/o/{connected[0].key}/"})


def redirect_uri(request: Request) -> str:
    """Where Xero sends the browser back to; of this machine's names Xero accepts `localhost` only."""
    address = request.url
    if is_loopback(address.hostname or ""):
        return f"http://localhost{f':{address.port}' if address.port else ''}{CALLBACK}"
    return f"{address.scheme}://{address.netloc}{CALLBACK}"


def _way(desk: Desk, client_id: str, client_secret: str, again: str) -> tuple[Settings, App, str]:
    """Which Xero, app and grant: those of the organisation that is connected again, else of the form or environment."""
    settings = desk.settings
    if again and not client_id:
        record = desk.organisation(again)
        known = sign_in_of(desk.store, record.key, secrets_of(settings))
        there = replace(settings, xero_api_url=record.api_url, xero_identity_url=known.app.identity_url)
        return there, known.app, known.grant
    if client_id:
        secret = Secret(client_secret) if client_secret else None
        return settings, App(settings.xero_identity_url, client_id, secret), BROWSER
    if settings.xero_client_id:
        return settings, App(settings.xero_identity_url, settings.xero_client_id, settings.xero_client_secret), BROWSER
    raise UsageError("Give the client id of your Xero app.")


def _settle(desk: Desk, found: PendingSignIn, ask_xero: "Callable[[], AllowedOrganisations]") -> str:
    """Keep what Xero allows; the sentence on why it does not, else empty."""
    try:
        allowed = ask_xero()
    except PlannerError as refused:
        failure = without_commands(str(refused))
        desk.xero_sign_ins.settle(found, failure=failure)
        return failure
    desk.xero_sign_ins.settle(found, allowed=allowed)
    return ""


def _is_on_this_machine(request: Request) -> bool:
    """Whether a browser of this machine asks, by a name of this machine."""
    host = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    return is_loopback(host) and is_loopback(address_of(request.scope))


def _note(request: Request, desk: Desk, organisation: "ConnectedOrganisation") -> None:
    """Tell the log and, if it runs, Dagster; without it the first load does."""
    person = request.state.session.person
    desk.log.note("organisation_connected", at=now(), person=person, organisation=organisation.key)
    try:
        desk.runs.add_organisation(organisation.key)
    except DagsterDownError as down:
        log.info("%s", down)
