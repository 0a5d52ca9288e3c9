"""Promotions and events as a page lists them: what is coming, what is over, who changed what.

What belongs here: shaping and words. What does not: the events (`pipelines.organisations.organisation_events`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from pipelines.organisations.organisation_events import applies_to, event_versions, listed_events, subject_name
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent
from pipelines.planning_settings.demand_settings.like_product import like_of
from pipelines.product_codes import folded
from pipelines.store.demand_decisions.demand_event_log import EventChange, event_history

SPARE_LINES: Final = 3
MOST_CHANGES: Final = 30
Texts = Mapping[str, str]


@dataclass(frozen=True)
class EventForm:
    """What the form of an event shows: of a new one, of one that is changed, or what was typed."""

    name: str = ""
    original: str = ""
    version: int = 0
    from_day: str = ""
    until_day: str = ""
    factor: str = ""
    scope: str = "product"
    groups: Sequence[str] = ()
    products: Sequence[str] = ()
    reason: str = ""
    problem: str = ""
    conflict: str = ""

    @property
    def lines(self) -> list[str]:
        """The fields for products: those that are named, and some to spare."""
        return [*self.products, *[""] * SPARE_LINES]


@dataclass(frozen=True)
class EventsShown:
    """What the page shows."""

    now_and_coming: Sequence[dict[str, Any]]
    over: Sequence[dict[str, Any]]
    changes: Sequence[dict[str, Any]]
    likes: Sequence[dict[str, Any]] = field(default_factory=list)


def events_shown(now: OrganisationSettings, *, today: date) -> EventsShown:
    """The events by when they are, the next first; the latest changes; products that are like another one."""
    rows = [row | {"when": _when(row, today)} for row in listed_events(now)]
    rows = [row | {"at": now.opened.local_time(row["changed_at"])} for row in rows]
    coming = sorted((row for row in rows if row["until_date"] >= today), key=lambda row: row["from_date"])
    over = sorted((row for row in rows if row["until_date"] < today), key=lambda row: row["from_date"], reverse=True)
    return EventsShown(coming, over, _changes(now), _likes(now))


def form_of(now: OrganisationSettings, change: EventChange, *, version: int) -> EventForm:
    """The form of an event in force."""
    event = change.event
    if event is None:
        return EventForm()
    return EventForm(
        event.name, event.name, version, f"{event.from_date}", f"{event.until_date}", f"{event.factor:f}", event.scope,
        groups=event.subjects if event.scope == "group" else (),
        products=[subject_name(now, "product", code) for code in event.subjects] if event.scope == "product" else (),
    )  # fmt: skip


def factor_in_words(factor: Decimal | float) -> str:
    """A factor as people say it.

    >>> [factor_in_words(times) for times in (1.5, 1, 0, 0.25)]
    ['1.5 times the usual', 'as usual', 'nothing sells', '0.25 times the usual']
    """
    if factor == 1:
        return "as usual"
    return f"{float(factor):g} times the usual" if factor else "nothing sells"


def _when(row: Mapping[str, Any], today: date) -> str:
    if row["until_date"] < today:
        return "over"
    if row["from_date"] <= today:
        return "now"
    days = (row["from_date"] - today).days
    return "tomorrow" if days == 1 else f"in {days:,} days"


def _changes(now: OrganisationSettings) -> list[dict[str, Any]]:
    """The latest changes, the newest first, each with what it replaced; the last of each event can be taken back."""
    last: dict[str, DemandEvent | None] = {}
    rows = []
    for change in event_history(now.opened.store, now.opened.key):
        name = folded(change.name)
        rows.append(
            {
                "name": change.name, "by": change.changed_by, "at": now.opened.local_time(change.changed_at),
                "reason": change.reason, "did": _did(now, last.get(name), change.event), "key": name,
            }
        )  # fmt: skip
        last[name] = change.event
    versions = event_versions(now)
    found, seen = [], set[str]()
    for row in reversed(rows[-MOST_CHANGES:]):
        found.append(row | {"version": versions[row["key"]], "is_last": row["key"] not in seen})
        seen.add(row["key"])
    return found


def _did(now: OrganisationSettings, old: DemandEvent | None, new: DemandEvent | None) -> str:
    """What a change did, with days as they are stored."""
    if new is None:
        return "removed" if old is None else f"removed ({_in_short(now, old)})"
    if old is None:
        return f"added: {_in_short(now, new)}"
    return f"{_in_short(now, old)} → {_in_short(now, new)}"


def _in_short(now: OrganisationSettings, event: DemandEvent) -> str:
    return f"{event.from_date} to {event.until_date}, {factor_in_words(event.factor)}, for {applies_to(now, event)}"


def _likes(now: OrganisationSettings) -> list[dict[str, Any]]:
    """Products that are forecast like another one."""
    rows = [row for row in now.in_force if row.level == "product" and row.name == "like_product" and row.value]
    found = []
    for row in sorted(rows, key=lambda one: one.subject):
        code, factor = like_of(row.value or "")
        at = now.opened.local_time(row.changed_at)
        found.append(
            {"product": row.subject, "like": code, "factor": f"{factor:f}", "by": row.changed_by, "at": at,
             "reason": row.reason}
        )  # fmt: skip
    return found
