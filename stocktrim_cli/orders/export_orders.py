"""`stocktrim orders export`: orders as a file for a spreadsheet, or exactly what would be sent to Xero.

Read more in docs/buyer/orders.md.
"""

import sys
from pathlib import Path
from typing import Annotated

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
    from pipelines.organisations.order_decisions.order_summaries import documents_to_send, order_lines
    from pipelines.spreadsheets.formulas import all_guarded

    desk = desk_of(organisation)
    chosen = [desk.order(one) for one in order] if order else desk.chosen(
        order_filter(desk, states=states_of(state), supplier=supplier, group=group)
    )  # fmt: skip
    if dry_run:
        show_json(documents_to_send(desk, chosen))
        return
    if as_json:
        show_json(order_lines(chosen).to_dicts())
        return
    text = all_guarded(order_lines(chosen)).write_csv()
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text(text, encoding="utf-8-sig", newline="")
    say(f"{len(chosen)} orders are in {file}.")
