"""The settings of an organisation as they are now, and changing them: what set, unset, import and undo share.

What belongs here: options of every change, reading, proposing and storing, tables of old and new. What does not: the
commands themselves.
Read more in docs/buyer/settings.md.
"""

import getpass
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stocktrim_cli.output import out, show_table
from stocktrim_cli.settings_subjects import opened_organisation, subjects_of, supplier_names

if TYPE_CHECKING:
    from pipelines.identities import Identities
    from pipelines.organisations.open_organisation import OpenOrganisation
    from pipelines.planning_settings.requested_settings import Proposal, ProposedChange, SettingRequest, Subjects
    from pipelines.store.setting_changes import SettingChange

SHOWN: Final = 50
"""The most rows of a table of changes or faults on a terminal."""
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who changes it; default: your login name.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show old and new; change nothing.")]


@dataclass(frozen=True)
class SettingsNow:
    """An organisation's settings: all changes, those in force, and those of products that Xero no longer has."""

    opened: "OpenOrganisation"
    history: "list[SettingChange]"
    known: "Identities"

    @cached_property
    def in_force(self) -> "list[SettingChange]":
        """The changes in force, for their present subjects."""
        from pipelines.store.setting_changes import changes_in_force

        return changes_in_force(self.history, self.known)

    @cached_property
    def lost(self) -> "list[SettingChange]":
        """The settings of products that Xero no longer has, each under its last code."""
        from pipelines.store.setting_changes import lost_settings, product_of

        found = [(change, product_of(change, self.known)) for change in lost_settings(self.history, self.known)]
        return [
            replace(change, subject=self.known.called(product) if product else change.subject, product_id=product)
            for change, product in found
        ]

    @cached_property
    def subjects(self) -> "Subjects":
        """The products and suppliers for which settings can be set."""
        return subjects_of(self.opened, self.in_force)

    @cached_property
    def by_place(self) -> "dict[tuple[str, str, str], SettingChange]":
        """The changes in force by level, subject and name."""
        return {(row.level, row.subject, row.name): row for row in self.in_force}

    @cached_property
    def explicit(self) -> dict[tuple[str, str, str], str]:
        """The value by level, subject and name."""
        return {(row.level, row.subject, row.name): row.value or "" for row in self.in_force}

    def naming_what_is_gone(self) -> "Iterator[tuple[SettingChange, str]]":
        """The settings in force of archived suppliers, and those that name what is gone, with why."""
        for row in self.in_force:
            contact = row.value if row.name == "preferred_supplier" else row.subject
            state = self.known.contacts.get(contact or "")
            if state is not None and state.is_archived:
                yield row, "the supplier is archived in Xero"
            elif gone := self._gone_products(row):
                yield row, f"{', '.join(gone)}: no longer in Xero"

    def _gone_products(self, row: "SettingChange") -> list[str]:
        """The products in a setting's value that Xero no longer has."""
        from pipelines.planning_settings.successors_and_bundles import parts_of

        if not row.value or not self.known.codes or row.name not in {"successor_of", "bundle_of"}:
            return []
        named = [row.value] if row.name == "successor_of" else [code for code, _ in parts_of(row.value)]
        return sorted(set(named) - self._codes_now)

    @cached_property
    def _codes_now(self) -> set[str]:
        return set(self.known.product_codes())

    def propose(self, requests: "Sequence[SettingRequest]") -> "Proposal":
        """What requests would change."""
        from pipelines.planning_settings.requested_settings import Subjects, propose
        from pipelines.product_codes import ProductCodes

        of_all = all(request.level == "global" for request in requests)
        return propose(
            requests, subjects=Subjects(ProductCodes(()), {}) if of_all else self.subjects, explicit=self.explicit
        )

    def store(self, proposed: "Iterable[ProposedChange]", *, by: str, reason: str) -> "list[SettingChange]":
        """Store proposed changes as one batch, all or none; the stored changes.

        Raises:
            SettingConflictError: somebody else has changed one of the settings meanwhile.
        """
        from pipelines.store.setting_changes import SettingChange

        at, person = self.opened.now(), by or getpass.getuser()
        return self.keep([
            SettingChange(change.level, change.subject, change.name, change.new, person, at, reason)
            for change in proposed
        ])  # fmt: skip

    def keep(self, changes: "Sequence[SettingChange]") -> "list[SettingChange]":
        """Store changes as one batch, all or none; the same with the number of the batch.

        Raises:
            SettingConflictError: somebody else has changed one of the settings meanwhile.
        """
        from pipelines.store.setting_changes import last_batch, set_settings

        batch = set_settings(self.opened.store, self.opened.key, changes, seen=last_batch(self.history))
        return [replace(change, batch=batch) for change in changes]


def settings_now(organisation: str) -> SettingsNow:
    """The settings of an organisation as they are now."""
    from pipelines.store.identity_history import identities_of
    from pipelines.store.setting_changes import setting_history

    opened = opened_organisation(organisation)
    return SettingsNow(opened, setting_history(opened.store, opened.key), identities_of(opened.store, opened.key))


def show_old_and_new(title: str, changes: "Sequence[ProposedChange]", opened: "OpenOrganisation") -> None:
    """Print a table of old and new values, at most `SHOWN` rows."""
    names = supplier_names(opened)
    rows = [
        [
            change.level, names.get(change.subject, change.subject) if change.level == "supplier" else change.subject,
            change.name, value_shown(change.name, change.old, names), value_shown(change.name, change.new, names),
        ]
        for change in changes[:SHOWN]
    ]  # fmt: skip
    show_table(title, ["level", "for", "setting", "old", "new"], rows)
    say_rest(len(changes))


def say_rest(count: int) -> None:
    """Say how many rows a table leaves out, if any."""
    if count > SHOWN:
        out.print(f"… and {count - SHOWN:,} more; --json has all of them.", markup=False)


def value_shown(name: str, value: str | None, names: Mapping[str, str]) -> str:
    """A value for a person: a supplier by its name, `none` for an empty value, `not set` for no value.

    >>> value_shown("preferred_supplier", "id-7", {"id-7": "Mill"}), value_shown("batch_size", None, {})
    ('Mill', 'not set')
    """
    if value is None:
        return "not set"
    return names.get(value, value) if name == "preferred_supplier" else value or "none"
