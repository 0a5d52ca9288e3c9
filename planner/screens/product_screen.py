"""One product: a page of its own, or the panel beside the plan."""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.replenishment.explain.sentences import model_sentence
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.shown.product_view import product_view, usual_lead_time

router = APIRouter(prefix="/o/{key}/product")
MOST_LINES: Final = 500


@router.get("")
def product(request: Request, context: ContextOf, code: str = "") -> Response:
    """The page; codes stand in the query, since a code may hold any character."""
    return page(request, "product.html", context.content(screen="product", **product_content(context, code)))


@router.get("/panel")
def panel(request: Request, context: ContextOf, code: str = "") -> Response:
    """The panel."""
    return page(request, "parts/product_panel.html", context.content(screen="plan", **product_content(context, code)))


def product_content(context: ScreenContext, code: str) -> dict[str, Any]:
    """What the body of a product's page or panel shows."""
    shown = product_view(context.view, code)
    choice = shown.explanation.model
    return {
        "shown": shown,
        "meanings": context.view.meanings,
        "model_words": model_sentence(shown.explanation.plan, choice) if choice else "",
        "lead_time_words": usual_lead_time(shown.explanation.lead_times),
        "most_lines": MOST_LINES,
    }
