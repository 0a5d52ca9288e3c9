"""Orders by supplier as money decides them: minimums, waiting, and what the spend cap leaves out.

What belongs here: showing the tables `supplier_orders` and `order_adjustments` of the newest plan. What does not:
deciding (`pipelines/replenishment/supplier_orders`).
Read more in docs/buyer/minimums-and-budget.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.groups.group_options import of_products, products_in_group
from stocktrim_cli.output import counted, out, say, show_json, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    import polars as pl

MOST_LEFT_OUT = 20
NAMED = 5
ORDERS = {
    "supplier_name": "supplier", "currency": "currency", "lines": "lines", "natural_value": "needed",
    "kept_value": "on kept drafts",
    "minimum_order_value": "minimum", "decision": "decision", "adding_units": "units to add",
    "adding_cost": "adding costs", "wait_until_date": "wait until", "waiting_cost": "waiting costs",
    "left_out_value": "left out", "order_value": "order",
}  # fmt: skip
LEFT_OUT = {
    "product_code": "product", "supplier_name": "supplier", "quantity_before": "needed", "quantity_after": "ordered",
    "units_short": "units short", "margin_lost": "margin lost", "currency": "currency",
}  # fmt: skip
_TEXT = ("supplier", "product", "currency", "decision", "wait until")


def suppliers(
    *,
    group: Annotated[
        str, typer.Option(metavar="NAME", help="Only suppliers with an order of products of this group; orders whole.")
    ] = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show the newest plan by supplier: minimums, waiting, and what the spend cap leaves out.

    Example: `stocktrim plan suppliers --json`
    """
    orders, adjustments = read_money(organisation)
    if group:
        orders, adjustments = _of_group(organisation, group, orders, adjustments)
    if as_json:
        show_json({"supplier_orders": orders.to_dicts(), "order_adjustments": adjustments.to_dicts()})
        return
    if orders.is_empty():
        out.print(f"The newest plan orders nothing{' of this group' if group else ''}.", markup=False)
        return
    _show(f"Orders of {counted(orders.height, 'supplier')}", orders, ORDERS)
    show_money(orders, adjustments, organisation=organisation, most=adjustments.height)
    say_what_drafts_come_to(organisation)


def _of_group(
    organisation: str, group: str, orders: "pl.DataFrame", adjustments: "pl.DataFrame"
) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """The orders that products of a group are on or are held back from, and what was changed of these products."""
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    codes = products_in_group(organisation, group)
    (order_plan,) = read_published(read_settings().organisation_folder(organisation), tables.ORDER_PLAN)
    lines = of_products(order_plan.filter(order_plan["quantity_after_cap"] > 0), codes)
    changed = of_products(adjustments, codes)
    keys = ["supplier_id", "currency"]
    meant = lines.select(keys).vstack(changed.select(keys))
    return orders.join(meant, on=keys, how="semi", maintain_order="left"), changed


def read_money(organisation: str) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """The published tables of orders by supplier, and of what their minimums and the spend cap changed."""
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    orders, adjustments = read_published(folder, tables.SUPPLIER_ORDERS, tables.ORDER_ADJUSTMENTS)
    return orders, adjustments


def show_money(
    orders: "pl.DataFrame", adjustments: "pl.DataFrame", *, organisation: str, most: int = MOST_LEFT_OUT
) -> None:
    """Print a sentence for each order below its minimum, and a table of what the spend cap leaves out."""
    from pipelines.replenishment.supplier_orders.order_sentences import order_sentence
    from pipelines.replenishment.supplier_orders.order_tables import left_out_lines

    for order in orders.iter_rows(named=True):
        if sentence := order_sentence(order):
            say(f"{order['supplier_name'] or order['supplier_id']}: {sentence}")
    left_out = left_out_lines(adjustments)
    if left_out.is_empty():
        return
    shown = left_out.head(most)
    _show(f"Left out by the spend cap: {_of(shown.height, left_out.height)}", shown, LEFT_OUT)
    if shown.height < left_out.height:
        say(f"{command_for(organisation, 'plan suppliers')} shows all of them.")


def say_what_drafts_come_to(organisation: str) -> None:
    """Print what all drafts come to beside the spend cap, and which orders are split over several drafts."""
    from pipelines.purchasing.draft_totals import drafts_beside_cap, split_orders
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    drafts, order_plan, summaries = read_published(
        folder, tables.PURCHASE_ORDER_DRAFTS, tables.ORDER_PLAN, tables.PLAN_SUMMARY
    )
    its_own = summaries.filter(plan_id=str(order_plan["plan_id"].first() or ""))
    beside = drafts_beside_cap(drafts, order_plan, next(its_own.tail(1).iter_rows(named=True), {}))
    for sentence in filter(None, [beside, *split_orders(drafts)]):
        say(sentence)


def say_what_is_not_counted(
    order_plan: "pl.DataFrame", summary: dict[str, Any], *, organisation: str = DEFAULT_ORGANISATION, budget: str = ""
) -> None:
    """Print what the spend cap did, how to keep a budget, and which ordered products it could not count."""
    import polars as pl

    from pipelines.replenishment.supplier_orders.order_sentences import cap_sentence

    sentence = cap_sentence(summary)
    if not sentence:
        return
    say(sentence)
    if budget:
        say(
            f"The budget is for this plan only: the next scheduled plan makes these drafts anew without it. "
            f"{command_for(organisation, f'settings set spend_cap {budget}')} keeps it."
        )
    is_unknown = ~(pl.col("unit_cost") > 0).fill_null(value=False) | pl.col("currency_rate").is_null()
    unknown = order_plan.filter((pl.col("order_quantity") > 0) & is_unknown)["product_code"]
    if unknown.len():
        say(
            f"{counted(unknown.len(), 'product')} without a cost or an exchange rate {_is_or_are(unknown.len())} "
            f"ordered outside of the cap: {', '.join(unknown.head(NAMED))}{', ...' if unknown.len() > NAMED else ''}."
        )


def _is_or_are(count: int) -> str:
    return "is" if count == 1 else "are"


def _of(shown: int, count: int) -> str:
    return counted(count, "product") if shown == count else f"the {shown} dearest of {counted(count, 'product')}"


def _show(title: str, frame: "pl.DataFrame", columns: dict[str, str]) -> None:
    headings = list(columns.values())
    numbers = [heading for heading in headings if heading not in _TEXT]
    show_table(title, headings, frame.select(list(columns)).rows(), numbers=numbers)
