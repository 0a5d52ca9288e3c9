"""`stocktrim orders add`, `change` and `drop`: the lines, dates and notes of a draft.

Read more in docs/buyer/orders.md.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.orders.orders_options import (
    OrderArgument,
    ReasonOption,
    VersionOption,
    desk_of,
    read_cost,
    read_date,
    read_units,
    seen_order,
    show_decided,
)
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from pipelines.organisations.order_desk import OrderDesk
    from pipelines.purchasing.events import Event
    from pipelines.purchasing.orders import Order

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
    from pipelines.purchasing.order_changes.line_edits import add_line

    desk = desk_of(organisation)
    who, units = person(by), read_units(quantity)
    found = seen_order(desk, order, version)
    line = desk.products.line(found, product, units, unit_cost=read_cost(cost), arrival=read_date(expected))
    event = add_line(
        found,
        line,
        by=who,
        at=desk.opened.now(),
        is_divisible=desk.products.is_divisible(line.product_code),
        reason=reason,
    )

    def decide(orders: "list[Order]") -> "list[Event]":
        if not even_if_drafted:
            desk.check_not_drafted(found, line.product_code, orders)
        return [event]

    decided = desk.opened.ledger.decide(decide, seen={found.order_id: found.sequence})
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
    desk = desk_of(organisation)
    who = person(by)
    found = seen_order(desk, order, version)
    if product:
        event = _changed_line(
            desk, found, product, quantity, cost=cost, expected=expected, order_date=order_date, note=note, by=who,
            reason=reason,
        )  # fmt: skip
    else:
        event = _changed_header(
            desk, found, cost=cost, expected=expected, order_date=order_date, note=note, by=who, reason=reason
        )
    show_decided([desk.opened.ledger.append(event)], desk, as_json=as_json)


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
    from pipelines.purchasing.order_changes.line_edits import drop_line

    desk = desk_of(organisation)
    who = person(by)
    found = seen_order(desk, order, version)
    event = drop_line(found, product_code=product, by=who, at=desk.opened.now(), reason=reason)
    show_decided([desk.opened.ledger.append(event)], desk, as_json=as_json)


def _changed_line(
    desk: "OrderDesk",
    order: "Order",
    product: str,
    quantity: str,
    *,
    cost: str,
    expected: str,
    order_date: str,
    note: str | None,
    by: str,
    reason: str,
) -> "Event":
    from pipelines.errors import UsageError
    from pipelines.purchasing.order_changes.line_edits import change_line, line_of

    if order_date:
        raise UsageError("--order-date is of the whole order: leave the product out.")
    line = line_of(order, product)
    code, units, price = line.product_code, read_units(quantity) if quantity else None, read_cost(cost)
    if price is None and units is not None:
        price = desk.products.cost_at(order, line, units)
    return change_line(
        order, product_code=code, quantity=units, unit_cost=price,
        expected_arrival_date=read_date(expected), note=note, by=by, at=desk.opened.now(),
        is_divisible=desk.products.is_divisible(code), reason=reason,
    )  # fmt: skip


def _changed_header(
    desk: "OrderDesk",
    order: "Order",
    *,
    cost: str,
    expected: str,
    order_date: str,
    note: str | None,
    by: str,
    reason: str,
) -> "Event":
    from pipelines.errors import UsageError
    from pipelines.purchasing.order_changes.line_edits import change_header

    if cost:
        raise UsageError("--cost is of a product: name the product after the order.")
    return change_header(
        order, order_date=read_date(order_date), expected_arrival_date=read_date(expected), note=note, by=by,
        at=desk.opened.now(), reason=reason,
    )  # fmt: skip
