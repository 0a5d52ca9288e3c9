"""`stocktrim connect`: allow this planner into Xero organisations.

Read more in docs/connecting.md.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.output import out, say, show_json, show_progress, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    from pipelines.organisations.connecting import Allowed
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
        typer.Option(metavar="NAME", help="Choose this organisation, by name or id; repeat it."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Choose every organisation that you allowed.")] = False,
    organisation: Annotated[
        str, typer.Option("--organisation", "-o", metavar="KEY", help="Its key; made from its name unless given.")
    ] = "",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open Xero's page, or only print its address.")
    ] = True,
    wait: Annotated[int, typer.Option(min=1, max=3600, help="How many seconds to wait for the browser.")] = 300,
    as_json: JsonOption = False,
) -> None:
    """Sign in at Xero, choose organisations, and connect them; or use a custom connection, which needs no browser.

    Your app's XERO_CLIENT_ID and, unless it is a native app, XERO_CLIENT_SECRET come from the environment, else they
    are asked for. They count only now: credentials, encrypted, and addresses are kept with the organisation.

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
        instance.add_dynamic_partitions(str(organisations.name), [one.key for one in connected])
    _tell(connected, as_json=as_json)


def _with_credentials(settings: "Settings", *, is_custom: bool) -> "Settings":
    """The settings with what a person at a terminal is asked for; what is missing elsewhere, the next step tells."""
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
    """Open the person's browser, where there is one; a browser of text would take over the terminal."""
    import webbrowser

    _print(address)
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return
    if getattr(found, "name", "") not in {"www-browser", "links", "elinks", "lynx", "w3m"}:
        found.open(address)


def _print(address: str) -> None:
    say("Sign in at Xero and allow access on this page (Ctrl-C ends the waiting):")
    sys.stderr.write(f"{address}\n")
    sys.stderr.flush()


def _chosen(allowed: "Allowed", names: Sequence[str], *, everything: bool) -> "Sequence[XeroConnection]":
    """What a person chose by options or on the terminal; the only one needs no choice."""
    from pipelines.errors import UsageError
    from pipelines.organisations.connecting import chosen_among

    found = allowed.organisations
    if names:
        return chosen_among(found, names)
    if everything or len(found) == 1:
        return found
    if not sys.stdin.isatty():
        listed = "; ".join(f"{one.name} ({one.tenant_id})" for one in found)
        raise UsageError(f"You allowed {len(found)} organisations; choose with --tenant NAME, or --all: {listed}.")
    rows = [[number, one.name] for number, one in enumerate(found, start=1)]
    show_table("You allowed", ["number", "organisation"], rows, numbers=["number"])
    answer = typer.prompt("Which of them? Numbers with commas between, or all", err=True)
    return found if answer.strip() == "all" else [found[number - 1] for number in _numbers(answer, len(found))]


def _numbers(answer: str, most: int) -> list[int]:
    from pipelines.errors import UsageError

    words = [word.strip() for word in answer.split(",")]
    if not all(word.isascii() and word.isdigit() and 1 <= int(word) <= most for word in words):
        raise UsageError(f"{answer!r} chooses nothing: write numbers from 1 to {most}, with commas between.")
    return [int(word) for word in dict.fromkeys(words)]


def _tell(connected: "Sequence[ConnectedOrganisation]", *, as_json: bool) -> None:
    from pipelines.xero.time_zones import time_zone_problem

    for one in connected:
        if problem := time_zone_problem(one.time_zone):
            say(f"{one.name}: {problem}")
        if one.is_demo_company:
            say(f"{one.name} is Xero's demo company: its figures are made up, and Xero resets it every month.")
    if as_json:
        names = ("name", "tenant_id", "base_currency", "is_demo_company")
        show_json([{"organisation": one.key} | {name: getattr(one, name) for name in names} for one in connected])
        return
    for one in connected:
        out.print(f"{one.name} is connected as {one.key!r}. Next: `stocktrim load -o {one.key}`", markup=False)
