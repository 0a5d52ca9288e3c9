"""The status of a line of the plan: its reason, understock and overstock, dates and money.

What belongs here: what follows from stock, levels and the order quantity. What does not: the order decision
(`order_decision.py`), the limits (`order_limits.py`), joining the inputs (`order_plan.py`).

    understocked   a fact: the stock position is below the reorder point
    to order       a decision: the order quantity after the limits is positive

Read more in docs/maths.md.
"""

from datetime import date

import polars as pl

from pipelines.forecasting.calendar_intervals import NO_CALENDARS, Calendars
from pipelines.forecasting.history.demand_patterns import NEW_WEEKS
from pipelines.forecasting.model_names import OVERRIDDEN
from pipelines.forecasting.protection_intervals import LONGEST_HORIZON_DAYS
from pipelines.planning_settings.registry import GlobalSettings
from pipelines.purchasing.kept_lines import KEPT
from pipelines.replenishment.plan.assembly import ASSEMBLE
from pipelines.replenishment.plan.order_days import last_order_day
from pipelines.replenishment.plan.plan_summary import in_money
from pipelines.replenishment.plan.reasons import (
    ADDED_FOR_MINIMUM,
    EXCLUDING,
    LEFT_OUT_BY_BUDGET,
    ON_KEPT_DRAFT,
    PLANNED_ELSEWHERE,
    TAKEN_OUT,
    TO_ASSEMBLE,
    TOO_LATE_TO_ORDER,
    WAITS_FOR_MINIMUM,
    why_due,
)
from pipelines.replenishment.plan.statuses import (
    ASSEMBLE_NOW,
    ENOUGH,
    NOT_PLANNED,
    ORDER_LATER,
    ORDER_NOW,
    SHORT,
    TOO_MUCH,
)


def exclusion() -> pl.Expr:
    """The reason code of a product that is not planned; null if it is planned."""
    return (
        pl.when("is_discontinued")
        .then(pl.lit("discontinued"))
        .when("is_unstocked")
        .then(pl.lit("unstocked"))
        .when(~pl.col("is_tracked"))
        .then(pl.lit("untracked"))
        .when(pl.col("is_fault") | (pl.col("stock_on_hand") < 0))
        .then(pl.lit("data_fault"))
        .when((pl.col("model") == OVERRIDDEN) | (pl.col("minimum_shelf_level") > 0))
        .then(None)
        .when(pl.col("demand_class") == PLANNED_ELSEWHERE)
        .then(pl.lit(PLANNED_ELSEWHERE))
        .when(pl.col("demand_class").is_in(["never_sold", "dead"]))
        .then(pl.lit("no_demand"))
    )


def _is_below_shelf() -> pl.Expr:
    return pl.col("stock_position") < pl.col("minimum_shelf_level")


def is_ordered() -> pl.Expr:
    """Whether a planned product is ordered before the limits: an order is due, or stock is below its minimum level."""
    return pl.col("exclusion").is_null() & (pl.col("is_due") | _is_below_shelf())


def with_status(plan: pl.DataFrame, settings: GlobalSettings) -> pl.DataFrame:
    """The plan with reason, status, understock and overstock; figures of an unknown stock are empty."""
    plan = plan.with_columns(
        average_daily_demand=(pl.col("horizon_demand") / pl.col("horizon_days").clip(lower_bound=1)).round(4)
    )
    is_stock_known = ~pl.col("exclusion").is_in(["untracked", "data_fault"]).fill_null(value=False)
    missing, too_much = (
        pl.col("reorder_point") - pl.col("stock_position"),
        pl.col("stock_position") - overstock_level(settings.overstock_period_days),
    )
    plan = plan.with_columns(
        understock_quantity=_where(pl.col("exclusion").is_null(), missing.clip(lower_bound=0.0)).round(4),
        overstock_quantity=_where(is_stock_known, too_much.clip(lower_bound=0.0)).round(4),
    ).with_columns(reason=_reason())
    return plan.with_columns(_of_known_stock(), status=_status(), uncertain_cause=_uncertain_cause()).with_columns(
        is_uncertain=pl.col("uncertain_cause") != ""
    )


def overstock_level(overstock_period_days: int) -> pl.Expr:
    """The most stock without overstock: the order-up-to level and so many days more, or the minimum shelf level."""
    days = pl.col("horizon_days").clip(lower_bound=1)
    beyond = pl.col("order_up_to_level") * (days + overstock_period_days) / days
    return pl.max_horizontal(beyond, "minimum_shelf_level")


