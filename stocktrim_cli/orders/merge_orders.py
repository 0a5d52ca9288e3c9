"""`stocktrim orders merge` and `split`: lines move between drafts, no unit lost or counted twice.

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
    read_units,
    seen_order,
    show_decided,
)
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from decimal import Decimal

    from pipelines.organisations.order_desk import OrderDesk
    from pipelines.purchasing.orders import Order


def merge(
    order: OrderArgument,
    other: Annotated[list[str], typer.Argument(metavar="OTHER", help="The drafts that it takes the lines of.")],
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Merge drafts to the same supplier into the first one, which keeps its number; the others end.

    Example: `stocktrim orders merge 20260301-K7Q2MZ 20260301-A2B3C4 --reason "one parcel"`
    """
    from pipelines.purchasing.current_names import with_current_names
    from pipelines.purchasing.order_changes.merging import merge as merged

    desk = desk_of(organisation)
    who = person(by)
    found = [with_current_names(seen_order(desk, one), desk.known) for one in (order, *other)]
    events = merged(found[0], found[1:], by=who, at=desk.opened.now(), reason=reason)
    show_decided(desk.opened.ledger.append_all(events), desk, as_json=as_json)


def split(
    order: OrderArgument,
    product: Annotated[
        list[str],
        typer.Argument(metavar="PRODUCT_CODE[=UNITS]", help="What moves to the new order: a line, or units of it."),
    ],
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    version: VersionOption = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Split a draft: lines, or a part of their units, move to a new draft to the same supplier.

    Example: `stocktrim orders split 20260301-K7Q2MZ P-0001=24 P-0002 --reason "half by air"`
    """
    from pipelines.errors import UsageError
    from pipelines.purchasing.current_names import with_current_names
    from pipelines.purchasing.order_changes.splitting import split as divided
    from pipelines.purchasing.orders import new_order_id

    desk = desk_of(organisation)
    who = person(by)
    found = with_current_names(seen_order(desk, order, version), desk.known)
    moves: dict[str, Decimal | None] = {}
    for text in product:
        code, units = _move(desk, found, text)
        if code in moves:
            raise UsageError(f"{code} is named twice: say once how many units of it move.")
        moves[code] = units
    events = divided(
        found, moves, new_id=new_order_id(desk.opened.today()), by=who, at=desk.opened.now(), reason=reason
    )
    show_decided(desk.opened.ledger.append_all(events), desk, as_json=as_json)


def _move(desk: "OrderDesk", order: "Order", text: str) -> "tuple[str, Decimal | None]":
    """The product that moves, and how many units of it, None for all; a code may have an equals sign in it."""
    from pipelines.product_codes import find_product
    from pipelines.purchasing.order_changes.line_edits import check_quantity, line_of

    whole = find_product((line.product_code for line in order.lines), text)
    if whole is not None:
        return whole, None
    code, equals, units = text.rpartition("=")
    if not equals:
        return line_of(order, text).product_code, None
    found, quantity = line_of(order, code).product_code, read_units(units)
    check_quantity(quantity, found, is_divisible=desk.products.is_divisible(found))
    return found, quantity
