"""The start: to the organisation's dashboard, or, with none connected, what to do first."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf

router = APIRouter()


@router.get("/")
def start(request: Request, desk: DeskOf) -> Response:
    """The dashboard of the organisation to begin with."""
    first = desk.first_organisation()
    return RedirectResponse(f"/o/{first.key}/", 303) if first else page(request, "no_organisation.html", {})
