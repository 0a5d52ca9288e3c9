"""`stocktrim orders advice`: what to do about the open orders, largest money first.

Read more in docs/buyer/exceptions.md.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.groups.group_options import of_products, products_in_group
from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    import polars as pl

SHOWN = {
    "purchase_order_number": "order",
    "line_number": "line",
    "product_code": "product",
    "supplier_name": "supplier",
    "advice": "advice",
    "quantity": "ordered",
    "advised_quantity": "units",
    "money_at_stake": "money at stake",
    "currency": "",
    "sentence": "why, and what to do",
}
NUMBERS = ("line", "ordered", "units", "money at stake")


def advice(
    *,
    supplier: Annotated[str, typer.Option(metavar="NAME", help="Only orders to this supplier.")] = "",
    product: Annotated[str, typer.Option(metavar="PRODUCT_CODE", help="Only this product.")] = "",
    group: Annotated[str, typer.Option(metavar="NAME", help="Only products of this group.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also the lines that arrive as needed.")] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show what to do about open orders: expedite, receive or re-date, cancel, postpone; with the money at stake.

    Example: `stocktrim orders advice --supplier "Supplier 07"`
    """
    from pipelines.replenishment.open_orders.advice_words import advice_in_words

    lines = chosen(published_advice(organisation), supplier=supplier, product=product, every=every)
    lines = of_products(lines, products_in_group(organisation, group))
    if as_json:
        show_json(lines.to_dicts())
        return
    show_table(
        f"Open orders of {organisation}", list(SHOWN.values()), lines.select(list(SHOWN)).rows(), numbers=NUMBERS
    )
    out.print(advice_in_words(lines) or "Every open order arrives when it is needed.", markup=False)
    if lines.height and not every:
        out.print(f"Next: {command_for(organisation, 'orders advice --all')} lists every open line.", markup=False)


def published_advice(organisation: str) -> "pl.DataFrame":
    """The advice of the newest plan.

    Raises:
        UsageError: there is no plan yet.
    """
    from pipelines.errors import UsageError
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    found, plans = read_published(folder, tables.OPEN_ORDER_ADVICE, tables.PLAN_SUMMARY)
    if plans.is_empty():
        raise UsageError(f"There is no plan yet: {command_for(organisation, 'plan')} makes it.")
    return found


def chosen(lines: "pl.DataFrame", *, supplier: str, product: str, every: bool) -> "pl.DataFrame":
    """The lines of a supplier, of a product, and of those that need a person; of all with `every`.

    Raises:
        UsageError: no open order is to this supplier, or none is for this product.
    """
    import polars as pl

    from stocktrim_cli.plan_lines import known_name

    if supplier:
        lines = lines.filter(pl.col("supplier_name") == known_name("supplier", supplier, lines["supplier_name"]))
    if product:
        lines = lines.filter(pl.col("product_code") == known_name("product", product, lines["product_code"]))
    return lines if every else lines.filter(pl.col("advice") != "none")
