"""Why a product has its order quantity, or none: a code per product, a sentence per code.

What belongs here: the codes, and the rule that a plan and the plain functions share. What does not: when each code
applies in a plan (`line_status.py`).
Read more in docs/interfaces.md.
"""

from typing import Final

import polars as pl

from pipelines.purchasing.kept_lines import KEPT

PLANNED_ELSEWHERE: Final = "planned_elsewhere"
BELOW_REORDER_POINT: Final = "below_reorder_point"
SHORT_BEFORE_OPEN_ORDERS: Final = "short_before_open_orders_arrive"
TO_ASSEMBLE: Final = "to_assemble"
TOO_LATE_TO_ORDER: Final = "too_late_to_order"
ADDED_FOR_MINIMUM: Final = "added_for_supplier_minimum"
WAITS_FOR_MINIMUM: Final = "waits_for_supplier_minimum"
LEFT_OUT_BY_BUDGET: Final = "left_out_by_spend_cap"
ON_KEPT_DRAFT: Final = "on_kept_draft"
TAKEN_OUT: Final = "taken_out_of_draft"
REASONS: Final = {
    BELOW_REORDER_POINT: "To order: without an order the stock-out risk exceeds the target.",
    SHORT_BEFORE_OPEN_ORDERS: (
        "To order: open orders are large enough but arrive too late; until then the stock-out risk exceeds the target."
    ),
    TO_ASSEMBLE: "To assemble from its parts: without that the stock-out risk exceeds the target.",
    "below_minimum_shelf_level": "To order: stock and open orders together are below the minimum shelf level.",
    ADDED_FOR_MINIMUM: "To order: not due yet, but the cheapest way to reach the minimum of the supplier.",
    ON_KEPT_DRAFT: "To order: it is on a draft that a person changed or made, which the plan leaves as it is.",
    TAKEN_OUT: "Not ordered: a person took it out of a draft that is kept.",
    "no_supplier": "An order is due, but the product has no supplier: set preferred_supplier.",
    TOO_LATE_TO_ORDER: (
        "Not ordered: stock is below the reorder point, but the missing demand is expected to be lost before an order "
        "placed today arrives. Ask for faster delivery of the open orders."
    ),
    "enough_stock": "Not ordered: stock and the orders that arrive in time last until the next order.",
    "capped": "Not ordered: the maximum shelf level leaves no room.",
    WAITS_FOR_MINIMUM: (
        "Not ordered yet: an order is due, but the whole order is below the minimum of the supplier and waits."
    ),
    LEFT_OUT_BY_BUDGET: "Not ordered: an order is due, but the spend cap goes to products that lose more.",
    PLANNED_ELSEWHERE: "Not planned: its demand counts for its successor or for its parts.",
    "no_demand": "Not planned: no sales in 52 weeks.",
    "discontinued": "Not planned: it is set as discontinued.",
    "unstocked": "Not planned: it is set as unstocked.",
    "untracked": "Not planned: it is not tracked inventory in Xero, so its stock is unknown.",
    "data_fault": (
        "Not planned: Xero shows a negative or impossible quantity on hand or on order. Correct it in Xero first."
    ),
}
NOTHING_BINDS: Final = "none"
BINDING_RULES: Final = {
    "need": "The quantity is exactly what is needed.",
    "minimum_order_quantity": "Raised to the minimum order quantity.",
    "minimum_shelf_level": "Raised to the minimum shelf level.",
    "batch_size": "Rounded up to whole batches.",
    "maximum_shelf_level": "Limited by the maximum shelf level.",
    "supplier_minimum": "Raised so that the order reaches the minimum of the supplier.",
    "waits_for_supplier_minimum": "Held back until the order reaches the minimum of the supplier.",
    "spend_cap": "Cut: the spend cap goes to products that lose more.",
    KEPT: "As on a draft that a person changed or made, whatever the plan suggests.",
    NOTHING_BINDS: "Nothing is ordered.",
}
UNCERTAIN_CAUSES: Final = {
    "short_history": "Uncertain: the product was first sold less than 6 weeks ago.",
    "horizon_beyond_history": "Uncertain: the protection interval is longer than the product has been sold.",
}
EXCLUDING: Final = ("discontinued", "unstocked", "untracked", "data_fault", PLANNED_ELSEWHERE, "no_demand")
ORDERING: Final = (
    BELOW_REORDER_POINT,
    SHORT_BEFORE_OPEN_ORDERS,
    "below_minimum_shelf_level",
    ADDED_FOR_MINIMUM,
    ON_KEPT_DRAFT,
    "no_supplier",
)


def why_due(stock_position: pl.Expr, on_order: pl.Expr) -> pl.Expr:
    """The reason code of a due order: too late if stock and open orders together are above the `reorder_point`."""
    is_enough = (on_order > 0) & (stock_position > pl.col("reorder_point"))
    return pl.when(is_enough).then(pl.lit(SHORT_BEFORE_OPEN_ORDERS)).otherwise(pl.lit(BELOW_REORDER_POINT))
