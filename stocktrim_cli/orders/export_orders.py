"""`stocktrim orders export`: orders as a file for a spreadsheet, or exactly what would be sent to Xero.

Read more in docs/buyer/orders.md.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.orders.orders_options import (
    LISTED_STATES,
    GroupOption,
    OrdersArgument,
    SupplierOption,
    desk_of,
    order_filter,
    states_of,
)
from stocktrim_cli.output import say, show_json
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    import polars as pl

    from pipelines.purchasing.orders import Order


def export(
    order: OrdersArgument = None,
    *,
    state: Annotated[str, typer.Option(help=f"{LISTED_STATES}; default: open orders.")] = "",
    supplier: SupplierOption = "",
    group: GroupOption = "",
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Write the table here; default: on standard output.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent to Xero, as JSON; nothing is sent.")
    ] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Export orders, a row for each line, as CSV; or with --dry-run exactly what would be sent to Xero.

    Example: `stocktrim orders export --state approved --file orders.csv`
    """
    from pipelines.planning_settings.registry import global_settings, with_defaults
    from pipelines.purchasing.push import documents_of
    from pipelines.spreadsheets.formulas import all_guarded
    from pipelines.store.setting_changes import explicit_settings

    desk = desk_of(organisation)
    chosen = [desk.order(one) for one in order] if order else desk.chosen(
        order_filter(desk, states=states_of(state), supplier=supplier, group=group)
    )  # fmt: skip
    if dry_run:
        settings = global_settings(with_defaults(explicit_settings(desk.opened.store, desk.opened.key)))
        show_json(documents_of([one for one in chosen if one.lines], push_status=settings.push_status))
        return
    if as_json:
        show_json(_lines(chosen).to_dicts())
        return
    text = all_guarded(_lines(chosen)).write_csv()
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text(text, encoding="utf-8-sig", newline="")
    say(f"{len(chosen)} orders are in {file}.")


def _lines(orders: "list[Order]") -> "pl.DataFrame":
    """The lines of orders, a row for each."""
    import polars as pl

    columns = (
        "purchase_order_number", "state", "supplier_name", "order_date", "expected_arrival_date", "line_number",
        "product_code", "product_name", "supplier_product_code", "quantity", "price", "value", "currency", "note",
        "order_note", "approved_by", "number_in_xero",
    )  # fmt: skip
    rows = [
        (
            order.purchase_order_number, order.state.value, order.supplier_name, order.order_date.isoformat(),
            order.arrival_of(line).isoformat(), number, line.product_code, line.product_name,
            line.supplier_product_code, f"{line.quantity:f}", f"{line.sent_price:f}", f"{line.value:f}",
            order.currency, line.note, order.note, order.approved_by, order.pushed.number if order.pushed else "",
        )
        for order in orders
        for number, line in enumerate(order.lines, start=1)
    ]  # fmt: skip
    schema = {name: pl.Int64 if name == "line_number" else pl.String for name in columns}
    return pl.DataFrame(rows, schema=schema, orient="row")
