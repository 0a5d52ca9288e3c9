"""Orders and their history as plain data: for programs, and for a spreadsheet.

What belongs here: the shape. What does not: what is known of an order (`order_desk.py`), printing.
Read more in docs/interfaces.md.
"""

from collections.abc import Iterable
from typing import Any

import polars as pl

from pipelines.organisations.order_decisions.order_desk import OrderDesk
from pipelines.planning_settings.registry import global_settings, with_defaults
from pipelines.purchasing.order_history import HistoryEntry
from pipelines.purchasing.orders import Order
from pipelines.purchasing.sending.push import documents_of


def documents_to_send(desk: OrderDesk, orders: Iterable[Order]) -> list[dict[str, object]]:
    """Exactly what would be sent to Xero of orders, those without lines left out."""
    settings = global_settings(with_defaults(desk.settings))
    return documents_of([order for order in orders if order.lines], push_status=settings.push_status)


def history_entry(entry: HistoryEntry) -> dict[str, Any]:
    """An event of an order as plain data."""
    return {
        "purchase_order_number": entry.after.purchase_order_number,
        "version": entry.sequence,
        "at": entry.at,
        "by": entry.by,
        "event": entry.event,
        "sentence": entry.sentence,
        "reason": entry.reason,
        "state": entry.after.state.value,
    }


def summary_of(order: Order, desk: OrderDesk) -> dict[str, Any]:
    """An order as plain data for another program."""
    pushed, first = order.pushed, order.first_approval
    return {
        "order_id": order.order_id,
        "version": order.sequence,
        "purchase_order_number": order.purchase_order_number,
        "state": order.state.value,
        "supplier_id": order.supplier_id,
        "supplier_name": order.supplier_name,
        "currency": order.currency,
        "value": order.value,
        "minimum_order_value": order.minimum_order_value,
        "is_below_minimum": order.is_below_minimum,
        "order_date": order.order_date,
        "expected_arrival_date": order.expected_arrival_date,
        "note": order.note,
        "plan_id": order.plan_id,
        "is_edited": order.is_edited,
        "made_from": list(order.made_from),
        "replaced_by": order.replaced_by,
        "first_approved_by": first.by if first else "",
        "approved_by": order.approved_by,
        "awaits_second_approval": order.awaits_second_approval,
        "purchase_order_id": order.purchase_order_id,
        "failure": order.failure,
        "number_in_xero": pushed.number if pushed else "",
        "status_in_xero": pushed.status if pushed else "",
        "value_in_xero": pushed.value if pushed else None,
        "remarks": desk.remarks_of(order),
        "plan_would_change": desk.planned_changes(order),
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
                "note": line.note,
            }
            for line in order.lines
        ],
    }


def order_lines(orders: Iterable[Order]) -> pl.DataFrame:
    """The lines of orders, a row for each."""
    columns = (
        "purchase_order_number", "state", "supplier_name", "order_date", "expected_arrival_date", "line_number",
        "product_code", "product_name", "supplier_product_code", "quantity", "price", "value", "currency", "note",
        "order_note", "approved_by", "number_in_xero",
    )  # fmt: skip
    rows = [
        (
            order.purchase_order_number, order.state.value, order.supplier_name, order.order_date.isoformat(),
            order.arrival_of(line).isoformat(), number, line.product_code, line.product_name,
            line.supplier_product_code, f"{line.quantity:f}", f"{line.sent_price:f}", f"{line.value:f}",
            order.currency, line.note, order.note, order.approved_by, order.pushed.number if order.pushed else "",
        )
        for order in orders
        for number, line in enumerate(order.lines, start=1)
    ]  # fmt: skip
    schema = {name: pl.Int64 if name == "line_number" else pl.String for name in columns}
    return pl.DataFrame(rows, schema=schema, orient="row")
