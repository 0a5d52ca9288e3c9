"""Why a product has the quantity that it has, or none: one code a product, one sentence a code.

What belongs here: the codes, and what plan and plain functions share of when they apply. What does not: when each
applies in a plan (`order_plan.py`).
Read more in docs/interfaces.md.
"""

from typing import Final

import polars as pl

PLANNED_ELSEWHERE: Final = "planned_elsewhere"
BELOW_REORDER_POINT: Final = "below_reorder_point"
SHORT_BEFORE_OPEN_ORDERS: Final = "short_before_open_orders_arrive"
TOO_LATE_TO_ORDER: Final = "too_late_to_order"
REASONS: Final = {
    BELOW_REORDER_POINT: "Without an order a shortage is likelier than it may be, so the product is ordered.",
    SHORT_BEFORE_OPEN_ORDERS: (
        "With what is on order there is enough, but it comes too late: before that a shortage is likelier than it may "
        "be, so the product is ordered."
    ),
    "below_minimum_shelf_level": "The stock position is below the minimum shelf level, so the product is ordered.",
    "no_supplier": "The product should be ordered, but nobody knows from whom; set a preferred supplier.",
    TOO_LATE_TO_ORDER: (
        "Stock is below the reorder point, but an order of today would not help: the missing demand is expected to be "
        "lost before it arrives. Ask for the open orders sooner."
    ),
    "enough_stock": "What is there and what arrives in time is enough until the next order.",
    "capped": "The maximum shelf level leaves no room for an order.",
    PLANNED_ELSEWHERE: "What is sold of the product counts for its successor or its parts, and is planned there.",
    "no_demand": "The product was not sold for a year, or never.",
    "discontinued": "A person took the product out of the plan for good.",
    "unstocked": "A person decided to keep no stock of the product.",
    "untracked": "The product is not tracked inventory in Xero, so its stock is unknown.",
    "data_fault": "Xero has less than nothing, or more than can be, on hand or on order; correct it there first.",
}
BINDING_RULES: Final = {
    "need": "What is missing was ordered as it is.",
    "minimum_order_quantity": "Raised to the minimum order quantity.",
    "minimum_shelf_level": "Raised to the minimum shelf level.",
    "batch_size": "Rounded up to whole batches.",
    "maximum_shelf_level": "Held back by the maximum shelf level.",
    "none": "Nothing is ordered.",
}
UNCERTAIN_CAUSES: Final = {
    "short_history": "The product was first sold only a few weeks ago.",
    "horizon_beyond_history": "The order must last for longer than the product has been sold.",
}
EXCLUDING: Final = ("discontinued", "unstocked", "untracked", "data_fault", PLANNED_ELSEWHERE, "no_demand")
ORDERING: Final = (BELOW_REORDER_POINT, SHORT_BEFORE_OPEN_ORDERS, "below_minimum_shelf_level", "no_supplier")


def why_due(stock_position: pl.Expr, on_order: pl.Expr) -> pl.Expr:
    """Why an order is due: where all that is there and under way is above the `reorder_point`, it arrives too late."""
    is_enough = (on_order > 0) & (stock_position > pl.col("reorder_point"))
    return pl.when(is_enough).then(pl.lit(SHORT_BEFORE_OPEN_ORDERS)).otherwise(pl.lit(BELOW_REORDER_POINT))
