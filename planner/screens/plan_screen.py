"""The order plan: its page, the part that changes with a filter, further lines, and the file.

What belongs here: the routes. What does not: which lines and columns (`shown/plan_lines_shown.py`).
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.replenishment.plan.plan_reports import REPORTS
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.screens import plan_screens as plan
from planner.screens.plan_screens.plan_context import book_of, found_lines, may_write, views_of
from planner.screens.product_screen import product_content
from planner.shown.plan_columns import ALWAYS, COLUMNS
from planner.shown.plan_export import XLSX, plan_csv, plan_xlsx
from planner.shown.plan_lines_shown import PlanLines, report_counts, suppliers_of
from planner.shown.plan_shown.quantity_words import mark_of, plain

router = APIRouter(prefix="/o/{key}/plan")
router.include_router(plan.router)


@router.get("")
def plan_page(request: Request, context: ContextOf) -> Response:
    """The page, with the panel of a product if the address names one."""
    product = request.query_params.get("product", "")
    shown = _panel(context, product) if product else {"shown": None, "sentence": ""}
    content = _content(request, context, found_lines(request, context)) | shown | {
        "reports": REPORTS.values(), "counts": report_counts(book_of(context).now()),
        "suppliers": suppliers_of(context.view),
        "groups": context.view.groups, "views": views_of(request, context), "said": "",
        "all_columns": [column for column in COLUMNS.values() if column.name not in ALWAYS],
    }  # fmt: skip
    return page(request, "plan.html", content)


@router.get("/lines")
def lines(request: Request, context: ContextOf) -> Response:
    """The table and its totals, for the filters of the page; the browser's address follows."""
    found = found_lines(request, context)
    answer = page(request, "parts/plan_table.html", _content(request, context, found))
    address = found.query.address()
    answer.headers["HX-Push-Url"] = f"/o/{context.organisation.key}/plan{f'?{address}' if address else ''}"
    return answer


@router.get("/more")
def more(request: Request, context: ContextOf) -> Response:
    """The lines of a further page, to stand below those that are shown."""
    return page(request, "parts/plan_rows.html", _content(request, context, found_lines(request, context)))


@router.get("/export.csv")
def export_csv(request: Request, context: ContextOf) -> Response:
    """All lines found, with the columns shown, as text for any program."""
    found = found_lines(request, context)
    return _file(plan_csv(found), _name(context, found, "csv"), "text/csv; charset=utf-8")


@router.get("/export.xlsx")
def export_xlsx(request: Request, context: ContextOf) -> Response:
    """The same as a workbook."""
    found = found_lines(request, context)
    return _file(plan_xlsx(found), _name(context, found, "xlsx"), XLSX)


def _name(context: ScreenContext, found: PlanLines, ending: str) -> str:
    return f"{context.organisation.key}-{found.query.report}-{context.view.as_of}.{ending}"


def _file(content: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _panel(context: ScreenContext, product: str) -> dict[str, Any]:
    """What the panel of a product shows; if it cannot be explained, why, since the plan can be shown all the same."""
    try:
        return product_content(context, product) | {"sentence": ""}
    except UsageError as trouble:
        return {"shown": None, "sentence": str(trouble)}


def _content(request: Request, context: ScreenContext, found: PlanLines) -> dict[str, Any]:
    return context.content(
        screen="plan", found=found, may_write=may_write(request, context), plain=plain, mark_of=mark_of
    )
