"""`stocktrim groups import` and `export`: all groups as a CSV file that a spreadsheet opens, and back.

Read more in docs/buyer/groups.md.
"""

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.groups.group_options import DryRunOption, carry_out, groups_now, product_finder
from stocktrim_cli.output import counted, out, say, show_json
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_files import FileArgument, read_file, show_faults, write_file
from stocktrim_cli.settings_options import ReasonOption
from stocktrim_cli.who import ByOption


def export_file(
    file: FileArgument, *, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False
) -> None:
    """Write every group with its rules and the products put in by hand; importing it again changes nothing.

    Example: `stocktrim groups export groups.csv`
    """
    from pipelines.product_groups.group_csv import written_groups
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    now = groups_now(organisation)
    names = published_or_empty(now.opened.folder, tables.PRODUCTS).select("product_code", "product_name")
    write_file(file, written_groups(now.groups.values(), dict(names.rows())))
    if as_json:
        show_json({"file": str(file), "groups": len(now.groups)})
    else:
        out.print(f"{counted(len(now.groups), 'group')} written to {file}.", markup=False)


def import_file(
    file: FileArgument,
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Put products into groups as a CSV file says, all of it or nothing; groups that do not exist are made.

    The columns group and product_code are enough; kind, member (in, out, none), rule and order may be there too.

    Example: `stocktrim groups import groups.csv --dry-run`
    """
    from pipelines.product_groups.group_csv import read_groups
    from pipelines.spreadsheets.file_faults import SpreadsheetFileError

    read = read_groups(file, read_file(file))
    now = groups_now(organisation)
    proposal = now.propose(read.requests, find_product=product_finder(now))
    for note in [*read.notes, *proposal.notes]:
        say(note)
    faults = sorted([*read.faults, *proposal.faults], key=lambda fault: fault.line)
    if faults:
        show_faults(faults, as_json=as_json)
        raise SpreadsheetFileError(f"{counted(len(faults), 'row')} of {file} cannot be used: nothing was changed.")
    carry_out(now, proposal, by=by, reason=reason or f"import of {file.name}", is_dry=dry_run, as_json=as_json)
