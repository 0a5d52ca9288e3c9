"""`stocktrim orders`: list, change, approve, reject and send orders.

Read more in docs/operations.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import decimals_of, out, say, show_json, show_table, text_of
from stocktrim_cli.runs import MINUS_IS_A_VALUE, JsonOption, run_job
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipelines.identities import Identities
    from pipelines.organisations.open_organisation import OpenOrganisation
    from pipelines.purchasing.orders import Order
    from pipelines.purchasing.xero_changes import XeroChanges

orders = typer.Typer(help="List, change, approve, reject and send orders.", no_args_is_help=True)

OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help="The order's number or id.")]


@orders.command(name="list")
def list_orders(
    *,
    state: Annotated[str, typer.Option(help="draft, approved, sending, sent, failed, rejected or superseded.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also orders that were sent, rejected or superseded.")] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """List open orders (draft, approved, sending, failed), or the orders of one state.

    Example: `stocktrim orders list --state sent`
    """
    from pipelines.errors import UsageError
    from pipelines.purchasing.orders import OrderState
    from pipelines.purchasing.remarks import OPEN_STATES

    if state and state not in set(OrderState):
        raise UsageError(f"{state!r} is not a state; choose from {', '.join(OrderState)}.")
    wanted = {OrderState(state)} if state else set(OrderState) if every else set(OPEN_STATES)
    opened = _open(organisation)
    remarks_of = _remarks(opened)
    found = [order for order in opened.ledger.orders() if order.state in wanted]
    if as_json:
        show_json([_summary(order, remarks_of(order)) for order in found])
        return
    columns = ["order", "state", "supplier", "lines", "value", "currency", "expected", "remark"]
    rows = [
        [
            order.purchase_order_number, order.state.value, order.supplier_name, len(order.lines), order.value,
            order.currency, order.expected_arrival_date, _remark(order, remarks_of(order)),
        ]
        for order in found
    ]  # fmt: skip
    show_table(f"Orders of {organisation}", columns, rows, numbers=["lines", "value"])


@orders.command()
def show(
    order: OrderArgument, *, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False
) -> None:
    """Show an order: its lines and its history.

    Example: `stocktrim orders show 20260301-K7Q2MZ`
    """
    from pipelines.purchasing.orders import fold

    opened = _open(organisation)
    history = opened.ledger.history(order)
    found = fold(history)
    sentences = _remarks(opened)(found)
    past = [{"at": event.at, "by": event.by, "event": type(event).__name__} for event in history]
    if as_json:
        show_json({**_summary(found, sentences), "history": past})
        return
    show_table(
        f"{found.purchase_order_number}: {found.supplier_name}, {found.state.value}, "
        f"{text_of(found.value)} {found.currency}",
        ["product", "name", "quantity", "price", "value", "expected"],
        [
            [line.product_code, line.description, decimals_of(line.quantity), decimals_of(line.sent_price, least=2),
             line.value, found.arrival_of(line)]
            for line in found.lines
        ],
        numbers=["quantity", "price", "value"],
    )  # fmt: skip
    show_table("History", ["at", "by", "event"], [list(event.values()) for event in past])
    for sentence in sentences:
        say(f"{sentence[0].upper()}{sentence[1:]}.")


@orders.command()
def approve(
    order: OrderArgument,
    *,
    by: ByOption = "",
    even_if_stale: Annotated[bool, typer.Option("--even-if-stale", help="Send it even if its data are old.")] = False,
    even_if_below_minimum: Annotated[
        bool, typer.Option("--even-if-below-minimum", help="Approve it below the supplier's minimum order value.")
    ] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Approve an order as it is: it will be sent to Xero.

    Example: `stocktrim orders approve 20260301-K7Q2MZ --by anna`
    """
    from pipelines.purchasing.current_names import with_current_names
    from pipelines.purchasing.remarks import check_not_ordered_twice
    from pipelines.purchasing.transitions import approve as approved
    from pipelines.purchasing.xero_changes import check_can_be_approved
    from pipelines.store.identity_history import identities_of

    opened = _open(organisation)
    found = opened.ledger.order(order)
    known = identities_of(opened.store, opened.key)
    current = [with_current_names(listed, known) for listed in opened.ledger.orders()]
    check_not_ordered_twice(with_current_names(found, known), current)
    changes = _changes_now(opened, found, known)
    check_can_be_approved(found, changes)
    event = approved(
        found, by=person(by), at=opened.now(), is_stale_accepted=even_if_stale,
        is_below_minimum_accepted=even_if_below_minimum, supplier=changes.supplier,
        renamed_products=changes.renamed_products,
    )  # fmt: skip
    _show_decided(opened.ledger.append(event), as_json=as_json)
    for sentence in changes.notes:
        say(f"{sentence[0].upper()}{sentence[1:]}.")
    if not as_json:
        out.print(f"Next: {command_for(organisation, 'orders send')}", markup=False)


