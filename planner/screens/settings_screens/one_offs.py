"""One-off orders: large sales that somebody says are, or are not, usual demand."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.organisations.one_off_questions import DOES, answer_sale, asked_and_answered
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites
from planner.screens.settings_screens.settings_context import SettingsOf
from planner.security.roles import Role

router = APIRouter(prefix="/o/{key}/settings/one-offs")
NOT_THERE = "This sale is no longer among the sales that count: nothing was changed."


@router.get("")
def one_offs(request: Request, context: ContextOf, now: SettingsOf) -> Response:
    """The sales to answer, and what was answered."""
    return _page(request, context, now, "settings/one_offs.html")


@router.post("/answer")
def answer(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Store an answer; `open` takes one back."""
    invoice, product, word = writing.text("invoice"), writing.text("product"), writing.text("answer")
    try:
        given, units = answer_sale(now.opened, invoice, product, word, by=writing.person, reason=writing.text("reason"))
    except UsageError as problem:
        sentence = str(problem) if "stocktrim" not in str(problem) else NOT_THERE
        return _page(request, context, now, "settings/one_offs_list.html", problem=sentence, status=422)
    quantity = "" if units is None else f" ({units:,g} units)"
    sentence = f"{given.product_code} on {given.invoice_number}{quantity} {DOES[given.answer]} from the next plan on."
    return _page(request, context, now, "settings/one_offs_list.html", notice=sentence)


def _page(
    request: Request, context: ScreenContext, now: OrganisationSettings, template: str, *, notice: str = "",
    problem: str = "", status: int = 200,
) -> Response:  # fmt: skip
    to_answer, answered = asked_and_answered(now.opened)
    content = context.content(
        screen="settings", tab="one_offs", to_answer=to_answer.to_dicts(), answered=answered.to_dicts(), notice=notice,
        problem=problem, may_change=context.may(Role.PLANNER),
    )  # fmt: skip
    return page(request, template, content, status=status)
