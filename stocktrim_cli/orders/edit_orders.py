"""`stocktrim orders add`, `change` and `drop`: the lines, dates and notes of a draft.

Read more in docs/buyer/orders.md.
"""

from typing import Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.orders.orders_options import (
    OrderArgument,
    ReasonOption,
    VersionOption,
    desk_of,
    show_decided,
)
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

ProductArgument = Annotated[str, typer.Argument(metavar="PRODUCT_CODE", help="The product.")]
CostOption = Annotated[str, typer.Option("--cost", metavar="MONEY", help="Price of a unit, in the order's currency.")]
ExpectedOption = Annotated[str, typer.Option("--expected", metavar="DATE", help="When it is expected, as YYYY-MM-DD.")]


def add(
    order: OrderArgument,
    product: ProductArgument,
    quantity: Annotated[str, typer.Argument(metavar="QUANTITY", help="Units to order.")],
    *,
    cost: CostOption = "",
    expected: ExpectedOption = "",
    even_if_drafted: Annotated[
        bool, typer.Option("--even-if-drafted", help="Add it even if another draft has the product.")
    ] = False,
    by: ByOption = "",
    reason: ReasonOption = "",
    version: VersionOption = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Add a product to a draft; later plans then keep the draft.

    Example: `stocktrim orders add 20260301-K7Q2MZ P-0002 24 --reason "a full pallet"`
    """
    from pipelines.organisations.order_decisions.order_edits import OrderEdit
    from pipelines.organisations.order_decisions.typed_values import read_cost, read_date, read_units

    desk = desk_of(organisation)
    who, units = person(by), read_units(quantity)
    decided = OrderEdit(desk, order, version, who, reason).add_line(
        product, units, unit_cost=read_cost(cost), arrival=read_date(expected), is_drafted_accepted=even_if_drafted
    )
    show_decided(decided, desk, as_json=as_json)


def change(
    order: OrderArgument,
    product: Annotated[
        str, typer.Argument(metavar="PRODUCT_CODE", help="The product; without one the order itself is changed.")
    ] = "",
    quantity: Annotated[
        str, typer.Argument(metavar="QUANTITY", help="The new quantity in units; 0 removes the line.")
    ] = "",
    *,
    cost: CostOption = "",
    expected: ExpectedOption = "",
    order_date: Annotated[
        str, typer.Option("--order-date", metavar="DATE", help="The order's date, as YYYY-MM-DD.")
    ] = "",
    note: Annotated[
        str | None, typer.Option("--note", help="A note for the supplier: of the product, else of the order.")
    ] = None,
    by: ByOption = "",
    reason: ReasonOption = "",
    version: VersionOption = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Change a draft: quantity, cost, date or note of a product, or the dates and the note of the order itself.

    Later plans then keep the draft, and `orders show` says what they would change.

    Example: `stocktrim orders change 20260301-K7Q2MZ P-0001 48`
    """
    from pipelines.errors import UsageError
    from pipelines.organisations.order_decisions.order_edits import OrderEdit
    from pipelines.organisations.order_decisions.typed_values import read_cost, read_date, read_units

    desk = desk_of(organisation)
    edit = OrderEdit(desk, order, version, person(by), reason)
    if product and order_date:
        raise UsageError("--order-date is of the whole order: leave the product out.")
    if not product and cost:
        raise UsageError("--cost is of a product: name the product after the order.")
    arrival = read_date(expected)
    if product:
        units = read_units(quantity) if quantity else None
        decided = edit.change_line(product, quantity=units, unit_cost=read_cost(cost), arrival=arrival, note=note)
    else:
        decided = edit.change_header(order_date=read_date(order_date), arrival=arrival, note=note)
    show_decided(decided, desk, as_json=as_json)


def drop(
    order: OrderArgument,
    product: ProductArgument,
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    version: VersionOption = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Remove a product from a draft; while the draft is open, no plan drafts the product again.

    Example: `stocktrim orders drop 20260301-K7Q2MZ P-0001 --reason "too dear"`
    """
    from pipelines.organisations.order_decisions.order_edits import OrderEdit

    desk = desk_of(organisation)
    show_decided(OrderEdit(desk, order, version, person(by), reason).drop_line(product), desk, as_json=as_json)
