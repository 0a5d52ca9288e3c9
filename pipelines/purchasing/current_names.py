"""An order with current names: its products' current codes, and the contact that its supplier was merged into.

What belongs here: following renames, and whether an order waits because of one. What does not: what an order is
(`orders.py`).
Read more in docs/operations.md.
"""

from dataclasses import replace
from datetime import datetime

import msgspec

from pipelines.identities import Identities
from pipelines.purchasing.orders import Order, OrderState


def with_current_names(order: Order, known: Identities) -> Order:
    """The order with the current codes of its products and the current contact of its supplier."""
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
    """Whether an approved order is held back because Xero renamed a product of it after the approval.

    The old code may belong to another item now.
    """
    codes = [(line.product_code, known.code_of(line.product_code, named_at(order))) for line in order.lines]
    return order.state is OrderState.APPROVED and not order.may_be_in_xero and any(old != new for old, new in codes)


def named_at(order: Order) -> datetime:
    """The instant at which an order's codes were current: its approval, or its draft."""
    return order.approved_at or order.drafted_at
