"""What a buyer is about to see must be whole and must add up.

What belongs here: the rules at the second border of trust, over a plan that is made and not published yet.
What does not: how the plan is made (`pipelines.replenishment`).
Read more in docs/maths.md.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.expectations.validate import BorderRule, Finding, validate
from pipelines.purchasing.kept_lines import KEPT
from pipelines.replenishment.open_orders.late_lines import late_lines
from pipelines.replenishment.plan.statuses import NOT_PLANNED
from pipelines.storage.tables import SUPPLIER_ORDERS, empty

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

ROUNDING: Final = 1e-6
CENT: Final = 0.01

RULES: Final = (
    BorderRule(
        "every_product_is_planned_once", "products", "Every product is in the plan exactly once.",
        "{count} products are missing from the plan or in it twice ({which}), so it is not published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "quantities_are_numbers", "plan", "Every quantity is a number.",
        "{count} products have a quantity that is no number ({which}), so the plan is not published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "orders_are_not_negative", "plan", "Order quantities are not negative.",
        "{count} products have a negative order quantity ({which}), so the plan is not published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "bridges_add_up", "plan", "Every product's bridge adds up.",
        "{count} products have a bridge that does not add up ({which}), so the plan is not published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "last_steps_are_the_order", "plan",
        "What is ordered or assembled is the last step of the bridge, and the rule that binds names what changed it.",
        "{count} products have an order quantity that is not the last step of their bridge, or a rule that does not "
        "name what changed it ({which}), so the plan is not published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "orders_keep_the_spend_cap", "supplier_orders", "All orders together keep the spend cap.",
        "The orders with a known cost cost more than the spend cap, with {count} suppliers ({which}), so the plan is "
        "not published.",
        is_blocking=True, named_by=("supplier_name", "currency"),
    ),
    BorderRule(
        "safety_stock_is_the_level_above_demand", "plan",
        "Safety stock is the order-up-to level minus expected demand.",
        "{count} products have a safety stock that is not their order-up-to level minus expected demand ({which}), "
        "so the plan is not published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "days_left_agree_with_stock", "plan", "Without stock no days of stock are left.",
        "{count} products have days of stock left although nothing is left to sell ({which}), so the plan is not "
        "published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "a_reason_is_given", "plan", "Every product has its reason.",
        "{count} products have no reason ({which}), so the plan is not published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "statuses_are_known", "plan", "Every status is a known one.",
        "{count} products have an unknown status ({which}), so the plan is not published.",
        is_blocking=True, named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "products_to_order_have_a_supplier", "orders", "Every product to order has a supplier.",
        "{count} products should be ordered but have no supplier ({which}), so they are in no draft; set one with "
        "`stocktrim settings set preferred_supplier`.",
        named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "products_to_order_have_a_cost", "priced", "Every product to order has a cost.",
        "{count} products should be ordered but have no cost ({which}), so their orders look free; set a purchase "
        "price in Xero or `stocktrim settings set unit_cost`.",
        named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "products_to_order_have_an_exchange_rate", "orders", "Every product to order has an exchange rate.",
        "{count} products should be ordered in a currency whose exchange rate is unknown ({which}), so their "
        "money is in no total; Xero gives a rate with the first order or bill in that currency.",
        named_by=("product_code", "product_name"),
    ),
    BorderRule(
        "orders_arrive_when_promised", "late", "No open order is late.",
        "{count} open order lines are past their delivery date and do not count as supply ({which}): ask the "
        "supplier, then clear the delivery date or mark the order as billed in Xero.",
        named_by=("purchase_order_number", "product_code"),
    ),
)  # fmt: skip

_BRIDGE: Final = (
    pl.col("demand_before_arrival")
    + pl.col("demand_in_cover")
    + pl.col("safety_stock")
    - pl.col("stock_on_hand")
    + pl.col("stock_committed")
    + pl.col("assembly_requirement")
    - pl.col("stock_on_order_in_time")
    - pl.col("demand_lost_before_arrival")
    + pl.col("timing_adjustment")
)
_LEVEL: Final = pl.col("safety_stock") + pl.col("demand_before_arrival") + pl.col("demand_in_cover")


def check_plan(
    order_plan: pl.DataFrame,
    products: pl.DataFrame,
    stock_on_order: pl.DataFrame,
    supplier_orders: pl.DataFrame | None = None,
) -> list[Finding]:
    """What the rules find in a plan, given its orders by supplier, the products and the open lines it was made for."""
    by_supplier = empty(SUPPLIER_ORDERS) if supplier_orders is None else supplier_orders
    return validate(RULES, _suite, _frames(order_plan, products, stock_on_order, by_supplier))


def _suite() -> Mapping[str, "Expectation"]:
    from pipelines.expectations.plan_suite import EXPECTATIONS  # noqa: PLC0415, it imports Great Expectations

    return EXPECTATIONS


def _frames(
    order_plan: pl.DataFrame, products: pl.DataFrame, stock_on_order: pl.DataFrame, supplier_orders: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    counted = order_plan.group_by("product_code").agg(pl.len().alias("rows"))
    drafted = order_plan.filter(pl.col("order_quantity") > 0, pl.col("binding_rule").ne_missing(KEPT))
    orders = drafted.select(
        "product_code", "product_name", "order_quantity", "supplier_id", "supplier_name", "currency",
        pl.col("currency_rate").cast(pl.Float64), pl.col("unit_cost").cast(pl.Float64).fill_null(0.0),
    )  # fmt: skip
    return {
        "products": products.select("product_code", "product_name")
        .join(counted, on="product_code", how="full", coalesce=True)
        .with_columns(pl.col("rows").fill_null(0))
        .sort("product_code"),
        "plan": order_plan.select(
            "product_code", "product_name", "reason", "needed_quantity", "order_quantity",
            status=pl.col("status").fill_null(""),
            is_finite=_all_finite(order_plan),
            is_last_step=_is_last_step(),
            adds_up=((_BRIDGE - pl.col("needed_quantity")).abs() <= ROUNDING),
            is_safety_stock=((_LEVEL - pl.col("order_up_to_level")).abs() <= ROUNDING),
            is_out_today=_is_out_today(),
        ),
        "orders": orders,
        "priced": orders.filter((pl.col("unit_cost") > 0) | pl.col("currency_rate").is_not_null()),
        "supplier_orders": supplier_orders.select("supplier_name", "currency", is_within=_is_within_cap()),
        "late": late_lines(stock_on_order).select(
            "purchase_order_number", "product_code", "quantity", "supplier_name", "delivery_date"
        ),
    }  # fmt: skip


def _is_last_step() -> pl.Expr:
    """Whether the order is what the last step leaves, and the rule that binds is the last that changed the quantity."""
    natural, kept = pl.col("quantity_after_cap"), pl.col("quantity_after_supplier_minimum")
    order, rule = (pl.col("order_quantity") + pl.col("assembly_quantity")), pl.col("binding_rule")
    changed = (
        pl.when(rule == KEPT)
        .then(order == kept)
        .when(order < kept)
        .then(rule == "spend_cap")
        .when(kept > natural)
        .then(rule == "supplier_minimum")
        .when(kept < natural)
        .then(rule == "waits_for_supplier_minimum")
        .otherwise(~rule.is_in(["spend_cap", "supplier_minimum", "waits_for_supplier_minimum"]))
    )
    return ((order - pl.col("quantity_after_budget")).abs() <= ROUNDING) & (order <= kept + ROUNDING) & changed


def _is_within_cap() -> pl.Expr:
    """Whether all orders with an exchange rate together cost no more than the spend cap, to the cent of each order.

    Drafts that people keep may cost more than that by themselves; then nothing is ordered beside them.
    """
    rate, cap = pl.col("currency_rate").cast(pl.Float64), pl.col("spend_cap").first().cast(pl.Float64)
    spent, kept = (
        (pl.col(name).cast(pl.Float64) / pl.when(rate > 0).then(rate)).sum() for name in ("order_value", "kept_value")
    )
    return (spent <= pl.max_horizontal(cap, kept) + CENT * pl.len()) | cap.is_null()


def _is_out_today() -> pl.Expr:
    """Whether a product with nothing left to sell has no days of stock left, if its stock is known and it sells."""
    has_nothing = pl.col("stock_on_hand") - pl.col("stock_committed") <= ROUNDING
    is_out = has_nothing & (pl.col("horizon_demand") > ROUNDING) & (pl.col("status") != NOT_PLANNED)
    return ~is_out | (pl.col("days_to_stock_out") == 0).fill_null(value=False)


def _all_finite(order_plan: pl.DataFrame) -> pl.Expr:
    numbers: Sequence[str] = [name for name, dtype in order_plan.schema.items() if dtype == pl.Float64]
    may_be_empty = {
        "maximum_shelf_level", "observed_lead_time_days", "shortage_chance_before_arrival", "price_break_quantity",
    }  # fmt: skip
    return pl.all_horizontal(
        pl.col(name).is_finite() & pl.col(name).is_not_null() for name in numbers if name not in may_be_empty
    ).fill_null(value=False)
