"""The start: to the organisation's dashboard, or, with none connected, what to do first."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from pipelines.errors import UsageError
from pipelines.organisations.open_organisation import DEMO
from planner.desk import Desk
from planner.frame.problems import problem_page
from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf
from planner.frame.writes import AdministratorWrites
from planner.security.sessions import Way, now

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
    if first is not None:
        return RedirectResponse(f"/o/{first.key}/", 303)
    return page(request, "no_organisation.html", {"demo": desk.demo.progress})


@router.post("/demo")
def start_demo(request: Request, desk: DeskOf, writing: AdministratorWrites) -> Response:
    """Begin the demo organisation, which takes the place of an earlier one: only where there is none."""
    desk.forget()
    if any(one.key == DEMO for one in desk.organisations()) and not desk.demo.progress:
        raise UsageError("The demo organisation is here already: reload the page.")
    desk.demo.start()
    desk.log.note("demo_begun", at=now(), person=writing.person)
    return _progress(request, desk)


@router.get("/demo")
def demo(request: Request, desk: DeskOf) -> Response:
    """How far the demo organisation is; to its dashboard once it is ready."""
    return _progress(request, desk)


def _progress(request: Request, desk: Desk) -> Response:
    progress = desk.demo.progress
    if progress is not None and progress.is_ready:
        desk.forget()
        return Response(status_code=204, headers={"HX-Redirect": f"/o/{DEMO}/"})
    return page(request, "connect/demo.html", {"demo": progress})
