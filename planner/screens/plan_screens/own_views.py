"""A person's own views of the plan, and what the lines shown come to.

What belongs here: the routes. What does not: where views are kept (`pipelines.store.desk_access.plan_views`).
"""

from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.store.desk_access.plan_views import PlanView, keep_plan_view, remove_plan_view
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import ViewerWrites
from planner.screens.plan_screens.plan_context import found_lines, views_of
from planner.screens.preferences import columns_chosen
from planner.shown.plan_lines_shown import plan_query
from planner.shown.plan_shown.plan_totals import base_total, by_group, by_supplier

router = APIRouter()


@router.post("/views")
def keep(request: Request, context: ContextOf, writing: ViewerWrites) -> Response:
    """Keep the filters, the order and the columns that are shown under a name."""
    query = plan_query({name: writing.text(name) for name in writing.fields})
    columns = query.columns or ".".join(columns_chosen(request))
    view = PlanView(writing.text("view_name"), replace(query, columns=columns).address())
    keep_plan_view(context.desk.store, context.organisation.key, writing.person, view, at=datetime.now(UTC))
    return _views(request, context, f"Saved the view “{view.name}”.")


@router.post("/views/remove")
def remove(request: Request, context: ContextOf, writing: ViewerWrites) -> Response:
    """Remove a view of one's own."""
    name = writing.text("view_name")
    is_removed = remove_plan_view(context.desk.store, context.organisation.key, writing.person, name)
    return _views(request, context, f"Removed the view “{name}”." if is_removed else "It was removed already.")


@router.get("/totals")
def totals(request: Request, context: ContextOf) -> Response:
    """What the lines found come to, by supplier and by group."""
    found = found_lines(request, context)
    tables = [("Supplier", "supplier", by_supplier(found)), ("Group", "group", by_group(found))]
    content = context.content(screen="plan", found=found, tables=tables, base_total=base_total(found))
    return page(request, "plan/totals.html", content)


def _views(request: Request, context: ScreenContext, said: str) -> Response:
    content = context.content(screen="plan", views=views_of(request, context), said=said)
    return page(request, "plan/views.html", content)
