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
    show_decided,
)
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from decimal import Decimal

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
    from pipelines.organisations.order_decisions.order_edits import OrderEdit

    desk = desk_of(organisation)
    edit = OrderEdit(desk, order, 0, person(by), reason)
    show_decided(edit.merge([(one, 0) for one in other]), desk, as_json=as_json)


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
    from pipelines.organisations.order_decisions.order_edits import OrderEdit
    from pipelines.purchasing.current_names import with_current_names

    desk = desk_of(organisation)
    edit = OrderEdit(desk, order, version, person(by), reason)
    found = with_current_names(edit.order, desk.known)
    moves: dict[str, Decimal | None] = {}
    for text in product:
        code, units = _move(found, text)
        if code in moves:
            raise UsageError(f"{code} is named twice: say once how many units of it move.")
        moves[code] = units
    show_decided(edit.split(moves), desk, as_json=as_json)


def _move(order: "Order", text: str) -> "tuple[str, Decimal | None]":
    """The product that moves, and how many units of it, None for all; a code may have an equals sign in it."""
    from pipelines.organisations.order_decisions.typed_values import read_units
    from pipelines.product_codes import find_product
    from pipelines.purchasing.order_changes.line_edits import line_of

    whole = find_product((line.product_code for line in order.lines), text)
    if whole is not None:
        return whole, None
    code, equals, units = text.rpartition("=")
    if not equals:
        return line_of(order, text).product_code, None
    return line_of(order, code).product_code, read_units(units)
