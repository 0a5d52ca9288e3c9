"""Plans for programs: every plan that was made, one with its lines, and what one orders otherwise than another.

What belongs here: the routes and their shapes. What does not: the newest plan with its filters (`version_1.py`).
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from pipelines.errors import UsageError
from pipelines.storage import tables
from planner.api.answer_types.responses import PlanLineAnswer, answer_of
from planner.api.snapshot_reading import OF, Cursor, Limit, ReadingOf
from planner.shown.plan_changes import differences, lines_of_plan
from planner.shown.published_view import PublishedView

router = APIRouter(prefix=f"{OF}/plans")
PlanSummaryAnswer: Final = answer_of(tables.PLAN_SUMMARY, "PlanSummary")


class PlansAnswer(BaseModel):
    """The plans that were made, the newest first."""

    plans: list[PlanSummaryAnswer]  # type: ignore[valid-type]  # made from the table
    next_cursor: str | None


class KeptPlanAnswer(BaseModel):
    """A plan: its totals, and its lines by product."""

    plan: PlanSummaryAnswer  # type: ignore[valid-type]  # made from the table
    lines: list[PlanLineAnswer]  # type: ignore[valid-type]  # made from the table
    next_cursor: str | None


class PlanDifference(BaseModel):
    """A product of which two plans order different quantities."""

    product_code: str
    product_name: str | None
    quantity_before: float
    quantity_after: float
    value_change: Decimal | None = Field(description="In the currency of the product.")
    currency: str | None


class PlanDifferencesAnswer(BaseModel):
    """What a plan orders otherwise than another, the largest change of value first."""

    plan_id: str
    before_plan_id: str
    before_as_of_date: date | None
    differences: list[PlanDifference]
    next_cursor: str | None


@router.get("", summary="Every plan that was made")
def plans(reading: ReadingOf, limit: Limit = 100, cursor: Cursor = "") -> PlansAnswer:
    """Their totals, the newest first."""
    rows = reading.view.rows(tables.PLAN_SUMMARY).sort("planned_at", descending=True)
    found, following = reading.page_of(rows, limit, cursor)
    return PlansAnswer(plans=found, next_cursor=following)


@router.get("/{plan_id}", summary="One plan")
def one(reading: ReadingOf, plan_id: str, limit: Limit = 100, cursor: Cursor = "") -> KeptPlanAnswer:
    """Its totals and its lines."""
    summary = _summary(reading.view, plan_id)
    lines, following = reading.page_of(lines_of_plan(reading.view, summary["plan_id"]), limit, cursor)
    return KeptPlanAnswer(plan=summary, lines=lines, next_cursor=following)


@router.get("/{plan_id}/differences", summary="What a plan orders otherwise than another")
def changed(
    reading: ReadingOf,
    plan_id: str,
    before: Annotated[str, Query(description="The other plan's id; by default the plan before.", max_length=200)] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> PlanDifferencesAnswer:
    """The products whose order quantity differs."""
    summary = _summary(reading.view, plan_id)
    other = _summary(reading.view, before) if before else _plan_before(reading.view, summary)
    rows = differences(reading.view, other["plan_id"], summary["plan_id"])
    found, following = reading.page_of(rows, limit, cursor)
    return PlanDifferencesAnswer(
        plan_id=summary["plan_id"],
        before_plan_id=other["plan_id"],
        before_as_of_date=other["as_of_date"],
        differences=[PlanDifference(**row) for row in found],
        next_cursor=following,
    )


def _summary(view: PublishedView, plan_id: str) -> dict[str, Any]:
    """The totals of a plan; `newest` names the newest."""
    if plan_id == "newest" and view.summary:
        return view.summary
    for plan in view.plans:
        if plan["plan_id"] == plan_id:
            return plan
    raise UsageError(f"There is no plan {plan_id!r} here.")


def _plan_before(view: PublishedView, summary: dict[str, Any]) -> dict[str, Any]:
    at = [plan["plan_id"] for plan in view.plans].index(summary["plan_id"])
    if at == 0:
        raise UsageError("There is no plan before this one.")
    return view.plans[at - 1]
