"""The list of orders: its page with an order beside it, the part that changes with a filter."""

from typing import Any

import polars as pl
from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.storage import tables
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.screens.orders_screens.order_pages import book_of, order_content, orders_content
from planner.shown.orders_shown.order_rows import TABS, OrdersFound, orders_query
from planner.shown.orders_shown.order_view import order_view

router = APIRouter(prefix="/o/{key}/orders")


@router.get("")
def orders(request: Request, context: ContextOf) -> Response:
    """The page, with the panel of an order if the address names one."""
    content = _content(request, context) | {"known_suppliers": _suppliers(context)}
    order_id = request.query_params.get("order", "")
    shown: dict[str, Any] = {"shown": None, "sentence": ""}
    if order_id:
        try:
            shown = order_content(order_view(content["found"].book, order_id)) | {"sentence": ""}
        except UsageError as trouble:
            shown["sentence"] = str(trouble)
    return page(request, "orders.html", content | shown)


@router.get("/list")
def part(request: Request, context: ContextOf) -> Response:
    """The tabs, the table and its totals, for the filters of the page; the browser's address follows."""
    content = _content(request, context) | {"is_part": True}
    answer = page(request, "orders/orders_table.html", content)
    address = content["found"].query.address()
    if "order" not in request.query_params:
        answer.headers["HX-Push-Url"] = f"/o/{context.organisation.key}/orders{f'?{address}' if address else ''}"
    return answer


def _content(request: Request, context: ScreenContext) -> dict[str, Any]:
    found = OrdersFound(book_of(context), orders_query(request.query_params))
    return orders_content(request, context, found=found, tabs=TABS.values(), is_part=False)


def _suppliers(context: ScreenContext) -> list[str]:
    """The names of the suppliers that an order can go to."""
    suppliers = context.view.rows(tables.SUPPLIERS, columns=["supplier_name", "is_archived"])
    return sorted(set(suppliers.filter(~pl.col("is_archived"))["supplier_name"].drop_nulls()), key=str.casefold)
