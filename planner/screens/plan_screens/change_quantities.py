"""Changing the quantities of many products at once: how, then what it would do, then saving it.

What belongs here: the route of form and preview. What does not: saving, which goes the way of each single quantity
(`quantity_edits.py`), so that it can be taken back as those can.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf
from planner.frame.writes import PlannerWrites
from planner.screens.plan_screens.plan_context import book_of, selected_codes
from planner.shown.plan_shown.quantity_preview import MOST_SHOWN, quantity_preview
from planner.shown.plan_shown.quantity_words import plain

router = APIRouter()


@router.post("/change/quantities")
def change(request: Request, context: ContextOf, writing: PlannerWrites) -> Response:
    """The form, and below it what it would change once it says how."""
    codes, problem, preview = selected_codes(writing, context), "", None
    how, amount, unit = writing.text("how", "raise"), writing.text("amount"), writing.text("unit", "percent")
    if "amount" in writing.fields:
        try:
            preview = quantity_preview(
                book_of(context).now(), codes, how=how, amount=amount, in_percent=unit == "percent"
            )
        except UsageError as refused:
            problem = str(refused)
    content = context.content(
        screen="plan", codes=codes, how=how, amount=amount, unit=unit, problem=problem, preview=preview,
        most_shown=MOST_SHOWN, plain=plain,
    )  # fmt: skip
    return page(request, "plan/change_quantities.html", content)
