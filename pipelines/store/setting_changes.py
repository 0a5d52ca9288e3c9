"""Settings with their history: every change is stored, with who, when and why; the latest is in force.

A setting belongs to a product or a supplier, not to the code or contact of that day: a renamed item, an item that was
deleted and created again under the same code, and a merged contact keep their settings.

What belongs here: the rows, and which of them are in force. What does not: which settings exist and their values
(`pipelines.planning_settings.registry`), which come here as checked text.
Read more in docs/interfaces.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl
import sqlalchemy as sa

from pipelines.identities import Identities
from pipelines.storage.tables import PLANNING_SETTINGS
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.identity_history import identities_of


@dataclass(frozen=True)
class SettingChange:
    """A setting that a person set at a level, or removed (`value` None)."""

    level: str
    subject: str
    name: str
    value: str | None
    changed_by: str
    changed_at: datetime
    reason: str = ""


class _Followed(NamedTuple):
    """A change for its present subject; the original subject, the mergers in between, and the time of the last."""

    change: SettingChange
    origin: str
    steps: int = 0
    merged_at: datetime = datetime.min.replace(tzinfo=UTC)


def set_setting(store: Store, key: str, change: SettingChange) -> None:
    """Store a change of an organisation's setting; it is in force from now on."""
    set_settings(store, key, [change])


def set_settings(store: Store, key: str, changes: Iterable[SettingChange]) -> None:
    """Store several changes of an organisation's settings, all of them or none."""
    rows = [
        {"organisation_key": key} | {name: getattr(change, name) for name in SettingChange.__dataclass_fields__}
        for change in changes
    ]
    if rows:
        with store.writing() as connection:
            connection.execute(sa.insert(schema.setting_change), rows)


def setting_history(store: Store, key: str) -> list[SettingChange]:
    """Every change of an organisation's settings as it was made, the oldest first."""
    table = schema.setting_change
    with store.reading() as connection:
        rows = connection.execute(
            sa.select(table).where(table.c.organisation_key == key).order_by(table.c.id)
        ).mappings()
        return [SettingChange(**{name: row[name] for name in SettingChange.__dataclass_fields__}) for row in rows]


def explicit_settings(store: Store, key: str) -> pl.DataFrame:
    """The settings in force that people set, in the shape of `raw.planning_settings`.

    Products and suppliers, as subjects and in values, have their present codes and contacts. Settings of products that
    are gone are left out; `settings_without_subject` has them.
    """
    changes = setting_history(store, key)
    has_subjects = any(change.level != "global" for change in changes)
    return _frame(_in_force(changes, identities_of(store, key) if has_subjects else Identities()))


def settings_without_subject(store: Store, key: str) -> pl.DataFrame:
    """The settings of products that Xero no longer has, by their last code: the shape of `raw.planning_settings`."""
    known = identities_of(store, key)
    latest = {
        (change.level, change.subject, change.name): change
        for change in setting_history(store, key) if _is_orphan(change, known)
    }  # fmt: skip
    return _frame(latest.values())


def _frame(changes: Iterable[SettingChange]) -> pl.DataFrame:
    rows = [
        (change.level, change.subject, change.name, change.value, change.changed_by, change.changed_at)
        for change in changes
        if change.value is not None
    ]
    return pl.DataFrame(rows, schema=PLANNING_SETTINGS.schema, orient="row").sort("level", "subject", "name")


def _in_force(changes: Iterable[SettingChange], known: Identities) -> list[SettingChange]:
    """The latest change of each setting, for its present subject.

    If suppliers were merged, the settings of the remaining supplier win, then those of the nearest merged one.
    """
    latest: dict[tuple[str, str, str], dict[str, _Followed]] = defaultdict(dict)
    for change in changes:
        if not _is_orphan(change, known):
            followed = _followed(change, known)
            now = followed.change
            latest[now.level, now.subject, now.name][followed.origin] = followed
    return [_chosen(list(of_origins.values())) for of_origins in latest.values()]


def _chosen(found: Sequence[_Followed]) -> SettingChange:
    """The nearest change that was not removed, of equally near the latest; a removal after a merger counts."""
    chosen, *farther = sorted(found, key=lambda row: (row.steps, -row.change.changed_at.timestamp()))
    for followed in farther:
        if chosen.change.value is None and chosen.change.changed_at < followed.merged_at:
            chosen = followed
    return chosen.change


def _followed(change: SettingChange, known: Identities) -> _Followed:
    """The change for its present subject, with its value in present codes and contacts."""
    now = replace(change, value=_value_now(change, known))
    if change.level == "supplier":
        chain = known.contact_chain(change.subject)
        return _Followed(replace(now, subject=chain[-1]), chain[0], len(chain) - 1, known.merged_at(chain[0]))
    product = known.product_of(change.subject, change.changed_at) if change.level == "product" else None
    if product is None:
        return _Followed(now, change.subject)
    return _Followed(replace(now, subject=known.called(product)), product, len(known.chain(product)) - 1)


def _value_now(change: SettingChange, known: Identities) -> str | None:
    value, at = change.value, change.changed_at
    if not value:
        return value
    if change.name == "preferred_supplier":
        return known.contact_of(value)
    if change.name == "successor_of":
        return known.code_of(value, at)
    if change.name == "bundle_of":
        parts = (part.rpartition(":") for part in value.split("; "))
        return "; ".join(f"{known.code_of(code, at)}:{quantity}" for code, _, quantity in parts)
    return value


def _is_orphan(change: SettingChange, known: Identities) -> bool:
    return change.level == "product" and known.is_gone(change.subject, change.changed_at)
