"""How a person likes the desk: theme, height of rows, columns of the plan; kept in the browser.

What belongs here: their cookies. What does not: what a theme looks like (`desk.css`).
"""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from planner.frame.form_data import form_of
from planner.frame.rendered_pages import ROWS, THEMES
from planner.security.guard import local_path
from planner.shown.plan_columns import chosen_columns

router = APIRouter()
A_YEAR: Final = 31_536_000
COLUMNS_COOKIE: Final = "desk_columns"
_ALLOWED: Final = {"desk_theme": THEMES, "desk_rows": ROWS}


@router.post("/preferences")
async def keep(request: Request) -> Response:
    """Keep what was chosen, and show the page anew; unknown values change nothing."""
    answer = Response(status_code=204, headers={"HX-Refresh": "true"})
    form = await form_of(request)
    for name, allowed in _ALLOWED.items():
        if (value := form.get(name, [""])[0]) in allowed:
            _keep(answer, request, name, value)
    if "columns" in form or "columns_shown" in form:
        names = [column.name for column in chosen_columns(form.get("columns", []), instead=())]
        _keep(answer, request, COLUMNS_COOKIE, ".".join(names))
        if address := _without_columns(request.headers.get("HX-Current-URL", "")):
            del answer.headers["HX-Refresh"]
            answer.headers["HX-Redirect"] = address
    return answer


def _without_columns(address: str) -> str:
    """The path and query of an address that names columns, without them; empty for any other."""
    parts = urlsplit(address)
    asked = parse_qsl(parts.query)
    rest = [(name, value) for name, value in asked if name != "columns"]
    return local_path(f"{parts.path}?{urlencode(rest)}") if len(rest) < len(asked) else ""


def columns_chosen(request: Request) -> list[str]:
    """The names of the columns that a person chose; none if they did not."""
    return [name for name in request.cookies.get(COLUMNS_COOKIE, "").split(".") if name]


def _keep(answer: Response, request: Request, name: str, value: str) -> None:
    is_secure = request.url.scheme == "https"
    answer.set_cookie(name, value, max_age=A_YEAR, samesite="strict", httponly=True, secure=is_secure)
