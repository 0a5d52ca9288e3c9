"""Changes of one order: its lines, dates and note, merging, splitting, rejecting, reopening.

What belongs here: what a form says, as a change. What does not: what a change does (`pipelines.organisations`).
"""

from decimal import Decimal

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pipelines.organisations.order_decisions.order_edits import OrderEdit
from pipelines.organisations.order_decisions.typed_values import read_cost, read_date, read_units
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import ApproverWrites, PlannerWrites, Writing
from planner.screens.orders_screens.order_pages import book_of, changed_order

router = APIRouter(prefix="/o/{key}/orders/{order_id}")


@router.post("/lines")
def add_line(request: Request, context: ContextOf, writing: PlannerWrites, order_id: str) -> Response:
    """Add a product."""
    edit = _edit(context, writing, order_id)
    edit.add_line(
        writing.text("product"), read_units(writing.text("quantity")), unit_cost=read_cost(writing.text("cost")),
        is_drafted_accepted=bool(writing.text("even_if_drafted")),
    )  # fmt: skip
    return changed_order(request, context, order_id)


@router.post("/lines/change")
def change_line(request: Request, context: ContextOf, writing: PlannerWrites, order_id: str) -> Response:
    """Change what the form has of a line: quantity, cost, expected date or note."""
    edit = _edit(context, writing, order_id)
    quantity = writing.text("quantity")
    edit.change_line(
        writing.text("product"), quantity=read_units(quantity) if "quantity" in writing.fields else None,
        unit_cost=read_cost(writing.text("cost")), arrival=read_date(writing.text("expected")), note=_note(writing),
    )  # fmt: skip
    return changed_order(request, context, order_id)


@router.post("/lines/drop")
def drop_line(request: Request, context: ContextOf, writing: PlannerWrites, order_id: str) -> Response:
    """Remove a line."""
    edit = _edit(context, writing, order_id)
    edit.drop_line(writing.text("product"))
    return changed_order(request, context, order_id)


@router.post("/change")
def change(request: Request, context: ContextOf, writing: PlannerWrites, order_id: str) -> Response:
    """Change what the form has of the order itself: its date, when it is expected, its note."""
    edit = _edit(context, writing, order_id)
    edit.change_header(
        order_date=read_date(writing.text("order_date")), arrival=read_date(writing.text("expected")),
        note=_note(writing),
    )  # fmt: skip
    return changed_order(request, context, order_id)


@router.post("/merge")
def merge(request: Request, context: ContextOf, writing: PlannerWrites, order_id: str) -> Response:
    """Take over the lines of the chosen drafts."""
    edit = _edit(context, writing, order_id)
    edit.merge([seen_of(text) for text in writing.texts("other")])
    return changed_order(request, context, order_id)


@router.post("/split")
def split(request: Request, context: ContextOf, writing: PlannerWrites, order_id: str) -> Response:
    """Move the chosen lines, or those that are expected after a day, to a new order."""
    edit = _edit(context, writing, order_id)
    later = read_date(writing.text("after"))
    moves: dict[str, Decimal | None] = dict.fromkeys(writing.texts("product"))
    if later is not None:
        current = book_of(context).order(order_id)
        moves = {line.product_code: None for line in current.lines if current.arrival_of(line) > later}
    made = edit.split(moves)[-1]
    sentence = f"{made.purchase_order_number} was made of {len(made.lines)} line{'s' if len(made.lines) > 1 else ''}."
    return changed_order(request, context, order_id, sentence)


@router.post("/reject")
def reject(request: Request, context: ContextOf, writing: ApproverWrites, order_id: str) -> Response:
    """Decide against the order."""
    edit = _edit(context, writing, order_id)
    edit.reject()
    return changed_order(request, context, order_id)


@router.post("/reopen")
def reopen(request: Request, context: ContextOf, writing: ApproverWrites, order_id: str) -> Response:
    """Make a draft of it again."""
    edit = _edit(context, writing, order_id)
    edit.reopen()
    return changed_order(request, context, order_id)


def seen_of(text: str) -> tuple[str, int]:
    """An order and the version that was seen, of a field such as `20260301-K7Q2MZ:3`.

    Raises:
        HTTPException: it is not of that form.
    """
    order_id, colon, version = text.rpartition(":")
    if not (colon and version.isascii() and version.isdecimal() and len(version) <= 9):  # noqa: PLR2004, digits
        raise HTTPException(400, "The page is too old for this: reload it, then try again.")
    return order_id, int(version)


def _edit(context: ScreenContext, writing: Writing, order_id: str) -> OrderEdit:
    return OrderEdit(book_of(context), order_id, writing.version(), writing.person, writing.text("reason"))


def _note(writing: Writing) -> str | None:
    return writing.text("note") if "note" in writing.fields else None
