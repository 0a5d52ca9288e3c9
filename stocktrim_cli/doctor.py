"""`stocktrim doctor`: checks of everything, each with what to do about a fault.

Read more in docs/operations.md.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stocktrim_cli.chosen_organisation import (
    DEFAULT_ORGANISATION,
    UnsettledOrganisationOption,
    choose_organisation,
    command_for,
)
from stocktrim_cli.examining import permissions, published, store_schema, warehouse
from stocktrim_cli.exceptions.dismissing import problems_of
from stocktrim_cli.exceptions.listed_exceptions import show_kinds
from stocktrim_cli.exceptions.present_exceptions import exceptions_of, refused_load
from stocktrim_cli.output import counted, show_json, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.open_organisation import OpenOrganisation
    from pipelines.settings import Settings

_MOUNTS: Final = Path("/proc/self/mounts")
_NETWORK: Final = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "fuse.sshfs", "fuse.rclone", "davfs")


def doctor(
    *,
    every: Annotated[bool, typer.Option("--all", help="List every exception, not only the kinds.")] = False,
    organisation: UnsettledOrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Check the home, the store, the connection, the age of the data and Xero's data; say what to do about each fault.

    Example: `stocktrim doctor --organisation acme`
    """
    from pipelines.errors import PlannerError
    from pipelines.settings import read_settings

    settings = read_settings()
    rows = [_checked(name, check, settings, "") for name, check in _OF_THE_HOME]
    key, problem = _chosen(organisation)
    if problem:
        rows.append(("organisation", False, problem))
    else:
        rows += [_checked(name, check, settings, key) for name, check in _OF_AN_ORGANISATION]
    found = _exceptions(key)
    if as_json:
        checks = [dict(zip(("check", "is_ok", "finding"), row, strict=True)) for row in rows]
        show_json({"checks": checks, "readiness": _readiness(key), "exceptions": found.to_dicts()})
    else:
        show_table(
            f"Doctor, {key}" if key else "Doctor",
            ["check", "", "finding"],
            [[name, "ok" if is_ok else "FAULT", finding] for name, is_ok, finding in rows],
        )
        show_kinds(found, every=every)
    faults = sum(not is_ok for _, is_ok, _ in rows)
    if faults:
        raise PlannerError(f"{faults} of {len(rows)} checks found a fault.")


def _chosen(organisation: str) -> tuple[str, str]:
    """The key of the organisation, or else why none is chosen."""
    from pipelines.errors import PlannerError

    try:
        return choose_organisation(organisation), ""
    except PlannerError as problem:
        return "", str(problem)


def _readiness(organisation: str) -> list[dict[str, Any]]:
    """The problems of Xero's data, summed; none if the organisation is not connected."""
    from pipelines.errors import PlannerError

    try:
        return problems_of(organisation)
    except PlannerError:
        return []


def _exceptions(organisation: str) -> "pl.DataFrame":
    """The open exceptions; none if the organisation is not connected, which a check reports."""
    from pipelines.errors import PlannerError
    from pipelines.exceptions.words import only_open
    from pipelines.storage import tables

    try:
        return only_open(exceptions_of(organisation))
    except PlannerError:
        return tables.empty(tables.EXCEPTIONS)


def _checked(
    name: str, check: "Callable[[Settings, str], str]", settings: "Settings", organisation: str
) -> tuple[str, bool, str]:
    from pipelines.errors import PlannerError

    try:
        return name, True, check(settings, organisation)
    except PlannerError as trouble:
        return name, False, str(trouble)


def _home(settings: "Settings", _: str) -> str:
    import os

    from pipelines.errors import DataError

    place = settings.home
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        raise DataError(f"{place} cannot be written: make it writable for you, or set STOCKTRIM_HOME elsewhere.")
    file_system = _network_drive(place.resolve())
    if file_system:
        raise DataError(
            f"{settings.home} is on a network drive ({file_system}), where locks fail and a database can be damaged: "
            f"set STOCKTRIM_HOME to a folder on a disk of this machine."
        )
    return str(settings.home)


def _network_drive(place: Path) -> str:
    """The file system of the network drive that holds a folder; empty if it is on none, or that is not known."""
    mounts = _MOUNTS.read_text().splitlines() if _MOUNTS.exists() else []
    above = [
        (len(Path(_unescaped(point)).parts), number, file_system)
        for number, (_, point, file_system, *_) in enumerate(line.split() for line in mounts)
        if place.is_relative_to(_unescaped(point))
    ]
    _, _, file_system = max(above, default=(0, 0, ""))  # the deepest mount; of two in one place the last
    return file_system if file_system.startswith(_NETWORK) else ""


