"""`stocktrim demo`: the whole loop for a made-up wholesaler, from an empty home to an order in its Xero.

Read more in docs/tour.md.
"""

import shutil
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.output import out, say, show_table
from stocktrim_cli.plan import read_plan, show_plan
from stocktrim_cli.runs import run_job

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.open_organisation import OpenOrganisation
    from pipelines.settings import Settings

DEMO = "demo"
READY = "The demo is ready."


def demo(
    *,
    end: Annotated[str, typer.Option(metavar="DATE", help="The last day of the history; default: yesterday.")] = "",
    products: Annotated[int, typer.Option(min=20, max=100_000, help="How many products to make up.")] = 400,
    port: Annotated[int, typer.Option(help="The sandbox's port; if it is taken, a free port is used.")] = 8765,
    stay: Annotated[
        bool,
        typer.Option("--stay", help="Only load and plan, then keep the demo's Xero until standard input ends."),
    ] = False,
    xero: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Only load and plan, from a sandbox that answers here already.")
    ] = "",
) -> None:
    """Run the whole loop for a made-up wholesaler: no account, no key, no question. It starts over each time.

    Example: `stocktrim demo --products 100`
    """
    from datetime import timedelta

    from pipelines.settings import read_day, read_settings
    from stocktrim_cli.serve import free_port, sandbox_command, start_sandbox, stop, stop_at_signals, wait_for_port

    started = time.monotonic()
    as_of = str(read_day(end) + timedelta(days=1)) if end else ""
    settings = read_settings()
    _start_over(settings, is_sandbox_kept=bool(xero))
    if xero:
        _begin(settings, address=xero, as_of=as_of)
        return
    chosen = free_port(port)
    command = [*sandbox_command(settings, port=chosen), "--products", str(products), *(["--end", end] if end else [])]
    _step("A wholesaler in the sandbox Xero")
    stop_at_signals()
    process = start_sandbox(command)
    try:
        wait_for_port(chosen, {"the sandbox": process})
        if stay:
            _begin(settings, address=f"http://127.0.0.1:{chosen}", as_of=as_of)
            sys.stdin.read()
            return
        _walk(settings, address=f"http://127.0.0.1:{chosen}", as_of=as_of)
    finally:
        stop(process)
    _step(f"Done in {time.monotonic() - started:.0f} seconds")
    out.print(
        "Open next: `make serve`, which prints the address of the desk: plan, orders and settings in your browser.\n"
        "It also serves the demo's Xero, which a load needs, and Dagster on http://127.0.0.1:3000.\n"
        "`.venv/bin/stocktrim explain PRODUCT_CODE -o demo` has the arithmetic of a product; docs/tour.md follows it.",
        markup=False,
    )


def _walk(settings: "Settings", *, address: str, as_of: str) -> None:
    opened = _connect(settings, address)
    _step("Load from Xero")
    _load()
    _step("Model, forecast, plan, draft")
    day = {"decisions": {"config": {"as_of": as_of}}}
    run_job("plan", organisation=DEMO, ops=day)
    summary, first = read_plan(DEMO)
    show_plan(summary, first, organisation=DEMO)
    _step("Approve one draft and send it")
    sent = _approve_and_send(opened)
    _step("Load and plan again")
    _load()
    run_job("plan", organisation=DEMO, ops=day)
    _, second = read_plan(DEMO)
    _compare(first, second, sent)


def _begin(settings: "Settings", *, address: str, as_of: str) -> None:
    """Connect, load and plan; nothing is sent. The last words are what the desk waits for."""
    _connect(settings, address)
    run_job("load", organisation=DEMO)
    run_job("plan", organisation=DEMO, ops={"decisions": {"config": {"as_of": as_of}}})
    say(READY)


