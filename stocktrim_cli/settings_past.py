"""`stocktrim settings history` and `undo`: who changed what, from which value to which, and taking it back.

Read more in docs/buyer/settings.md.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.output import counted, out, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_dry_run import show_dry_run
from stocktrim_cli.settings_options import (
    DryRunOption,
    GroupOption,
    ProductOption,
    ReasonOption,
    SupplierOption,
    settings_now,
    show_old_and_new,
    subject_shown,
    value_shown,
    what_next,
)
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
    from pipelines.store.setting_ledger.setting_batches import ReplacedSetting


def history(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The setting; without one, all of them.")] = "",
    *,
    product: ProductOption = "",
    supplier: SupplierOption = "",
    group: GroupOption = "",
    limit: Annotated[int, typer.Option("--limit", help="At most so many of the latest changes; 0 shows all.")] = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show every change of settings: who, when, old, new and why, the latest last.

    Example: `stocktrim settings history lead_time_days --supplier "Supplier 07"`
    """
    from pipelines.planning_settings.registry import known_setting

    now = settings_now(organisation)
    if name:
        known_setting(name)
    found = now.past(name=name, subject=_subject(now, product=product, supplier=supplier, group=group))
    show_history(found[-limit:] if limit > 0 else found, now, as_json=as_json)


def show_history(found: "Sequence[ReplacedSetting]", now: "OrganisationSettings", *, as_json: bool) -> None:
    """Print changes with what they replaced."""
    if as_json:
        show_json([{**vars(row.change), "old": row.old} for row in found])
        return
    names = now.names
    rows = [
        [
            row.change.batch, row.change.changed_at, row.change.changed_by, row.change.level,
            subject_shown(row.change.level, row.change.subject, names), row.change.name,
            value_shown(row.change.name, row.old, names), value_shown(row.change.name, row.change.value, names),
            row.change.reason,
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
    from pipelines.planning_settings.setting_files.requested_settings import Proposal

    now = settings_now(organisation)
    changes, proposed = now.undoing(change, by=person(by), reason=reason)
    if dry_run:
        show_dry_run(Proposal(proposed, []), now, as_json=as_json)
        return
    made = now.store(changes)
    if as_json:
        show_json([{**vars(row), "old": proposal.old} for row, proposal in zip(made, proposed, strict=True)])
        return
    show_old_and_new("Undone", proposed, now.names)
    next_step = what_next(now.opened.key, [row.name for row in made])
    out.print(f"{counted(len(made), 'setting')} as before ({made[0].reason}). {next_step}", markup=False)


def _subject(now: "OrganisationSettings", *, product: str, supplier: str, group: str) -> tuple[str, str] | None:
    """The level and the subject whose changes are wanted; None for all."""
    from pipelines.errors import UsageError
    from pipelines.setting_subjects import ProductSupplier, product_in

    if group:
        if product or supplier:
            raise UsageError("Give --group or --product and --supplier, not both.")
        return "group", now.subjects.find("group", group)
    if not product:
        return ("supplier", now.subjects.find("supplier", supplier)) if supplier else None
    is_lost = any(product_in(row.level, row.subject) == product for row in now.lost)
    code = product if is_lost else now.subjects.find("product", product)
    if not supplier:
        return "product", code
    return "product_supplier", ProductSupplier(code, now.subjects.find("supplier", supplier)).text
