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
    seen_order,
    show_decided,
    show_orders,
    show_total,
)
from stocktrim_cli.output import out, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from pipelines.organisations.order_desk import Approvals, OrderDesk
    from pipelines.purchasing.events import Event
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
    desk = desk_of(organisation)
    who = person(by)
    chosen = _chosen(desk, order, supplier=supplier, group=group, every=every, version=version)
    found = desk.approvals(
        chosen, by=who, is_stale_accepted=even_if_stale, is_below_minimum_accepted=even_if_below_minimum
    )
    _check_none_refused(found, chosen)
    if _is_many(order):
        _show_many("To be approved", chosen, desk, as_json=as_json)
        ask_before(f"Approve these {len(chosen)} orders?", yes=yes)
    decided = desk.opened.ledger.append_all(found.events)
    show_decided(decided, desk, as_json=as_json)
    say_sentences(found.notes)
    say_sentences(f"{one.purchase_order_number}: {why}" for one in decided if (why := _waiting(desk, one)))
    if not as_json and any(one.state.value == "approved" and not one.awaits_second_approval for one in decided):
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
    from pipelines.purchasing.transitions import reject as rejected

    desk = desk_of(organisation)
    who = person(by)
    chosen = _chosen(desk, order, supplier=supplier, group=group, every=every, version=version)
    events = [rejected(one, by=who, at=desk.opened.now(), reason=reason) for one in chosen]
    if _is_many(order):
        _show_many("To be rejected", chosen, desk, as_json=as_json)
        ask_before(f"Reject these {len(chosen)} orders?", yes=yes)
    show_decided(desk.opened.ledger.append_all(events), desk, as_json=as_json)


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
    from pipelines.purchasing.remarks import check_not_drafted_since
    from pipelines.purchasing.transitions import reopen as reopened

    desk = desk_of(organisation)
    who = person(by)
    found = seen_order(desk, order, version)

    def decide(orders: "list[Order]") -> "Sequence[Event]":
        check_not_drafted_since(found, orders)
        return [reopened(found, by=who, at=desk.opened.now(), reason=reason)]

    seen = {found.order_id: found.sequence}
    show_decided(desk.opened.ledger.decide(decide, seen=seen), desk, as_json=as_json)


def _chosen(
    desk: "OrderDesk", order_ids: Sequence[str] | None, *, supplier: str, group: str, every: bool, version: int
) -> "list[Order]":
    """The orders that a person decides on: those named, else the drafts that a filter finds.

    Raises:
        UsageError: nothing is named, or both are, or no draft is found.
    """
    from pipelines.errors import UsageError
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


def _check_none_refused(found: "Approvals", chosen: "Sequence[Order]") -> None:
    """Check that all orders can be approved.

    Raises:
        UsageError: some cannot, so none is.
    """
    from pipelines.errors import UsageError

    if not found.refused:
        return
    if len(chosen) == 1:
        raise UsageError(found.refused[0][1])
    rows = [[order.purchase_order_number, order.supplier_name, why] for order, why in found.refused]
    show_table("Cannot be approved", ["order", "supplier", "why"], rows)
    raise UsageError(f"{len(rows)} of {len(chosen)} orders cannot be approved, so none is: see the table.")


def _waiting(desk: "OrderDesk", order: "Order") -> str:
    """Why an order waits for its second approval; empty if it does not."""
    return desk.rule.remark(order) if order.awaits_second_approval else ""