def _where(condition: pl.Expr, quantity: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(quantity).otherwise(0.0)


def _of_known_stock() -> pl.Expr:
    """Days to stock-out and the stock-out risk, empty if the stock is unknown."""
    is_unknown = ~pl.col("is_tracked") | pl.col("is_fault")
    of_stock = pl.col("days_to_stock_out", "days_to_stock_out_soonest", "shortage_chance_before_arrival")
    return pl.when(~is_unknown).then(of_stock).name.keep()


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("exclusion").is_not_null())
        .then(pl.col("exclusion"))
        .when(pl.col("binding_rule") == KEPT)
        .then(pl.when(pl.col("order_quantity") > 0).then(pl.lit(ON_KEPT_DRAFT)).otherwise(pl.lit(TAKEN_OUT)))
        .when(pl.col("order_action") == ASSEMBLE)
        .then(pl.lit(TO_ASSEMBLE))
        .when(pl.col("is_ordered") & (pl.col("quantity_after_cap") <= 0) & (pl.col("order_quantity") <= 0))
        .then(pl.lit("capped"))
        .when((pl.col("quantity_after_supplier_minimum") > 0) & (pl.col("order_quantity") <= 0))
        .then(pl.lit(LEFT_OUT_BY_BUDGET))
        .when((pl.col("quantity_after_cap") > 0) & (pl.col("quantity_after_supplier_minimum") <= 0))
        .then(pl.lit(WAITS_FOR_MINIMUM))
        .when((pl.col("quantity_after_cap") <= 0) & (pl.col("order_quantity") > 0))
        .then(pl.lit(ADDED_FOR_MINIMUM))
        .when(pl.col("is_ordered") & pl.col("supplier_id").is_null())
        .then(pl.lit("no_supplier"))
        .when(pl.col("is_ordered") & pl.col("is_due"))
        .then(why_due(pl.col("stock_position"), pl.col("stock_on_order")))
        .when("is_ordered")
        .then(pl.lit("below_minimum_shelf_level"))
        .when(pl.col("understock_quantity") > 0)
        .then(pl.lit(TOO_LATE_TO_ORDER))
        .otherwise(pl.lit("enough_stock"))
    )


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("reason").is_in(list(EXCLUDING)))
        .then(pl.lit(NOT_PLANNED))
        .when(pl.col("order_action") == ASSEMBLE)
        .then(pl.lit(ASSEMBLE_NOW))
        .when(pl.col("order_quantity") > 0)
        .then(pl.when(pl.col("order_day") > 0).then(pl.lit(ORDER_LATER)).otherwise(pl.lit(ORDER_NOW)))
        .when((pl.col("understock_quantity") > 0) | pl.col("is_due"))
        .then(pl.lit(SHORT))
        .when(pl.col("overstock_quantity") > 0)
        .then(pl.lit(TOO_MUCH))
        .otherwise(pl.lit(ENOUGH))
    )


def _uncertain_cause() -> pl.Expr:
    weeks = pl.col("history_weeks")
    return (
        pl.when((weeks > 0) & (weeks < NEW_WEEKS))
        .then(pl.lit("short_history"))
        .when((weeks > 0) & (weeks * 7 < pl.col("horizon_days")))
        .then(pl.lit("horizon_beyond_history"))
        .otherwise(pl.lit(""))
    )


def with_dates(plan: pl.DataFrame, as_of: date, calendars: Calendars = NO_CALENDARS) -> pl.DataFrame:
    """The plan with the date of the last review whose order arrives before the stock-out risk exceeds the target.

    A due order is due on the next order day, which is today without a calendar. Else stock lasts until demand reaches
    the quantile of the reorder point, extrapolated in proportion to the days beyond the horizon.
    """
    horizon, frequency = pl.col("horizon_days"), pl.col("order_frequency_days")
    lasts = pl.col("stock_position_in_time") / pl.col("reorder_point") * horizon
    reviews = ((lasts - pl.col("expected_lead_time_days")) / frequency).floor().clip(lower_bound=1.0)
    is_planned = pl.col("exclusion").is_null()
    has_date = is_planned & (pl.col("reorder_point") > 0) & (lasts <= LONGEST_HORIZON_DAYS)
    plan = last_order_day(plan.with_columns(stock_lasts_days=lasts), calendars)
    days = pl.coalesce("last_order_day", (reviews * frequency).cast(pl.Int64, strict=False))
    later = pl.lit(as_of) + pl.duration(days=pl.when(has_date).then(days))
    is_short_early = pl.col("shortage_chance_before_arrival").fill_null(0.0) > 1 - pl.col("service_level")
    return plan.with_columns(
        order_by_date=pl.when(is_planned & pl.col("is_due")).then("order_on_date").when(has_date).then(later),
        is_too_late_to_help=is_short_early & is_planned,
    )


def with_money(plan: pl.DataFrame) -> pl.DataFrame:
    """The plan with values at cost, and the costs of understock and overstock, in the row's currency.

    An amount that a missing price leaves unknown is empty. Values at cost are 0 without a unit cost, and
    `missing_price` names it. An understocked product loses the margin of the units that are short without an order now;
    overstock costs its yearly holding rate.
    """
    cost, rate = pl.col("unit_cost").cast(pl.Float64), pl.col("currency_rate").cast(pl.Float64)
    plan = plan.with_columns(missing_price=_missing_price())
    margin = (pl.col("sales_unit_price").cast(pl.Float64) * rate - cost).clip(lower_bound=0.0)
    lost = pl.when(pl.col("missing_price") == "").then(pl.col("short_without_order") * margin)
    return plan.with_columns(
        in_money(pl.col(quantity) * cost).alias(value)
        for quantity, value in (
            ("order_quantity", "order_value"),
            ("overstock_quantity", "overstock_value"),
            ("understock_quantity", "understock_value"),
            ("stock_on_hand", "stock_value"),
        )
    ).with_columns(
        understock_margin_lost=in_money(pl.when(pl.col("understock_quantity") > 0).then(lost).otherwise(0.0)),
        overstock_holding_cost=in_money(
            pl.when(cost > 0).then(pl.col("overstock_quantity") * cost * pl.col("holding_cost_rate"))
        ),
    )


def _missing_price() -> pl.Expr:
    """The prices that are missing for a product's margin, in words; empty if none is.

    Without an exchange rate a purchase price in base currency gives no unit cost: then the rate is missing.
    """
    has_rate = pl.col("currency_rate").is_not_null()
    missing = {
        "exchange rate": ~has_rate,
        "unit cost": has_rate & ~(pl.col("unit_cost") > 0).fill_null(value=False),
        "sales price": ~(pl.col("sales_unit_price") > 0).fill_null(value=False),
    }
    return pl.concat_str(
        [pl.when(is_missing).then(pl.lit(name)) for name, is_missing in missing.items()],
        separator=", ",
        ignore_nulls=True,
    )
