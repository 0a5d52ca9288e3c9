"""The promotions and events of an organisation: listed with their results, added, changed, removed, taken back.

What belongs here: what terminal, page and API do with events. What does not: what an event may be
(`planning_settings/demand_settings`), rows (`store/demand_decisions`), what it does to a forecast
(`forecasting/special_demand`).
Read more in docs/buyer/promotions.md.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.forecasting.distribution import WEEKS_SHOWN
from pipelines.forecasting.history.demand_matrix import WEEK_DAYS
from pipelines.forecasting.special_demand.coming_events import daily_path
from pipelines.nearest_names import unknown_name
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent, EventError, Scope, demand_event
from pipelines.product_codes import folded
from pipelines.replenishment.units_in_words import in_units
from pipelines.storage import tables
from pipelines.storage.snapshots import published_or_empty
from pipelines.store.demand_decisions.demand_event_log import (
    EventChange,
    change_events,
    event_history,
    events_in_force,
)

MOST_NAMED: Final = 5
NOT_PLANNED: Final = "not planned with yet"
UNDONE: Final = "taken back"
_NEW_RESULT: Final = {"state": NOT_PLANNED, "observed_factor": None, "remark": "", "is_far_off": False}
_SAME: Final = ("name", "from_date", "until_date", "factor")


def typed_event(
    now: OrganisationSettings, name: str, *, from_day: str, until_day: str, factor: str, scope: Scope,
    subjects: Sequence[str],
) -> DemandEvent:  # fmt: skip
    """The event that a person typed; `subjects` are codes of products or names of groups, by scope.

    Raises:
        UsageError: a value is not allowed, or there is no such product or group.
    """
    found = () if scope == "all" else tuple(now.subjects.find(scope, text) for text in subjects)
    return demand_event(name, from_day=from_day, until_day=until_day, factor=factor, scope=scope, subjects=found)


def present_events(now: OrganisationSettings) -> list[EventChange]:
    """The events in force, each with who set it last."""
    return events_in_force(now.opened.store, now.opened.key)


def event_versions(now: OrganisationSettings) -> Counter[str]:
    """How often each event was changed, by its name in lower case: the version that a person sees."""
    return Counter(folded(change.name) for change in event_history(now.opened.store, now.opened.key))


def find_event(now: OrganisationSettings, name: str) -> EventChange:
    """The event in force of a name, whatever its case.

    Raises:
        UsageError: there is none.
    """
    known = {folded(change.name): change for change in present_events(now)}
    found = known.get(folded(name.strip()))
    if found is None:
        raise UsageError(unknown_name("event", name, [change.name for change in known.values()]))
    return found


def check_is_new(now: OrganisationSettings, name: str) -> None:
    """Refuse a new event that has the name of another one.

    Raises:
        EventError: an event has this name, whatever its case.
    """
    for change in present_events(now):
        if folded(change.name) == folded(name):
            raise EventError(
                f"There is an event {change.name} already, set by {change.changed_by}: change that one, or give this "
                "one another name."
            )


def save_events(
    now: OrganisationSettings, events: Sequence[DemandEvent], *, by: str, reason: str = "", seen: int | None = None
) -> None:
    """Store events, all or none; one of a known name replaces that one, whatever its case.

    `seen` is the version of the event that a person looked at; without it the last write wins.

    Raises:
        EventChangedError: somebody changed the event since then.
    """
    at = now.opened.now()
    changes = [EventChange(event.name, event, by, at, reason.strip()) for event in events]
    change_events(now.opened.store, now.opened.key, changes, seen=seen)


def remove_event(
    now: OrganisationSettings, name: str, *, by: str, reason: str = "", seen: int | None = None
) -> EventChange:
    """Remove an event: its days count as they sold, and coming days as usual. What was in force until then.

    Raises:
        UsageError: there is no such event.
        EventChangedError: somebody changed the event since the version `seen`.
    """
    found = find_event(now, name)
    removed = EventChange(found.name, None, by, now.opened.now(), reason.strip())
    change_events(now.opened.store, now.opened.key, [removed], seen=seen)
    return found


def take_back_event(now: OrganisationSettings, name: str, *, by: str, seen: int | None = None) -> DemandEvent | None:
    """Take the last change of an event back: the event as it was before, None if it was none.

    Raises:
        UsageError: nobody ever changed an event of this name.
        EventChangedError: somebody changed the event since the version `seen`.
    """
    of_it = [one for one in event_history(now.opened.store, now.opened.key) if folded(one.name) == folded(name)]
    if not of_it:
        raise UsageError(f"There is no change of an event {name[:80]!r}.")
    before = of_it[-2].event if len(of_it) > 1 else None
    change = EventChange(of_it[-1].name, before, by, now.opened.now(), UNDONE)
    change_events(now.opened.store, now.opened.key, [change], seen=seen)
    return before


def listed_events(now: OrganisationSettings) -> list[dict[str, Any]]:
    """The events in force, each with its result in the last plan if that knew it as it is now, and its version."""
    results = published_or_empty(now.opened.folder, tables.EVENT_RESULTS).to_dicts()
    by_event = {tuple(row[key] for key in _SAME): row for row in results}
    versions, rows = event_versions(now), []
    for change in present_events(now):
        if change.event is None:
            continue
        record = event_record(now, change.event)
        result = by_event.get(tuple(record[key] for key in _SAME), {})
        who = {"changed_by": change.changed_by, "changed_at": change.changed_at, "reason": change.reason}
        rows.append(
            record | _NEW_RESULT | result | who
            | {"applies_to": record["applies_to"], "version": versions[folded(change.name)]}
        )  # fmt: skip
    return rows


def event_record(now: OrganisationSettings, event: DemandEvent) -> dict[str, Any]:
    """An event as plain data."""
    return {
        "name": event.name, "from_date": event.from_date, "until_date": event.until_date,
        "factor": float(event.factor), "scope": event.scope,
        "subjects": [subject_name(now, event.scope, subject) for subject in event.subjects],
        "applies_to": applies_to(now, event),
    }  # fmt: skip


def applies_to(now: OrganisationSettings, event: DemandEvent) -> str:
    """What an event is for, in words: all products, or the first of its products or groups."""
    names = [subject_name(now, event.scope, subject) for subject in event.subjects]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return "all products" if event.scope == "all" else f"{', '.join(names[:MOST_NAMED])}{more}"


def subject_name(now: OrganisationSettings, scope: Scope, subject: str) -> str:
    """A group by its name, a product by its code."""
    return now.names.get(subject, subject) if scope == "group" else subject


def expectation_in_words(now: OrganisationSettings, event: DemandEvent) -> str:
    """What the last plan expects on an event's days, and what that becomes; empty if the plan cannot say.

    It cannot if the days are over or beyond the forecast, or if the plan has an event of these products already.
    """
    read = partial(published_or_empty, now.opened.folder)
    plan, forecast = read(tables.ORDER_PLAN), read(tables.DEMAND_FORECAST)
    codes = _products_of(now, event, forecast)
    planned = read(tables.PRODUCT_EVENTS).filter(
        pl.col("product_code").is_in(codes), pl.col("from_date") <= event.until_date,
        pl.col("until_date") >= event.from_date,
    )  # fmt: skip
    if plan.is_empty() or not codes or not planned.is_empty():
        return ""
    as_of = plan["as_of_date"][0]
    begin, end = (event.from_date - as_of).days, (event.until_date - as_of).days + 1
    if begin < 0 or end > WEEKS_SHOWN * WEEK_DAYS:
        return ""
    usual = float(daily_path(forecast, codes, days=end)[:, begin:end].sum())
    if usual <= 0:
        return ""
    of = f"{len(codes):,} product{'' if len(codes) == 1 else 's'}"
    usually, then = (in_units(_rounded(units)) for units in (usual, usual * float(event.factor)))
    return f"On these days the last plan expects {usually} units of {of}; with this event they are {then}."


def _products_of(now: OrganisationSettings, event: DemandEvent, forecast: pl.DataFrame) -> list[str]:
    """The products of an event that have a forecast."""
    codes = forecast["product_code"].unique()
    if event.scope == "group":
        of_groups = pl.col("group_id").is_in(list(event.subjects))
        return codes.filter(
            codes.is_in(now.groups.membership.filter(of_groups)["product_code"].implode())
        ).sort().to_list()  # fmt: skip
    if event.scope == "product":
        return codes.filter(codes.is_in(list(event.subjects))).sort().to_list()
    return codes.sort().to_list()


def _rounded(units: float) -> float:
    """A quantity with as many digits as a person reads: whole from ten on, else one decimal."""
    return round(units, 0 if units >= 10 else 1)  # noqa: PLR2004, digits


def event_in_words(now: OrganisationSettings, event: DemandEvent) -> str:
    """An event as a sentence."""
    return (
        f"{event.name}: from {event.from_date} to {event.until_date} demand of {applies_to(now, event)} is planned as "
        f"{event.factor:f} times the usual."
    )
