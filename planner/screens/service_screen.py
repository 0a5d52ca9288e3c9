"""Service and money: is it worth it? What each service level costs and saves, and what was kept so far.

What belongs here: the route. What does not: the figures (`shown/service`).
"""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf
from planner.shown.published_view import PublishedView
from planner.shown.service.achieved_service import (
    A_QUARTER,
    ServiceWeek,
    service_by_week,
    share_in_stock,
    target_level,
)
from planner.shown.service.decision_review import DAYS, VERDICTS, decision_review
from planner.shown.service.forecast_accuracy import calibration, forecast_error
from planner.shown.service.price_list import price_list_of
from planner.shown.service.stock_value import stock_value_by_week
from planner.shown.weeks_picture import weeks_picture

router = APIRouter()
_WEEKS_IN_STOCK: Final = "share of products in stock all week"


@router.get("/o/{key}/service")
def service(request: Request, context: ContextOf) -> Response:
    """The page."""
    view = context.view
    return page(request, "service.html", context.content(screen="service", **service_content(view)))


def service_content(view: PublishedView) -> dict[str, Any]:
    """What the page shows of a snapshot."""
    weeks, value, target = service_by_week(view), stock_value_by_week(view), target_level(view)
    return {
        "summary": view.summary,
        "prices": price_list_of(view),
        "target": target,
        "weeks": weeks,
        "weeks_picture": _service_picture(weeks, target),
        "last_quarter": share_in_stock(weeks[-A_QUARTER:]),
        "last_year": share_in_stock(weeks),
        "error": forecast_error(view),
        "calibration": calibration(view),
        "review": decision_review(view),
        "verdicts": VERDICTS,
        "review_days": DAYS,
        "stock_value": value,
        "value_picture": weeks_picture(
            [day for day, _ in value],
            {"value": ("stock value", [amount for _, amount in value])},
            y_label="stock value",
        ),
    }


def _service_picture(weeks: list[ServiceWeek], target: float | None) -> dict[str, Any]:
    shares: list[float | None] = [week.share for week in weeks]
    lines = {"kept": ("in stock all week", shares)}
    if target is not None:
        lines["target"] = ("target", [target] * len(weeks))
    return weeks_picture([week.week_start for week in weeks], lines, y_label=_WEEKS_IN_STOCK, is_share=True)