@orders.command()
def reject(
    order: OrderArgument,
    *,
    by: ByOption = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Reject an order, before it is sent.

    Example: `stocktrim orders reject 20260301-K7Q2MZ --reason "enough for the season"`
    """
    from pipelines.purchasing.transitions import reject as rejected

    opened = _open(organisation)
    event = rejected(opened.ledger.order(order), by=person(by), at=opened.now(), reason=reason)
    _show_decided(opened.ledger.append(event), as_json=as_json)


@orders.command(context_settings=MINUS_IS_A_VALUE)
def change(
    order: OrderArgument,
    product: Annotated[str, typer.Argument(metavar="PRODUCT_CODE", help="The product.")],
    quantity: Annotated[str, typer.Argument(metavar="QUANTITY", help="The new quantity in units; 0 removes the line.")],
    *,
    by: ByOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Change a quantity on a draft; later plans then keep the draft.

    Example: `stocktrim orders change 20260301-K7Q2MZ P-0001 48`
    """
    from decimal import Decimal, InvalidOperation

    from pipelines.errors import UsageError
    from pipelines.purchasing.order_changes.line_edits import change_line

    try:
        units = Decimal(quantity)
    except InvalidOperation:
        raise UsageError(f"{quantity!r} is not a quantity: give a number of units, or 0 to remove the line.") from None
    opened = _open(organisation)
    event = change_line(
        opened.ledger.order(order), product_code=product, quantity=units, by=person(by), at=opened.now()
    )
    _show_decided(opened.ledger.append(event), as_json=as_json)


@orders.command()
def send(*, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False) -> None:
    """Send the approved orders to Xero now; the sensor in Dagster does it automatically.

    Example: `stocktrim orders send --organisation acme`
    """
    from pipelines.purchasing.orders import OrderState

    opened = _open(organisation)
    before = {order.order_id for order in opened.ledger.orders(OrderState.APPROVED, OrderState.SENDING)}
    run_job("send_approved_orders", organisation=organisation)
    after = [order for order in opened.ledger.orders() if order.order_id in before]
    remarks_of = _remarks(opened)
    if as_json:
        show_json([_summary(order, remarks_of(order)) for order in after])
    elif not after:
        out.print("No approved order is waiting to be sent.", markup=False)
    else:
        for order in after:
            remark = _remark(order, remarks_of(order)) or order.state.value
            out.print(f"{order.purchase_order_number} ({order.state.value}): {remark}", markup=False)
    _check_all_sent(after, organisation)


def _remark(order: "Order", sentences: "Iterable[str]") -> str:
    """The sentences about an order beside its number, which they need not repeat."""
    return "; ".join(sentences).removeprefix(f"{order.purchase_order_number} ")


def _check_all_sent(orders: "list[Order]", organisation: str) -> None:
    """Check that every order was sent.

    Raises:
        OutcomesUnknownError: it is not yet known whether Xero accepted some.
        PlannerError: some were not sent.
    """
    from pipelines.errors import PlannerError
    from pipelines.purchasing.orders import OrderState
    from pipelines.purchasing.push import OutcomesUnknownError

    unknown = sum(order.state is OrderState.SENDING for order in orders)
    unsent = sum(order.state not in {OrderState.SENDING, OrderState.SENT} for order in orders)
    why = command_for(organisation, "orders show ORDER")
    sentence = f"{unsent} of {len(orders)} orders were not sent; {why} says why." if unsent else ""
    if unknown:
        raise OutcomesUnknownError(
            f"It is not yet known whether Xero accepted {unknown} of {len(orders)} orders. Do not enter them by hand: "
            f"the next run ({command_for(organisation, 'orders send')}, or the sensor) finds out. {sentence}".strip()
        )
    if unsent:
        raise PlannerError(sentence)


def _remarks(opened: "OpenOrganisation") -> "Callable[[Order], list[str]]":
    """A function that returns what a person should know about an order now."""
    from pipelines.purchasing.current_names import with_current_names
    from pipelines.purchasing.remarks import remarks
    from pipelines.purchasing.xero_changes import changes_in_xero
    from pipelines.store.identity_history import identities_of

    is_stale = opened.stale_order()
    known, untracked = identities_of(opened.store, opened.key), _untracked(opened)
    others = [with_current_names(order, known) for order in opened.ledger.orders()]
    since_sent = _since_sent(opened)
    return lambda order: remarks(
        with_current_names(order, known), is_stale=is_stale, others=others,
        changes=changes_in_xero(order, known, untracked=untracked),
        since_sent=since_sent.get(order.purchase_order_number, ""),
    )  # fmt: skip


def _since_sent(opened: "OpenOrganisation") -> dict[str, str]:
    """What the last load found about sent orders that were deleted in Xero or are missing there, by number."""
    from pipelines.purchasing.remarks import GONE_FROM_XERO
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    readiness = published_or_empty(opened.folder, tables.XERO_READINESS)
    gone = readiness.filter(readiness["problem"].is_in(GONE_FROM_XERO))
    return dict(gone.select("document_number", "effect").iter_rows())


def _changes_now(opened: "OpenOrganisation", order: "Order", known: "Identities") -> "XeroChanges":
    """What changed in Xero about an order: the products by the last load, the supplier as Xero answers now."""
    from pipelines.errors import XeroError
    from pipelines.purchasing.xero_changes import changes_in_xero, with_supplier_as_it_is

    try:
        known = with_supplier_as_it_is(known, order, opened.client(), at=opened.now())
    except XeroError as error:
        say(f"Xero did not answer about the supplier, so its state of the last load is used. {error}")
    return changes_in_xero(order, known, untracked=_untracked(opened))


def _untracked(opened: "OpenOrganisation") -> set[str]:
    """The codes of the items whose stock Xero does not track."""
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    products = published_or_empty(opened.folder, tables.PRODUCTS)
    return set(products.filter(~products["is_tracked"])["product_code"].to_list())


def _open(organisation: str) -> "OpenOrganisation":
    from pipelines.organisations.open_organisation import open_organisation
    from pipelines.settings import read_settings

    return open_organisation(read_settings(), organisation)


def _show_decided(order: "Order", *, as_json: bool) -> None:
    if as_json:
        show_json(_summary(order))
    else:
        amount = f"{text_of(order.value)} {order.currency}"
        out.print(f"{order.purchase_order_number}: {order.state.value}, {amount}.", markup=False)


def _summary(order: "Order", remarks: "Iterable[str]" = ()) -> dict[str, Any]:
    pushed = order.pushed
    return {
        "order_id": order.order_id,
        "purchase_order_number": order.purchase_order_number,
        "state": order.state.value,
        "supplier_id": order.supplier_id,
        "supplier_name": order.supplier_name,
        "currency": order.currency,
        "value": order.value,
        "minimum_order_value": order.minimum_order_value,
        "is_below_minimum": order.is_below_minimum,
        "expected_arrival_date": order.expected_arrival_date,
        "plan_id": order.plan_id,
        "purchase_order_id": order.purchase_order_id,
        "failure": order.failure,
        "number_in_xero": pushed.number if pushed else "",
        "status_in_xero": pushed.status if pushed else "",
        "value_in_xero": pushed.value if pushed else None,
        "remarks": list(remarks),
        "lines": [
            {
                "product_code": line.product_code,
                "product_name": line.product_name,
                "supplier_product_code": line.supplier_product_code,
                "quantity": line.quantity,
                "unit_cost": line.unit_cost,
                "sent_price": line.sent_price,
                "value": line.value,
                "expected_arrival_date": order.arrival_of(line),
            }
            for line in order.lines
        ],
    }
