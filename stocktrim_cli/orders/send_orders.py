"""`stocktrim orders send`: the approved orders go to Xero now.

Read more in docs/operations.md.
"""

from typing import TYPE_CHECKING

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.orders.orders_options import desk_of, joined
from stocktrim_cli.output import out, show_json
from stocktrim_cli.runs import JsonOption, run_job

if TYPE_CHECKING:
    from pipelines.purchasing.orders import Order


def send(*, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False) -> None:
    """Send the approved orders to Xero now; the sensor in Dagster does it automatically.

    Example: `stocktrim orders send --organisation acme`
    """
    from pipelines.organisations.order_decisions.order_summaries import summary_of
    from pipelines.purchasing.orders import OrderState

    ledger = desk_of(organisation).opened.ledger
    before = {order.order_id for order in ledger.orders(OrderState.APPROVED, OrderState.SENDING)}
    run_job("send_approved_orders", organisation=organisation)
    desk = desk_of(organisation)
    after = [order for order in desk.orders if order.order_id in before]
    if as_json:
        show_json([summary_of(order, desk) for order in after])
    elif not after:
        out.print("No approved order is waiting to be sent.", markup=False)
    else:
        for order in after:
            remark = joined(order, desk.remarks_of(order)) or order.state.value
            out.print(f"{order.purchase_order_number} ({order.state.value}): {remark}", markup=False)
    _check_all_sent(after, organisation)


def _check_all_sent(orders: "list[Order]", organisation: str) -> None:
    """Check that every order was sent.

    Raises:
        OutcomesUnknownError: it is not yet known whether Xero accepted some.
        PlannerError: some were not sent.
    """
    from pipelines.errors import PlannerError
    from pipelines.purchasing.orders import OrderState
    from pipelines.purchasing.sending.push import OutcomesUnknownError

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
