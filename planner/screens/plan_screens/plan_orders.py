"""Purchase orders of the products that are ticked in the plan.

What belongs here: the route and what it says. What does not: which orders are made
(`pipelines.organisations.order_decisions.orders_of_plan`).
"""

import polars as pl
from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.organisations.order_decisions.orders_of_plan import orders_of_plan
from pipelines.purchasing.drafts import terms_of
from pipelines.store.setting_ledger.setting_changes import explicit_settings
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf
from planner.frame.writes import PlannerWrites
from planner.screens.plan_screens.plan_context import book_of, opened, plan_source, selected_codes

router = APIRouter()


@router.post("/orders")
def create(request: Request, context: ContextOf, writing: PlannerWrites) -> Response:
    """Make orders with the quantities that are shown, one for each supplier and currency; say which."""
    book, organisation = book_of(context), opened(context)
    codes = selected_codes(writing, context)
    lines = book.now().lines
    wanted = lines.filter(pl.col("product_code").is_in(codes)).select(context.view.order_plan.columns)
    terms = terms_of(explicit_settings(context.desk.store, organisation.key), book.orders())
    made = orders_of_plan(
        organisation, wanted, plan_source(context, terms), book.identities, by=writing.person, takes_kept=True,
        known=book.known,
    )  # fmt: skip
    without = wanted.filter(pl.col("supplier_id").is_null() & (pl.col("order_quantity") > 0))["product_code"].to_list()
    nothing = wanted.filter(pl.col("order_quantity") <= 0).height
    content = context.content(screen="plan", made=made, without=without, nothing=nothing)
    return page(request, "plan/orders_created.html", content)
