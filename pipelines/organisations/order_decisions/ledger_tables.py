"""Orders and what happened to them as tables: `purchase_orders` and `purchase_order_events`.

What belongs here: their rows. What does not: drafts line by line (`purchasing/drafts.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import polars as pl

from pipelines.organisations.order_decisions.order_desk import OrderDesk
from pipelines.purchasing.events import Approved, Event, FirstApproved
from pipelines.purchasing.order_history import history_of
from pipelines.purchasing.orders import NUMBER_PREFIX, Order, OrderState
from pipelines.storage import tables
from pipelines.storage.tables import MOST_MONEY

_MOST: Final = Decimal(int(MOST_MONEY))


def purchase_orders_table(desk: OrderDesk) -> pl.DataFrame:
    """One row for each order of any state, by id."""
    status = dict(desk.read(tables.XERO_PURCHASE_ORDERS).select(
        pl.col("purchase_order_id").str.to_lowercase(), "status").rows()
    )  # fmt: skip
    rows = [_row(desk, order, events, status) for order, events in zip(desk.orders, desk.histories, strict=True)]
    return pl.DataFrame(rows, schema=tables.PURCHASE_ORDERS.schema, orient="row")


def purchase_order_events_table(histories: Iterable[Sequence[Event]]) -> pl.DataFrame:
    """One row for each event of each order, by the order's id and in sequence."""
    rows = [
        (
            entry.after.order_id, entry.after.purchase_order_number, entry.sequence, entry.event,
            entry.at.astimezone(UTC), entry.by, entry.sentence, entry.reason, entry.after.state.value,
            min(entry.after.value, _MOST), entry.after.currency,
        )
        for events in histories
        for entry in history_of(events)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=tables.PURCHASE_ORDER_EVENTS.schema, orient="row")


def _row(
    desk: OrderDesk, order: Order, events: Sequence[Event], status: Mapping[str, str | None]
) -> tuple[object, ...]:
    first, pushed, base_value = events[0], order.pushed, desk.rule.base_value(order)
    approvals = _approvals(order, events)
    return (
        order.order_id, order.purchase_order_number, order.state.value, order.supplier_id, order.supplier_name,
        len(order.lines), float(sum(line.quantity for line in order.lines)), min(order.value, _MOST), order.currency,
        None if base_value is None else min(base_value, _MOST), order.order_date, order.expected_arrival_date,
        first.at.astimezone(UTC), first.by, order.is_edited,
        ", ".join(f"{NUMBER_PREFIX}{source}" for source in order.made_from),
        f"{NUMBER_PREFIX}{order.replaced_by}" if order.replaced_by else "",
        approvals[0].by if len(approvals) > 1 or (approvals and order.state is OrderState.DRAFT) else "",
        order.approved_by, _utc(order.approved_at), _utc(pushed.updated_at or pushed.at if pushed else None),
        pushed.number if pushed else "", order.purchase_order_id,
        (status.get(order.purchase_order_id.lower()) or pushed.status) if pushed else "",
        min(pushed.value, _MOST) if pushed and pushed.value is not None else None, order.failure, order.note,
        order.plan_id, order.sequence, events[-1].at.astimezone(UTC), "; ".join(desk.remarks_of(order)),
    )  # fmt: skip


def _approvals(order: Order, events: Sequence[Event]) -> list[Approved | FirstApproved]:
    """The approvals in force, of one person or of two, the first one first."""
    found: list[Approved | FirstApproved] = [order.first_approval] if order.first_approval else []
    return found + [event for event in events if isinstance(event, Approved) and event.at == order.approved_at][-1:]


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
