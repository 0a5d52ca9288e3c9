"""The dashboard: what needs a person today."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.exceptions.words import only_open
from pipelines.organisations.organisation_exceptions import times_decided
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf
from planner.screens.exceptions_screen import present_exceptions
from planner.shown.dashboard_view import changes, decided_today, figures, needs_today, service_figure, trend_path
from planner.shown.exception_list.exceptions_shown import kinds_shown, rows_shown
from planner.shown.service.stock_value import stock_value_by_week

router = APIRouter()
EXCEPTIONS_SHOWN: Final = 5


@router.get("/o/{key}/")
def dashboard(request: Request, context: ContextOf) -> Response:
    """The page."""
    view, exceptions = context.view, present_exceptions(context)
    now = context.desk.plan_books.of(view).now()
    trend, still_open = stock_value_by_week(view), only_open(exceptions)
    content = context.content(
        screen="dashboard",
        today=needs_today(now),
        decided=decided_today(now),
        figures=figures(view, exceptions),
        service=service_figure(view),
        summary=view.summary,
        exceptions=rows_shown(view, still_open.head(EXCEPTIONS_SHOWN), times_decided(context.desk.store, view.key)),
        open_exceptions=still_open.height,
        kinds=kinds_shown(exceptions),
        snoozed=exceptions.height - still_open.height,
        changes=changes(view),
        trend=trend,
        trend_path=trend_path([value for _, value in trend]),
    )
    return page(request, "dashboard.html", content)
