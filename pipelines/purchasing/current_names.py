"""An order in the words of now: its products by their present codes, its supplier by the contact that is left.

What belongs here: following an order's names, and whether it waits for them. What does not: what an order is
(`orders.py`).
Read more in docs/operations.md.
"""

from dataclasses import replace
from datetime import datetime

import msgspec

from pipelines.identities import Identities
from pipelines.purchasing.orders import Order, OrderState


def with_current_names(order: Order, known: Identities) -> Order:
    """The order with the codes and the contact that its products and its supplier have now."""
    return replace(
        order,
        supplier_id=known.contact_of(order.supplier_id),
        lines=tuple(
            msgspec.structs.replace(line, product_code=known.code_of(line.product_code, named_at(order)))
            for line in order.lines
        ),
        taken_out=frozenset(known.code_of(code, named_at(order)) for code in order.taken_out),
    )


def waits_as_renamed(order: Order, known: Identities) -> bool:
    """Whether an approved order is not sent because Xero calls a product of it otherwise since the approval.

    Its old code may be another item's by now.
    """
    codes = [(line.product_code, known.code_of(line.product_code, named_at(order))) for line in order.lines]
    return order.state is OrderState.APPROVED and not order.may_be_in_xero and any(old != new for old, new in codes)


def named_at(order: Order) -> datetime:
    """As of when an order's lines bear their products' codes: an approval renames what was renamed until then."""
    return order.approved_at or order.drafted_at
