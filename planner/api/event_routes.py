"""Promotions and events for programs: listed with what was observed, added or changed, removed.

What belongs here: the routes and their shapes. What does not: rules (`pipelines.organisations.organisation_events`).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from pipelines.organisations.organisation_events import listed_events, remove_event, save_events, typed_event
from planner.frame.writes import PlannerWrites
from planner.screens.settings_screens.settings_context import SettingsOf

router = APIRouter(prefix="/organisations/{key}/events")
SEEN = Field(
    default=None, ge=0, description="The version that was seen; 0: there shall be none yet. Without it the last wins."
)


class EventAnswer(BaseModel):
    """An event: its days, what is expected of them, for what, who set it, and what was observed once it is over."""

    name: str
    from_date: date
    until_date: date
    factor: float = Field(description="Demand on these days as a multiple of the usual.")
    scope: str
    subjects: Sequence[str] = Field(description="Codes of products, or names of groups; none for all products.")
    state: str
    observed_factor: float | None = Field(description="Sold on its days as a multiple of the 56 days before.")
    is_far_off: bool
    remark: str
    changed_by: str
    changed_at: datetime
    reason: str
    version: int = Field(description="How often it was changed: a write that names it is refused if it grew.")


class WantedEvent(BaseModel):
    """An event to be added, or to replace the one of its name."""

    name: str = Field(max_length=200)
    from_date: date
    until_date: date
    factor: str = Field(max_length=40, description="From 0 to 100, such as 1.5 for half as much again.")
    scope: Literal["all", "product", "group"]
    subjects: Sequence[str] = Field(default=(), max_length=10_000, description="Codes of products, or names of groups.")
    reason: str = Field(default="", max_length=500)
    version: int | None = SEEN


class RemovedEvent(BaseModel):
    """An event to be removed."""

    name: str = Field(max_length=200)
    reason: str = Field(default="", max_length=500)
    version: int | None = SEEN


@router.get("", summary="Promotions and events")
def events(now: SettingsOf) -> list[EventAnswer]:
    """Those in force, by name."""
    return [EventAnswer(**row) for row in listed_events(now)]


@router.post("", summary="Add or change an event")
def save(now: SettingsOf, writing: PlannerWrites, body: WantedEvent) -> list[EventAnswer]:
    """An event of this name, whatever its case, is replaced. The events as they are then."""
    event = typed_event(
        now, body.name, from_day=f"{body.from_date}", until_day=f"{body.until_date}", factor=body.factor,
        scope=body.scope, subjects=body.subjects,
    )  # fmt: skip
    save_events(now, [event], by=writing.person, reason=body.reason, seen=body.version)
    return events(now)


@router.post("/remove", summary="Remove an event")
def remove(now: SettingsOf, writing: PlannerWrites, body: RemovedEvent) -> list[EventAnswer]:
    """Its days count as they sold, and coming days as usual. The events as they are then."""
    remove_event(now, body.name, by=writing.person, reason=body.reason, seen=body.version)
    return events(now)
