"""What the routes of orders share: the order book of a request, and an order as a part of a page.

What belongs here: what two of the routes need. What does not: routes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import Request
from starlette.responses import Response

from pipelines.organisations.order_decisions.order_desk import OrderDesk
from planner.frame import formats
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ScreenContext
from planner.security.roles import Role
from planner.shown.orders_shown.order_book import order_book
from planner.shown.orders_shown.order_view import OrderView, order_view


def book_of(context: ScreenContext) -> OrderDesk:
    """The orders of the organisation as they are now."""
    return order_book(context.desk, context.view)


def orders_content(request: Request, context: ScreenContext, **more: Any) -> dict[str, Any]:
    """What every page of orders shows, and more."""
    role = context.desk.role(request.state.session, context.organisation.key)
    zone = context.organisation.time_zone

    def at(instant: datetime | None) -> str:
        return formats.moment(instant, zone)

    return context.content(
        screen="orders", may_edit=role.may(Role.PLANNER), may_approve=role.may(Role.APPROVER), at=at, **more
    )


def order_content(view: OrderView, said: Sequence[str] = ()) -> dict[str, Any]:
    """What an order's panel and page show; `said` is what has just happened."""
    return {"shown": view, "order": view.order, "said": said, "level": 2}


def changed_order(request: Request, context: ScreenContext, order_id: str, sentence: str = "") -> Response:
    """An order after a write, read anew, with what happened: a sentence on it, else the last of its history."""
    view = order_view(book_of(context), order_id)
    said = [sentence or formats.capital(view.history[0].sentence)]
    return page(request, "orders/order_body.html", orders_content(request, context, **order_content(view, said)))
