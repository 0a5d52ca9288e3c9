"""Nobody learns of an organisation in which they have no role: its addresses answer as those of one that is not here.

Every route of an organisation lies below one of these addresses; a test goes through all of them.
What belongs here: this check, before any route. What does not: roles (`planner/security/access.py`).
"""

import re
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.errors import PlannerError
from planner.desk import NOT_HERE, Desk
from planner.frame.problems import problem_page

_OF_ONE: Final = re.compile(r"/(?:o|api/v1/organisations)/([^/]+)")


class OrganisationsSeen:
    """Lets a request through unless it names an organisation that the person has no role in."""

    def __init__(self, app: ASGIApp, *, desk: Desk) -> None:
        self.app, self.desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        session = scope.get("state", {}).get("session")
        named = _OF_ONE.match(scope.get("path", ""))
        if session is None or named is None:
            await self.app(scope, receive, send)
            return
        try:
            role = await run_sync(lambda: self.desk.access.role(session, named[1]))
        except PlannerError as trouble:
            await problem_page(Request(scope), str(trouble), status=503)(scope, receive, send)
            return
        if role is None:
            await problem_page(Request(scope), NOT_HERE, status=404)(scope, receive, send)
            return
        await self.app(scope, receive, send)
