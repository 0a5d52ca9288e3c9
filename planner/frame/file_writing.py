"""A file that is sent as the body of a write: who sends it, and its bytes; refused for a role that may not.

What belongs here: arguments of routes that take a file. What does not: what the file says.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from planner.frame.form_data import body_of
from planner.frame.screen_context import DeskOf
from planner.frame.writes import refuse_below
from planner.security.roles import Role

MOST_MIB: Final = 12
TOO_LARGE: Final = (
    f"The file is larger than {MOST_MIB} MiB: send it in parts, each with its headings. Nothing was changed."
)


@dataclass(frozen=True)
class SentFile:
    """Who sends a file, and what is in it."""

    person: str
    data: bytes


async def _sent_file(request: Request, desk: DeskOf) -> SentFile:
    session = request.state.session
    refuse_below(Role.PLANNER, desk.role(session, request.path_params.get("key", "")))
    return SentFile(session.person, await body_of(request, most=MOST_MIB << 20, sentence=TOO_LARGE))


PlannerSends = Annotated[SentFile, Depends(_sent_file)]
