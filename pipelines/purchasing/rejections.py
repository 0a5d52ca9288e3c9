"""Drafts that a plan suggests again after a person rejected them, so that a rejection is not undone in silence.

What belongs here: the sentence. What does not: which drafts a plan makes (`drafts.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Iterable

from pipelines.purchasing.events import Rejected
from pipelines.purchasing.orders import SUPPLY_STATES, Order, OrderState


def rejected_before(order: Order, others: Iterable[Order]) -> str:
    """When, by whom and why a draft of a plan was rejected before, with some of its products; empty if it was not.

    The last rejection counts, until an order with one of these products is approved.
    """
    if order.state is not OrderState.DRAFT or order.is_by_person:
        return ""
    codes = {line.product_code for line in order.lines}
    alike = [
        other for other in others
        if other.order_id != order.order_id
        and (other.supplier_id, other.currency) == (order.supplier_id, order.currency)
        and not codes.isdisjoint(line.product_code for line in other.lines)
    ]  # fmt: skip
    ended = [(other, other.rejection) for other in alike if other.rejection is not None]
    if not ended:
        return ""
    last, rejection = max(ended, key=lambda one: one[1].at)
    since = [
        other for other in alike if other.state in SUPPLY_STATES and (other.approved_at or rejection.at) > rejection.at
    ]
    return "" if since else _rejection_clause(order, last, rejection)


def _rejection_clause(order: Order, last: Order, rejection: Rejected) -> str:
    count = len({line.product_code for line in order.lines} & {line.product_code for line in last.lines})
    of_it = f"{count} of its products {'was' if count == 1 else 'were'} on {last.purchase_order_number}, "
    why = f": {rejection.reason}" if rejection.reason else ", without a reason"
    return f"{of_it}rejected on {rejection.at:%Y-%m-%d} by {rejection.by}{why}"
