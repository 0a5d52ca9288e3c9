"""`stocktrim orders approve`, `reject` and `reopen`: a person decides on one order or on many.

Read more in docs/buyer/orders.md.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.orders.orders_options import (
    GroupOption,
    OrderArgument,
    OrdersArgument,
    ReasonOption,
    SupplierOption,
    VersionOption,
    YesOption,
    ask_before,
    desk_of,
    order_filter,
    say_sentences,
    show_decided,
    show_orders,
    show_total,
)
from stocktrim_cli.output import out, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from pipelines.organisations.order_decisions.order_approvals import NotApprovedError
    from pipelines.organisations.order_decisions.order_desk import OrderDesk
    from pipelines.purchasing.orders import Order

EveryOption = Annotated[bool, typer.Option("--all", help="All drafts.")]


def approve(
    order: OrdersArgument = None,
    *,
    supplier: SupplierOption = "",
    group: GroupOption = "",
    every: EveryOption = False,
    by: ByOption = "",
    even_if_stale: Annotated[bool, typer.Option("--even-if-stale", help="Send it even if its data are old.")] = False,
    even_if_below_minimum: Annotated[
        bool, typer.Option("--even-if-below-minimum", help="Approve it below the supplier's minimum order value.")
    ] = False,
    yes: YesOption = False,
    version: VersionOption = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Approve orders as they are: they will be sent to Xero. Of many all are approved, or none.

    Above the setting approval_limit a second, different person approves too.

    Example: `stocktrim orders approve 20260301-K7Q2MZ --by anna`
    """
    from pipelines.errors import UsageError
    from pipelines.organisations.order_decisions.order_approvals import NotApprovedError, approve_orders

    desk = desk_of(organisation)
    who = person(by)
    chosen = _chosen(desk, order, supplier=supplier, group=group, every=every, version=version)

    def ask() -> None:
        if _is_many(order):
            _show_many("To be approved", chosen, desk, as_json=as_json)
            ask_before(f"Approve these {len(chosen)} orders?", yes=yes)

    try:
        approved = approve_orders(
            desk, chosen, by=who, is_stale_accepted=even_if_stale, is_below_minimum_accepted=even_if_below_minimum,
            ask=ask,
        )  # fmt: skip
    except NotApprovedError as refused:
        _show_refused(refused)
        if even_if_below_minimum or not any(one.is_below_minimum for one, _ in refused.refused):
            raise
        raise UsageError(f"{refused} Add --even-if-below-minimum for that.") from None
    show_decided(approved.orders, desk, as_json=as_json)
    say_sentences([*approved.notes, *approved.waiting])
    if not as_json and approved.to_be_sent:
        out.print(f"Next: {command_for(organisation, 'orders send')}", markup=False)


def reject(
    order: OrdersArgument = None,
    *,
    supplier: SupplierOption = "",
    group: GroupOption = "",
    every: EveryOption = False,
    by: ByOption = "",
    reason: ReasonOption = "",
    yes: YesOption = False,
    version: VersionOption = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Reject orders, before they are sent. Of many all are rejected, or none.

    Example: `stocktrim orders reject 20260301-K7Q2MZ --reason "enough for the season"`
    """
    from pipelines.organisations.order_decisions.order_edits import reject_orders

    desk = desk_of(organisation)
    who = person(by)
    chosen = _chosen(desk, order, supplier=supplier, group=group, every=every, version=version)

    def ask() -> None:
        if _is_many(order):
            _show_many("To be rejected", chosen, desk, as_json=as_json)
            ask_before(f"Reject these {len(chosen)} orders?", yes=yes)

    show_decided(reject_orders(desk, chosen, by=who, reason=reason, ask=ask), desk, as_json=as_json)


def reopen(
    order: OrderArgument,
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    version: VersionOption = 0,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Make a draft again of an approved, rejected or refused order that is surely not in Xero.

    Example: `stocktrim orders reopen 20260301-K7Q2MZ --reason "one more line"`
    """
    from pipelines.organisations.order_decisions.order_edits import OrderEdit

    desk = desk_of(organisation)
    show_decided(OrderEdit(desk, order, version, person(by), reason).reopen(), desk, as_json=as_json)


def _chosen(
    desk: "OrderDesk", order_ids: Sequence[str] | None, *, supplier: str, group: str, every: bool, version: int
) -> "list[Order]":
    """The orders that a person decides on: those named, else the drafts that a filter finds.

    Raises:
        UsageError: nothing is named, or both are, or no draft is found.
    """
    from pipelines.errors import UsageError
    from pipelines.organisations.order_decisions.order_edits import seen_order
    from pipelines.purchasing.orders import OrderState

    is_filtered = bool(supplier or group or every)
    if bool(order_ids) == is_filtered:
        raise UsageError("Name orders, or choose drafts with --supplier, --group or --all.")
    if order_ids:
        if version and len(order_ids) > 1:
            raise UsageError("--if-version is for a single order.")
        found = {one.order_id: one for one in (seen_order(desk, order_id, version) for order_id in order_ids)}
        return list(found.values())
    states: tuple[OrderState, ...] = (OrderState.DRAFT,)
    drafts = [
        one for one in desk.chosen(order_filter(desk, states=states, supplier=supplier, group=group)) if one.lines
    ]
    if not drafts:
        raise UsageError("No draft meets these conditions; `stocktrim orders list` lists the open orders.")
    return [desk.recorded[one.order_id] for one in drafts]


def _is_many(order_ids: Sequence[str] | None) -> bool:
    return not order_ids or len(order_ids) > 1


def _show_many(title: str, orders: "Sequence[Order]", desk: "OrderDesk", *, as_json: bool) -> None:
    if not as_json:
        show_orders(title, orders, desk)
        show_total(orders)


def _show_refused(refused: "NotApprovedError") -> None:
    if refused.chosen > 1:
        rows = [[order.purchase_order_number, order.supplier_name, why] for order, why in refused.refused]
        show_table("Cannot be approved", ["order", "supplier", "why"], rows)
