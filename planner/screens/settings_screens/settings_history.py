"""Who changed what, taking it back, and settings of what is gone."""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.organisations.settings_in_force.setting_sentences import changed_in_words, would_change_in_words
from pipelines.planning_settings.setting_words import plain_names
from pipelines.store.setting_ledger.setting_changes import SettingConflictError
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites
from planner.screens.settings_screens.product_settings import AT_PRODUCT, section_page
from planner.screens.settings_screens.settings_context import SettingsOf, effect_of, settings_now
from planner.security.roles import Role
from planner.shown.settings_shown.past_changes import gone_shown, past_batches

router = APIRouter(prefix="/o/{key}/settings/history")
PAGE: Final = 50


@router.get("")
def history(request: Request, context: ContextOf, before: int = 0, name: str = "") -> Response:
    """The latest changes, those that were made together in one entry; `before` is a number of an entry."""
    return _page(request, context, "settings/history.html", before=before, name=name)


@router.get("/list")
def more(request: Request, context: ContextOf, before: int = 0, name: str = "") -> Response:
    """Further entries, to stand below those that are shown."""
    return _page(request, context, "settings/history_rows.html", before=before, name=name)


@router.post("/what-if")
def undo_what_if(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """What taking a change back would change, also in the plan; nothing is changed."""
    batch = writing.version("batch")
    content: dict[str, Any] = {"effect": None, "sentence": "", "problem": "", "number": batch}
    try:
        _, proposed = now.undoing(batch, by=writing.person, reason="")
    except SettingConflictError as conflict:
        content["problem"] = plain_names(conflict.reason)
    except UsageError as problem:
        content["problem"] = plain_names(str(problem))
    else:
        content["sentence"] = would_change_in_words(proposed, now.names, currency=context.organisation.base_currency)
        content["effect"] = effect_of(context, now, proposed)
    status = 422 if content["problem"] else 200
    return page(request, "settings/undo_review.html", context.content(screen="settings", **content), status=status)


@router.post("/undo")
def undo(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Take a change back, with all that was changed together."""
    batch = writing.version("batch")

    def answer(*, notice: str = "", problem: str = "", status: int = 200) -> Response:
        if writing.text("at") == AT_PRODUCT:
            code = now.subjects.find("product", writing.text("product"))
            return section_page(request, context, code, notice=notice, problem=problem, status=status)
        return _page(request, context, "settings/history_list.html", notice=notice, problem=problem, status=status)

    if not any(row.batch == batch for row in now.history):
        return answer(problem=f"There is no change {batch}.", status=422)
    try:
        changes, proposed = now.undoing(batch, by=writing.person, reason=writing.text("reason"))
        now.store(changes)
    except SettingConflictError as conflict:
        return answer(problem=plain_names(conflict.reason), status=409)
    except UsageError as problem:
        return answer(problem=plain_names(str(problem)), status=422)
    context.desk.forget()
    currency = context.organisation.base_currency
    sentence = f"Undone. {changed_in_words(proposed, now.names, currency=currency)} The next plan uses it."
    return answer(notice=sentence)


def _page(
    request: Request, context: ScreenContext, template: str, *, before: int = 0, name: str = "", notice: str = "",
    problem: str = "", status: int = 200,
) -> Response:  # fmt: skip
    now = settings_now(context)
    currency = context.organisation.base_currency
    batches, further = past_batches(now, before=before, name=name, count=PAGE, currency=currency)
    content = context.content(
        screen="settings", tab="history", batches=batches, further=further, name=name, notice=notice, problem=problem,
        may_change=context.may(Role.PLANNER), gone=gone_shown(now, currency=currency),
    )  # fmt: skip
    return page(request, template, content, status=status)
