"""The guard before every screen: nobody without a session, and no write that another site could have sent.

What belongs here: letting a request through or not. What does not: signing in (`sign_in.py`), what is shown.

    open to all    signing in, the files of the pages, and Xero's answer (it bears a state of its own)
    a read         needs a session
    a write        needs a session, the same origin, and the session's word in a header
    a team's proxy names a person in its header, if it is switched on for the proxy's address
    a program      shows a token below /api/ instead: no cookie, so that no other site can use it

Read more in SECURITY.md.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import PlannerError, UsageError
from pipelines.store.desk_access.desk_roles import person_named
from planner.desk import Desk
from planner.security import team_sign_in
from planner.security.sessions import Session, TokenSession, Way, now

SIGN_IN: Final = "/sign-in"
STATIC: Final = "/static/"
CALLBACK: Final = "/connect/callback"
"""Where Xero sends a browser back to: from another site, so without the session's cookie."""
OPEN: Final = frozenset({SIGN_IN, CALLBACK, team_sign_in.BEGINNING, team_sign_in.CALLBACK})
API: Final = "/api/"
FORGERY_HEADER: Final = "X-Desk-Token"
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ENDED: Final = "You are not signed in, or your session has ended. Sign in in another tab, then try again here."
BEARER: Final = "Bearer "
WRONG_TOKEN: Final = "This token opens nothing: it is unknown, expired or revoked. Ask an administrator for another."  # noqa: S105, a sentence
TOO_MANY: Final = "Too many wrong tokens from here: wait a minute."
FORGED: Final = "This was not sent: the page is too old or belongs to another session. Reload it, then try again."


class Guard:
    """Lets a request through to the screens, with its session, or answers it."""

    def __init__(self, app: ASGIApp, *, desk: Desk) -> None:
        self.app, self.desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self.desk.is_https:
            scope["scheme"] = "https"
        try:
            session, refusal = await self._who(scope, headers)
        except PlannerError as trouble:
            session, refusal = None, sentence_answer(scope, str(trouble), status=503)
        refusal = refusal or self._refusal(scope, headers, session)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        scope.setdefault("state", {})["session"] = session
        await self._note_use(session, headers)
        await self.app(scope, receive, self._renewing(scope, send, session))

    async def _note_use(self, session: Session | None, headers: Headers) -> None:
        """Keep for the list of a person's open sessions that one is used."""
        at, known = now(), self.desk.open_sessions
        if session is not None and not isinstance(session, TokenSession) and known.is_new_to(session, at):
            await run_sync(lambda: known.note(session, headers.get("User-Agent", ""), at=at))

    async def _who(self, scope: Scope, headers: Headers) -> tuple[Session | None, Response | None]:
        """Who asks: a program by its token, a person by the cookie of a session that is not over; or a refusal.

        Raises:
            StoreError: the store cannot be asked.
        """
        shown = headers.get("Authorization", "")
        if shown.startswith(BEARER) and scope["path"].startswith(API):
            return await self._program(scope, shown.removeprefix(BEARER).strip())
        if scope["path"].startswith(STATIC):
            return None, None
        cookie = cookie_parser(headers.get("Cookie", "")).get(self.desk.cookie, "")
        opened = self.desk.sessions.opened(cookie, at=now())
        is_over = opened is None or await run_sync(lambda: self.desk.access.is_ended(opened))
        return self._vouched_for(scope, headers, None if is_over else opened), None

    def _vouched_for(self, scope: Scope, headers: Headers, session: Session | None) -> Session | None:
        """A session, if the trusted proxy still names its person; a new one for whom it names. Others name nobody."""
        proxy, at = self.desk.settings.trusted_proxy, now()
        is_from_proxy = proxy is not None and address_of(scope) == proxy.address
        named = headers.get(proxy.header, "") if proxy and is_from_proxy else ""
        try:
            person = person_named(named) if named else ""
        except UsageError:
            person = ""
        if session is not None and (session.way is not Way.PROXY or session.person == person):
            return session
        if not person:
            return None
        begun = self.desk.sessions.begin(person, at=at, way=Way.PROXY)
        self.desk.log.note("signed_in", at=at, person=person, way=begun.way, address=address_of(scope))
        scope.setdefault("state", {})["is_new_session"] = True
        return begun

    async def _program(self, scope: Scope, text: str) -> tuple[Session | None, Response | None]:
        """The session of a program's token. Wrong ones are counted, so that they neither fill the log nor are tried."""
        address, at = address_of(scope), now()
        is_reached = self.desk.failures.is_reached(address, at=at)
        access = self.desk.access
        session = await run_sync(lambda: access.session_of_token(text, address=address, at=at, is_noted=not is_reached))
        if session is not None:
            return session, None
        self.desk.failures.fail(address, at=at)
        refusal = problem_json(TOO_MANY if is_reached else WRONG_TOKEN, status=429 if is_reached else 401)
        refusal.headers["Retry-After" if is_reached else "WWW-Authenticate"] = "60" if is_reached else "Bearer"
        return None, refusal

    def _refusal(self, scope: Scope, headers: Headers, session: Session | None) -> Response | None:
        """The answer to a request that is not let through; None for one that is."""
        path, is_write = scope["path"], scope["method"] not in READS
        if isinstance(session, TokenSession):
            return None
        if is_write and not _is_same_origin(headers):
            return self._forged(scope, "other origin")
        if path in OPEN or path.startswith(STATIC):
            return None
        if session is None:
            return _to_sign_in(scope, headers)
        if is_write and headers.get(FORGERY_HEADER) != session.forgery_token:
            return self._forged(scope, "no token")
        return None

    def _forged(self, scope: Scope, why: str) -> Response:
        self.desk.log.note("write_refused", at=now(), why=why, path=scope["path"], address=address_of(scope))
        return sentence_answer(scope, FORGED, status=403)

    def _renewing(self, scope: Scope, send: Send, session: Session | None) -> Send:
        """`send`, which also sets the cookie of a session that is new, or was last seen some minutes ago."""
        if session is None or isinstance(session, TokenSession):
            return send
        if not session.needs_renewal(now()) and "is_new_session" not in scope["state"]:
            return send
        is_secure = scope["scheme"] == "https"

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "set-cookie" not in headers:
                    text = self.desk.sessions.sealed(self.desk.sessions.renewed(session, at=now()))
                    headers.append("Set-Cookie", set_cookie(self.desk.cookie, text, is_secure=is_secure))
            await send(message)

        return send_with_cookie


def set_cookie(name: str, text: str, *, is_secure: bool) -> str:
    """The header that sets a session's cookie; an empty text removes it."""
    end = "" if text else "; Max-Age=0"
    return f"{name}={text}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if is_secure else ''}{end}"


def sentence_answer(scope: Scope, sentence: str, *, status: int) -> Response:
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
