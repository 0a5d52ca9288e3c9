"""One product's plan as steps that a person can follow.

What belongs here: the bridge in words and numbers. What does not: printing it.
Read more in docs/maths.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.replenishment.reasons import BINDING_RULES, REASONS, UNCERTAIN_CAUSES


@dataclass(frozen=True)
class Step:
    """One step of the bridge: its sign (empty for a result), what it is, and the pieces."""

    sign: str
    label: str
    quantity: float


def bridge(row: Mapping[str, Any]) -> list[Step]:
    """The steps from demand to the order quantity of a row of `plan.order_plan`; they add up."""
    before = f"expected demand in the {row['lead_time_days']} days until an order arrives"
    cover = f"expected demand in the {row['order_frequency_days']} days it must cover"
    shelf = (
        f"after the minimums (order {_told(row['minimum_order_quantity'])}, shelf {_told(row['minimum_shelf_level'])})"
    )
    return [
        Step("+", before, row["demand_before_arrival"]),
        Step("+", cover, row["demand_in_cover"]),
        Step("+", f"safety stock for a service level of {_told(row['service_level'] * 100)}%", row["safety_stock"]),
        Step("-", "stock on hand", row["stock_on_hand"]),
        Step("+", "committed: sold, not yet taken out of stock", row["stock_committed"]),
        Step("-", "on order, arriving in time", row["stock_on_order_in_time"]),
        Step("-", "demand lost before arrival", row["demand_lost_before_arrival"]),
        Step("", "need", row["needed_quantity"]),
        Step("", shelf, row["quantity_after_minimum"]),
        Step("", f"after rounding to batches of {_told(row['batch_size'])}", row["quantity_after_batch"]),
        Step("", _cap(row), row["quantity_after_cap"]),
        Step("", "order", row["order_quantity"]),
    ]


def sentences(row: Mapping[str, Any]) -> list[str]:
    """Why this quantity, what bound it, and what to be careful about."""
    position = row["stock_on_hand"] - row["stock_committed"] + row["stock_on_order_in_time"]
    levels = f"reorder point {_told(row['reorder_point'])}, order-up-to level {_told(row['order_up_to_level'])}"
    told = [
        REASONS[row["reason"]],
        f"Stock that is there in time: {_told(position)}; {levels}.",
        BINDING_RULES[row["binding_rule"]],
    ]
    if row["stock_on_order_late"]:
        told.append(f"{_told(row['stock_on_order_late'])} pieces are on late orders, which do not count.")
    if row["stock_on_order_after_cover"]:
        told.append(f"{_told(row['stock_on_order_after_cover'])} pieces on order arrive too late to help now.")
    if row["uncertain_cause"]:
        told.append(UNCERTAIN_CAUSES[row["uncertain_cause"]])
    return told


def _cap(row: Mapping[str, Any]) -> str:
    most = row["maximum_shelf_level"]
    return (
        "after the cap (no maximum shelf level)" if most is None else f"after the maximum shelf level of {_told(most)}"
    )


def _told(quantity: float) -> str:
    """A quantity as a person writes it: at most four decimals, and only those that say something.

    >>> _told(1234567.5), _told(12.0), _told(0.1 + 0.2)
    ('1,234,567.5', '12', '0.3')
    """
    return f"{round(quantity, 4) + 0.0:,.4f}".rstrip("0").rstrip(".")
