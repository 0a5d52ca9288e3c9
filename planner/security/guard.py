"""The guard before every screen: nobody without a session, and no write that another site could have sent.

What belongs here: letting a request through or not. What does not: signing in (`sign_in.py`), what is shown.

    open to all    signing in, and the files of the pages
    a read         needs a session
    a write        needs a session, the same origin, and the session's word in a header

Read more in SECURITY.md.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from planner.security.security_log import SecurityLog
from planner.security.sessions import Session, Sessions, now

SIGN_IN: Final = "/sign-in"
STATIC: Final = "/static/"
API: Final = "/api/"
FORGERY_HEADER: Final = "X-Desk-Token"
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ENDED: Final = "You are not signed in, or your session has ended. Sign in in another tab, then try again here."
FORGED: Final = "This was not sent: the page is too old or belongs to another session. Reload it, then try again."


class Guard:
    """Lets a request through to the screens, with its session, or answers it."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions, cookie: str, log: SecurityLog) -> None:
        self.app, self.sessions, self.cookie, self.log = app, sessions, cookie, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        session = self.sessions.opened(cookie_parser(headers.get("Cookie", "")).get(self.cookie, ""), at=now())
        refusal = self._refusal(scope, headers, session)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        scope.setdefault("state", {})["session"] = session
        await self.app(scope, receive, self._renewing(send, session, is_secure=scope["scheme"] == "https"))

    def _refusal(self, scope: Scope, headers: Headers, session: Session | None) -> Response | None:
        """The answer to a request that is not let through; None for one that is."""
        path, is_write = scope["path"], scope["method"] not in READS
        if is_write and not _is_same_origin(headers):
            return self._forged(scope, "other origin")
        if path == SIGN_IN or path.startswith(STATIC):
            return None
        if session is None:
            return _to_sign_in(scope, headers)
        if is_write and headers.get(FORGERY_HEADER) != session.forgery_token:
            return self._forged(scope, "no token")
        return None

    def _forged(self, scope: Scope, why: str) -> Response:
        self.log.note("write_refused", at=now(), why=why, path=scope["path"], address=address_of(scope))
        return told(scope, FORGED, status=403)

    def _renewing(self, send: Send, session: Session | None, *, is_secure: bool) -> Send:
        """`send`, which also renews the cookie of a session that was last seen some minutes ago."""
        if session is None or not session.needs_renewal(now()):
            return send

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "set-cookie" not in headers:
                    text = self.sessions.sealed(self.sessions.renewed(session, at=now()))
                    headers.append("Set-Cookie", set_cookie(self.cookie, text, is_secure=is_secure))
            await send(message)

        return send_with_cookie


def set_cookie(name: str, text: str, *, is_secure: bool) -> str:
    """The header that sets a session's cookie; an empty text removes it."""
    end = "" if text else "; Max-Age=0"
    return f"{name}={text}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if is_secure else ''}{end}"


def told(scope: Scope, sentence: str, *, status: int) -> Response:
    """A sentence instead of what was asked for: as a problem for a program, as a text for a page that shows it."""
    return (
        problem_json(sentence, status=status) if scope["path"].startswith(API) else PlainTextResponse(sentence, status)
    )


def problem_json(sentence: str, *, status: int) -> Response:
    """A sentence for a program, as RFC 9457 has it."""
    problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    return JSONResponse(problem, status, media_type="application/problem+json")


def address_of(scope: Scope) -> str:
    """The network address of a request, for the log."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def local_path(text: str) -> str:
    """A path of this desk to go to after signing in; the start page for anything else.

    >>> local_path("/o/acme/plan?page=2"), local_path("//evil.example"), local_path("https://evil.example")
    ('/o/acme/plan?page=2', '/', '/')
    """
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_ours else "/"


def _to_sign_in(scope: Scope, headers: Headers) -> Response:
    """A page goes to the sign-in and comes back; a part of a page, and a write, get a sentence."""
    if scope["path"].startswith(API):
        return problem_json("Sign in first.", status=401)
    if scope["method"] != "GET" or "HX-Request" in headers:
        return PlainTextResponse(ENDED, 401)
    wanted = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
    return RedirectResponse(SIGN_IN if wanted == "/" else f"{SIGN_IN}?next={quote(wanted, safe='')}", 303)


def _is_same_origin(headers: Headers) -> bool:
    """Whether a browser sent a write from our own page; a program that sends neither header is no browser."""
    if headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    origin = headers.get("Origin")
    return origin is None or origin.partition("://")[2] == headers.get("Host")
