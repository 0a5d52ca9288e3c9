"""Quantities typed in the plan: one in its row, or many that were pasted; each answers for itself.

What belongs here: the route and its answer. What does not: what an edit does
(`pipelines.organisations.order_decisions.typed_quantities`).
"""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from pipelines.organisations.order_decisions.typed_quantities import EditOutcome, Outcome, QuantityEdit
from planner.frame.rendered_pages import text_of
from planner.frame.screen_context import ContextOf
from planner.frame.writes import PlannerWrites
from planner.screens.plan_screens.plan_context import book_of, found_lines, quantities_of
from planner.shown.plan_shown.quantity_words import cells_of, saved_words

router = APIRouter()
_STATUS: Final = {Outcome.SAVED: 200, Outcome.REFUSED: 422, Outcome.OVERTAKEN: 409}


@router.post("/quantities")
def save(request: Request, context: ContextOf, writing: PlannerWrites) -> Response:
    """Save quantities; the status is that of the first one if none was saved."""
    edits = _edits(writing.texts("product"), writing.texts("quantity"), writing.texts("seen"))
    editing = quantities_of(context, [edit.product_code for edit in edits], by=writing.person)
    outcomes = editing.apply(edits, reason=writing.text("reason"))
    found = found_lines(request, context)
    cells = cells_of([one.edit.product_code for one in outcomes], found)
    answer = {
        "results": [_result(one, cells[one.edit.product_code]) for one in outcomes],
        "said": saved_words(outcomes, found.now, book_of(context).orders()),
        "total": text_of(request, "plan/total.html", {"found": found}),
    }
    is_any_saved = any(one.outcome is Outcome.SAVED for one in outcomes)
    return JSONResponse(answer, 200 if is_any_saved else _STATUS[outcomes[0].outcome])


def _edits(products: list[str], typed: list[str], seen: list[str]) -> list[QuantityEdit]:
    if not products or not len(products) == len(typed) == len(seen):
        raise HTTPException(400, "The page is too old for this: reload it, then try again.")
    return [QuantityEdit(*one) for one in zip(products, typed, seen, strict=True)]


def _result(one: EditOutcome, cell: Mapping[str, str]) -> dict[str, str]:
    return {
        "product": one.edit.product_code, "outcome": one.outcome.value, "before": f"{one.before:f}",
        "sentence": one.sentence, **cell,
    }  # fmt: skip
