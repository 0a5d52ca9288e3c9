"""A write as a screen gets it: who writes, and what the form says; refused for a role that may not.

    @router.post("/o/{key}/orders/{order_id}/approve")
    def approve(context: ContextOf, writing: ApproverWrites, order_id: str) -> Response:
        ... writing.person, writing.text("reason"), writing.version() ...

For a route of `/api/v1` the fields are those of its JSON object. If it has a typed body too, so that the document
tells programs what to send, both are given:

    @router.post("/organisations/{key}/orders/{order_id}/approve")
    def approve(context: ContextOf, writing: ApproverWrites, order_id: str, body: Approval) -> OrderAnswer:
        ... writing.person, body.reason, body.version ...

The role is looked at before the body. A write may bear a key, and is then done once: see `answered_once.py`.

What belongs here: arguments of routes that write. What does not: what they write.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from planner.frame.form_data import fields_of
from planner.frame.screen_context import DeskOf
from planner.security.roles import Role

NOT_ALLOWED: Final = "Your role here is {role}; this needs the role {needed}. Ask an administrator."
_MOST_DIGITS: Final = 9


@dataclass(frozen=True)
class Writing:
    """Who writes, and the fields of the form or of the JSON object."""

    person: str
    fields: Mapping[str, list[str]]

    def text(self, name: str, missing: str = "") -> str:
        """A field without spaces around it."""
        return self.fields.get(name, [missing])[-1].strip()

    def texts(self, name: str) -> list[str]:
        """All values of a field: ticked boxes, selected rows."""
        return self.fields.get(name, [])

    def version(self, name: str = "version") -> int:
        """The version that the person saw.

        Raises:
            HTTPException: the form has none, so it was not made by a page of ours.
        """
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise HTTPException(400, "The page is too old for this: reload it, then try again.")
        return int(text)


def refuse_below(needed: Role, role: Role) -> None:
    """Refuse a role that may not do what needs another.

    Raises:
        HTTPException: 403 with a sentence.
    """
    if not role.may(needed):
        raise HTTPException(403, NOT_ALLOWED.format(role=role, needed=needed))


def writes_as(needed: Role) -> Callable[[Request, DeskOf], Coroutine[Any, Any, Writing]]:
    """The dependency of a route that a role may use: its `Writing`, or 403 with a sentence."""

    async def writing(request: Request, desk: DeskOf) -> Writing:
        session = request.state.session
        refuse_below(needed, desk.role(session, request.path_params.get("key", "")))
        return Writing(session.person, await fields_of(request))

    return writing


ViewerWrites = Annotated[Writing, Depends(writes_as(Role.VIEWER))]
PlannerWrites = Annotated[Writing, Depends(writes_as(Role.PLANNER))]
ApproverWrites = Annotated[Writing, Depends(writes_as(Role.APPROVER))]
AdministratorWrites = Annotated[Writing, Depends(writes_as(Role.ADMINISTRATOR))]
