"""What Great Expectations asks of the frames of the second border: an expectation for each rule of `plan_rules`.

What belongs here: expectations, nothing else. What does not: what a person reads about them (`plan_rules`).
The import of Great Expectations takes seconds, so only a run that checks imports this module.
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from typing import Final

from pipelines.heavy_imports import without_collection

with without_collection():
    import great_expectations.expectations as gxe

from pipelines.replenishment.plan.statuses import STATUSES

EXPECTATIONS: Final[Mapping[str, gxe.Expectation]] = {
    "every_product_is_planned_once": gxe.ExpectColumnValuesToBeInSet(column="rows", value_set=[1]),
    "quantities_are_numbers": gxe.ExpectColumnValuesToBeInSet(column="is_finite", value_set=[True]),
    "orders_are_not_negative": gxe.ExpectColumnValuesToBeBetween(column="order_quantity", min_value=0),
    "bridges_add_up": gxe.ExpectColumnValuesToBeInSet(column="adds_up", value_set=[True]),
    "last_steps_are_the_order": gxe.ExpectColumnValuesToBeInSet(column="is_last_step", value_set=[True]),
    "orders_keep_the_spend_cap": gxe.ExpectColumnValuesToBeInSet(column="is_within", value_set=[True]),
    "safety_stock_is_the_level_above_demand": gxe.ExpectColumnValuesToBeInSet(
        column="is_safety_stock", value_set=[True]
    ),
    "days_left_agree_with_stock": gxe.ExpectColumnValuesToBeInSet(column="is_out_today", value_set=[True]),
    "a_reason_is_given": gxe.ExpectColumnValuesToNotBeNull(column="reason"),
    "statuses_are_known": gxe.ExpectColumnValuesToBeInSet(column="status", value_set=list(STATUSES)),
    "products_to_order_have_a_supplier": gxe.ExpectColumnValuesToNotBeNull(column="supplier_id"),
    "products_to_order_have_a_cost": gxe.ExpectColumnValuesToBeBetween(
        column="unit_cost", min_value=0, strict_min=True
    ),
    "products_to_order_have_an_exchange_rate": gxe.ExpectColumnValuesToNotBeNull(column="currency_rate"),
    "orders_arrive_when_promised": gxe.ExpectTableRowCountToEqual(value=0),
}
