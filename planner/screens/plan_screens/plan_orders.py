"""Purchase orders of the products that are ticked in the plan: what they would be, then making them.

What belongs here: the routes and what they say. What does not: which orders are made
(`pipelines.organisations.order_decisions.orders_of_plan`).
"""

from dataclasses import dataclass

import polars as pl
from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.organisations.order_decisions.orders_of_plan import orders_of_plan, preview_of_plan
from pipelines.purchasing.drafts import terms_of
from pipelines.purchasing.order_changes.creating import PlanSource
from pipelines.store.setting_ledger.setting_changes import explicit_settings
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites, Writing
from planner.screens.plan_screens.plan_context import book_of, opened, plan_source, selected_codes

router = APIRouter(prefix="/orders")


@dataclass(frozen=True)
class WantedLines:
    """The lines of the plan that orders are to be made of, with the quantities that are shown, and their source."""

    codes: list[str]
    lines: pl.DataFrame
    source: PlanSource

    @property
    def without_supplier(self) -> list[str]:
        """The products that no order can be made of, as they have no supplier."""
        is_alone = pl.col("supplier_id").is_null() & (pl.col("order_quantity") > 0)
        return self.lines.filter(is_alone)["product_code"].to_list()

    @property
    def nothing(self) -> int:
        """How many have nothing to order."""
        return self.lines.filter(pl.col("order_quantity") <= 0).height


@router.post("/preview")
def preview(request: Request, context: ContextOf, writing: PlannerWrites) -> Response:
    """What would be made: per supplier whether a draft is new or has others, with the choice to take all of a draft."""
    wanted = _wanted(context, writing)
    to_be, left_out = preview_of_plan(
        opened(context), wanted.lines, book_of(context).orders(), wanted.source, takes_kept=True
    )
    content = context.content(screen="plan", wanted=wanted, to_be=to_be, left_out=left_out)
    return page(request, "plan/orders_preview.html", content)


@router.post("")
def create(request: Request, context: ContextOf, writing: PlannerWrites) -> Response:
    """Make orders with the quantities that are shown, one for each supplier and currency; say which."""
    wanted, book = _wanted(context, writing), book_of(context)
    made = orders_of_plan(
        opened(context), wanted.lines, wanted.source, book.identities, by=writing.person, takes_kept=True,
        known=book.known,
    )  # fmt: skip
    content = context.content(screen="plan", made=made, without=wanted.without_supplier, nothing=wanted.nothing)
    return page(request, "plan/orders_created.html", content)


def _wanted(context: ScreenContext, writing: Writing) -> WantedLines:
    """What a form wants: the products that are ticked, and all those of the drafts that are to be taken whole."""
    book, organisation = book_of(context), opened(context)
    orders, whole = book.orders(), set(writing.texts("whole"))
    taken = [line.product_code for order in orders if order.order_id in whole for line in order.lines]
    codes = list(dict.fromkeys([*selected_codes(writing, context), *taken]))
    lines = book.now().lines.filter(pl.col("product_code").is_in(codes)).select(context.view.order_plan.columns)
    terms = terms_of(explicit_settings(context.desk.store, organisation.key), orders)
    return WantedLines(codes, lines, plan_source(context, terms))
