"""The plan as a spreadsheet: for those who fill down and paste.

What belongs here: the page and its lines. What does not: saving, which goes the way of each quantity
(`quantity_edits.py`).
"""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.replenishment.plan.plan_reports import REPORTS
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf
from planner.screens.plan_screens.plan_context import book_of, found_lines, may_write
from planner.security.response_headers import allow_styles_by_nonce
from planner.shown.plan_lines_shown import report_counts, suppliers_of
from planner.shown.plan_shown.grid_lines import grid_lines

router = APIRouter(prefix="/grid")


@router.get("")
def grid_page(request: Request, context: ContextOf) -> Response:
    """The page; its script asks for the lines."""
    content = context.content(
        screen="plan", found=found_lines(request, context), may_write=may_write(request, context),
        reports=REPORTS.values(), counts=report_counts(book_of(context).now()), suppliers=suppliers_of(context.view),
        groups=context.view.groups, nonce=allow_styles_by_nonce(request), lines_query=request.url.query,
    )  # fmt: skip
    return page(request, "plan_grid.html", content)


@router.get("/lines")
def lines(request: Request, context: ContextOf) -> Response:
    """All lines that the filters of the address find."""
    return Response(msgspec.json.encode(grid_lines(found_lines(request, context))), media_type="application/json")
