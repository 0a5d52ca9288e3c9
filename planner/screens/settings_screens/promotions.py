"""Promotions and events: listed, added, changed, removed, taken back; and new products that sell like another one.

    form  ──see what it changes──►  review  ──save──►  the list, with what was saved
      ▲────────── back ────────────────┘

What belongs here: the steps. What does not: what they show (`shown/settings_shown/events_shown.py`), what an event may
be (`pipelines`).
"""

from dataclasses import replace
from typing import Final, cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.organisations.organisation_events import (
    check_is_new,
    event_in_words,
    event_versions,
    expectation_in_words,
    find_event,
    remove_event,
    save_events,
    take_back_event,
    typed_event,
)
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent, Scope
from pipelines.product_codes import folded
from pipelines.store.demand_decisions.demand_event_log import EventChangedError
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites, Writing
from planner.screens.settings_screens.settings_context import SettingsOf
from planner.security.roles import Role
from planner.shown.settings_shown.events_shown import EventForm, events_shown, factor_in_words, form_of

router = APIRouter(prefix="/o/{key}/settings/events")
SCOPES: Final = ("product", "group", "all")


@router.get("")
def events(
    request: Request, context: ContextOf, now: SettingsOf, product: str = "", change: str = "", add: bool = False
) -> Response:
    """The page; `add` opens the form of a new event, `product` does so for a product, `change` that of an event."""
    form = None
    if change:
        form = _form_of(now, change)
    elif product or add:
        form = EventForm(products=[now.subjects.find("product", product)] if product else [])
    return _page(request, context, now, "settings/events/events.html", form=form)


@router.get("/form")
def form(request: Request, context: ContextOf, now: SettingsOf, change: str = "") -> Response:
    """The form of a new event, or of one that is changed."""
    return _form(request, context, now, _form_of(now, change) if change else EventForm())


@router.post("/form")
def form_again(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """The form with what was typed, and further lines for products."""
    return _form(request, context, now, _typed(writing))


@router.post("/review")
def review(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """What the event would be."""
    typed = _typed(writing)
    try:
        event = _checked(now, typed)
    except UsageError as problem:
        return _form(request, context, now, replace(typed, problem=str(problem)), status=422)
    fields = [
        (name, text) for name, texts in writing.fields.items() for text in texts if name not in {"reason", "idem"}
    ]
    before = find_event(now, typed.original).event if typed.original else None
    content = {
        "event": event, "sentence": event_in_words(now, event), "reason": typed.reason, "fields": fields,
        "before": event_in_words(now, before) if before else "", "is_same": before == event,
        "expectation": expectation_in_words(now, event), "days": (event.until_date - event.from_date).days + 1,
    }  # fmt: skip
    return page(request, "settings/events/review.html", context.content(screen="settings", **content))


@router.post("/save")
def save(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Store the event; the list as it is then."""
    typed = _typed(writing)
    try:
        event = _checked(now, typed)
        seen = typed.version if typed.original else event_versions(now)[folded(event.name)]
        save_events(now, [event], by=writing.person, reason=typed.reason, seen=seen)
    except EventChangedError as conflict:
        version = event_versions(now)[folded(typed.original or typed.name)]
        return _form(request, context, now, replace(typed, conflict=str(conflict), version=version), status=409)
    except UsageError as problem:
        return _form(request, context, now, replace(typed, problem=str(problem)), status=422)
    return _list(request, context, now, notice=f"Saved. {event_in_words(now, event)} The next plan uses it.")


@router.post("/remove")
def remove(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Remove an event; the list as it is then."""
    try:
        found = remove_event(now, writing.text("name"), by=writing.person, seen=writing.version())
    except EventChangedError as conflict:
        return _list(request, context, now, problem=str(conflict), status=409)
    except UsageError as problem:
        return _list(request, context, now, problem=str(problem), status=422)
    sentence = f"Removed. {found.name} no longer counts: its days count as they sold. The next plan uses it."
    return _list(request, context, now, notice=sentence)


@router.post("/take-back")
def take_back(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Take the last change of an event back; the list as it is then."""
    name = writing.text("name")
    try:
        event = take_back_event(now, name, by=writing.person, seen=writing.version())
    except EventChangedError as conflict:
        return _list(request, context, now, problem=str(conflict), status=409)
    except UsageError as problem:
        return _list(request, context, now, problem=str(problem), status=422)
    then = f"{name} is no event again." if event is None else event_in_words(now, event)
    return _list(request, context, now, notice=f"Undone. {then} The next plan uses it.")


def _form_of(now: OrganisationSettings, name: str) -> EventForm:
    found = find_event(now, name)
    return form_of(now, found, version=event_versions(now)[folded(found.name)])


def _typed(writing: Writing) -> EventForm:
    """What a form says, an event of a known name keeping that name."""
    original, scope = writing.text("original"), writing.text("scope")
    return EventForm(
        original or writing.text("name"), original, writing.version(), writing.text("from"), writing.text("until"),
        writing.text("factor"), scope if scope in SCOPES else "product",
        groups=[text for text in writing.texts("group") if text.strip()],
        products=[text.strip() for text in writing.texts("product") if text.strip()], reason=writing.text("reason"),
    )  # fmt: skip


def _checked(now: OrganisationSettings, typed: EventForm) -> DemandEvent:
    """The event that was typed.

    Raises:
        UsageError: it cannot be.
    """
    if typed.original:
        find_event(now, typed.original)
    else:
        check_is_new(now, typed.name)
    return typed_event(
        now, typed.name, from_day=typed.from_day, until_day=typed.until_day, factor=typed.factor,
        scope=cast("Scope", typed.scope), subjects=typed.groups if typed.scope == "group" else typed.products,
    )  # fmt: skip


def _form(
    request: Request, context: ScreenContext, now: OrganisationSettings, form: EventForm, *, status: int = 200
) -> Response:
    content = context.content(screen="settings", form=form, groups=now.groups.groups.values())
    return page(request, "settings/events/form.html", content, status=status)


def _list(
    request: Request, context: ScreenContext, now: OrganisationSettings, *, notice: str = "", problem: str = "",
    status: int = 200,
) -> Response:  # fmt: skip
    answer = _page(request, context, now, "settings/events/list.html", notice=notice, problem=problem, status=status)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#events", "innerHTML"
    return answer


def _page(
    request: Request, context: ScreenContext, now: OrganisationSettings, template: str, *,
    form: EventForm | None = None, notice: str = "", problem: str = "", status: int = 200,
) -> Response:  # fmt: skip
    content = context.content(
        screen="settings", tab="events", shown=events_shown(now, today=context.today), form=form, notice=notice,
        problem=problem, may_change=context.may(Role.PLANNER), groups=now.groups.groups.values(),
        factor_in_words=factor_in_words,
    )  # fmt: skip
    return page(request, template, content, status=status)
