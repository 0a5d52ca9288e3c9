"""`stocktrim settings history` and `undo`: who changed what, from which value to which, and taking it back.

Read more in docs/buyer/settings.md.
"""

import getpass
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import counted, out, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_effect import show_dry_run
from stocktrim_cli.settings_now import (
    ByOption,
    DryRunOption,
    ReasonOption,
    SettingsNow,
    settings_now,
    show_old_and_new,
    value_shown,
)
from stocktrim_cli.settings_subjects import ProductOption, SupplierOption, supplier_names

if TYPE_CHECKING:
    from pipelines.planning_settings.requested_settings import ProposedChange
    from pipelines.store.setting_batches import ReplacedSetting
    from pipelines.store.setting_changes import SettingChange


def history(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The setting; without one, all of them.")] = "",
    *,
    product: ProductOption = "",
    supplier: SupplierOption = "",
    limit: Annotated[int, typer.Option("--limit", help="At most so many of the latest changes; 0 shows all.")] = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show every change of settings: who, when, old, new and why, the latest last.

    Example: `stocktrim settings history lead_time_days --supplier "Supplier 07"`
    """
    from pipelines.planning_settings.registry import known_setting
    from pipelines.store.setting_batches import with_old_values

    now = settings_now(organisation)
    if name:
        known_setting(name)
    subject = _subject(now, product=product, supplier=supplier)
    found = [
        row for row in with_old_values(now.history, now.known)
        if name in {"", row.change.name} and (subject is None or subject == _present_subject(row.change, now))
    ]  # fmt: skip
    show_history(found[-limit:] if limit > 0 else found, now, as_json=as_json)


def show_history(found: "Sequence[ReplacedSetting]", now: SettingsNow, *, as_json: bool) -> None:
    """Print changes with what they replaced."""
    if as_json:
        show_json([{**vars(row.change), "old": row.old} for row in found])
        return
    names = supplier_names(now.opened)
    rows = [
        [
            row.change.batch, row.change.changed_at, row.change.changed_by, row.change.level,
            names.get(row.change.subject, row.change.subject) if row.change.level == "supplier" else row.change.subject,
            row.change.name, value_shown(row.change.name, row.old, names),
            value_shown(row.change.name, row.change.value, names), row.change.reason,
        ]
        for row in found
    ]  # fmt: skip
    show_table(
        f"Changes of settings of {now.opened.key}",
        ["change", "at", "by", "level", "for", "setting", "old", "new", "reason"], rows, numbers=["change"],
    )  # fmt: skip


def undo(
    change: Annotated[
        int | None, typer.Argument(metavar="[CHANGE]", help="Its number in the history; default: the last one.")
    ] = None,
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Undo a change of settings, with all that was changed together; an undo can be undone.

    Example: `stocktrim settings undo`
    """
    from pipelines.planning_settings.requested_settings import Proposal
    from pipelines.store.setting_batches import undo_changes

    now = settings_now(organisation)
    person = by or getpass.getuser()
    changes = undo_changes(now.history, now.known, batch=change, by=person, at=now.opened.now(), reason=reason)
    proposed = _as_proposed(changes, now)
    _refuse_misfits(proposed, now)
    if dry_run:
        show_dry_run(Proposal(proposed, []), now, as_json=as_json)
        return
    made = now.keep(changes)
    if as_json:
        show_json([{**vars(row), "old": proposal.old} for row, proposal in zip(made, proposed, strict=True)])
        return
    show_old_and_new("Undone", proposed, now.opened)
    next_step = command_for(now.opened.key, "plan")
    out.print(f"{counted(len(made), 'setting')} as before ({made[0].reason}). Next: {next_step}", markup=False)


def _as_proposed(changes: "Iterable[SettingChange]", now: SettingsNow) -> "list[ProposedChange]":
    """Changes beside the values that are in force now."""
    from pipelines.planning_settings.requested_settings import ProposedChange

    lost = {(row.level, row.subject, row.name): row.value for row in now.lost}
    explicit = {**now.explicit, **lost}
    return [
        ProposedChange(row.level, row.subject, row.name, explicit.get((row.level, row.subject, row.name)), row.value)
        for row in changes
    ]


def _refuse_misfits(proposed: "Sequence[ProposedChange]", now: SettingsNow) -> None:
    """Refuse changes that do not fit what was set for other products since."""
    from pipelines.planning_settings.registry import SettingError
    from pipelines.planning_settings.requested_settings import find_misfits

    faults = find_misfits(proposed, now.explicit)
    if faults:
        raise SettingError(faults[0].problem)


def _subject(now: SettingsNow, *, product: str, supplier: str) -> tuple[str, str] | None:
    """The level and the subject whose changes are wanted; None for all."""
    from pipelines.errors import UsageError

    if product and supplier:
        raise UsageError("Give --product or --supplier, not both.")
    if product and any(row.subject == product for row in now.lost):
        return "product", product
    if product:
        return "product", now.subjects.find("product", product)
    return ("supplier", now.subjects.find("supplier", supplier)) if supplier else None


def _present_subject(change: "SettingChange", now: SettingsNow) -> tuple[str, str]:
    """The level of a change, and what its subject is called now."""
    from pipelines.store.setting_changes import product_of

    if change.level == "supplier":
        return change.level, now.known.contact_of(change.subject)
    product = product_of(change, now.known)
    return change.level, now.known.called(product) if product else change.subject
