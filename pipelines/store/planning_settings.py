"""Settings with their history: every change is kept, with who, when and why; the latest one is in force.

What belongs here: the rows. What does not: which settings there are and what they may be
(`pipelines.replenishment.parameters`): values come here as checked text.
Read more in docs/interfaces.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.tables import PLANNING_SETTINGS


@dataclass(frozen=True)
class SettingChange:
    """A setting that a person set at a level, or took back (`value` None)."""

    level: str
    subject: str
    name: str
    value: str | None
    changed_by: str
    changed_at: datetime
    reason: str = ""


def set_setting(store: Store, key: str, change: SettingChange) -> None:
    """Keep a change of an organisation's setting; it is in force from now on."""
    set_settings(store, key, [change])


def set_settings(store: Store, key: str, changes: Iterable[SettingChange]) -> None:
    """Keep several changes of an organisation's settings, all of them or none."""
    rows = [
        {"organisation_key": key} | {name: getattr(change, name) for name in SettingChange.__dataclass_fields__}
        for change in changes
    ]
    if rows:
        with store.writing() as connection:
            connection.execute(sa.insert(schema.setting_change), rows)


def setting_history(store: Store, key: str) -> list[SettingChange]:
    """Every change of an organisation's settings, the oldest first."""
    table = schema.setting_change
    with store.reading() as connection:
        rows = connection.execute(
            sa.select(table).where(table.c.organisation_key == key).order_by(table.c.id)
        ).mappings()
        return [SettingChange(**{name: row[name] for name in SettingChange.__dataclass_fields__}) for row in rows]


def explicit_settings(store: Store, key: str) -> pl.DataFrame:
    """What people have set and not taken back, in the shape of `raw.planning_settings`."""
    latest = {(change.level, change.subject, change.name): change for change in setting_history(store, key)}
    rows = [
        (change.level, change.subject, change.name, change.value, change.changed_by, change.changed_at)
        for change in latest.values()
        if change.value is not None
    ]
    return pl.DataFrame(rows, schema=PLANNING_SETTINGS.schema, orient="row").sort("level", "subject", "name")
