"""One product: a page of its own, or the panel beside the plan."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pipelines.replenishment.explain.records import ProductExplanation, SalesLine
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.screens.settings_screens.product_settings import section_content
from planner.shown.product.forecast_words import forecast_sentences
from planner.shown.product.lead_time_bars import lead_time_bars
from planner.shown.product_view import explanation_of, product_view, usual_lead_time

router = APIRouter(prefix="/o/{key}/product")
A_PAGE: Final = 100
FARTHEST: Final = 10_000_000


@dataclass(frozen=True)
class SalesPage:
    """A page of a product's sales lines, how many there are, and the place of the next page; None after the last."""

    product_code: str
    rows: list[SalesLine]
    total: int
    following: int | None
    a_page: int = A_PAGE


@router.get("")
def product(request: Request, context: ContextOf, code: str = "") -> Response:
    """The page; codes stand in the query, since a code may hold any character."""
    return page(request, "product.html", context.content(screen="product", **product_content(context, code)))


@router.get("/panel")
def panel(request: Request, context: ContextOf, code: str = "") -> Response:
    """The panel."""
    return page(request, "parts/product_panel.html", context.content(screen="plan", **product_content(context, code)))


@router.get("/sales")
def sales(
    request: Request, context: ContextOf, code: str = "", first: Annotated[int, Query(ge=0, le=FARTHEST)] = 0
) -> Response:
    """Further sales lines, to stand below those that are shown."""
    lines = sales_page(explanation_of(context.view, code), first)
    return page(request, "product/sales_rows.html", context.content(sales=lines))


def sales_page(explanation: ProductExplanation, first: int = 0) -> SalesPage:
    """The sales lines of a page, the latest first."""
    lines, end = explanation.transactions, first + A_PAGE
    following = end if end < len(lines) else None
    return SalesPage(explanation.plan.product_code, list(lines[first:end]), len(lines), following)


def product_content(context: ScreenContext, code: str) -> dict[str, Any]:
    """What the body of a product's page or panel shows."""
    shown = product_view(context.view, code)
    lines = context.desk.plan_books.of(context.view).now().lines
    (now,) = lines.filter(pl.col("product_code") == shown.explanation.plan.product_code).to_dicts()
    return {
        "now": now,
        "shown": shown,
        "meanings": context.view.meanings,
        "forecast_sentences": forecast_sentences(shown.explanation),
        "lead_time_words": usual_lead_time(shown.explanation.lead_times),
        "lead_time_bars": lead_time_bars(shown.explanation.lead_times),
        "sales": sales_page(shown.explanation),
        **section_content(context, shown.explanation.plan.product_code, shown.explanation.settings),
    }
