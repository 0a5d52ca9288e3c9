"""Settings with their history: every change is stored, with who, when and why; the latest is in force.

A setting belongs to a product or a supplier, not to the code or contact of that day: a renamed item, an item that was
deleted and created again under the same code, and a merged contact keep their settings.

What belongs here: the rows, and which of them are in force. What does not: which settings exist and their values
(`pipelines.planning_settings`), which come here as checked text; old values and undoing (`setting_batches.py`).
Read more in docs/interfaces.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import starmap
from typing import NamedTuple

import polars as pl
import sqlalchemy as sa

from pipelines.errors import PlannerError
from pipelines.identities import Identities
from pipelines.setting_subjects import ProductSupplier, product_in, supplier_in
from pipelines.storage.tables import PLANNING_SETTINGS
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.identity_history import identities_of, read_identities
from pipelines.store.setting_ledger.change_rows import ChangeLock, last_batch_in, wait_for_others


class SettingConflictError(PlannerError):
    """Somebody else has changed the same setting in the meantime: `newer` is their change.

    `reason` is the sentence without the command that helps in a terminal.
    """

    def __init__(self, reason: str, remedy: str = "", *, newer: "SettingChange | None" = None) -> None:
        super().__init__(f"{reason} {remedy}".strip())
        self.reason, self.newer = reason, newer


@dataclass(frozen=True)
class SettingChange:
    """A setting that a person set at a level, or removed (`value` None).

    Changes that were made together have the same `batch`. `product_id` is Xero's id of the item that a product's
    setting is for; changes of earlier versions lack it, and are found by code and time.
    """

    level: str
    subject: str
    name: str
    value: str | None
    changed_by: str
    changed_at: datetime
    reason: str = ""
    batch: int = 0
    product_id: str | None = None


class Place(NamedTuple):
    """What a change changes: a setting of a product by Xero's id, of a supplier by its contact, of both, or of all."""

    level: str
    subject: str
    name: str


class _Followed(NamedTuple):
    """A change for its present subject; the original subject, the mergers in between, and the time of the last."""

    change: SettingChange
    origin: str
    steps: int = 0
    merged_at: datetime = datetime.min.replace(tzinfo=UTC)


def set_settings(store: Store, key: str, changes: Sequence[SettingChange], *, seen: int | None = None) -> int:
    """Store changes of an organisation's settings as one batch, all of them or none; the number of the batch.

    `seen` is the last batch that the changes were decided on (`last_batch`); without it nothing is compared.

    Raises:
        SettingConflictError: somebody else changed one of the same settings after `seen`.
    """
    with store.writing() as connection:
        wait_for_others(connection, ChangeLock.SETTINGS, key)
        known = read_identities(connection, key)
        batch = last_batch_in(connection, schema.setting_change, key)
        product_ids = [change.product_id or _product_id(change, known) for change in changes]
        if seen is not None and batch > seen:
            named = (replace(change, product_id=found) for change, found in zip(changes, product_ids, strict=True))
            _refuse_conflict(_history(connection, key, after=seen), named, known)
        rows = [
            {**vars(change), "organisation_key": key, "batch": batch + 1, "product_id": found}
            for change, found in zip(changes, product_ids, strict=True)
        ]
        if rows:
            connection.execute(sa.insert(schema.setting_change), rows)
    return batch + 1 if rows else batch


def setting_history(store: Store, key: str) -> list[SettingChange]:
    """Every change of an organisation's settings as it was made, the oldest first."""
    with store.reading() as connection:
        return _history(connection, key)


def newest_batch(store: Store, key: str) -> int:
    """The number of the last batch of changes of an organisation, without reading them; 0 if there is none."""
    with store.reading() as connection:
        return last_batch_in(connection, schema.setting_change, key)


def last_batch(history: Sequence[SettingChange]) -> int:
    """The number of the last batch of changes; 0 if there is none."""
    return max((change.batch for change in history), default=0)


def explicit_settings(store: Store, key: str) -> pl.DataFrame:
    """The settings in force that people set, in the shape of `raw.planning_settings`.

    Products and suppliers, as subjects and in values, have their present codes and contacts. Settings of products that
    are gone are left out; `settings_without_subject` has them.
    """
    changes = setting_history(store, key)
    has_subjects = any(change.level != "global" for change in changes)
    return _frame(changes_in_force(changes, identities_of(store, key) if has_subjects else Identities()))


def changes_in_force(history: Iterable[SettingChange], known: Identities) -> list[SettingChange]:
    """The changes whose values are in force, for their present subjects, without those that removed a setting."""
    return [change for change in _in_force(history, known) if change.value is not None]


def settings_without_subject(store: Store, key: str) -> pl.DataFrame:
    """The settings of products that Xero no longer has, by their last code: the shape of `raw.planning_settings`."""
    return _frame(lost_settings(setting_history(store, key), identities_of(store, key)))


def lost_settings(history: Iterable[SettingChange], known: Identities) -> list[SettingChange]:
    """The changes in force of products that Xero no longer has, each under the code that it was made with."""
    latest = {place_of(change, known): change for change in history if _is_lost(change, known)}
    return [change for change in latest.values() if change.value is not None]


def place_of(change: SettingChange, known: Identities) -> Place:
    """What a change changes, whatever the product was called then."""
    product = product_of(change, known)
    return Place(change.level, change.subject if product is None else _with(change, product=product), change.name)


