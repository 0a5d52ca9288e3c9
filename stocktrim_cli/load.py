"""`stocktrim load`: read Xero and rebuild the warehouse.

Read more in docs/interfaces.md.
"""

from enum import StrEnum
from typing import Annotated, Any

import typer

from stocktrim_cli.exceptions import problems_of, say_exceptions
from stocktrim_cli.output import out, say, show_json, show_table
from stocktrim_cli.runs import DEFAULT_ORGANISATION, JsonOption, OrganisationOption, command_for, run_job


class Ticked(StrEnum):
    """What can be loaded on its own."""

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
        list[Ticked] | None,
        typer.Option(metavar="ENTITY", help="Import all of it again: products, sales-orders, …; may be repeated."),
    ] = None,
    replay: Annotated[
        str,
        typer.Option(metavar="LOAD_ID", help="Land the kept answers of a load again, without asking Xero."),
    ] = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Load from Xero what changed since the last load, and publish it.

    With nothing ticked: everything the first time; later products, sales orders and purchase orders, and once a day
    suppliers.

    Example: `stocktrim load --sales-orders --organisation acme`
    """
    flags = {
        Ticked.PRODUCTS: products,
        Ticked.SALES_ORDERS: sales_orders,
        Ticked.PURCHASE_ORDERS: purchase_orders,
        Ticked.SUPPLIERS: suppliers,
    }
    config: dict[str, object] = {
        "entities": [entity.name.lower() for entity, is_ticked in flags.items() if is_ticked],
        "refresh": [entity.name.lower() for entity in refresh or []],
        "replay": replay,
    }
    if replay and (config["entities"] or config["refresh"]):
        raise typer.BadParameter("--replay lands what one load has read; leave the other choices out.")
    result = run_job("load", organisation=organisation, ops={"load_from_xero": {"config": config}})
    tables = {
        event.asset_key.path[-1]: event.materialization.metadata["dagster/row_count"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None and event.asset_key.path[0] == "raw"
    }
    took = _what_it_took(result)
    if as_json:
        show_json(
            {"organisation": organisation, "run_id": result.run_id, "rows": tables, **took}
            | {"exceptions": problems_of(organisation)}
        )
        return
    show_table(f"Loaded for {organisation}", ["table", "rows"], sorted(tables.items()), numbers=["rows"])
    left = took["day_calls_left"]
    allowance = "" if left is None else f"; {left:,} calls are left today"
    say(f"Load {took['load_id']}: {took['calls']} calls to Xero, {took['megabytes']:.2f} MB{allowance}.")
    tell_warnings(result)
    say_exceptions(organisation)
    out.print(f"Next: {command_for(organisation, 'plan')}", markup=False)


def _what_it_took(result: "object") -> dict[str, Any]:
    """The load's id, its calls and megabytes, and what is left of the day's allowance."""
    names = ("load_id", "calls", "megabytes", "day_calls_left")
    for event in result.get_asset_materialization_events():  # type: ignore[attr-defined]
        if event.asset_key.path == ["raw", "loads"]:
            metadata = event.materialization.metadata
            return {name: metadata[f"read/{name}"].value for name in names}
    raise AssertionError


def tell_warnings(result: "object") -> None:
    """Say what the checks of a run warn about; what is said as an exception is not said twice."""
    for check in result.get_asset_check_evaluations():  # type: ignore[attr-defined]
        if not check.passed and "problem" not in check.metadata:
            sentence = check.metadata.get("sentence")
            say(f"Look at: {sentence.value if sentence else check.check_name}")
