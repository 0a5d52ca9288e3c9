"""`stocktrim settings import` and `export`: all settings as a CSV file that a spreadsheet opens, and back.

Read more in docs/buyer/settings.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import counted, out, say, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.sales_options import DateOrderOption, DecimalOption
from stocktrim_cli.settings_dry_run import show_dry_run
from stocktrim_cli.settings_options import (
    SHOWN,
    DryRunOption,
    ReasonOption,
    say_rest,
    settings_now,
    show_old_and_new,
    what_next,
)
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from pipelines.spreadsheets.file_faults import RequestFault

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file.")]


def export_file(
    file: FileArgument, *, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False
) -> None:
    """Write every setting that people set to a CSV file; importing it again changes nothing.

    Example: `stocktrim settings export settings.csv`
    """
    from pipelines.organisations.settings_in_force.exported_settings import exported_settings
    from pipelines.planning_settings.setting_files.setting_csv import written_csv

    rows = list(exported_settings(settings_now(organisation)))
    write_file(file, written_csv(rows))
    if as_json:
        show_json({"file": str(file), "settings": len(rows)})
    else:
        out.print(f"{counted(len(rows), 'setting')} written to {file}.", markup=False)


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
    from pipelines.organisations.settings_in_force.imported_settings import imported_settings
    from pipelines.spreadsheets.file_faults import SpreadsheetFileError

    data = read_file(file)
    now = settings_now(organisation)
    read = imported_settings(now, file, data, decimal=decimal, date_order=date_order)
    proposal, faults = read.proposal, read.faults
    for note in read.notes:
        say(note)
    if faults:
        show_faults(faults, as_json=as_json)
        raise SpreadsheetFileError(f"{counted(len(faults), 'value')} in {file} cannot be used: nothing was changed.")
    if dry_run:
        show_dry_run(proposal, now, as_json=as_json)
        return
    made = now.apply(proposal.changes, by=person(by), reason=reason or f"import of {file.name}")
    if as_json:
        old = [change.old for change in proposal.changes]
        show_json([{**vars(row), "old": value} for row, value in zip(made, old, strict=True)])
        return
    if not made:
        out.print(f"All {counted(proposal.unchanged, 'setting')} of {file} are in force already.", markup=False)
        return
    show_old_and_new("Changed", proposal.changes, now.names)
    out.print(
        f"{counted(len(made), 'setting')} changed, {proposal.unchanged:,} as before. "
        f"{command_for(now.opened.key, 'settings undo')} takes it back. "
        f"{what_next(now.opened.key, [row.name for row in made])}",
        markup=False,
    )


def read_file(file: Path) -> bytes:
    """The content of a file that a person named.

    Raises:
        UsageError: it cannot be read.
    """
    from pipelines.errors import UsageError

    try:
        return file.read_bytes()
    except OSError as trouble:
        raise UsageError(f"{file} cannot be read: {trouble.strerror}.") from None


def write_file(file: Path, content: bytes) -> None:
    """Write a file that a person named.

    Raises:
        UsageError: it cannot be written.
    """
    from pipelines.errors import UsageError

    try:
        file.write_bytes(content)
    except OSError as trouble:
        raise UsageError(f"{file} cannot be written: {trouble.strerror}.") from None


def show_faults(faults: "Sequence[RequestFault]", *, as_json: bool) -> None:
    """Print what is wrong in a file, by line and column."""
    if as_json:
        show_json({"faults": [vars(fault) for fault in faults]})
        return
    rows = [[fault.line, fault.column, fault.problem] for fault in faults[:SHOWN]]
    show_table("What is wrong", ["line", "column", "problem"], rows, numbers=["line"])
    say_rest(len(faults))
