"""People and tokens: who may use an organisation's desk as what, and the tokens of programs; for administrators.

What belongs here: the page and its writes. What does not: what a role may do (`security/access.py`).
"""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.store.desk_access.access_tokens import LONGEST_DAYS
from pipelines.store.desk_access.desk_roles import EVERY_ORGANISATION, person_named, role_named
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import AdministratorWrites, Writing, refuse_below
from planner.security.roles import Role
from planner.security.sessions import now
from planner.shown.people_view import people_of, tokens_of

router = APIRouter(prefix="/o/{key}/people")
USUAL_DAYS: Final = 90
ROLES: Final = {
    Role.VIEWER: "sees everything, changes nothing",
    Role.PLANNER: "changes quantities, settings and draft orders",
    Role.APPROVER: "also approves, rejects and sends orders",
    Role.ADMINISTRATOR: "also decides who may do what",
}
_NOT_YOURS: Final = "This reaches organisations of which you are no administrator: ask somebody who is."
_ONESELF: Final = "Your own role is changed by another administrator, so that nobody shuts themselves out."


@router.get("")
def people(request: Request, context: ContextOf) -> Response:
    """The page."""
    refuse_below(Role.ADMINISTRATOR, context.desk.role(context.session, context.organisation.key))
    return page(request, "people.html", _content(context))


@router.post("/give")
def give(request: Request, context: ContextOf, writing: AdministratorWrites) -> Response:
    """Give a person a role."""
    person, role, key = person_named(writing.text("person")), role_named(writing.text("role")), _scope(context, writing)
    _refuse_oneself(context, person)
    given = context.desk.access.give(person, key, role, by=writing.person, at=now())
    reach = "every organisation" if key == EVERY_ORGANISATION else context.organisation.name
    return _part(request, context, notice=f"{given.person} is {role} of {reach}.")


@router.post("/take")
def take(request: Request, context: ContextOf, writing: AdministratorWrites) -> Response:
    """Take a person's role away."""
    person, key = person_named(writing.text("person")), _scope(context, writing)
    _refuse_oneself(context, person)
    context.desk.access.take(person, key, by=writing.person, at=now())
    return _part(request, context, notice=f"{person} has no role here any more.")


@router.post("/tokens")
def make_token(request: Request, context: ContextOf, writing: AdministratorWrites) -> Response:
    """Make a token, and show it this once."""
    request.state.is_answer_kept = False
    days = writing.text("days", str(USUAL_DAYS))
    if not (days.isascii() and days.isdigit() and len(days) <= len(str(LONGEST_DAYS))):
        raise UsageError(f"A token is valid for 1 to {LONGEST_DAYS} days.")
    token, text = context.desk.access.make_token(
        writing.text("name"), role_named(writing.text("role")), [_scope(context, writing)],
        days=int(days), by=writing.person, at=now(),
    )  # fmt: skip
    return _part(request, context, notice=f"The token {token.name!r} was made.", secret=text.reveal())


@router.post("/tokens/{token_id}/revoke")
def revoke(request: Request, context: ContextOf, writing: AdministratorWrites, token_id: str) -> Response:
    """Revoke a token."""
    access = context.desk.access
    found = next((one for one in access.tokens() if one.token_id == token_id), None)
    if found is None or not found.reaches(context.organisation.key):
        raise UsageError("There is no such token.")
    if not access.manages(context.session, found.organisations):
        raise HTTPException(403, _NOT_YOURS)
    access.revoke(token_id, by=writing.person, at=now())
    return _part(request, context, notice=f"The token {found.name!r} was revoked: it opens nothing any more.")


def _scope(context: ScreenContext, writing: Writing) -> str:
    """The organisation that a form is about: this one, or every one if the person may decide that."""
    key = EVERY_ORGANISATION if writing.text("reach") == "all" else context.organisation.key
    if not context.desk.access.manages(context.session, [key]):
        raise HTTPException(403, _NOT_YOURS)
    return key


def _refuse_oneself(context: ScreenContext, person: str) -> None:
    if person == context.session.person:
        raise UsageError(_ONESELF)


def _part(request: Request, context: ScreenContext, *, notice: str, secret: str = "") -> Response:
    return page(request, "parts/people_and_tokens.html", _content(context, notice=notice, secret=secret))


def _content(context: ScreenContext, *, notice: str = "", secret: str = "") -> dict[str, Any]:
    desk, session, organisation = context.desk, context.session, context.organisation
    names = {one.key: one.name for one in desk.organisations_of(session)}
    return context.content(
        screen="people",
        people=people_of(desk.access, session, organisation),
        tokens=tokens_of(desk.access, session, organisation, names, at=now()),
        manages_all=desk.access.manages(session, [EVERY_ORGANISATION]),
        roles=ROLES,
        usual_days=USUAL_DAYS,
        longest_days=LONGEST_DAYS,
        notice=notice,
        secret=secret,
    )
