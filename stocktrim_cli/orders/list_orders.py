"""`stocktrim orders list`, `show` and `history`: orders as they are, and everything that happened to them.

Read more in docs/buyer/orders.md.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.orders.orders_options import (
    LISTED_STATES,
    GroupOption,
    OrderArgument,
    SupplierOption,
    desk_of,
    order_filter,
    say_sentences,
    show_lines,
    show_orders,
    show_total,
    states_of,
)
from stocktrim_cli.output import counted, show_json, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    from pipelines.purchasing.order_history import HistoryEntry

RECENT_EVENTS = 50


def list_orders(
    *,
    state: Annotated[str, typer.Option(help=f"{LISTED_STATES}.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also orders that were sent, rejected or superseded.")] = False,
    supplier: SupplierOption = "",
    group: GroupOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """List open orders (draft, approved, sending, failed), or the orders of one state.

    Example: `stocktrim orders list --state sent`
    """
    from pipelines.organisations.order_decisions.order_summaries import summary_of

    desk = desk_of(organisation)
    states = states_of(state, every=every)
    found = desk.chosen(order_filter(desk, states=states, supplier=supplier, group=group))
    if as_json:
        show_json([summary_of(order, desk) for order in found])
        return
    show_orders(f"Orders of {organisation}", found, desk)
    if found:
        show_total(found)


def show(
    order: OrderArgument, *, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False
) -> None:
    """Show an order: its lines, what the newest plan would change on a draft that you keep, and its history.

    Example: `stocktrim orders show 20260301-K7Q2MZ`
    """
    from pipelines.organisations.order_decisions.order_summaries import history_entry, summary_of
    from pipelines.purchasing.order_history import history_of

    desk = desk_of(organisation)
    found = desk.order(order)
    past = history_of(desk.opened.ledger.history(order))
    if as_json:
        show_json({**summary_of(found, desk), "history": [history_entry(entry) for entry in past]})
        return
    planned = desk.planned_changes(found)
    show_lines(found, planned)
    _show_history("History", past)
    say_sentences([f"The note for the supplier is: {found.note}"] if found.note else [])
    say_sentences(desk.remarks_of(found))
    if planned:
        products = counted(len(planned), "product")
        say_sentences([f"The newest plan would change {products}: the column plan shows its quantities"])


def history(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's number or id; default: all orders.")] = "",
    *,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show what happened to an order, or the last events of all orders: who, when, old and new, why.

    Example: `stocktrim orders history 20260301-K7Q2MZ`
    """
    from pipelines.organisations.order_decisions.order_summaries import history_entry
    from pipelines.purchasing.order_history import history_of

    ledger = desk_of(organisation).opened.ledger
    histories = [ledger.history(order)] if order else ledger.histories()
    past = sorted(
        (entry for events in histories for entry in history_of(events)),
        key=lambda entry: (entry.at, entry.after.order_id, entry.sequence),
    )
    if as_json:
        show_json([history_entry(entry) for entry in past])
        return
    if order:
        _show_history(f"History of {past[0].after.purchase_order_number}", past)
        return
    rows = [[entry.at, entry.after.purchase_order_number, entry.sentence] for entry in past[-RECENT_EVENTS:]]
    show_table(f"The last events of all orders of {organisation}", ["at", "order", "what happened"], rows)


def _show_history(title: str, past: "list[HistoryEntry]") -> None:
    show_table(title, ["at", "by", "what happened"], [[entry.at, entry.by, entry.sentence] for entry in past])
