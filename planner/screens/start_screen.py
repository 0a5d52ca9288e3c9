"""The start: to the organisation's dashboard, or, with none connected, what to do first."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from planner.frame.problems import problem_page
from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf
from planner.security.sessions import Way

router = APIRouter()
NO_ROLE: Final = (
    "You are signed in as {person}, but have no role in any organisation yet: ask an administrator to give you one."
)


@router.get("/")
def start(request: Request, desk: DeskOf) -> Response:
    """The dashboard of the organisation to begin with."""
    session = request.state.session
    first = desk.first_organisation(session)
    if first is None and session.way is not Way.PRINTED_ADDRESS:
        return problem_page(request, NO_ROLE.format(person=session.person), status=403)
    return RedirectResponse(f"/o/{first.key}/", 303) if first else page(request, "no_organisation.html", {})
