"""`stocktrim events`: promotions and other days on which people expect demand to be a multiple of the usual.

What belongs here: options and printing. What does not: what an event may be (`planning_settings/demand_settings`), what
it does to a forecast (`pipelines.forecasting.special_demand`).
Read more in docs/buyer/promotions.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import counted, out, rows_of, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.sales_options import DateOrderOption, DecimalOption
from stocktrim_cli.settings_files import FileArgument, read_file, write_file
from stocktrim_cli.settings_options import ProductsOption, ReasonOption, settings_now
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
    from pipelines.planning_settings.demand_settings.demand_events import DemandEvent, Scope
    from pipelines.store.demand_decisions.demand_event_log import EventChange

events = typer.Typer(help="Add, list and remove promotions and events, which raise or lower demand.",
                     no_args_is_help=True)  # fmt: skip
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The event's name.")]
LISTED = {
    "name": "event", "from_date": "from", "until_date": "until", "factor": "factor", "applies_to": "for",
    "state": "state", "observed_factor": "observed factor", "remark": "remark", "changed_by": "by", "reason": "reason",
}  # fmt: skip
_MOST_SUBJECTS = 5


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
    from pipelines.planning_settings.demand_settings.demand_events import demand_event

    if sum(map(bool, (product, group, everything))) != 1:
        raise UsageError("Choose what the event is for: --product, --group or --all.")
    now = settings_now(organisation)
    scope: Scope = "product" if product else "group" if group else "all"
    subjects = tuple(now.subjects.find(scope, text) for text in (product or group or ()))
    event = demand_event(
        name, from_day=from_day, until_day=until_day, factor=factor, scope=scope, subjects=subjects
    )  # fmt: skip
    _store(now, [event], by=by, reason=reason)
    if as_json:
        show_json(_record(now, event))
        return
    out.print(f"{_sentence(now, event)} Next: {command_for(now.opened.key, 'plan')}", markup=False)


@events.command(name="list")
def list_events(*, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False) -> None:
    """List the events; of those that are over, the factor that was observed.

    Example: `stocktrim events list`
    """
    now = settings_now(organisation)
    rows = _listed(now)
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
    from pipelines.errors import UsageError
    from pipelines.nearest_names import unknown_name
    from pipelines.product_codes import folded
    from pipelines.store.demand_decisions.demand_event_log import EventChange, change_events

    now = settings_now(organisation)
    known = {folded(change.name): change.name for change in _in_force(now)}
    found = known.get(folded(name))
    if found is None:
        raise UsageError(unknown_name("event", name, known.values()))
    removed = EventChange(found, None, person(by), now.opened.now(), reason)
    change_events(now.opened.store, now.opened.key, [removed])
    if as_json:
        show_json({"name": found, "removed_by": removed.changed_by})
    else:
        out.print(f"{found} is removed. Next: {command_for(now.opened.key, 'plan')}", markup=False)


@events.command(name="export")
def export_file(
    file: FileArgument, *, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False
) -> None:
    """Write every event to a CSV file; importing it again changes nothing.

    Example: `stocktrim events export events.csv`
    """
    from pipelines.planning_settings.demand_settings.event_csv import written_events

    now = settings_now(organisation)
    found = [change.event for change in _in_force(now) if change.event is not None]
    write_file(file, written_events(found, subject_name=lambda scope, subject: _subject_name(now, scope, subject)))
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
    before = {change.event for change in _in_force(now)}
    changed = [event for event in found if event not in before]
    _store(now, changed, by=by, reason=reason or f"import of {file.name}")
    if as_json:
        show_json([_record(now, event) for event in changed])
        return
    rest = f"{len(found) - len(changed)} as before"
    out.print(
        f"{counted(len(changed), 'event')} added or changed, {rest}. Next: {command_for(now.opened.key, 'plan')}",
        markup=False,
    )


def _in_force(now: "OrganisationSettings") -> "list[EventChange]":
    from pipelines.store.demand_decisions.demand_event_log import events_in_force

    return events_in_force(now.opened.store, now.opened.key)


def _store(now: "OrganisationSettings", found: "list[DemandEvent]", *, by: str, reason: str) -> None:
    """Store events; one of a known name, whatever its case, replaces the known one."""
    from pipelines.store.demand_decisions.demand_event_log import EventChange, change_events

    at = now.opened.now()
    changes = [EventChange(event.name, event, person(by), at, reason) for event in found]
    change_events(now.opened.store, now.opened.key, changes)


def _listed(now: "OrganisationSettings") -> list[dict[str, Any]]:
    """The events in force, each with its result in the last plan if that knew it as it is now."""
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    keys = ("name", "from_date", "until_date", "factor")
    results = published_or_empty(now.opened.folder, tables.EVENT_RESULTS).to_dicts()
    by_event = {tuple(row[key] for key in keys): row for row in results}
    rows = []
    for change in _in_force(now):
        if change.event is not None:
            record = _record(now, change.event)
            who = {"changed_by": change.changed_by, "changed_at": change.changed_at, "reason": change.reason}
            new = {"state": "not planned with yet", "observed_factor": None, "remark": "", "is_far_off": False}
            rows.append(record | new | by_event.get(tuple(record[key] for key in keys), {}) | who
                        | {"applies_to": record["applies_to"]})  # fmt: skip
    return rows


def _record(now: "OrganisationSettings", event: "DemandEvent") -> dict[str, Any]:
    """An event as plain data."""
    names = [_subject_name(now, event.scope, subject) for subject in event.subjects]
    more = f" and {len(names) - _MOST_SUBJECTS} more" if len(names) > _MOST_SUBJECTS else ""
    shown = "all products" if event.scope == "all" else f"{', '.join(names[:_MOST_SUBJECTS])}{more}"
    return {
        "name": event.name, "from_date": event.from_date, "until_date": event.until_date,
        "factor": float(event.factor), "scope": event.scope, "subjects": names, "applies_to": shown,
    }  # fmt: skip


def _subject_name(now: "OrganisationSettings", scope: "Scope", subject: str) -> str:
    return now.names.get(subject, subject) if scope == "group" else subject


def _sentence(now: "OrganisationSettings", event: "DemandEvent") -> str:
    record = _record(now, event)
    return (
        f"{event.name}: from {event.from_date} to {event.until_date} demand of {record['applies_to']} is planned as "
        f"{event.factor:f} times the usual."
    )
