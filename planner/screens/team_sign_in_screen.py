"""Signing in with the account of one's team: to the provider and back.

What belongs here: the two addresses. What does not: the exchange (`security/team_sign_in.py`).
"""

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from planner.desk import Desk
from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf
from planner.security.guard import address_of, local_path, set_cookie
from planner.security.sessions import Way, now
from planner.security.team_sign_in import BEGINNING, CALLBACK, Attempt, TeamSignIn, TeamSignInError

router = APIRouter()


@router.get(BEGINNING)
def begin(request: Request, desk: DeskOf) -> Response:
    """To the provider's page."""
    team = _team(desk)
    try:
        address, attempt = team.begin(local_path(request.query_params.get("next", "/")), at=now())
    except TeamSignInError as trouble:
        return _refused(request, desk, trouble)
    is_secure = request.url.scheme == "https"
    answer = RedirectResponse(address, 303)
    # The provider sends the browser back from another site, where a strict cookie would stay away.
    answer.set_cookie(_cookie(desk), attempt, max_age=600, path="/", httponly=True, samesite="lax", secure=is_secure)
    return answer


@router.get(CALLBACK)
def finish(request: Request, desk: DeskOf, state: str = "", code: str = "") -> Response:
    """Back from the provider: a session, if it vouches for somebody.

    The page goes on by itself: a redirect would still count as coming from the provider's site, without the cookie.
    """
    team, at = _team(desk), now()
    try:
        attempt = team.attempt(request.cookies.get(_cookie(desk), ""), state, at=at)
        _spend(desk, attempt)
        person = team.finish(attempt, code)
    except TeamSignInError as trouble:
        return _refused(request, desk, trouble)
    session = desk.sessions.begin(person, at=at, way=Way.OPENID)
    desk.log.note("signed_in", at=at, person=person, way=session.way, address=address_of(request.scope))
    answer = page(request, "signed_in.html", {"person": person, "next": local_path(attempt.wanted)})
    cookie = set_cookie(desk.cookie, desk.sessions.sealed(session), is_secure=request.url.scheme == "https")
    answer.headers.append("Set-Cookie", cookie)
    answer.delete_cookie(_cookie(desk), secure=request.url.scheme == "https")
    return answer


def _team(desk: Desk) -> TeamSignIn:
    if desk.team is None:
        raise HTTPException(404)
    return desk.team


def _spend(desk: Desk, attempt: Attempt) -> None:
    """An attempt is good once, in whichever process.

    Raises:
        TeamSignInError: it was used before.
    """
    if not desk.access.spend(f"attempt:{attempt.state}", at=now()):
        raise TeamSignInError("used before")


def _refused(request: Request, desk: Desk, trouble: TeamSignInError) -> Response:
    desk.log.note("sign_in_refused", at=now(), why=trouble.why, way=Way.OPENID, address=address_of(request.scope))
    content = {"next": "/", "sentence": str(trouble), "has_team": True}
    return page(request, "sign_in.html", content, status=401)


def _cookie(desk: Desk) -> str:
    return f"{desk.cookie}_attempt"
