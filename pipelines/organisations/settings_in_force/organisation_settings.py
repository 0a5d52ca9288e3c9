"""The settings of an organisation as they are now: shown, changed and written out by terminal, page and API alike.

What belongs here: joining the store's changes with the products and suppliers that are published. What does not: values
and rules (`planning_settings`), rows (`store/setting_changes.py`), printing.
Read more in docs/buyer/settings.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.identities import Identities
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.organisation_groups import OrganisationGroups, organisation_groups
from pipelines.organisations.settings_in_force.chosen_subjects import SubjectFilter, chosen_subjects
from pipelines.planning_settings.demand_settings.bundle_parts import parts_of
from pipelines.planning_settings.demand_settings.like_product import like_of
from pipelines.planning_settings.setting_descriptions import LEVELS, PARAMETERS, Parameter
from pipelines.planning_settings.setting_files.requested_settings import (
    Proposal,
    ProposedChange,
    SettingRequest,
    find_misfits,
    propose,
)
from pipelines.planning_settings.subjects import Subjects
from pipelines.product_codes import ProductCodes
from pipelines.product_groups.groups import Group
from pipelines.setting_subjects import ProductSupplier, product_in, supplier_in
from pipelines.storage import tables
from pipelines.storage.snapshots import published_or_empty, read_published
from pipelines.store.identity_history import identities_of
from pipelines.store.setting_ledger.setting_batches import ReplacedSetting, undo_changes, with_old_values
from pipelines.store.setting_ledger.setting_changes import (
    SettingChange,
    changes_in_force,
    last_batch,
    lost_settings,
    present_subject,
    product_of,
    set_settings,
    setting_history,
)

ARCHIVED: Final = "the supplier is archived in Xero"
UNKNOWN_SUPPLIER: Final = "a supplier that Xero no longer has"


@dataclass(frozen=True)
class EffectiveSetting:
    """A setting with the value in force: the level it comes from, the change that made it, and every level's value.

    `group` is the title of the group whose value is that of level group; `other_groups` are the values of the other
    groups of the product that set it differently, by title.
    """

    setting: Parameter
    origin: str
    change: SettingChange | None
    levels: Mapping[str, str | None]
    group: str = ""
    other_groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def value(self) -> str:
        """The value in force; empty if there is none."""
        return self.levels[self.origin] or ""


@dataclass(frozen=True)
class OrganisationSettings:
    """All changes of an organisation's settings, and what follows from them."""

    opened: OpenOrganisation
    history: list[SettingChange]
    known: Identities
    groups: OrganisationGroups

    @cached_property
    def in_force(self) -> list[SettingChange]:
        """The changes in force, for their present subjects."""
        return changes_in_force(self.history, self.known)

    @cached_property
    def explicit(self) -> dict[tuple[str, str, str], str]:
        """The value of each setting in force by level, subject and name."""
        return {place: change.value or "" for place, change in self._by_place.items()}

    @cached_property
    def lost(self) -> list[SettingChange]:
        """The settings of products that Xero no longer has, each under its last code."""
        found = [(change, product_of(change, self.known)) for change in lost_settings(self.history, self.known)]
        return [
            replace(change, subject=present_subject(change, self.known), product_id=product)
            for change, product in found
        ]

    @cached_property
    def supplier_names(self) -> dict[str, str]:
        """The names of suppliers by id: of the last load, of those archived or merged in Xero, and of those in orders.

        Any other supplier of a setting is called `UNKNOWN_SUPPLIER`, since an id says nothing to a person.
        """
        published = published_or_empty(self.opened.folder, tables.SUPPLIERS).select("supplier_id", "supplier_name")
        archived = {identity: state.name for identity, state in self.known.contacts.items()}
        ordered = {order.supplier_id: order.supplier_name for order in self.opened.ledger.orders()}
        named = archived | ordered | dict(published.rows())
        unknown = dict.fromkeys(filter(None, map(_contact_in, self.history)), UNKNOWN_SUPPLIER)
        return unknown | {identity: name for identity, name in named.items() if name}

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of suppliers, and kinds and names of groups, by id."""
        return self.supplier_names | {group.group_id: group.title for group in self.groups.groups.values()}

    @cached_property
    def subjects(self) -> Subjects:
        """The products and suppliers for which settings can be set, those in settings among them.

        Raises:
            NothingPublishedError: nothing was loaded yet.
        """
        suppliers = read_published(self.opened.folder, tables.SUPPLIERS)[0]["supplier_id"]
        in_settings = filter(None, map(_contact_in, self.in_force))
        products = filter(None, (product_in(row.level, row.subject) for row in self.in_force))
        return Subjects(
            ProductCodes({*self._products["product_code"], *products}),
            {identity: self.supplier_names.get(identity, identity) for identity in {*suppliers, *in_settings}},
            {row.code: row.product_code for row in self.known.former() if row.code},
            self.groups.groups,
        )

    def find(self, chosen: SubjectFilter) -> list[tuple[str, str, str]]:
        """The level, the subject and, of level product_supplier, the supplier of every setting that a filter is about.

        Raises:
            UsageError: one is not known, or none is found.
        """
        if chosen.is_empty:
            return [("global", "", "")]
        return chosen_subjects(chosen, self.subjects, self._products, self.groups.products_of)

    def of_product(self, product_code: str, *, supplier_id: str = "") -> list[EffectiveSetting]:
        """Every setting of a product while it is ordered from a supplier, by name; without one, from its own."""
        supplier = supplier_id or self.supplier_of(product_code)
        both = ProductSupplier(product_code, supplier).text
        own = self._of({"product": product_code, "supplier": supplier, "global": "", "product_supplier": both})
        groups = self.groups.of_product(product_code)
        return [self._with_groups(row, groups) for row in own] if groups else own

    def of_supplier(self, supplier_id: str) -> list[EffectiveSetting]:
        """Every setting of a supplier, by name."""
        return self._of({"supplier": supplier_id, "global": ""})

    def of_group(self, group_id: str) -> list[EffectiveSetting]:
        """Every setting of a group, by name."""
        return self._of({"group": group_id, "global": ""})

    def of_all(self) -> list[EffectiveSetting]:
        """Every setting as it is for the whole organisation, in the order of the descriptions."""
        return [self._setting(setting, {"global": ""}) for setting in PARAMETERS.values()]

    def gone(self) -> Iterator[tuple[SettingChange, str]]:
        """The settings of products and suppliers that are gone, and those that name one; each with why."""
        for row in self.lost:
            yield row, "no longer in Xero"
        present = set(self.known.product_codes())
        for row in self.in_force:
            if row.level == "group" and row.subject not in self.groups.groups:
                yield row, "the group was removed"
            state = self.known.contacts.get(_contact_in(row) or "")
            if state is not None and state.is_archived:
                yield row, ARCHIVED
            elif missing := sorted(_products_in(row) - present) if self.known.codes else []:
                yield row, f"{', '.join(missing)}: no longer in Xero"

    def past(self, *, name: str = "", subject: tuple[str, str] | None = None) -> list[ReplacedSetting]:
        """Every change with what it replaced, the oldest first; of a setting, of a level and subject, or of all."""
        return [
            row for row in with_old_values(self.history, self.known)
            if name in {"", row.change.name}
            and (subject is None or subject == (row.change.level, present_subject(row.change, self.known)))
        ]  # fmt: skip

    def propose(self, requests: Sequence[SettingRequest]) -> Proposal:
        """What requests would change."""
        is_for_all = all(request.level == "global" for request in requests)
        subjects = Subjects(ProductCodes(()), {}) if is_for_all else self.subjects
        return propose(requests, subjects=subjects, explicit=self.explicit)

    @property
    def version(self) -> int:
        """The number of the last change: what a page or a program has seen."""
        return last_batch(self.history)

    def apply(
        self, proposed: Iterable[ProposedChange], *, by: str, reason: str, seen: int | None = None
    ) -> list[SettingChange]:
        """Store proposed changes as one batch, all or none; the stored changes.

        They were decided on the settings of the version `seen`; if not given, on these.

        Raises:
            SettingConflictError: somebody else has changed one of the settings meanwhile.
        """
        at = self.opened.now()
        return self.store([
            SettingChange(change.level, change.subject, change.name, change.new, by, at, reason) for change in proposed
        ], seen=seen)  # fmt: skip

    def store(self, changes: Sequence[SettingChange], *, seen: int | None = None) -> list[SettingChange]:
        """Store changes as one batch, all or none; the same with the number of the batch. `seen` as for `apply`.

        Raises:
            SettingConflictError: somebody else has changed one of the settings meanwhile.
        """
        seen = self.version if seen is None else seen
        batch = set_settings(self.opened.store, self.opened.key, changes, seen=seen)
        return [replace(change, batch=batch) for change in changes]

    def undoing(self, batch: int | None, *, by: str, reason: str) -> tuple[list[SettingChange], list[ProposedChange]]:
        """The changes that undo a batch, the last one if none is given; the same as old and new.

        Raises:
            UsageError: there is no such batch, or what it set would no longer fit what was set since.
            SettingConflictError: somebody changed one of its settings since.
        """
        changes = undo_changes(
            self.history, self.known, batch=batch, by=by, at=self.opened.now(), reason=reason
        )  # fmt: skip
        now = {(row.level, row.subject, row.name): row.value for row in self.lost} | self.explicit
        proposed = [
            ProposedChange(row.level, row.subject, row.name, now.get((row.level, row.subject, row.name)), row.value)
            for row in changes
        ]
        for fault in find_misfits(proposed, self.explicit):
            raise UsageError(fault.problem)
        return changes, proposed

    @cached_property
    def _by_place(self) -> dict[tuple[str, str, str], SettingChange]:
        return {(row.level, row.subject, row.name): row for row in self.in_force}

    @cached_property
    def _products(self) -> pl.DataFrame:
        return read_published(self.opened.folder, tables.PRODUCTS)[0]

    def _of(self, subjects: Mapping[str, str]) -> list[EffectiveSetting]:
        own = next(iter(subjects))
        described = sorted(PARAMETERS.values(), key=lambda setting: setting.name)
        return [self._setting(setting, subjects) for setting in described if own in setting.levels]

    def _setting(self, setting: Parameter, subjects: Mapping[str, str]) -> EffectiveSetting:
        """A setting with its value at each of its levels, the one that wins first."""
        levels = [level for level in reversed(LEVELS) if level in subjects and level in {*setting.levels, "global"}]
        found = {level: self._by_place.get((level, subjects[level], setting.name)) for level in levels}
        origin, change = next(((level, row) for level, row in found.items() if row is not None), ("default", None))
        values = {level: None if row is None else row.value for level, row in found.items()}
        return EffectiveSetting(setting, origin, change, {**values, "default": setting.default})

    def _with_groups(self, setting: EffectiveSetting, groups: Sequence[Group]) -> EffectiveSetting:
        """The setting of a product with what its groups say; the first that sets it decides, unless a product does."""
        if "group" not in setting.setting.levels:
            return setting
        rows = [(group, self._by_place.get(("group", group.group_id, setting.setting.name))) for group in groups]
        found = [(group, row) for group, row in rows if row is not None]
        if not found:
            return replace(setting, levels=_with_level(setting.levels, "group", None))
        (first, change), *others = found
        is_above = setting.origin in {"product", "product_supplier"}
        return replace(
            setting,
            origin=setting.origin if is_above else "group",
            change=setting.change if is_above else change,
            levels=_with_level(setting.levels, "group", change.value),
            group=first.title,
            other_groups={group.title: row.value or "" for group, row in others if row.value != change.value},
        )

    def supplier_of(self, product_code: str) -> str:
        """The id of the supplier of a product in the next plan: the preferred one, else that of the last plan."""
        places = [
            ("product", product_code),
            *(("group", group.group_id) for group in self.groups.of_product(product_code)),
        ]
        values = (self.explicit.get((*place, "preferred_supplier")) for place in places)
        preferred = next(filter(None, values), "")
        found = self._products.filter(pl.col("product_code") == product_code)["supplier_id"].drop_nulls().to_list()
        return preferred or next(iter(found), "")


def settings_of(opened: OpenOrganisation, *, is_reader: bool = False) -> OrganisationSettings:
    """The settings of an organisation as they are now; a reader never opens the warehouse."""
    return OrganisationSettings(
        opened, setting_history(opened.store, opened.key), identities_of(opened.store, opened.key),
        organisation_groups(opened, is_reader=is_reader),
    )  # fmt: skip


def _with_level(levels: Mapping[str, str | None], level: str, value: str | None) -> dict[str, str | None]:
    """The values by level, the one that wins first, with one more level."""
    values = {**levels, level: value}
    return {name: values[name] for name in (*reversed(LEVELS), "default") if name in values}


def _contact_in(row: SettingChange) -> str | None:
    """The contact that a change is for, or that its value names."""
    return row.value if row.name == "preferred_supplier" else supplier_in(row.level, row.subject) or None


def _products_in(row: SettingChange) -> set[str]:
    """The products that a setting's value names."""
    if not row.value or row.name not in {"successor_of", "bundle_of", "like_product"}:
        return set()
    if row.name == "like_product":
        return {like_of(row.value)[0]}
    return {row.value} if row.name == "successor_of" else {code for code, _ in parts_of(row.value)}