def present_subject(change: SettingChange, known: Identities) -> str:
    """The subject of a change under its product's present code, its supplier's present contact, or both."""
    now = under_present_code(change, known)
    supplier = supplier_in(change.level, change.subject)
    return _with(now, product=product_in(now.level, now.subject), supplier=known.contact_of(supplier))


def under_present_code(change: SettingChange, known: Identities) -> SettingChange:
    """The change for the present code of its product, if it has one; the supplier stays."""
    product = product_of(change, known)
    return change if product is None else replace(change, subject=_with(change, product=known.called(product)))


def of_whom(change: SettingChange) -> str:
    """Whom a change is for, to end a phrase: " of product TEA", and nothing for the whole organisation."""
    if change.level == "product_supplier":
        return f" of product {product_in(change.level, change.subject)} from one supplier"
    return f" of {change.level} {change.subject}" if change.subject else ""


def product_of(change: SettingChange, known: Identities) -> str | None:
    """Xero's id of the item that a product's setting was made for; None for others, and if no load ever saw it."""
    code = product_in(change.level, change.subject)
    return (change.product_id or known.product_of(code, change.changed_at)) if code else None


def value_now(change: SettingChange, known: Identities) -> str | None:
    """The value of a change, with the present codes and contacts of the products and suppliers in it."""
    value, at = change.value, change.changed_at
    if not value:
        return value
    if change.name == "preferred_supplier":
        return known.contact_of(value)
    if change.name == "successor_of":
        return known.code_of(value, at)
    if change.name == "like_product":
        code, _, factor = value.rpartition(" * ")
        return f"{known.code_of(code, at)} * {factor}"
    if change.name == "bundle_of":
        parts = (part.rpartition(":") for part in value.split("; "))
        return "; ".join(f"{known.code_of(code, at)}:{quantity}" for code, _, quantity in parts)
    return value


def _history(connection: sa.Connection, key: str, *, after: int | None = None) -> list[SettingChange]:
    table = schema.setting_change
    names = list(SettingChange.__dataclass_fields__)
    query = sa.select(*(table.c[name] for name in names)).where(table.c.organisation_key == key)
    if after is not None:
        query = query.where(table.c.batch > after)
    return list(starmap(SettingChange, connection.execute(query.order_by(table.c.id))))


def _product_id(change: SettingChange, known: Identities) -> str | None:
    code = product_in(change.level, change.subject)
    return known.latest_product(code) if code else None


def _refuse_conflict(newer: Iterable[SettingChange], changes: Iterable[SettingChange], known: Identities) -> None:
    wanted = {place_of(change, known) for change in changes}
    for change in newer:
        if place_of(change, known) in wanted:
            raise SettingConflictError(
                f"{change.changed_by} has just changed {change.name}{of_whom(change)}: nothing was changed.",
                "Look at it again with `stocktrim settings history`.",
                newer=change,
            )


def _frame(changes: Iterable[SettingChange]) -> pl.DataFrame:
    rows = [
        (change.level, change.subject, change.name, change.value, change.changed_by, change.changed_at)
        for change in changes
    ]
    return pl.DataFrame(rows, schema=PLANNING_SETTINGS.schema, orient="row").sort("level", "subject", "name")


def _in_force(changes: Iterable[SettingChange], known: Identities) -> list[SettingChange]:
    """The latest change of each setting, for its present subject.

    If suppliers were merged, the settings of the remaining supplier win, then those of the nearest merged one.
    """
    latest: dict[Place, dict[str, _Followed]] = defaultdict(dict)
    for change in {place_of(change, known): change for change in changes}.values():
        if not _is_lost(change, known):
            followed = _followed(change, known)
            now = followed.change
            latest[Place(now.level, now.subject, now.name)][followed.origin] = followed
    return [_chosen(list(of_origins.values())) for of_origins in latest.values()]


def _chosen(found: Sequence[_Followed]) -> SettingChange:
    """The nearest change that was not removed, of equally near the latest; a removal after a merger counts."""
    chosen, *farther = sorted(found, key=lambda row: (row.steps, -row.change.changed_at.timestamp()))
    for followed in farther:
        if chosen.change.value is None and chosen.change.changed_at < followed.merged_at:
            chosen = followed
    return chosen.change


def _followed(change: SettingChange, known: Identities) -> _Followed:
    """The change for its present subject, with its value in present codes and contacts.

    Of products, the steps are those of deleted items; of suppliers, mergers; of a product and a supplier, both.
    """
    product, supplier = product_of(change, known), supplier_in(change.level, change.subject)
    contacts = known.contact_chain(supplier)
    items = [] if product is None else known.chain(product)
    return _Followed(
        _now(change, present_subject(change, known), value_now(change, known)),
        change.subject if product is None else _with(change, product=product),
        len(contacts) - 1 + max(len(items) - 1, 0),
        known.merged_at(supplier),
    )


def _with(change: SettingChange, *, product: str, supplier: str = "") -> str:
    """The text of a change's subject with this product, and with this supplier instead of its own if one is given."""
    supplier = supplier or supplier_in(change.level, change.subject)
    if change.level == "product_supplier":
        return ProductSupplier(product, supplier).text
    return product if change.level == "product" else supplier or change.subject


def _now(change: SettingChange, subject: str, value: str | None) -> SettingChange:
    """The change with its present subject and value: itself if these are the same."""
    if (subject, value) == (change.subject, change.value):
        return change
    return replace(change, subject=subject, value=value)


def _is_lost(change: SettingChange, known: Identities) -> bool:
    return bool(product_in(change.level, change.subject)) and known.is_lost(product_of(change, known))
