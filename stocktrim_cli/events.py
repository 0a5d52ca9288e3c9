"""`stocktrim events`: promotions and other days on which people expect demand to be a multiple of the usual.

What belongs here: options and printing. What does not: what an event may be (`planning_settings/demand_settings`), what
it does to a forecast (`pipelines.forecasting.special_demand`).
Read more in docs/buyer/promotions.md.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import counted, out, rows_of, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.sales_options import DateOrderOption, DecimalOption
from stocktrim_cli.settings_files import FileArgument, read_file, write_file
from stocktrim_cli.settings_options import ProductsOption, ReasonOption, settings_now
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from pipelines.planning_settings.demand_settings.demand_events import Scope

events = typer.Typer(help="Add, list and remove promotions and events, which raise or lower demand.",
                     no_args_is_help=True)  # fmt: skip
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The event's name.")]
LISTED = {
    "name": "event", "from_date": "from", "until_date": "until", "factor": "factor", "applies_to": "for",
    "state": "state", "observed_factor": "observed factor", "remark": "remark", "changed_by": "by", "reason": "reason",
}  # fmt: skip


@events.command()
def add(
    name: NameArgument,
    *,
    from_day: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, such as 2026-11-27.")],
    until_day: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day.")],
    factor: Annotated[str, typer.Option("--factor", help="Times the usual demand: 1.5 is half as much again.")],
    product: ProductsOption = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", metavar="NAME", help="For this group; may be given again.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="For every product.")] = False,
    by: ByOption = "",
    reason: ReasonOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Add an event, or change the one of this name: the demand of its days is the usual one times the factor.

    Example: `stocktrim events add "Spring sale" --from 2026-11-20 --until 2026-11-30 --factor 1.5 --product P-0001`
    """
    from pipelines.errors import UsageError
    from pipelines.organisations.organisation_events import event_in_words, event_record, save_events, typed_event

    if sum(map(bool, (product, group, everything))) != 1:
        raise UsageError("Choose what the event is for: --product, --group or --all.")
    now = settings_now(organisation)
    scope: Scope = "product" if product else "group" if group else "all"
    event = typed_event(
        now, name, from_day=from_day, until_day=until_day, factor=factor, scope=scope, subjects=product or group or ()
    )
    save_events(now, [event], by=person(by), reason=reason)
    if as_json:
        show_json(event_record(now, event))
        return
    out.print(f"{event_in_words(now, event)} Next: {command_for(now.opened.key, 'plan')}", markup=False)


@events.command(name="list")
def list_events(*, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False) -> None:
    """List the events; of those that are over, the factor that was observed.

    Example: `stocktrim events list`
    """
    from pipelines.organisations.organisation_events import listed_events

    now = settings_now(organisation)
    rows = listed_events(now)
    if as_json:
        show_json(rows)
        return
    show_table(f"Events of {now.opened.key}", list(LISTED.values()), rows_of(rows, list(LISTED)),
               numbers=("factor", "observed factor"))  # fmt: skip


@events.command()
def remove(
    name: NameArgument,
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Remove an event: its days count as they sold, and coming days as usual.

    Example: `stocktrim events remove "Spring sale"`
    """
    from pipelines.organisations.organisation_events import remove_event

    now = settings_now(organisation)
    who = person(by)
    found = remove_event(now, name, by=who, reason=reason)
    if as_json:
        show_json({"name": found.name, "removed_by": who})
    else:
        out.print(f"{found.name} is removed. Next: {command_for(now.opened.key, 'plan')}", markup=False)


@events.command(name="export")
def export_file(
    file: FileArgument, *, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False
) -> None:
    """Write every event to a CSV file; importing it again changes nothing.

    Example: `stocktrim events export events.csv`
    """
    from pipelines.organisations.organisation_events import present_events, subject_name
    from pipelines.planning_settings.demand_settings.event_csv import written_events

    now = settings_now(organisation)
    found = [change.event for change in present_events(now) if change.event is not None]
    write_file(file, written_events(found, subject_name=lambda scope, subject: subject_name(now, scope, subject)))
    if as_json:
        show_json({"file": str(file), "events": len(found)})
    else:
        out.print(f"{counted(len(found), 'event')} written to {file}.", markup=False)


@events.command(name="import")
def import_file(
    file: FileArgument,
    *,
    decimal: DecimalOption = None,
    date_order: DateOrderOption = None,
    by: ByOption = "",
    reason: ReasonOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Add or change the events of a CSV file, all of them or none; events that it does not name stay.

    Example: `stocktrim events import events.csv`
    """
    from pipelines.organisations.organisation_events import event_record, present_events, save_events
    from pipelines.planning_settings.demand_settings.event_csv import read_events
    from pipelines.spreadsheets.file_faults import SpreadsheetFileError

    data = read_file(file)
    now = settings_now(organisation)
    found, faults = read_events(file, data, find=now.subjects.find, decimal=decimal, date_order=date_order)
    if faults:
        if as_json:
            show_json({"faults": [vars(fault) for fault in faults]})
        else:
            show_table("What is wrong", ["line", "column", "problem"],
                       [[fault.line, fault.column, fault.problem] for fault in faults], numbers=["line"])  # fmt: skip
        raise SpreadsheetFileError(f"{counted(len(faults), 'row')} of {file} cannot be used: nothing was changed.")
    before = {change.event for change in present_events(now)}
    changed = [event for event in found if event not in before]
    save_events(now, changed, by=person(by), reason=reason or f"import of {file.name}")
    if as_json:
        show_json([event_record(now, event) for event in changed])
        return
    rest = f"{len(found) - len(changed)} as before"
    out.print(
        f"{counted(len(changed), 'event')} added or changed, {rest}. Next: {command_for(now.opened.key, 'plan')}",
        markup=False,
    )
