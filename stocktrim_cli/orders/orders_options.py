"""What the commands of `stocktrim orders` share: options, opening the desk, and orders as tables and JSON.

What belongs here: options and printing. What does not: finding and deciding (`order_desk.py`).
Read more in docs/buyer/orders.md.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.output import counted, decimals_of, heartbeat, out, say, show_json, show_table, text_of
from stocktrim_cli.settings_options import opened_organisation

if TYPE_CHECKING:
    from pipelines.organisations.order_decisions.order_desk import OrderDesk, OrderFilter
    from pipelines.purchasing.orders import Order, OrderState

OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help="The order's number or id.")]
OrdersArgument = Annotated[
    list[str] | None, typer.Argument(metavar="ORDER", help="The order's number or id; several may be given.")
]
SupplierOption = Annotated[str, typer.Option("--supplier", metavar="NAME", help="Of this supplier, by name or id.")]
GroupOption = Annotated[str, typer.Option("--group", metavar="NAME", help="With a product of this group on it.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stays in the order's history.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before many orders are decided on.")]
VersionOption = Annotated[
    int,
    typer.Option(
        "--if-version", metavar="N", help="Only if the order is still at this version, which show --json has.", min=0
    ),
]
LISTED_STATES = "draft, approved, sending, sent, failed, rejected or superseded; history for the ended; all"


def desk_of(organisation: str) -> "OrderDesk":
    """The orders of an organisation."""
    from pipelines.organisations.order_decisions.order_desk import order_desk

    return order_desk(opened_organisation(organisation))


def states_of(state: str, *, every: bool = False) -> "tuple[OrderState, ...]":
    """The states that a word stands for; without a word those that still need a person or a run.

    Raises:
        UsageError: it is no state.
    """
    from pipelines.errors import UsageError
    from pipelines.purchasing.orders import OrderState
    from pipelines.purchasing.remarks import ENDED_STATES, OPEN_STATES

    words = {"all": tuple(OrderState), "history": ENDED_STATES, "": tuple(OrderState) if every else OPEN_STATES}
    if state in words:
        return words[state]
    if state not in set(OrderState):
        raise UsageError(f"{state!r} is not a state; choose from {', '.join(OrderState)}, history, all.")
    return (OrderState(state),)


def order_filter(
    desk: "OrderDesk", *, states: "Sequence[OrderState]" = (), supplier: str = "", group: str = ""
) -> "OrderFilter":
    """The filter that the options of a command stand for.

    Raises:
        UsageError: there is no such group.
    """
    from pipelines.organisations.order_decisions.order_desk import OrderFilter

    return OrderFilter(states, supplier, products_of_group(desk, group) if group else None)


def products_of_group(desk: "OrderDesk", group: str) -> set[str]:
    """The codes of the products of a group.

    Raises:
        UsageError: there is no such group.
    """
    from pipelines.organisations.organisation_groups import organisation_groups

    return set(organisation_groups(desk.opened).products_of(group))


def ask_before(question: str, *, yes: bool) -> None:
    """Ask before many orders are decided on.

    Raises:
        UsageError: nobody can be asked and `--yes` is not given, or the answer is no.
    """
    from pipelines.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody can be asked here, so nothing was changed: add --yes.")
    heartbeat.pause()
    if not typer.confirm(question, err=True):
        raise UsageError("Nothing was changed.")


def show_orders(title: str, orders: "Sequence[Order]", desk: "OrderDesk") -> None:
    """Print a table of orders with what a person should know about each."""
    columns = ["order", "state", "supplier", "lines", "value", "currency", "expected", "remark"]
    rows = [
        [
            order.purchase_order_number, state_shown(order), order.supplier_name, len(order.lines), order.value,
            order.currency, order.expected_arrival_date, joined(order, desk.remarks_of(order)),
        ]
        for order in orders
    ]  # fmt: skip
    show_table(title, columns, rows, numbers=["lines", "value"])


def show_total(orders: "Sequence[Order]") -> None:
    """Print how many orders there are, and their value by currency."""
    from pipelines.organisations.order_decisions.order_desk import totals

    worth = " and ".join(f"{value:,.2f} {currency}" for currency, value in totals(orders).items())
    out.print(f"{counted(len(orders), 'order')}: {worth or 'nothing'}.", markup=False)


def state_shown(order: "Order") -> str:
    """The state of an order for a person: an order that waits for its second approval says so."""
    from pipelines.purchasing.orders import OrderState

    if not order.awaits_second_approval:
        return order.state.value
    return "approved, again by one" if order.state is OrderState.APPROVED else "approved by one"


def joined(order: "Order", sentences: "Iterable[str]") -> str:
    """The sentences about an order beside its number, which they need not repeat."""
    return "; ".join(sentences).removeprefix(f"{order.purchase_order_number} ")


def say_sentences(sentences: "Iterable[str]") -> None:
    """Print sentences, each with a capital and a full stop."""
    for sentence in dict.fromkeys(sentences):
        say(f"{sentence[0].upper()}{sentence[1:]}".rstrip(".") + ".")


def show_decided(orders: "Sequence[Order]", desk: "OrderDesk", *, as_json: bool) -> None:
    """Print the orders after a decision: JSON of one order, or a list of several."""
    if as_json:
        from pipelines.organisations.order_decisions.order_summaries import summary_of

        summaries = [summary_of(order, desk) for order in orders]
        show_json(summaries[0] if len(summaries) == 1 else summaries)
        return
    for order in orders:
        amount = f"{text_of(order.value)} {order.currency}"
        replaced = f", now on RP-{order.replaced_by}" if order.replaced_by else ""
        out.print(f"{order.purchase_order_number}: {state_shown(order)}, {amount}{replaced}.", markup=False)


def show_lines(order: "Order", planned: "Sequence[dict[str, Any]]") -> None:
    """Print the lines of an order, and beside them what the newest plan would order if a person keeps the draft."""
    changes = {change["product_code"]: change["planned_quantity"] for change in planned}
    columns = ["product", "name", "quantity", "price", "value", "expected", "note"]
    columns += ["plan"] if changes else []
    rows = [
        [line.product_code, line.description, decimals_of(line.quantity), decimals_of(line.sent_price, least=2),
         line.value, order.arrival_of(line), line.note]
        + ([decimals_of(changes[line.product_code]) if line.product_code in changes else "same"] if changes else [])
        for line in order.lines
    ]  # fmt: skip
    on_it = {line.product_code for line in order.lines}
    rows += [[code, "", "none", "", None, None, "", decimals_of(units)] for code, units in changes.items()
             if code not in on_it]  # fmt: skip
    title = (
        f"{order.purchase_order_number}: {order.supplier_name}, {state_shown(order)}, {text_of(order.value)} "
        f"{order.currency}"
    )
    show_table(title, columns, rows, numbers=["quantity", "price", "value", "plan"])
