"""Drafts that people keep, as lines that a plan counts with: their units are ordered, whatever the plan suggests.

What belongs here: their rows, and what the plan alone would order of their products. What does not: which drafts a plan
replaces (`drafts.py`), the rules of money that count them (`replenishment/supplier_orders`).
Read more in docs/buyer/minimums-and-budget.md.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import polars as pl

from pipelines.purchasing.orders import Order, OrderState
from pipelines.storage.tables import KEPT_ORDER_LINES, MONEY, MOST_MONEY

KEPT: Final = "kept_draft"
"""The rule that binds a line of a plan whose product is on a draft that a person keeps."""
_MOST: Final = Decimal(int(MOST_MONEY))


def is_kept(order: Order) -> bool:
    """Whether a new plan leaves an order as it is and does not count it as supply: a draft that a person touched."""
    return order.state is OrderState.DRAFT and order.is_edited


def kept_order_lines(orders: Iterable[Order], *, base_currency: str) -> pl.DataFrame:
    """The lines of drafts that people keep as `raw.kept_order_lines`, by order and line.

    A product that a person took out of a draft is a line of no units: a plan does not order it either.
    """
    rows = [
        (
            order.order_id, order.purchase_order_number, order.supplier_id, order.supplier_name, number, code,
            quantity, min(value, _MOST), order.currency, order.currency == base_currency,
        )
        for order in orders if is_kept(order)
        for number, (code, quantity, value) in enumerate(_lines_of(order), start=1)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=KEPT_ORDER_LINES.schema, orient="row")


def _lines_of(order: Order) -> list[tuple[str, Decimal, Decimal]]:
    present = [(line.product_code, line.quantity, line.value) for line in order.lines]
    return present + [(code, Decimal(0), Decimal(0)) for code in sorted(order.taken_out)]


def kept_lines_of(drafts: pl.DataFrame, order_plan: pl.DataFrame, *, base_currency: str) -> pl.DataFrame:
    """The lines of `raw.kept_order_lines` that a plan counted with, from what is published.

    `drafts` has the shape of `purchase_order_drafts`. Of what was taken out of a draft, the plan's own line tells.
    """
    kept = drafts.filter("is_edited").with_columns(is_base_currency=pl.col("currency") == base_currency)
    nothing = pl.lit(Decimal(0))
    taken_out = order_plan.filter(pl.col("binding_rule") == KEPT, pl.col("order_quantity") <= 0).with_columns(
        order_id=pl.lit(""), purchase_order_number=pl.lit(""), line_number=pl.lit(0), quantity=nothing, value=nothing,
        is_base_currency=pl.col("currency") == base_currency,
    )  # fmt: skip
    columns = list(KEPT_ORDER_LINES.columns)
    return pl.concat([part.select(columns).cast(KEPT_ORDER_LINES.schema) for part in (kept, taken_out)])


def as_the_plan_alone(order_plan: pl.DataFrame) -> pl.DataFrame:
    """A plan with what it would order by itself of products that are on drafts that people keep, at their unit cost."""
    is_bound = pl.col("binding_rule").eq_missing(KEPT)
    value = (pl.col("quantity_after_cap") * pl.col("unit_cost").cast(pl.Float64).fill_null(0.0)).round(2)
    return order_plan.with_columns(
        order_quantity=pl.when(is_bound).then("quantity_after_cap").otherwise("order_quantity"),
        order_unit_cost=pl.when(~is_bound).then("order_unit_cost"),
        order_value=pl.when(is_bound).then(value.clip(upper_bound=MOST_MONEY).cast(MONEY)).otherwise("order_value"),
    )


def units_alone(line: Mapping[str, Any]) -> float:
    """What a plan would order by itself of the product of one of its lines.

    >>> units_alone({"binding_rule": KEPT, "quantity_after_cap": 18.0, "order_quantity": 40.0})
    18.0
    """
    return float((line["quantity_after_cap"] if line["binding_rule"] == KEPT else line["order_quantity"]) or 0.0)
