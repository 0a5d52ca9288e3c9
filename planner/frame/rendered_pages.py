"""Pages from templates: what every page has around its own content.

What belongs here: the frame, the templates' filters. What does not: what a screen puts in.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from pipelines.replenishment.plan.reasons import REASONS
from planner.frame import formats
from planner.frame.static_files import static_url
from planner.security.sessions import Session

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
THEMES: Final = ("auto", "light", "dark")
ROWS: Final = ("normal", "compact")
# Word and shape of each status; the colour comes on top.
STATUSES: Final = {
    "order_now": ("Order now", "full"),
    "order_later": ("Order later", "clock"),
    "assemble_now": ("Assemble now", "full"),
    "short": ("Short, not ordered", "half"),
    "enough": ("Enough", "ring"),
    "too_much": ("Too much", "square"),
    "not_planned": ("Not planned", "dash"),
    "in_draft": ("In a draft", "clock"),
    "ordered": ("Ordered", "done"),
    "taken_off": ("Taken off", "dash"),
}


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.filters.update(formats.FILTERS)
    made.globals.update(
        static_url=static_url, STATUSES=STATUSES, REASONS=REASONS, days_left=formats.days_left, new_key=new_key
    )
    return made


def new_key() -> str:
    """A new key of a form that must not be done twice; its hidden field is named `idem` (`answered_once.py`)."""
    return secrets.token_urlsafe(16)


_ENVIRONMENT: Final = _environment()


@dataclass(frozen=True)
class Frame:
    """What stands around a page: who is signed in, how they like it, and where they are."""

    session: Session | None
    theme: str
    rows: str
    path: str


def frame_of(request: Request) -> Frame:
    """The frame of a request."""
    theme, rows = request.cookies.get("desk_theme", ""), request.cookies.get("desk_rows", "")
    session = getattr(request.state, "session", None)
    return Frame(session, theme if theme in THEMES else "auto", rows if rows in ROWS else "normal", request.url.path)


def page(request: Request, template: str, content: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
    """A page, or a part of one, from its template."""
    return HTMLResponse(text_of(request, template, content), status)


def text_of(request: Request, template: str, content: Mapping[str, Any]) -> str:
    """The text of a template."""
    return _ENVIRONMENT.get_template(template).render(frame=frame_of(request), **content)
