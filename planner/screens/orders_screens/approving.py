"""Approving orders: the dialog that says what is approved, and the approval.

What belongs here: the routes. What does not: whether an order can be approved (`pipelines`).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pipelines.organisations.order_decisions.order_approvals import NotApprovedError, approve_orders
from pipelines.organisations.order_decisions.order_edits import seen_order
from pipelines.purchasing.order_record import OrderChangedError
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import ApproverWrites
from planner.screens.orders_screens.editing import seen_of
from planner.screens.orders_screens.order_pages import book_of, orders_content
from planner.shown.orders_shown.approval_view import approval_view

router = APIRouter(prefix="/o/{key}/orders/approve")
MOST_ORDERS = 500


@router.get("")
def ask(request: Request, context: ContextOf, seen: Annotated[list[str] | None, Query()] = None) -> Response:
    """The dialog: the orders as they are now, what changed since they were seen, what needs a tick."""
    return page(request, "orders/approve_dialog.html", _content(request, context, seen or []))


@router.post("")
def approve(request: Request, context: ContextOf, writing: ApproverWrites) -> Response:
    """Approve the orders as the dialog showed them, all or none."""
    book = book_of(context)
    seen = writing.texts("seen")
    try:
        chosen = [seen_order(book, *seen_of(one)) for one in seen]
        if not chosen:
            raise HTTPException(422, "Choose the orders first.")
        approved = approve_orders(
            book, chosen, by=writing.person, is_stale_accepted=bool(writing.text("even_if_stale")),
            is_below_minimum_accepted=bool(writing.text("even_if_below_minimum")),
        )  # fmt: skip
    except (OrderChangedError, NotApprovedError) as refused:
        status = 409 if isinstance(refused, OrderChangedError) else 422
        content = _content(request, context, seen) | {"sentence": str(refused)}
        return page(request, "orders/approve_dialog.html", content, status=status)
    return page(
        request,
        "orders/approved.html",
        orders_content(request, context, approved=approved),
    )


def _content(request: Request, context: ScreenContext, seen: list[str]) -> dict[str, Any]:
    asked = approval_view(book_of(context), dict(seen_of(one) for one in seen[:MOST_ORDERS]))
    return orders_content(request, context, asked=asked, sentence="")
