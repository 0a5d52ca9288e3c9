"""Signing in and out: the printed address opens a session, once.

What belongs here: the page and its two writes. What does not: tokens and sessions (`security`).
"""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from planner.desk import Desk
from planner.frame.form_data import form_of
from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf
from planner.security.guard import SIGN_IN, address_of, local_path, set_cookie
from planner.security.sessions import now

router = APIRouter()
_WRONG = "This address has been used, or is not the last one. Use the last address that the terminal printed."
_SLOWER = "Too many attempts: wait a minute, then use the last address that the terminal printed."


@router.get(SIGN_IN)
def ask(request: Request, desk: DeskOf) -> Response:
    """The page that takes the token from the address, or from a person who pastes it."""
    wanted = local_path(request.query_params.get("next", "/"))
    return page(request, "sign_in.html", {"next": wanted, "sentence": "", "has_team": desk.team is not None})


@router.post(SIGN_IN)
async def sign_in(request: Request, desk: DeskOf) -> Response:
    """Open a session for a right token."""
    form, at, address = await form_of(request), now(), address_of(request.scope)
    wanted, token = local_path(form.get("next", ["/"])[0]), form.get("token", [""])[0].strip().rpartition("#")[2]
    if desk.token.spend(token):
        session = desk.sessions.begin(desk.person, at=at)
        desk.log.note("signed_in", at=at, person=session.person, address=address)
        is_secure = request.url.scheme == "https"
        cookie = set_cookie(desk.cookie, desk.sessions.sealed(session), is_secure=is_secure)
        return RedirectResponse(wanted, 303, {"Set-Cookie": cookie})
    is_reached = desk.failures.is_reached(address, at=at)
    desk.failures.fail(address, at=at)
    desk.log.note("sign_in_refused", at=at, address=address, why="too many" if is_reached else "wrong token")
    content = {
        "next": wanted, "sentence": _SLOWER if is_reached else _WRONG, "has_team": desk.team is not None,
    }  # fmt: skip
    answer = page(request, "sign_in.html", content, status=429 if is_reached else 401)
    if is_reached:
        answer.headers["Retry-After"] = "60"
    return answer


@router.post("/sign-out")
def sign_out(request: Request, desk: DeskOf) -> Response:
    """End the session."""
    desk.access.end(request.state.session, at=now())
    desk.open_sessions.forget(request.state.session.session_id)
    return _signed_out(request, desk, "signed_out")


@router.post("/sign-out-everywhere")
def sign_out_everywhere(request: Request, desk: DeskOf) -> Response:
    """End every session of the person, in whichever browser."""
    desk.access.end_everywhere(request.state.session, at=now())
    for one in desk.open_sessions.of(request.state.session.owner, at=now()):
        desk.open_sessions.forget(one.session_id)
    return _signed_out(request, desk, "signed_out_everywhere")


def _signed_out(request: Request, desk: Desk, event: str) -> Response:
    """Note what was ended, and take the cookie away."""
    desk.log.note(event, at=now(), person=request.state.session.person, address=address_of(request.scope))
    cookie = set_cookie(desk.cookie, "", is_secure=request.url.scheme == "https")
    return Response(status_code=204, headers={"Set-Cookie": cookie, "HX-Redirect": SIGN_IN})
