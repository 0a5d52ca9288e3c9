"""Events as people add and remove them: each change is stored, with who, when and why; the latest is in force.

A product of an event hangs on Xero's id of the item, so that it follows a renamed code.
What belongs here: the rows. What does not: what may be typed (`planning_settings/demand_settings/demand_events.py`).
Read more in docs/buyer/promotions.md.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from pipelines.errors import UsageError
from pipelines.identities import Identities
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent
from pipelines.product_codes import folded
from pipelines.storage.tables import DEMAND_EVENTS
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.identity_history import identities_of, read_identities
from pipelines.store.setting_ledger.change_rows import ChangeLock, change_rows, wait_for_others


class EventChangedError(UsageError):
    """Somebody else changed the event since the person looked at it."""


@dataclass(frozen=True)
class EventChange:
    """An event as a person set it, or removed it (None); who, when and why."""

    name: str
    event: DemandEvent | None
    changed_by: str
    changed_at: datetime
    reason: str = ""


@dataclass(frozen=True)
class _StoredEvent:
    """A stored change; `product_ids` are the ids of the event's products, None if no load ever saw one."""

    change: EventChange
    product_ids: Sequence[str | None]


_NAMES: Final = tuple(EventChange.__dataclass_fields__)
_IN_FORCE: Final = ("from_date", "until_date", "factor", "scope")


def change_events(store: Store, key: str, changes: Sequence[EventChange], *, seen: int | None = None) -> None:
    """Store changes of an organisation's events, all of them or none; they are in force from the next plan on.

    `seen` is how many changes of each of these events a person saw; without it nobody else is waited for.

    Raises:
        EventChangedError: there is a change that the person did not see.
    """
    with store.writing() as connection:
        if seen is not None:
            wait_for_others(connection, ChangeLock.EVENTS, key)
            for change in changes:
                _check_seen(connection, key, change.name, seen)
        known = read_identities(connection, key)
        rows = [
            {
                "organisation_key": key, "name": change.name, "event": _written(change.event, known),
                "changed_by": change.changed_by, "changed_at": change.changed_at, "reason": change.reason,
            }
            for change in changes
        ]  # fmt: skip
        if rows:
            connection.execute(sa.insert(schema.demand_event_change), rows)


def _check_seen(connection: sa.Connection, key: str, name: str, seen: int) -> None:
    table = schema.demand_event_change
    columns = (table.c.name, table.c.event, table.c.changed_by, table.c.reason)
    rows = connection.execute(sa.select(*columns).where(table.c.organisation_key == key).order_by(table.c.id)).all()
    of_it = [row for row in rows if folded(row.name) == folded(name)]
    if len(of_it) > seen:
        last = of_it[-1]
        did = "has removed" if last.event is None else "has changed"
        why = f", because: {last.reason}" if last.reason else ""
        raise EventChangedError(f"Meanwhile {last.changed_by} {did} {last.name}{why}. Nothing was changed by you.")


def event_history(store: Store, key: str) -> list[EventChange]:
    """Every change of an organisation's events, the oldest first, with the codes that products had then."""
    return [stored.change for stored in _history(store, key)]


def events_in_force(store: Store, key: str) -> list[EventChange]:
    """The events that were not removed, by name, with the present codes of their products."""
    known = identities_of(store, key)
    latest = {folded(stored.change.name): stored for stored in _history(store, key)}
    kept = [_renamed(stored, known) for stored in latest.values() if stored.change.event is not None]
    return sorted(kept, key=lambda change: folded(change.name))


def demand_events(store: Store, key: str) -> pl.DataFrame:
    """The events in force: the shape of `raw.demand_events`, a row for each product or group of an event."""
    rows = [
        (
            change.name, event.from_date, event.until_date, float(event.factor), event.scope, subject,
            change.changed_by, change.changed_at, change.reason,
        )
        for change in events_in_force(store, key)
        if (event := change.event) is not None
        for subject in event.subjects or ("",)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=DEMAND_EVENTS.schema, orient="row").sort("name", "subject")


def _history(store: Store, key: str) -> list[_StoredEvent]:
    return [_read(row._asdict()) for row in change_rows(store, schema.demand_event_change, key, _NAMES)]


def _written(event: DemandEvent | None, known: Identities) -> str | None:
    """An event as JSON, each product with its id in Xero."""
    if event is None:
        return None
    subjects = [
        [code, known.latest_product(code) if event.scope == "product" else None] for code in event.subjects
    ]  # fmt: skip
    stored = {name: str(getattr(event, name)) for name in _IN_FORCE} | {"name": event.name, "subjects": subjects}
    return json.dumps(stored, ensure_ascii=False)


def _read(row: dict[str, Any]) -> _StoredEvent:
    if row["event"] is None:
        return _StoredEvent(EventChange(**row), ())
    stored = json.loads(row["event"])
    event = DemandEvent(
        stored["name"], date.fromisoformat(stored["from_date"]), date.fromisoformat(stored["until_date"]),
        Decimal(stored["factor"]), stored["scope"], tuple(code for code, _ in stored["subjects"]),
    )  # fmt: skip
    return _StoredEvent(EventChange(**row | {"event": event}), [product_id for _, product_id in stored["subjects"]])


def _renamed(stored: _StoredEvent, known: Identities) -> EventChange:
    """The change with the present codes of its products."""
    change, event = stored.change, stored.change.event
    if event is None or event.scope != "product":
        return change
    codes = (
        code if product_id is None or product_id not in known.now else known.called(product_id)
        for code, product_id in zip(event.subjects, stored.product_ids, strict=True)
    )  # fmt: skip
    named = DemandEvent(
        event.name, event.from_date, event.until_date, event.factor, event.scope, tuple(dict.fromkeys(codes))
    )
    return EventChange(change.name, named, change.changed_by, change.changed_at, change.reason)
