"""`stocktrim organisations`: list and remove connected organisations, and change the key of their credentials.

Read more in docs/connecting.md.
"""

import sys
from typing import Annotated

import typer

from stocktrim_cli.output import out, say, show_json, show_table
from stocktrim_cli.runs import JsonOption

organisations = typer.Typer(
    help="List the connected organisations, remove one, or change the key of all credentials.", no_args_is_help=True
)


@organisations.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """List the connected organisations, and whether Xero still accepts their sign-in.

    Example: `stocktrim organisations list`
    """
    from pipelines.organisations.open_organisation import connected_organisations
    from pipelines.settings import read_settings

    found = connected_organisations(read_settings())
    if as_json:
        names = ("name", "tenant_id", "base_currency", "time_zone", "is_demo_company", "connected_at")
        show_json([
            {"organisation": each.key, **{name: getattr(each, name) for name in names}}
            | {"sign_in_needed_at": each.sign_in_needed_at}
            for each in found
        ])  # fmt: skip
        return
    rows = [
        [
            each.key, each.name, each.base_currency, each.is_demo_company, f"{each.connected_at:%Y-%m-%d}",
            f"connect again (since {each.sign_in_needed_at:%Y-%m-%d})" if each.sign_in_needed_at else "connected",
        ]
        for each in found
    ]  # fmt: skip
    show_table("Organisations", ["key", "name", "currency", "demo company", "since", "state"], rows)


@organisations.command("rotate-key")
def rotate_key(*, as_json: JsonOption = False) -> None:
    """Encrypt all credentials and tokens with a new key; stop everything else first.

    The key file gets a new key. If the environment gives the key, STOCKTRIM_NEW_SECRET_KEY gives the new one.

    Example: `stocktrim organisations rotate-key`
    """
    from pipelines.organisations.connecting import rotate_key as rotate
    from pipelines.settings import read_settings

    settings = read_settings()
    count = rotate(settings)
    if as_json:
        show_json({"sign_ins": count})
        return
    sign_ins = f"{count} sign-in{' is' if count == 1 else 's are'}"
    out.print(f"{sign_ins} encrypted with the new key; the old key is no longer valid.", markup=False)
    if settings.new_secret_key is not None:
        out.print(
            "Next: set STOCKTRIM_SECRET_KEY to the new key, on every machine, before anything runs.", markup=False
        )


@organisations.command()
def remove(
    organisation: Annotated[str, typer.Argument(metavar="KEY", help="The organisation, as `connect` named it.")],
    *,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Delete its orders, settings and data too, for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove an organisation: delete its credentials here and its connection at Xero; keep its data unless --with-data.

    Example: `stocktrim organisations remove acme --yes`
    """
    import shutil

    from pipelines.organisations.connecting import disconnect, erase
    from pipelines.organisations.open_organisation import open_organisation
    from pipelines.settings import read_settings
    from pipelines.storage.run_locks import organisation_lock
    from stocktrim_assets.home import dagster_instance
    from stocktrim_assets.partitions import organisations as partitions

    settings = read_settings()
    opened = open_organisation(settings, organisation)
    rest = f"its orders' history, its settings, and its data in {opened.folder}"
    fate = f"{'Deleted for good' if with_data else 'Kept'}: {rest}."
    _ask(f"{opened.record.name}: delete its credentials and tokens, and stop loading it? {fate}", yes=yes)
    with organisation_lock(opened.folder, holder="`stocktrim organisations remove`", waiting=say):
        problem = disconnect(opened)
        if with_data:
            erase(opened)
    if with_data:
        shutil.rmtree(opened.folder)
    with dagster_instance(settings) as instance:
        instance.delete_dynamic_partition(str(partitions.name), organisation)
    if problem:
        say(f"Xero may still list this app ({problem}); remove it in Xero under Settings, Connected apps.")
    if as_json:
        show_json({"organisation": organisation, "folder": opened.folder, "is_disconnected_at_xero": problem is None})
        return
    out.print(f"{organisation!r} is removed. {fate}", markup=False)


def _ask(question: str, *, yes: bool) -> None:
    from pipelines.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("Removing an organisation needs a confirmation; in a script give --yes.")
    if not typer.confirm(question, err=True):
        raise UsageError("Nothing was removed.")
