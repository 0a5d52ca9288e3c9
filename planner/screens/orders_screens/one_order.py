"""One order: a page of its own, the panel beside the list, and the products that can be added to it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.product_codes import contains_words
from pipelines.storage import tables
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf
from planner.screens.orders_screens.order_pages import book_of, order_content, orders_content
from planner.shown.orders_shown.order_view import MOST_FOUND, order_view

router = APIRouter(prefix="/o/{key}/orders")
MOST_SEARCHED = 200


@router.get("/{order_id}")
def order(request: Request, context: ContextOf, order_id: str) -> Response:
    """The page."""
    content = order_content(order_view(book_of(context), order_id))
    return page(request, "orders/order.html", orders_content(request, context, **content))


@router.get("/{order_id}/panel")
def panel(request: Request, context: ContextOf, order_id: str) -> Response:
    """The panel."""
    content = order_content(order_view(book_of(context), order_id))
    return page(request, "orders/order_panel.html", orders_content(request, context, **content))


@router.get("/{order_id}/body")
def body(request: Request, context: ContextOf, order_id: str) -> Response:
    """The order as it is now, in place of what a page shows of it."""
    content = order_content(order_view(book_of(context), order_id))
    return page(request, "orders/order_body.html", orders_content(request, context, **content))


@router.get("/{order_id}/products")
def products(request: Request, context: ContextOf, order_id: str, product: str = "") -> Response:
    """The first products that have the words typed, those of the order's supplier before others."""
    found_order = book_of(context).order(order_id)
    found = context.view.rows(tables.PRODUCTS).filter(contains_words(product[:MOST_SEARCHED]))
    is_own = (found["supplier_id"] == found_order.supplier_id).fill_null(value=False)
    rows = found.with_columns(is_own=is_own).sort("is_own", "product_code", descending=[True, False]).head(MOST_FOUND)
    return page(request, "orders/products_found.html", {"products": rows.to_dicts()})
