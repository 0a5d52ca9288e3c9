"""An order made by hand: an empty one for a supplier, which then opens."""

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from pipelines.organisations.order_decisions.order_creation import empty_order
from planner.frame.screen_context import ContextOf
from planner.frame.writes import PlannerWrites
from planner.screens.orders_screens.order_pages import book_of

router = APIRouter(prefix="/o/{key}/orders")


@router.post("")
def create(context: ContextOf, writing: PlannerWrites) -> Response:
    """Make an order without lines for a supplier, and go to it."""
    made = empty_order(
        book_of(context), writing.text("supplier"), currency=writing.text("currency"), by=writing.person,
        reason=writing.text("reason"),
    )  # fmt: skip
    address = f"/o/{context.organisation.key}/orders?{urlencode({'order': made.order_id})}"
    return Response(status_code=204, headers={"HX-Redirect": address})
