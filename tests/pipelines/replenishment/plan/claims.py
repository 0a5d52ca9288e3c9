"""What the README and the glossary claim of every row of a plan, each claim as an expression that is true."""

from typing import Final

import polars as pl

from pipelines.replenishment.plan.reasons import EXCLUDING, ORDERING, REASONS

TINY: Final = 1e-6


def col(name: str) -> pl.Expr:
    return pl.col(name)


def same(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    return (one - other).abs() <= TINY


def implies(condition: pl.Expr, claim: pl.Expr) -> pl.Expr:
    return ~condition.fill_null(value=False) | claim.fill_null(value=False)


def is_multiple(quantity: pl.Expr, of: pl.Expr) -> pl.Expr:
    count = quantity / of
    return (count - count.round()).abs() <= TINY * (1 + count.abs())


DEMAND: Final = col("demand_before_arrival") + col("demand_in_cover")
AVAILABLE: Final = col("stock_on_hand") - col("stock_committed")
IS_KNOWN: Final = col("shortage_chance_before_arrival").is_not_null()
IS_PLANNED: Final = col("status") != "not_planned"
IS_ORDERED: Final = col("order_quantity") > 0
IS_KEPT: Final = col("binding_rule") == "kept_draft"
IS_OUT: Final = IS_KNOWN & (AVAILABLE <= 0) & (col("horizon_demand") > 0)
HOLDS: Final = (col("lead_time_origin") != "default") & (col("lead_time_rule") == "as_set")
COST: Final = col("unit_cost").cast(pl.Float64)

WHY_NOT: Final = [
    "capped",
    "too_late_to_order",
    "waits_for_supplier_minimum",
    "left_out_by_spend_cap",
    "taken_out_of_draft",
]

CLAIMS: Final[dict[str, pl.Expr]] = {
    "the bridge adds up": same(
        DEMAND + col("safety_stock") - AVAILABLE - col("stock_on_order_in_time") - col("demand_lost_before_arrival")
        + col("timing_adjustment"),
        col("needed_quantity"),
    ),
    "its last steps are the order": same(
        col("quantity_after_budget"), col("order_quantity") + col("assembly_quantity")
    ),
    "the spend cap only takes away": col("quantity_after_budget") <= col("quantity_after_supplier_minimum") + TINY,
    "a rule of money binds where it changed the quantity": (
        col("binding_rule").is_in(["supplier_minimum", "waits_for_supplier_minimum", "spend_cap"])
        == ~same(col("quantity_after_cap"), col("order_quantity"))
    ) | IS_KEPT | ~same(col("quantity_after_supplier_minimum"), col("quantity_after_cap")),
    "safety stock is the level above expected demand": same(col("safety_stock"), col("order_up_to_level") - DEMAND),
    "the horizon's demand has two parts": same(col("horizon_demand"), DEMAND),
    "average demand is that of the horizon a day": (
        col("average_daily_demand") - col("horizon_demand") / col("horizon_days").clip(lower_bound=1)
    ).abs() <= 1e-4,
    "the reorder point is not above the level": col("reorder_point") <= col("order_up_to_level"),
    "the position is on hand, less committed, plus on order": same(
        col("stock_position"), AVAILABLE + col("stock_on_order")
    ),
    "what is on order arrives in time or after; late orders do not count": same(
        col("stock_on_order"), col("stock_on_order_in_time") + col("stock_on_order_after_cover")
    ),
    "lost demand is demand before arrival": col("demand_lost_before_arrival").is_between(
        0, col("demand_before_arrival") + TINY
    ),
    "units short are demand that nothing serves": col("short_without_order").is_between(
        col("demand_lost_before_arrival") - TINY, col("horizon_demand").clip(lower_bound=0) + 2e-4
    ),
    "every product has its reason": col("reason").is_in(list(REASONS)),
    "a product is ordered or not": (col("status").is_in(["order_now", "order_later"]) == IS_ORDERED)
    | (IS_KEPT & ~IS_PLANNED),
    "what is not planned has that reason, and no order": (
        (col("reason").is_in(list(EXCLUDING)) == ~IS_PLANNED) & implies(~IS_PLANNED, ~IS_ORDERED | IS_KEPT)
    ),
    "what is ordered has a reason to be": implies(IS_ORDERED & IS_PLANNED, col("reason").is_in(list(ORDERING))),
    "understocked is a position below the reorder point": (col("understock_quantity") > 0)
    == (IS_PLANNED & (col("reorder_point") - col("stock_position") > TINY)),
    "what is understocked is ordered, or it says why not": implies(
        col("understock_quantity") > 0, IS_ORDERED | col("reason").is_in(WHY_NOT)
    ),
    "what is understocked is not overstocked": (col("understock_quantity") == 0) | (col("overstock_quantity") == 0),
    "an order line is a multiple of the batch": IS_KEPT | is_multiple(col("order_quantity"), col("batch_size")),
    "an order line reaches the minimum, unless the maximum binds": implies(
        IS_ORDERED & ~IS_KEPT & (col("binding_rule") != "maximum_shelf_level"),
        col("order_quantity") >= col("minimum_order_quantity") - TINY,
    ),
    "an order stays below the maximum shelf level": implies(
        IS_ORDERED & ~IS_KEPT & col("maximum_shelf_level").is_not_null(),
        col("stock_position") + col("order_quantity") <= col("maximum_shelf_level") + 1e-4,
    ),
    "a rule binds where something is ordered": implies(IS_ORDERED, col("binding_rule") != "none"),
    "the stock of what is planned is known": implies(IS_PLANNED, IS_KNOWN),
    "without stock no days are left": implies(IS_OUT, col("days_to_stock_out") == 0),
    "without stock it has run out": implies(
        IS_OUT & IS_PLANNED & (col("lead_time_deviation_days") == 0) & (col("expected_lead_time_days") > 0),
        col("shortage_chance_before_arrival") > 1 - TINY,
    ),
    "without demand no stock-out": implies(col("horizon_demand") == 0, col("days_to_stock_out").is_null()),
    "no stock-out of unknown stock": implies(col("reason") == "untracked", col("days_to_stock_out").is_null()),
    "one path in ten runs out no later than half of them": implies(
        col("days_to_stock_out").is_not_null(), col("days_to_stock_out_soonest") <= col("days_to_stock_out")
    ),
    "stock runs out within the horizon": implies(
        col("days_to_stock_out").is_not_null(), col("days_to_stock_out").is_between(0, col("horizon_days") * 4)
    ),
    "a chance is a chance": col("shortage_chance_before_arrival").fill_null(0.0).is_between(0, 1 + TINY),
    "too late to help is a chance above the target": implies(
        IS_PLANNED,
        col("is_too_late_to_help")
        == (col("shortage_chance_before_arrival").fill_null(0.0) > 1 - col("service_level")),
    ),
    "what is due is to be ordered today": implies(
        IS_ORDERED & (col("reason") == "below_reorder_point"), col("order_by_date") == col("as_of_date")
    ),
    "what is not due can wait for a review": implies(
        (col("reason") == "enough_stock") & col("order_by_date").is_not_null(),
        col("order_by_date") > col("as_of_date"),
    ),
    "a lead time that a person set holds": implies(
        HOLDS, col("expected_lead_time_days") == col("lead_time_days") + col("manufacturing_time_days")
    ),
    "the horizon is lead time plus order frequency, or the forecast period": col("horizon_days")
    == pl.coalesce("forecast_period_days", col("expected_lead_time_days") + col("order_frequency_days")),
    "values are quantities at cost; on a kept draft, at what people gave it": pl.all_horizontal(
        ((col(f"{one}_value").cast(pl.Float64) - col(f"{one}_quantity") * COST).abs() <= 0.0051)
        | (IS_KEPT & pl.lit(one == "order"))
        for one in ("order", "understock", "overstock")
    ),
    "overstock has a holding cost unless its unit cost is missing": (
        pl.when(COST > 0)
        .then((col("overstock_holding_cost") > 0) <= (col("overstock_quantity") > 0))
        .otherwise(col("overstock_holding_cost").is_null())
    ),
    "overstock lies above the order-up-to level": implies(
        col("overstock_quantity") > 0, col("stock_position") > col("order_up_to_level") - TINY
    ),
    "lost margin is known unless a price is missing": implies(
        (col("understock_quantity") > 0) & (col("missing_price") == ""), col("understock_margin_lost") >= 0
    )
    & implies((col("understock_quantity") > 0) & (col("missing_price") != ""), col("understock_margin_lost").is_null())
    & implies(col("understock_quantity") == 0, col("understock_margin_lost") == 0),
    "no price is claimed to lack that is there": (
        (col("missing_price").str.contains("exchange rate") == col("currency_rate").is_null())
        & implies(col("missing_price").str.contains("unit cost"), (COST.fill_null(0.0) <= 0))
    ),
}  # fmt: skip


def broken(plan: pl.DataFrame) -> dict[str, list[str]]:
    """The claims that some row breaks, with the products of these rows."""
    broken = {
        claim: plan.filter(~is_true.fill_null(value=False))["product_code"].to_list()
        for claim, is_true in CLAIMS.items()
    }
    return {claim: codes for claim, codes in broken.items() if codes}
