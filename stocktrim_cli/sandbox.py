"""`stocktrim sandbox`: a Xero on this machine, to try everything without an account.

Read more in docs/sandbox.md.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.output import err, out, say, show_table
from stocktrim_cli.sales_options import (
    CreditNotesOption,
    DateOrderOption,
    DecimalOption,
    forms_of,
    left_out_sentence,
    sales_file_errors,
)

if TYPE_CHECKING:
    from datetime import date

    from sales_files.forms import Forms
    from xero_sandbox.core.documents import World


def sandbox(
    *,
    port: Annotated[int, typer.Option(help="The port it listens on.")] = 8765,
    sales: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Real sales: a CSV or Parquet file of invoice lines.")
    ] = None,
    credit_notes: CreditNotesOption = "",
    date_order: DateOrderOption = None,
    decimal: DecimalOption = None,
    shift: Annotated[
        bool, typer.Option("--shift/--no-shift", help="Move the file's sales by whole weeks to end now.")
    ] = True,
    end: Annotated[str, typer.Option(metavar="DATE", help="The last day of the history; default: yesterday.")] = "",
    products: Annotated[int, typer.Option(min=1, max=100_000, help="How many products to make up.")] = 400,
    months: Annotated[int, typer.Option(min=4, max=120, help="How many months of history to make up.")] = 26,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the made-up data.")] = 7,
    invoices: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Instead of a history, this many invoices of ten lines.")
    ] = 0,
    day_limit: Annotated[
        int, typer.Option(min=1, help="Calls per day and organisation; 1000 on Xero's smallest tier.")
    ] = 5000,
    state: Annotated[
        Path | None,
        typer.Option(metavar="DIRECTORY", help="Keep the sandbox's state in this directory, and continue from it."),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Ignore the kept state and start again.")] = False,
) -> None:
    """Serve a stateful Xero on this machine until Ctrl-C: made-up organisations, or your own sales.

    A custom connection gets the first organisation; a sign-in by browser chooses among all.
    The client id and secret are XERO_CLIENT_ID and XERO_CLIENT_SECRET, or else those that it prints.

    The form of a file of sales is recognised and reported. If a value can be read in two ways, a sentence names the
    option that decides, such as --date-order dmy, --decimal , or --credit-notes CN-.

    Example: `stocktrim sandbox --sales my_sales.csv --port 8800`
    """
    from xero_sandbox.app.serve import serve
    from xero_sandbox.behaviour.rate_limits import Limits
    from xero_sandbox.core.state import load_worlds
    from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

    client_id = os.environ.get("XERO_CLIENT_ID") or DEFAULT_CLIENT_ID
    client_secret = os.environ.get("XERO_CLIENT_SECRET") or DEFAULT_CLIENT_SECRET
    worlds = load_worlds(state) if state is not None and not reset else None
    if worlds is None:
        with err.status("Filling the sandbox ..."):
            day = _last_day(end)
            if sales is not None:
                forms = forms_of(date_order, decimal, credit_notes)
                worlds = [_imported(sales, forms, is_shifted=shift, end=day, seed=seed)]
            else:
                worlds = _made_up(end=day, products=products, months=months, seed=seed, invoices=invoices)
    else:
        say(f"The sandbox continues from {state}.")
    _show(worlds)

    def ready(address: str) -> None:
        out.print(f"Xero sandbox: {address}", markup=False)
        if client_id == DEFAULT_CLIENT_ID:
            out.print(f"XERO_CLIENT_ID={client_id} XERO_CLIENT_SECRET={client_secret}", markup=False)
        addresses = " ".join(f"XERO_{name}_URL={address}" for name in ("API", "IDENTITY", "LOGIN"))
        out.print(addresses, markup=False)
        out.print(f"Edits, faults, counters, reset: {address}/_admin/, see docs/sandbox.md   (Ctrl-C stops it)")
        out.file.flush()

    try:
        serve(
            worlds, port=port, client_id=client_id, client_secret=client_secret, state_directory=state,
            limits=Limits(per_day=day_limit), on_ready=ready,
        )  # fmt: skip
    except OSError as taken:
        from pipelines.errors import UsageError

        raise UsageError(f"Port {port} cannot be used ({taken.strerror}); choose another with --port.") from None


def _last_day(text: str) -> "date":
    from datetime import UTC, datetime, timedelta

    from pipelines.settings import read_day

    return read_day(text) if text else (datetime.now(UTC) - timedelta(days=1)).date()


def _made_up(*, end: "date", products: int, months: int, seed: int, invoices: int) -> "list[World]":
    from xero_sandbox.app.several import generate_organisations
    from xero_sandbox.worlds.scale import Size, world_of_size

    if invoices:
        return [world_of_size(Size(invoices=invoices), end=end, seed=seed)]
    return generate_organisations(end=end, products=products, months=months, seed=seed)


def _imported(sales: Path, forms: "Forms", *, is_shifted: bool, end: "date", seed: int) -> "World":
    from xero_sandbox.worlds.importer import import_sales

    with sales_file_errors():
        imported = import_sales(sales, end=end, is_shifted=is_shifted, seed=seed, forms=forms)
    for note in imported.notes:
        say(note)
    for left in imported.left_out:
        say(left_out_sentence(left, imported.counts["lines in the file"]))
    show_table(
        f"{sales.name}, moved by {imported.days_shifted} days", ["what", "count"], imported.counts.items(),
        numbers=["count"],
    )  # fmt: skip
    return imported.world


def _show(worlds: "list[World]") -> None:
    columns = ["organisation", "currency", "time zone", "items", "contacts", "invoices", "credit notes", "orders"]
    rows = [
        [
            f"{world.organisation.name}{', a demo company' if world.organisation.is_demo_company else ''}",
            world.organisation.base_currency, world.organisation.time_zone,
            len(world.items), len(world.contacts), len(world.invoices), len(world.credit_notes),
            len(world.purchase_orders),
        ]
        for world in worlds
    ]  # fmt: skip
    show_table("In the sandbox", columns, rows, numbers=columns[3:])
