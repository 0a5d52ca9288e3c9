"""The published plan with what people decided on it since, as the desk shows it.

What belongs here: reading both. What does not: what a decision does to a line
(`pipelines.replenishment.plan.plan_progress`), printing.
Read more in docs/desk.md.
"""

from typing import TYPE_CHECKING, Any

from stocktrim_cli.orders.orders_options import desk_of

if TYPE_CHECKING:
    import polars as pl


def lines_now(organisation: str, summary: "dict[str, Any]", order_plan: "pl.DataFrame") -> "pl.DataFrame":
    """The lines of a plan with the statuses, quantities and values of now, and the planned quantities beside them."""
    from pipelines.purchasing.order_changes.creating import read_orders_at
    from pipelines.purchasing.order_changes.planned_quantities import quantities_now
    from pipelines.replenishment.plan.plan_progress import with_decisions, with_quantities_of_now

    by_code = quantities_now(desk_of(organisation).orders, planned_at=read_orders_at(summary))
    return with_quantities_of_now(with_decisions(order_plan, by_code))


def open_totals(lines: "pl.DataFrame") -> "dict[str, Any]":
    """What is still to be ordered: products, their value in base currency, and those that people decided on."""
    from pipelines.replenishment.plan.plan_reports import total_of, value_to_order

    total = total_of(lines)
    return {
        "products_to_order": total.to_order,
        "order_value": round(value_to_order(lines), 2),
        "products_decided": total.decided,
    }
