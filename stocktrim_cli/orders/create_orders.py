"""`stocktrim orders create`: orders of lines of the plan, or an empty one for a supplier.

Read more in docs/buyer/orders.md.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.orders.orders_options import (
    ReasonOption,
    SupplierOption,
    desk_of,
    products_of_group,
    say_sentences,
    show_decided,
)
from stocktrim_cli.plan_lines import LineFilter, chosen_lines
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.order_decisions.order_desk import OrderDesk
    from pipelines.purchasing.orders import Order


def create(
    product: Annotated[
        list[str] | None, typer.Argument(metavar="PRODUCT_CODE", help="Products of the plan; default: all to order.")
    ] = None,
    *,
    supplier: SupplierOption = "",
    status: Annotated[str, typer.Option(help="Lines of the plan with this status.")] = "",
    group: Annotated[str, typer.Option(metavar="NAME", help="Lines of products of this group.")] = "",
    empty: Annotated[bool, typer.Option("--empty", help="An order without lines, for --supplier.")] = False,
    currency: Annotated[str, typer.Option(metavar="CODE", help="With --empty: its currency, such as EUR.")] = "",
    by: ByOption = "",
    reason: ReasonOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Create orders from the newest plan or a part of it, one for each supplier; later plans keep them.

    Lines that a plan has drafted move to the new order. Lines on a draft that you keep stay there.

    Example: `stocktrim orders create --supplier "Supplier 03" --status order_now`
    """
    from pipelines.errors import UsageError
    from pipelines.organisations.order_decisions.orders_of_plan import orders_of_plan

    desk = desk_of(organisation)
    who = person(by)
    left_out: list[str] = []
    if empty:
        decided = _create_empty(
            desk, [*(product or []), *filter(None, [group])], supplier, status, currency, by=who, reason=reason
        )
    else:
        if currency:
            raise UsageError("--currency is for an order that is created with --empty.")
        wanted = _wanted(desk, product, LineFilter(status=status, supplier=supplier), group)
        made = orders_of_plan(desk.opened, wanted, desk.plan_source(), desk.known, by=who, reason=reason)
        decided, left_out = list(made.changed), list(made.left_out)
    show_decided(decided, desk, as_json=as_json)
    say_sentences(left_out)


def _create_empty(
    desk: "OrderDesk", product: list[str] | None, supplier: str, status: str, currency: str, *, by: str, reason: str
) -> "list[Order]":
    from pipelines.errors import UsageError
    from pipelines.organisations.order_decisions.order_creation import empty_order

    if product or status or not supplier:
        raise UsageError("An empty order is for a supplier: give --empty and --supplier alone, then add lines.")
    return [empty_order(desk, supplier, currency=currency, by=by, reason=reason)]


def _wanted(desk: "OrderDesk", product: list[str] | None, lines: LineFilter, group: str) -> "pl.DataFrame":
    """The lines of the newest plan that are wanted.

    Raises:
        UsageError: there is no plan, or it does not have a product.
    """
    import polars as pl

    from pipelines.errors import UsageError
    from pipelines.organisations.order_decisions.order_creation import lines_of_products

    if desk.order_plan.is_empty():
        raise UsageError("There is no plan yet: run `stocktrim plan`, or create an order with --empty --supplier.")
    wanted = chosen_lines(desk.order_plan, lines)
    if group:
        wanted = wanted.filter(pl.col("product_code").is_in(sorted(products_of_group(desk, group))))
    if not product:
        return wanted
    return wanted.filter(pl.col("product_code").is_in(lines_of_products(desk, product)["product_code"].to_list()))