def _start_over(settings: "Settings", *, is_sandbox_kept: bool) -> None:
    """Delete the demo organisation's data, and nothing else; a sandbox that answers already keeps its own."""
    from pipelines.storage.run_locks import organisation_lock
    from pipelines.store.connected_organisations import forget_organisation
    from pipelines.store.engine import open_store

    folder = settings.organisation_folder(DEMO)
    with organisation_lock(folder, holder="`stocktrim demo`", waiting=say):
        forget_organisation(open_store(settings.database_url), DEMO)
        if not is_sandbox_kept:
            shutil.rmtree(settings.sandbox_folder, ignore_errors=True)
        for path in folder.iterdir():
            if path.name != "lock":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _connect(settings: "Settings", address: str) -> "OpenOrganisation":
    from dataclasses import replace

    from pipelines.organisations.connecting import connect, sign_in_custom
    from pipelines.organisations.open_organisation import open_organisation
    from pipelines.secret import Secret
    from stocktrim_assets.home import dagster_instance
    from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

    there = replace(
        settings, xero_api_url=address, xero_identity_url=address, xero_client_id=DEFAULT_CLIENT_ID,
        xero_client_secret=Secret(DEFAULT_CLIENT_SECRET),
    )  # fmt: skip
    allowed = sign_in_custom(there)
    (connected,) = connect(there, allowed, allowed.organisations[:1], key=DEMO)
    say(f"  {connected.name}, {connected.base_currency}, connected as {DEMO!r}.")
    with dagster_instance(settings):
        pass
    return open_organisation(settings, DEMO)


def _load() -> None:
    result = run_job("load", organisation=DEMO)
    rows = {
        event.asset_key.path[-1]: event.materialization.metadata["dagster/row_count"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None and event.asset_key.path[0] == "raw"
    }
    show_table("Rows loaded", ["table", "rows"], sorted(rows.items()), numbers=["rows"])


def _approve_and_send(opened: "OpenOrganisation") -> Any:
    from pipelines.errors import PlannerError
    from pipelines.purchasing.orders import OrderState
    from pipelines.purchasing.transitions import approve

    drafts = opened.ledger.orders(OrderState.DRAFT)
    if not drafts:
        raise PlannerError("The plan drafted no order, so the demo has none to send.")
    chosen = max(drafts, key=lambda order: (order.value, order.order_id))
    opened.ledger.append(approve(chosen, by="demo", at=opened.now(), is_stale_accepted=True))
    run_job("send_approved_orders", organisation=DEMO)
    sent = opened.ledger.order(chosen.order_id)
    held: Any = opened.client().purchase_order_by_number(sent.purchase_order_number)
    if sent.state is not OrderState.SENT or held is None:
        raise PlannerError(f"The order {sent.purchase_order_number} is {sent.state.value}: {sent.failure}")
    show_table(
        f"{held['PurchaseOrderNumber']} in Xero: {held['Status']}, {held['Contact']['Name']}, "
        f"{held['Total']} {held['CurrencyCode']}",
        ["item", "description", "quantity", "unit amount", "line amount"],
        [[line[name] for name in ("ItemCode", "Description", "Quantity", "UnitAmount", "LineAmount")]
         for line in held["LineItems"]],
        numbers=["quantity", "unit amount", "line amount"],
    )  # fmt: skip
    return sent


def _compare(first: "pl.DataFrame", second: "pl.DataFrame", sent: Any) -> None:
    """Show that ordered products are not suggested again.

    Raises:
        PlannerError: some are.
    """
    import polars as pl

    from pipelines.errors import PlannerError

    codes = [line.product_code for line in sent.lines]
    again = second.filter(pl.col("product_code").is_in(codes) & (pl.col("order_quantity") > 0))
    rows = (
        first.filter(pl.col("product_code").is_in(codes))
        .select("product_code", "order_quantity")
        .join(second.select("product_code", "stock_on_order", again="order_quantity"), on="product_code")
        .sort("product_code")
    )
    show_table(
        "Ordered products are on order, and are not suggested again",
        ["product", "suggested", "on order", "suggested again"],
        rows.rows(), numbers=["suggested", "on order", "suggested again"],
    )  # fmt: skip
    if again.height:
        raise PlannerError(f"{again.height} products are suggested twice; please report this fault.")
    out.print(f"Nothing is suggested twice: {len(codes)} products ordered, 0 suggested again.", markup=False)


def _step(title: str) -> None:
    out.rule(title, align="left")
