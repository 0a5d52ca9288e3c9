"""What people decided on the lines of a plan since it was made: what is ordered or on a draft of theirs is done.

A line that calls for an order has one of the statuses `DECIDED` once a person decided on it. A draft that the plan made
by itself decides nothing, and neither does another quantity on it: somebody has still to approve it.
What belongs here: the plan with the statuses and quantities of now, for page, command and API. What does not: which
quantity holds (`purchasing/order_changes/planned_quantities.py`).
Read more in docs/desk.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from pipelines.purchasing.kept_lines import as_the_plan_alone
from pipelines.purchasing.order_changes.planned_quantities import QuantityNow
from pipelines.replenishment.plan.plan_reports import IS_OPEN
from pipelines.replenishment.plan.statuses import (
    IN_DRAFT,
    ORDER_LATER,
    ORDER_NOW,
    ORDERED,
    TAKEN_OFF,
)
from pipelines.storage.tables import MONEY, MOST_MONEY

PLANNED: Final = "planned_quantity"
"""What the plan orders by itself, beside the quantity of now."""
QUANTITY: Final = "quantity_now"
VALUE: Final = "value_now"
DECIDED_QUANTITY: Final = "decided_quantity"
DECIDED_ON: Final = "decided_on"
COLUMNS: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    QUANTITY: pl.Float64, VALUE: MONEY, DECIDED_QUANTITY: pl.Float64, DECIDED_ON: pl.String,
}  # fmt: skip
"""The columns that stand beside a plan: what is still to be approved, and what a person decided, on which orders."""
_NOW: Final = {"order_quantity": QUANTITY, "order_value": VALUE}
_CALLING: Final = (ORDER_NOW, ORDER_LATER)


def decision_on(now: QuantityNow) -> str:
    """The status of a line that calls for an order, after what people decided on its product; empty if they did not."""
    if now.ordered_on:
        return ORDERED if not now.drafts else ""
    if any(order.is_chosen for order in now.drafts):
        return IN_DRAFT
    return TAKEN_OFF if now.taken_out_of is not None and not now.drafts else ""


def with_decisions(order_plan: pl.DataFrame, by_code: Mapping[str, QuantityNow]) -> pl.DataFrame:
    """The lines as planned, with the status of now, and quantity and value of now beside them (`COLUMNS`).

    `by_code` has the products that a draft has or had, or that were ordered since the plan.
    """
    plan = as_the_plan_alone(order_plan)
    decided = _decided(by_code)
    # only these columns are joined: the others of 30,000 lines stay where they are in memory
    beside = plan.select("product_code", "status", *_NOW).join(
        decided, on="product_code", how="left", maintain_order="left"
    )
    is_decided = pl.col("status").is_in(_CALLING) & (pl.col("decision") != "")
    now = beside.select(
        pl.when(is_decided).then("decision").otherwise("status").alias("status"),
        *(pl.coalesce(now, planned).alias(now) for planned, now in _NOW.items()),
        pl.when(is_decided).then(DECIDED_QUANTITY).alias(DECIDED_QUANTITY),
        pl.when(is_decided).then(DECIDED_ON).alias(DECIDED_ON),
    )
    return plan.with_columns(now.get_columns())


def with_quantities_of_now(decided: pl.DataFrame) -> pl.DataFrame:
    """Lines of `with_decisions` with quantity and value of now in the plan's columns, and the planned quantity."""
    now = [pl.col(now).alias(planned) for planned, now in _NOW.items()]
    return decided.with_columns(pl.col("order_quantity").alias(PLANNED), *now).drop(_NOW.values())


def still_to_order(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines without the quantity and the value of what people decided, for sums of what is still to be done."""
    return lines.with_columns(
        pl.when(IS_OPEN).then("order_quantity").otherwise(0.0).alias("order_quantity"),
        pl.when(IS_OPEN).then("order_value").alias("order_value"),
    )


def _decided(by_code: Mapping[str, QuantityNow]) -> pl.DataFrame:
    """A row by product; column by column and money as text, as polars would import numpy for anything else."""
    schema = {"product_code": pl.String, **COLUMNS, VALUE: pl.String, "decision": pl.String}
    rows = [_row(code, now) for code, now in by_code.items()]
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    values = {name: list(column) for name, column in zip(schema, columns, strict=True)}
    return pl.DataFrame(values, schema=schema).with_columns(pl.col(VALUE).cast(MONEY))


def _row(code: str, now: QuantityNow) -> tuple[Any, ...]:
    decision = decision_on(now)
    quantity = now.ordered if decision == ORDERED else now.quantity
    value, numbers = f"{min(now.value, MOST_MONEY):f}", ", ".join(_numbers(now, decision))
    return code, float(now.quantity), value, float(quantity), numbers, decision


def _numbers(now: QuantityNow, decision: str) -> list[str]:
    """The numbers of the orders on which a person decided, each once."""
    orders = {
        ORDERED: now.ordered_on, IN_DRAFT: now.drafts, TAKEN_OFF: (now.taken_out_of,) if now.taken_out_of else (),
    }.get(decision, ())  # fmt: skip
    return list(dict.fromkeys(order.purchase_order_number for order in orders))
