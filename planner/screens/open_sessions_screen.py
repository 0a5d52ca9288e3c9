"""Where one is signed in: one's own open sessions, each of which can be ended.

What belongs here: the page and its write. What does not: sessions (`security`), ending the one that is used or all
(`sign_in_screen.py`).
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from planner.desk import Desk
from planner.frame.formats import moment
from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf
from planner.security.guard import address_of
from planner.security.open_sessions import OpenSession
from planner.security.sessions import now

router = APIRouter(prefix="/sessions")


@router.get("")
def sessions_page(request: Request, desk: DeskOf) -> Response:
    """The page."""
    return page(request, "sessions.html", _content(request, desk))


@router.post("/{place}/end")
def end(request: Request, desk: DeskOf, place: str) -> Response:
    """End one of one's own sessions; the one that is used has its own way out."""
    mine = {one.place: one for one in _mine(request, desk)}
    if place not in mine:
        raise HTTPException(404, "This session has ended already: reload the page.")
    ended = mine[place]
    desk.access.end(ended.session, at=now())
    desk.open_sessions.forget(ended.session_id)
    desk.log.note("session_ended", at=now(), person=ended.person, address=address_of(request.scope))
    return page(request, "parts/sessions_list.html", _content(request, desk, f"Signed out: {ended.device}."))


def _mine(request: Request, desk: Desk) -> list[OpenSession]:
    found = desk.open_sessions.of(request.state.session.owner, at=now())
    return [one for one in found if not desk.access.is_ended(one.session)]


def _content(request: Request, desk: Desk, notice: str = "") -> dict[str, Any]:
    session = request.state.session
    first = desk.first_organisation(session)
    zone = first.time_zone if first else None
    rows = [
        {
            "place": one.place, "device": one.device, "is_here": one.session_id == session.session_id,
            "begun_at": moment(one.begun_at, zone), "seen_at": moment(one.seen_at, zone),
        }
        for one in _mine(request, desk)
    ]  # fmt: skip
    return {"sessions": sorted(rows, key=lambda row: not row["is_here"]), "notice": notice}
