"""A desk that is asked more than it can answer says so at once, and goes on answering: nothing piles up in memory.

    all that is at work or waits          MOST
    of one person, program or stranger    MOST_OF_ONE, so that one that asks without end leaves room for others

Who comes on top has to come again in a second (503, Retry-After), before anything was done or read; a page that a
person opened loads itself again. What belongs here: how many at once. What does not: who may ask (`guard.py`).
"""

from collections import Counter
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from planner.security.guard import STATIC, address_of, sentence_answer

MOST: Final = 64
MOST_OF_ONE: Final = 32
RETRY_SECONDS: Final = 1
BUSY: Final = "The desk has more to do just now than it can. Nothing was changed by this: try again in a moment."


class FewAtOnce:
    """Lets so many requests in at once, and answers the others without any work."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._at_work: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["path"].startswith(STATIC):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        caller = headers.get("Authorization") or headers.get("Cookie") or address_of(scope)
        if self._at_work[caller] >= MOST_OF_ONE or self._at_work.total() >= MOST:
            await self._turn_away(scope, headers, receive, send)
            return
        self._at_work[caller] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._at_work[caller] -= 1
            if not self._at_work[caller]:
                del self._at_work[caller]

    async def _turn_away(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        answer = sentence_answer(scope, BUSY, status=503)
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        if scope["method"] == "GET" and headers.get("Sec-Fetch-Mode") == "navigate":
            answer.headers["Refresh"] = str(RETRY_SECONDS + 1)
        await answer(scope, receive, send)
