"""What a newer plan would change on a draft that a person keeps.

What belongs here: comparing a draft with a plan, pure. What does not: which drafts a plan replaces (`drafts.py`).
Read more in docs/buyer/orders.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

import polars as pl

from pipelines.purchasing.drafts import planned_quantity
from pipelines.purchasing.events import LineDifference
from pipelines.purchasing.kept_lines import as_the_plan_alone, is_kept
from pipelines.purchasing.orders import Order


def planned_quantities(order: Order, order_plan: pl.DataFrame) -> Mapping[str, Decimal]:
    """What a plan would order by itself of each product of a draft, removed ones included, from its supplier.

    A product that the plan does not have is left out.
    """
    codes = [line.product_code for line in order.lines] + sorted(order.taken_out)
    rows = as_the_plan_alone(order_plan.filter(pl.col("product_code").is_in(codes))).iter_rows(named=True)
    return {
        row["product_code"]: planned_quantity(row["order_quantity"] or 0.0)
        if (row["supplier_id"], row["currency"]) == (order.supplier_id, order.currency)
        else Decimal(0)
        for row in rows
    }


def plan_differences(order: Order, order_plan: pl.DataFrame, others: Iterable[Order] = ()) -> list[LineDifference]:
    """What a plan would change on a draft that a person changed or made; empty for any other order.

    `others` are orders that the plan did not count as on order: their units are ordered already, so that of a product
    on several drafts, as after a split, this one needs only the rest. The draft itself may be among them.
    The old quantity is the draft's, the new one the rest of the plan's; None stands for no line.
    """
    if not is_kept(order):
        return []
    elsewhere: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in (line for other in others if other.order_id != order.order_id for line in other.lines):
        elsewhere[line.product_code] += line.quantity
    present = {line.product_code: line.quantity for line in order.lines}
    wanted = {
        code: max(quantity - elsewhere[code], Decimal(0))
        for code, quantity in sorted(planned_quantities(order, order_plan).items())
    }
    return [
        LineDifference(code, present.get(code), quantity or None)
        for code, quantity in wanted.items()
        if present.get(code, Decimal(0)) != quantity
    ]
