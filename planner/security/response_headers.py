"""The headers that tell a browser what a page may do: nothing but what the desk itself serves.

What belongs here: headers of every answer, errors too. What does not: who may ask (`guard.py`).
Read more in SECURITY.md.
"""

import secrets
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HTTPS_ONLY: Final = "max-age=31536000"
NOT_KEPT: Final = "no-store"
KEPT_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NONCE: Final = "style_nonce"


def allow_styles_by_nonce(request: Request) -> str:
    """A word made for one answer: style sheets that bear it may be added to that page by its script, and no others."""
    nonce = secrets.token_urlsafe(16)
    setattr(request.state, _NONCE, nonce)
    return nonce


def policy(nonce: str = "") -> str:
    """What a page may do; with a nonce also add style sheets that bear it.

    >>> policy("abc").partition("; img-src")[0]
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-abc'"
    """
    styles = f"style-src 'self' 'nonce-{nonce}';" if nonce else "style-src 'self';"
    return CONTENT_SECURITY_POLICY.replace("style-src 'self';", styles)


class ResponseHeaders:
    """Adds the headers to every answer; a page is kept by no cache unless it says so itself."""

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self.app = app
        self.headers = ALWAYS | ({"Strict-Transport-Security": HTTPS_ONLY} if is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                if nonce := scope.get("state", {}).get(_NONCE, ""):
                    headers["Content-Security-Policy"] = policy(nonce)
                headers.setdefault("Cache-Control", NOT_KEPT)
            await send(message)

        await self.app(scope, receive, send_with_headers)
