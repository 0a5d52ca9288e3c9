"""Changing a setting: its form, what the change would do, saving it. Nothing is kept between the steps but the form.

    form  ──see what it changes──►  review, while the effect is worked out  ──save──►  the page, with what was saved
      ▲────────── back ──────────────┘

What belongs here: the steps. What does not: controls and sentences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.organisations.settings_in_force.saved_settings import checked_changes, request_for, save_settings
from pipelines.organisations.settings_in_force.setting_sentences import (
    changed_in_words,
    conflict_in_words,
    whom_in_words,
)
from pipelines.planning_settings.registry import known_setting
from pipelines.planning_settings.setting_descriptions import AT_ONCE, Parameter
from pipelines.planning_settings.setting_files.requested_settings import Proposal
from pipelines.planning_settings.setting_topics import label_of
from pipelines.planning_settings.setting_words import effect_in_words, plain_names, value_in_words
from pipelines.store.setting_ledger.setting_changes import SettingConflictError
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites, Writing
from planner.screens.settings_screens.product_settings import AT_PRODUCT, section_page
from planner.screens.settings_screens.settings_context import (
    SettingsOf,
    effect_of,
    level_content,
    scope_in,
    settings_now,
)
from planner.shown.settings_shown.controls import control_of, text_of
from planner.shown.settings_shown.effect_shown import EffectShown, effect_shown
from planner.shown.settings_shown.held_values import before_and_after
from planner.shown.settings_shown.level_page import Scope, in_force, scope_of, targets_of

router = APIRouter(prefix="/o/{key}/settings")
EMPTY: Final = "Give {allowed}."
NEXT_PLAN: Final = "The next plan uses it."


@dataclass(frozen=True)
class WantedChange:
    """What a form says: the setting, for whom, the value as a text (None: not set any more), what was seen."""

    setting: Parameter
    scope: Scope
    level: str
    subject: str
    text: str | None
    seen: int
    reason: str


@router.get("/change")
def form(request: Request, context: ContextOf, now: SettingsOf, name: str, at: str = "") -> Response:
    """The form of a setting; `at` is where it stands, if not on the page of settings."""
    content = editor_content(context, now, scope_of(now, request.query_params), name) | {"at": at}
    return page(request, "settings/editor.html", context.content(screen="settings", editor=content))


@router.post("/change")
def form_again(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """The form with what was typed."""
    return _form(request, context, now, _wanted(now, writing), writing)


@router.post("/what-if")
def what_if(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """What the change would be, and what it would do to the plan."""
    wanted = _wanted(now, writing)
    try:
        proposal = checked(now, wanted)
    except SettingConflictError as conflict:
        return _conflict(request, context, now, wanted, writing, conflict)
    except UsageError as problem:
        return _form(request, context, now, wanted, writing, problem=plain_names(str(problem)))
    effect = None
    if proposal.changes:
        effect = effect_of(context, now, proposal.changes)
    content = _review(context, now, wanted, writing, proposal) | {"effect": effect}
    return page(request, "settings/review.html", context.content(screen="settings", **content))


@router.get("/what-if/{what_if_id}")
def progress(request: Request, context: ContextOf, what_if_id: str) -> Response:
    """How far the effect of a change is: worked on since when, or what it is."""
    found = context.desk.what_ifs.look(context.organisation.key, what_if_id)
    effect = effect_shown(found) if found else EffectShown.lost()
    return page(request, "settings/effect.html", context.content(screen="settings", effect=effect))


@router.post("/save")
def save(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Store the change; the page as it is then, with what was done."""
    wanted = _wanted(now, writing)
    try:
        proposal = checked(now, wanted)
        made = save_settings(now, proposal.changes, by=writing.person, reason=wanted.reason, seen=wanted.seen)
    except SettingConflictError as conflict:
        return _conflict(request, context, now, wanted, writing, conflict)
    except UsageError as problem:
        return _form(request, context, now, wanted, writing, problem=plain_names(str(problem)))
    context.desk.forget()
    sentence = saved_sentence(context, now, proposal)
    if writing.text("at") == AT_PRODUCT and wanted.scope.level == "product":
        batch = made[0].batch if made else 0
        return section_page(request, context, wanted.scope.subject, notice=sentence, batch=batch)
    return saved_page(request, context, wanted.scope, sentence)


def saved_page(request: Request, context: ScreenContext, scope: Scope, sentence: str) -> Response:
    """The settings of a page as they are after a change, below what was done."""
    content = level_content(context, settings_now(context), scope)
    content |= {"notice": sentence, "open": "", "editor": None, "may_plan_now": sentence.endswith(NEXT_PLAN)}
    answer = page(request, "settings/setting_list.html", context.content(screen="settings", **content))
    answer.headers["HX-Retarget"] = "#settings"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def saved_sentence(context: ScreenContext, now: OrganisationSettings, proposal: Proposal) -> str:
    """What was saved, and what it does to the plan if that is known by now."""
    currency = context.organisation.base_currency
    sentence = changed_in_words(proposal.changes, now.names, currency=currency)
    if not proposal.changes:
        return sentence
    known = effect_shown(context.desk.what_ifs.known(now, proposal.changes, context.view.snapshot_id))
    effect = f" {' '.join(known.sentences)}" if known and known.sentences else ""
    holds_at_once = {change.name for change in proposal.changes} <= AT_ONCE
    return f"Saved. {sentence}{effect} {'It holds at once.' if holds_at_once else NEXT_PLAN}"


