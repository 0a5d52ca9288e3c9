"""`stocktrim connect`: connect Xero organisations.

Read more in docs/connecting.md.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import command_for
from stocktrim_cli.output import out, say, show_json, show_progress, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    from pipelines.organisations.connecting import AllowedOrganisations
    from pipelines.settings import Settings
    from pipelines.store.connected_organisations import ConnectedOrganisation
    from pipelines.xero.client import XeroConnection


def connect(
    *,
    custom: Annotated[
        bool, typer.Option("--custom", help="Use a custom connection's client id and secret; no browser.")
    ] = False,
    tenant: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Connect this organisation, by name or id; may be repeated."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Connect every organisation that you allowed.")] = False,
    organisation: Annotated[
        str,
        typer.Option(
            "--organisation", "-o", metavar="KEY", help="The organisation's key here; by default made from its name."
        ),
    ] = "",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open Xero's page in the browser, or only print its address.")
    ] = True,
    wait: Annotated[int, typer.Option(min=1, max=3600, help="How many seconds to wait for the browser.")] = 300,
    as_json: JsonOption = False,
) -> None:
    """Sign in at Xero, choose organisations, and connect them; or use a custom connection, which needs no browser.

    XERO_CLIENT_ID and, unless your app is a native app, XERO_CLIENT_SECRET come from the environment; on a terminal the
    command prompts for them. They are needed only now: they are kept with the organisation, encrypted.

    Example: `stocktrim connect --tenant "Harbour Wholesale" --organisation harbour`
    """
    from pipelines.organisations.connecting import connect as keep
    from pipelines.organisations.connecting import sign_in_by_browser, sign_in_custom
    from pipelines.settings import read_settings
    from stocktrim_assets.home import dagster_instance
    from stocktrim_assets.partitions import organisations

    show_progress()
    settings = _with_credentials(read_settings(), is_custom=custom)
    if custom:
        allowed = sign_in_custom(settings)
    else:
        opening = _open if browser else _print
        allowed = sign_in_by_browser(settings, open_page=opening, patience_seconds=wait)
    chosen = _chosen(allowed, tenant or [], everything=everything)
    connected = keep(settings, allowed, chosen, key=organisation or None)
    with dagster_instance(settings) as instance:
        instance.add_dynamic_partitions(str(organisations.name), [organisation.key for organisation in connected])
    _show(connected, as_json=as_json)


def _with_credentials(settings: "Settings", *, is_custom: bool) -> "Settings":
    """The settings, with credentials from a prompt if they are missing and a person is at a terminal."""
    from dataclasses import replace

    from pipelines.secret import Secret

    if not sys.stdin.isatty():
        return settings
    if not settings.xero_client_id:
        settings = replace(settings, xero_client_id=typer.prompt("Client id", err=True))
    if is_custom and settings.xero_client_secret is None:
        secret = Secret(typer.prompt("Client secret", hide_input=True, err=True))
        settings = replace(settings, xero_client_secret=secret)
    return settings


def _open(address: str) -> None:
    """Open the person's browser, if there is one; a text browser would take over the terminal."""
    import webbrowser

    _print(address)
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return
    if getattr(found, "name", "") not in {"www-browser", "links", "elinks", "lynx", "w3m"}:
        found.open(address)


def _print(address: str) -> None:
    say("Sign in at Xero and allow access on this page (Ctrl-C cancels):")
    sys.stderr.write(f"{address}\n")
    sys.stderr.flush()


def _chosen(allowed: "AllowedOrganisations", names: Sequence[str], *, everything: bool) -> "Sequence[XeroConnection]":
    """The organisations chosen by options or on the terminal; a single organisation needs no choice."""
    from pipelines.errors import UsageError
    from pipelines.organisations.connecting import chosen_among

    found = allowed.organisations
    if names:
        return chosen_among(found, names)
    if everything or len(found) == 1:
        return found
    if not sys.stdin.isatty():
        listed = "; ".join(f"{organisation.name} ({organisation.tenant_id})" for organisation in found)
        raise UsageError(f"You allowed {len(found)} organisations; choose with --tenant NAME, or --all: {listed}.")
    rows = [[number, organisation.name] for number, organisation in enumerate(found, start=1)]
    show_table("You allowed", ["number", "organisation"], rows, numbers=["number"])
    answer = typer.prompt("Connect which? Numbers separated by commas, or all", err=True)
    return found if answer.strip() == "all" else [found[number - 1] for number in _numbers(answer, len(found))]


def _numbers(answer: str, most: int) -> list[int]:
    from pipelines.errors import UsageError

    words = [word.strip() for word in answer.split(",")]
    if not all(word.isascii() and word.isdigit() and 1 <= int(word) <= most for word in words):
        raise UsageError(f"{answer!r} is not a choice: give numbers from 1 to {most}, separated by commas.")
    return [int(word) for word in dict.fromkeys(words)]


def _show(connected: "Sequence[ConnectedOrganisation]", *, as_json: bool) -> None:
    from pipelines.xero.time_zones import time_zone_problem

    for organisation in connected:
        if problem := time_zone_problem(organisation.time_zone):
            say(f"{organisation.name}: {problem}")
        if organisation.is_demo_company:
            say(f"{organisation.name} is Xero's demo company: its figures are made up, and Xero resets it every month.")
    if as_json:
        names = ("name", "tenant_id", "base_currency", "is_demo_company")
        show_json([
            {"organisation": organisation.key, **{name: getattr(organisation, name) for name in names}}
            for organisation in connected
        ])  # fmt: skip
        return
    for organisation in connected:
        next_step = command_for(organisation.key, "load")
        out.print(f"{organisation.name} is connected as {organisation.key!r}. Next: {next_step}", markup=False)
