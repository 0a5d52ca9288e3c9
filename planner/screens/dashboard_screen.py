"""The dashboard: what needs a person today."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf
from planner.shown.dashboard_view import (
    changes,
    exceptions_shown,
    figures,
    needs_today,
    stock_value_trend,
    trend_path,
)

router = APIRouter()


@router.get("/o/{key}/")
def dashboard(request: Request, context: ContextOf) -> Response:
    """The page."""
    view = context.view
    trend = stock_value_trend(view)
    content = context.content(
        screen="dashboard",
        today=needs_today(view),
        figures=figures(view),
        summary=view.summary,
        exceptions=exceptions_shown(view),
        changes=changes(view),
        trend=trend,
        trend_path=trend_path([value for _, value in trend]),
    )
    return page(request, "dashboard.html", content)