def checked(now: OrganisationSettings, wanted: WantedChange) -> Proposal:
    """The change that is wanted, if it can be made.

    Raises:
        UsageError: the value is not allowed, or does not fit.
        SettingConflictError: somebody changed it since the form was opened.
    """
    if wanted.text is not None:
        try:
            wanted.setting.form.parse(wanted.text)
        except ValueError as allowed:
            raise UsageError(EMPTY.format(allowed=allowed)) from None
    request = request_for(wanted.level, wanted.subject, wanted.setting.name, wanted.text)
    return checked_changes(now, [request], seen=wanted.seen)


def editor_content(
    context: ScreenContext, now: OrganisationSettings, scope: Scope, name: str, *, share: float | None = None
) -> dict[str, Any]:
    """What the form of a setting shows when it is opened: the value in force, or a share that another screen offers."""
    setting = known_setting(name)
    targets = targets_of(now, scope, setting)
    if not targets:
        raise UsageError(f"{label_of(name)} cannot be set for {scope.title}.")
    level, subject, _ = targets[0]
    value = next((row.value for row in in_force(now, scope) if row.setting is setting), "")
    if share is not None and setting.unit.startswith("share"):
        value = f"{share:.6g}"
    is_set = (level, subject, name) in now.explicit
    return _editor(context, now, scope, setting, targets, (level, subject), value, is_set=is_set)


def _editor(
    context: ScreenContext, now: OrganisationSettings, scope: Scope, setting: Parameter,
    targets: Sequence[tuple[str, str, str]], place: tuple[str, str], value: str, *, is_set: bool,
) -> dict[str, Any]:  # fmt: skip
    words = value_in_words(
        setting.name, setting.default or None, now.names, currency=context.organisation.base_currency
    )
    return {
        "setting": setting, "label": label_of(setting.name), "scope": scope, "targets": targets,
        "place": ":".join(place), "version": now.version, "is_set": is_set, "default": words, "problem": "",
        "conflict": "", "reason": "", "at": "", "effect": effect_in_words(setting),
        "control": control_of(
            setting, value, currency=context.organisation.base_currency, suppliers=now.subjects.suppliers
        ),
    }  # fmt: skip


def _form(
    request: Request, context: ScreenContext, now: OrganisationSettings, wanted: WantedChange, writing: Writing, *,
    problem: str = "", conflict: str = "",
) -> Response:  # fmt: skip
    """The form with what was typed, and why it was not saved."""
    setting, place = wanted.setting, (wanted.level, wanted.subject)
    targets = targets_of(now, wanted.scope, setting)
    is_set = (*place, setting.name) in now.explicit
    content = _editor(context, now, wanted.scope, setting, targets, place, "", is_set=is_set)
    content |= {"problem": problem, "conflict": conflict, "reason": wanted.reason, "at": writing.text("at")}
    currency = context.organisation.base_currency
    content["control"] = control_of(
        setting, "", currency=currency, suppliers=now.subjects.suppliers, typed=writing.texts
    )
    status = 409 if conflict else 422 if problem else 200
    return page(request, "settings/editor.html", context.content(screen="settings", editor=content), status=status)


def _conflict(
    request: Request, context: ScreenContext, now: OrganisationSettings, wanted: WantedChange, writing: Writing,
    conflict: SettingConflictError,
) -> Response:  # fmt: skip
    """The form with what was typed, below what somebody else has set since; saving again then replaces that."""
    now, sentence = settings_now(context), conflict.reason
    if conflict.newer is not None:
        typed = None if wanted.text is None else wanted.setting.form.parse(wanted.text)
        sentence = conflict_in_words(conflict.newer, typed, now.names, currency=context.organisation.base_currency)
    return _form(request, context, now, wanted, writing, conflict=sentence)


def _review(
    context: ScreenContext, now: OrganisationSettings, wanted: WantedChange, writing: Writing, proposal: Proposal
) -> dict[str, Any]:
    """What stands between the form and saving: old and new, and the form's fields to send again."""
    currency, name = context.organisation.base_currency, wanted.setting.name
    after = proposal.changes[0].new if proposal.changes else None
    again = {field: texts for field, texts in writing.fields.items() if field not in {"reason", "idem"}}
    return {
        "setting": wanted.setting, "label": label_of(name), "reason": wanted.reason, "is_same": not proposal.changes,
        "fields": [(field, text) for field, texts in again.items() for text in texts],
        "whom": whom_in_words(wanted.level, wanted.subject, now.names),
        "before_after": before_and_after(now, wanted.level, wanted.subject, name, after, currency=currency),
    }  # fmt: skip


def _wanted(now: OrganisationSettings, writing: Writing) -> WantedChange:
    """What a form says.

    Raises:
        UsageError: it names no setting, or nobody for whom it can be set.
    """
    setting = known_setting(writing.text("name"))
    page_level, _, page_subject = writing.text("page").partition(":")
    scope = scope_in(now, page_level, page_subject)
    level, _, subject = writing.text("place").partition(":")
    if (level, subject) not in {(one, other) for one, other, _ in targets_of(now, scope, setting)}:
        raise UsageError(f"{label_of(setting.name)} cannot be set there. Open the page again.")
    action = writing.text("action", "set")
    text = {"unset": None, "none": "none"}.get(action, "")
    if action == "set":
        text = text_of(setting, writing.texts)
    return WantedChange(setting, scope, level, subject, text, writing.version(), writing.text("reason"))