def _unescaped(point: str) -> str:
    """The path, in which the system writes a space as an octal code."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point)


def _store(settings: "Settings", _: str) -> str:
    from pipelines.store.connected_organisations import list_organisations
    from pipelines.store.engine import open_store

    store = open_store(settings.database_url)
    store.examine()
    keys = [organisation.key for organisation in list_organisations(store)]
    return f"connected: {', '.join(keys) or 'none yet'}"


def _folder(settings: "Settings", key: str) -> str:
    import os

    from pipelines.errors import DataError

    folder = settings.organisation_folder(key)
    for path in (folder, folder / "snapshots", folder / "warehouse.duckdb"):
        if path.exists() and not os.access(path, os.W_OK):
            raise DataError(f"{path} cannot be written: change its owner to the user that runs the planner.")
    return str(folder)


def _opened(settings: "Settings", key: str) -> "OpenOrganisation":
    from pipelines.organisations.open_organisation import open_organisation

    return open_organisation(settings, key)


def _connection(settings: "Settings", key: str) -> str:
    from pipelines.xero.organisation_record import read_organisation

    opened = _opened(settings, key)
    found = read_organisation(opened.client().organisation())
    demo = " (Xero's demo company: its figures are made up)" if found.is_demo_company else ""
    return f"{found.name}, {found.base_currency}, {found.timezone}{demo}"


def _time_zone(settings: "Settings", key: str) -> str:
    from pipelines.errors import DataError
    from pipelines.xero.time_zones import time_zone, time_zone_problem

    opened = _opened(settings, key)
    problem = time_zone_problem(opened.record.time_zone)
    if problem is not None:
        raise DataError(problem)
    return f"{time_zone(opened.record.time_zone).key}: today is {opened.today()}"


def _freshness(settings: "Settings", key: str) -> str:
    from pipelines.errors import DataError
    from pipelines.planning_settings.freshness import is_stale
    from pipelines.planning_settings.registry import global_settings, with_defaults
    from pipelines.storage import tables
    from pipelines.storage.snapshots import NothingPublishedError, read_published
    from pipelines.store.setting_ledger.setting_changes import explicit_settings

    opened = _opened(settings, key)
    try:
        (freshness,) = read_published(opened.folder, tables.DATA_FRESHNESS)
    except NothingPublishedError:
        return f"no data yet: {command_for(key, 'load')} brings them"
    loaded_at = freshness["loaded_at"][0] if freshness.height else None
    in_force = global_settings(with_defaults(explicit_settings(opened.store, opened.key)))
    if is_stale(loaded_at, at=opened.now(), settings=in_force):
        raise DataError(f"The data were loaded at {loaded_at}; run {command_for(key, 'load')} before you order.")
    return f"loaded at {loaded_at:%Y-%m-%d %H:%M} UTC"


def _last_load(_: "Settings", key: str) -> str:
    from pipelines.errors import DataError

    refused = refused_load(key)
    if refused:
        raise DataError(f"The last load was refused. {refused}")
    return "not refused"


def _open_orders(settings: "Settings", key: str) -> str:
    from pipelines.errors import DataError
    from pipelines.purchasing.remarks import OPEN_STATES
    from pipelines.purchasing.xero_changes import changes_in_xero
    from pipelines.store.identity_history import identities_of

    opened = _opened(settings, key)
    known, orders = identities_of(opened.store, opened.key), opened.ledger.orders(*OPEN_STATES)
    obstacles = {order.purchase_order_number: changes_in_xero(order, known).obstacles for order in orders}
    stopped = [f"{number}: {'; '.join(found)}" for number, found in obstacles.items() if found]
    if stopped:
        raise DataError(
            f"{len(stopped)} of {counted(len(orders), 'open order')} cannot be sent as they are. {'. '.join(stopped)}."
        )
    return f"{len(orders)} open"


def _groups(settings: "Settings", key: str) -> str:
    """How many groups there are, and the settings of products that two groups set differently."""
    from pipelines.organisations.organisation_groups import organisation_groups
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    opened = _opened(settings, key)
    groups = organisation_groups(opened).groups
    conflicts = published_or_empty(opened.folder, tables.GROUP_CONFLICTS).to_dicts()
    if not conflicts:
        return counted(len(groups), "group")
    first = conflicts[0]
    example = f"{first['name']} of {first['product_code']}: {first['group_name']} decides, {first['other_values']}"
    return f"{counted(len(groups), 'group')}; they differ on {counted(len(conflicts), 'setting')}, such as {example}"


def _plan(settings: "Settings", key: str) -> str:
    from pipelines.storage import tables
    from pipelines.storage.snapshots import NothingPublishedError, read_published

    folder = _opened(settings, key).folder
    try:
        (summary,) = read_published(folder, tables.PLAN_SUMMARY)
    except NothingPublishedError:
        return "no plan yet: it comes after the first load"
    if summary.is_empty():
        return f"no plan yet: {command_for(key, 'plan')} makes it"
    newest = summary.sort("planned_at").to_dicts()[-1]
    return f"plan {newest['plan_id']}: {counted(newest['products_to_order'], 'product')} to order"


_OF_THE_HOME: "tuple[tuple[str, Callable[[Settings, str], str]], ...]" = (
    ("home", _home),
    ("permissions", permissions),
    ("store's schema", store_schema),
    ("store", _store),
)
_OF_AN_ORGANISATION: "tuple[tuple[str, Callable[[Settings, str], str]], ...]" = (
    ("organisation's folder", _folder),
    ("warehouse", warehouse),
    ("published snapshot", published),
    ("connection to Xero", _connection),
    ("time zone", _time_zone),
    ("age of the data", _freshness),
    ("last load", _last_load),
    ("plan", _plan),
    ("groups", _groups),
    ("open orders", _open_orders),
)
