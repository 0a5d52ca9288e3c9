"""`stocktrim settings import` and `export`: all settings as a CSV file that a spreadsheet opens, and back.

Read more in docs/buyer/settings.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import counted, out, say, show_json, show_table, text_of
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.sales_options import DateOrderOption, DecimalOption
from stocktrim_cli.settings_effect import show_dry_run
from stocktrim_cli.settings_now import (
    SHOWN,
    ByOption,
    DryRunOption,
    ReasonOption,
    say_rest,
    settings_now,
    show_old_and_new,
)
from stocktrim_cli.settings_subjects import product_names, supplier_names

if TYPE_CHECKING:
    from pipelines.planning_settings.requested_settings import RequestFault
    from pipelines.store.setting_changes import SettingChange

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file.")]


def export_file(file: FileArgument, *, organisation: OrganisationOption = DEFAULT_ORGANISATION) -> None:
    """Write every setting that people set to a CSV file; importing it again changes nothing.

    Example: `stocktrim settings export settings.csv`
    """
    from pipelines.errors import UsageError
    from pipelines.planning_settings.setting_csv import written_csv
    from pipelines.planning_settings.setting_descriptions import LEVELS
    from pipelines.product_codes import folded

    now = settings_now(organisation)
    names = supplier_names(now.opened)
    count = Counter(map(folded, names.values()))
    shown = {identity: name for identity, name in names.items() if count[folded(name)] == 1 and name not in names}
    products = product_names(now.opened)
    changes = sorted(now.in_force, key=lambda row: (LEVELS.index(row.level), row.subject, row.name))
    data = written_csv(_row(change, shown, products) for change in changes)
    try:
        file.write_bytes(data)
    except OSError as trouble:
        raise UsageError(f"{file} cannot be written: {trouble.strerror}.") from None
    out.print(f"{counted(len(changes), 'setting')} written to {file}.", markup=False)


def import_file(
    file: FileArgument,
    *,
    decimal: DecimalOption = None,
    date_order: DateOrderOption = None,
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Set what a CSV file says, all of it or nothing; an empty value removes a setting, a missing row leaves it.

    Example: `stocktrim settings import settings.csv --dry-run`
    """
    from pipelines.errors import UsageError
    from pipelines.planning_settings.setting_csv import SettingsFileError, lost_zeros, read_csv

    try:
        data = file.read_bytes()
    except OSError as trouble:
        raise UsageError(f"{file} cannot be read: {trouble.strerror}.") from None
    read = read_csv(file, data, decimal=decimal, date_order=date_order)
    now = settings_now(organisation)
    proposal = now.propose(read.requests)
    faults = sorted([*read.faults, *proposal.faults, *lost_zeros(proposal.changes)], key=lambda fault: fault.line)
    for note in read.notes:
        say(note)
    if faults:
        show_faults(faults, as_json=as_json)
        raise SettingsFileError(f"{counted(len(faults), 'value')} in {file} cannot be used: nothing was changed.")
    if dry_run:
        show_dry_run(proposal, now, as_json=as_json)
        return
    made = now.store(proposal.changes, by=by, reason=reason or f"import of {file.name}")
    if as_json:
        old = [change.old for change in proposal.changes]
        show_json([{**vars(row), "old": value} for row, value in zip(made, old, strict=True)])
        return
    if not made:
        out.print(f"All {counted(proposal.unchanged, 'setting')} of {file} are in force already.", markup=False)
        return
    show_old_and_new("Changed", proposal.changes, now.opened)
    out.print(
        f"{counted(len(made), 'setting')} changed, {proposal.unchanged:,} as before. "
        f"{command_for(now.opened.key, 'settings undo')} takes it back. Next: {command_for(now.opened.key, 'plan')}",
        markup=False,
    )


def show_faults(faults: "Sequence[RequestFault]", *, as_json: bool) -> None:
    """Print what is wrong in a file, by line and column."""
    if as_json:
        show_json({"faults": [vars(fault) for fault in faults]})
        return
    rows = [[fault.line, fault.column, fault.problem] for fault in faults[:SHOWN]]
    show_table("What is wrong", ["line", "column", "problem"], rows, numbers=["line"])
    say_rest(len(faults))


def _row(change: "SettingChange", suppliers: Mapping[str, str], products: Mapping[str, str]) -> dict[str, str]:
    """A setting as a row of the file, with suppliers by their names if these are unique."""
    from pipelines.planning_settings.setting_descriptions import PARAMETERS
    from pipelines.planning_settings.setting_values import NONE

    value = change.value or NONE
    is_supplier = change.level == "supplier"
    return {
        "level": change.level,
        "subject": suppliers.get(change.subject, change.subject) if is_supplier else change.subject,
        "subject_name": products.get(change.subject, "") if change.level == "product" else "",
        "setting": change.name,
        "value": suppliers.get(value, value) if change.name == "preferred_supplier" else value,
        "unit": PARAMETERS[change.name].unit if change.name in PARAMETERS else "",
        "set_by": change.changed_by,
        "set_at": text_of(change.changed_at),
        "set_reason": change.reason,
    }
