"""A setting of all ticked products: which and what, then what it would change, saving it, taking it back.

What belongs here: the steps. What does not: controls, the effect and its sentences, which are those of the settings.
"""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.organisations.settings_in_force.saved_settings import checked_changes, save_settings
from pipelines.organisations.settings_in_force.setting_sentences import changed_in_words
from pipelines.planning_settings.registry import known_setting
from pipelines.planning_settings.setting_files.requested_settings import Proposal, SettingRequest
from pipelines.planning_settings.setting_topics import label_of
from pipelines.planning_settings.setting_words import effect_in_words, plain_names, value_in_words
from pipelines.store.setting_ledger.setting_changes import SettingConflictError
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites, Writing
from planner.screens.plan_screens.plan_context import selected_codes
from planner.screens.settings_screens.settings_context import SettingsOf
from planner.shown.plan_shown.quantity_preview import MOST_CHANGED, MOST_SHOWN
from planner.shown.plan_shown.settings_preview import changes_shown, settings_for_many
from planner.shown.settings_shown.controls import control_of, text_of
from planner.shown.settings_shown.effect_shown import effect_shown

router = APIRouter(prefix="/change/settings")
PATIENCE: Final = 0.8
FIRST: Final = "service_level"


@dataclass(frozen=True)
class DialogStep:
    """What a form of this dialog says, and what it has come to so far."""

    codes: list[str]
    name: str
    seen: int


@router.post("")
def change(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """The form; below it what it would change once it has a value."""
    step = _step(writing, context, now)
    content, problem = _form(context, now, step, writing), ""
    if writing.text("action"):
        try:
            proposal = _proposal(now, step, writing)
            content |= _preview(context, now, proposal)
        except SettingConflictError as conflict:
            problem = plain_names(conflict.reason)
            content["version"] = now.version
        except UsageError as refused:
            problem = plain_names(str(refused))
    content["editor"] |= {"problem": problem}
    return page(request, "plan/change_settings.html", context.content(screen="plan", **content))


@router.post("/save")
def save(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Store the change for all products, or for none; say what was done."""
    step = _step(writing, context, now)
    changes = _proposal(now, step, writing).changes
    stored = save_settings(now, changes, by=writing.person, reason=writing.text("reason"), seen=step.seen)
    context.desk.forget()
    said = changed_in_words(changes, now.names, currency=context.organisation.base_currency)
    known = effect_shown(context.desk.what_ifs.known(now, changes, context.view.snapshot_id)) if changes else None
    sentence = " ".join(known.sentences) if known else ""
    batch = stored[0].batch if stored else 0
    content = context.content(screen="plan", title="Saved", said=f"{said} {sentence}", batch=batch)
    return page(request, "plan/settings_changed.html", content)


@router.post("/undo")
def undo(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Take the change back."""
    changes, proposed = now.undoing(writing.version("batch"), by=writing.person, reason="")
    now.store(changes)
    context.desk.forget()
    said = changed_in_words(proposed, now.names, currency=context.organisation.base_currency)
    content = context.content(screen="plan", title="Taken back", said=said, batch=0)
    return page(request, "plan/settings_changed.html", content)


def _step(writing: Writing, context: ScreenContext, now: OrganisationSettings) -> DialogStep:
    """Raises UsageError if there are too many products, or no such setting."""
    codes = selected_codes(writing, context)
    if len(codes) > MOST_CHANGED:
        raise UsageError(f"That is more than {MOST_CHANGED:,} products: filter for fewer, or set it for a group.")
    seen = writing.version() if "version" in writing.fields else now.version
    return DialogStep(codes, known_setting(writing.text("name") or FIRST).name, seen)


def _proposal(now: OrganisationSettings, step: DialogStep, writing: Writing) -> Proposal:
    setting = known_setting(step.name)
    text = None if writing.text("action") == "unset" else text_of(setting, writing.texts)
    requests = [SettingRequest("product", code, step.name, text) for code in step.codes]
    return checked_changes(now, requests, seen=step.seen)


def _form(context: ScreenContext, now: OrganisationSettings, step: DialogStep, writing: Writing) -> dict[str, Any]:
    setting, currency = known_setting(step.name), context.organisation.base_currency
    typed = writing.texts if "value" in writing.fields and writing.text("action") else None
    default = value_in_words(step.name, setting.default or None, now.names, currency=currency)
    control = control_of(setting, "", currency=currency, suppliers=now.subjects.suppliers, typed=typed)
    editor = {"setting": setting, "label": label_of(step.name), "control": control, "default": default, "conflict": ""}
    return {
        "codes": step.codes, "topics": settings_for_many(), "editor": editor, "version": step.seen,
        "effect_help": effect_in_words(setting), "changes": None, "effect": None, "unchanged": 0, "count": 0,
        "fields": [(name, text) for name in ("value", "action") for text in writing.texts(name)],
    }  # fmt: skip


def _preview(context: ScreenContext, now: OrganisationSettings, proposal: Proposal) -> dict[str, Any]:
    effect = None
    if proposal.changes:
        asked = context.desk.what_ifs.ask(now, proposal.changes, context.view.snapshot_id)
        context.desk.what_ifs.wait(asked, PATIENCE)
        effect = effect_shown(asked)
    shown = changes_shown(
        now, context.view, proposal.changes, most=MOST_SHOWN, currency=context.organisation.base_currency
    )
    return {"changes": shown, "effect": effect, "unchanged": proposal.unchanged, "count": len(proposal.changes)}
