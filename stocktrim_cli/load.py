"""`stocktrim load`: read Xero and rebuild the warehouse.

Read more in docs/interfaces.md.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.exceptions.dismissing import print_exceptions, problems_of
from stocktrim_cli.output import counted, out, say, show_json, show_table, text_of
from stocktrim_cli.runs import JsonOption, RebuildOption, run_job

if TYPE_CHECKING:
    import dagster as dg

MOVES_NAMED = 5


class LoadEntity(StrEnum):
    """What can be loaded by itself."""

    PRODUCTS = "products"
    SALES_ORDERS = "sales-orders"
    PURCHASE_ORDERS = "purchase-orders"
    SUPPLIERS = "suppliers"


def load(
    *,
    products: Annotated[bool, typer.Option("--products", help="Load products with their stock.")] = False,
    sales_orders: Annotated[
        bool, typer.Option("--sales-orders", help="Load invoices, bills and credit notes.")
    ] = False,
    purchase_orders: Annotated[bool, typer.Option("--purchase-orders", help="Load purchase orders.")] = False,
    suppliers: Annotated[bool, typer.Option("--suppliers", help="Load contacts.")] = False,
    refresh: Annotated[
        list[LoadEntity] | None,
        typer.Option(metavar="ENTITY", help="Read all of it again: products, sales-orders, …; may be repeated."),
    ] = None,
    replay: Annotated[
        str,
        typer.Option(metavar="LOAD_ID", help="Land the kept answers of an earlier load again, without calling Xero."),
    ] = "",
    rebuild: RebuildOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Load from Xero what changed since the last load, and publish it.

    Without options: everything the first time; later products, sales orders and purchase orders, and suppliers once
    a day.

    Example: `stocktrim load --sales-orders --organisation acme`
    """
    flags = {
        LoadEntity.PRODUCTS: products,
        LoadEntity.SALES_ORDERS: sales_orders,
        LoadEntity.PURCHASE_ORDERS: purchase_orders,
        LoadEntity.SUPPLIERS: suppliers,
    }
    config: dict[str, object] = {
        "entities": [entity.name.lower() for entity, is_chosen in flags.items() if is_chosen],
        "refresh": [entity.name.lower() for entity in refresh or []],
        "replay": replay,
    }
    if replay and (config["entities"] or config["refresh"]):
        raise typer.BadParameter("--replay lands what an earlier load has read; leave the other options out.")
    result = run_job("load", organisation=organisation, ops={"load_from_xero": {"config": config}}, rebuild=rebuild)
    tables = {
        event.asset_key.path[-1]: event.materialization.metadata["dagster/row_count"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None and event.asset_key.path[0] == "raw"
    }
    usage, changes = _of_load(result)
    if as_json:
        show_json(
            {"organisation": organisation, "run_id": result.run_id, "rows": tables, **usage, "changes": changes}
            | {"exceptions": problems_of(organisation)}
        )
        return
    print_changes(changes)
    left = usage["day_calls_left"]
    allowance = "" if left is None else f"; {counted(left, 'call')} left today"
    say(f"Load {usage['load_id']}: {counted(usage['calls'], 'call')} to Xero, {usage['megabytes']:.2f} MB{allowance}.")
    print_warnings(result)
    print_exceptions(organisation)
    out.print(f"Next: {command_for(organisation, 'plan')}", markup=False)


def print_changes(changes: dict[str, Any]) -> None:
    """Print which records a load changed, and which products' stock moved; or that nothing changed."""
    rows = [[*list(entry.values())[:-1], ", ".join(entry["named"])] for entry in changes["records"]]
    if not rows and not changes["products_moved"]:
        say("Nothing has changed in Xero since the last load.")
    if rows:
        counts = ["new", "changed", "void", "gone"]
        show_table("Changed in Xero", ["records", *counts, "such as"], rows, numbers=counts)
    if changes["stock_moves"]:
        named = [
            f"{move['product_code']} ({text_of(move['before'])} to {text_of(move['after'])})"
            for move in changes["stock_moves"][:MOVES_NAMED]
        ]
        more = changes["products_moved"] - len(named)
        others = f" and {more:,} more" if more else ""
        say(f"The stock of {counted(changes['products_moved'], 'product')} moved: {', '.join(named)}{others}.")


def _of_load(result: "dg.JobExecutionResult") -> tuple[dict[str, Any], dict[str, Any]]:
    """The load's id, its calls and megabytes, and the calls left today; and what it changed."""
    from dagster import AssetKey

    names = ("load_id", "calls", "megabytes", "day_calls_left")
    for event in result.get_asset_materialization_events():
        if event.asset_key == AssetKey(["raw", "loads"]):
            metadata = event.materialization.metadata
            changes: Any = metadata["changes"].value
            return {name: metadata[f"read/{name}"].value for name in names}, changes
    raise AssertionError


def print_warnings(result: "dg.JobExecutionResult") -> None:
    """Print the warnings of a run's checks, except those that are listed as exceptions."""
    for check in result.get_asset_check_evaluations():
        if not check.passed and "problem" not in check.metadata:
            sentence = check.metadata.get("sentence")
            say(f"Warning: {sentence.value if sentence else check.check_name}")
