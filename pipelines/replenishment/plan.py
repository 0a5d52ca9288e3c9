"""The order plan: every product once, with a quantity or one reason for none, and the bridge that adds up.

What belongs here: joining stock, forecast and settings into decisions. What does not: the levels (`policy.py`), the
limits (`constraints.py`), what the plan comes to (`summary.py`).

    need = demand before arrival + demand in the cover + safety stock
           - on hand + committed - on order arriving in time - demand lost before arrival

Read more in docs/maths.md.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.forecasting.forecast import Forecast
from pipelines.forecasting.segments import NEW_WEEKS
from pipelines.replenishment.constraints import constrain
from pipelines.replenishment.parameters import GlobalSettings, global_settings, settings_of_products, wide_settings
from pipelines.replenishment.policy import order_levels
from pipelines.replenishment.reasons import EXCLUDING
from pipelines.tables import ORDER_PLAN


@dataclass(frozen=True)
class PlanInputs:
    """What a plan is made from, each frame in the shape of its table."""

    products: pl.DataFrame
    stock_position: pl.DataFrame
    stock_on_order: pl.DataFrame
    demand_daily: pl.DataFrame
    planning_settings: pl.DataFrame


def horizons(products: pl.DataFrame, planning_settings: pl.DataFrame) -> pl.DataFrame:
    """What the forecast needs of the settings: `product_code`, `lead_time_days`, `order_frequency_days`."""
    settings = wide_settings(settings_of_products(products, planning_settings))
    return settings.select("product_code", "lead_time_days", "order_frequency_days")


def make_plan(inputs: PlanInputs, forecast: Forecast, *, as_of: date, plan_id: str) -> pl.DataFrame:
    """The plan as `plan.order_plan`, by product code."""
    settings = wide_settings(settings_of_products(inputs.products, inputs.planning_settings))
    everybodys = global_settings(inputs.planning_settings)
    known = (
        inputs.products.join(settings, on="product_code", how="left")
        .join(inputs.stock_position.drop("stock_on_order", "stock_position"), on="product_code", how="left")
        .join(_on_order(inputs.stock_on_order, settings, as_of=as_of), on="product_code", how="left")
        .join(forecast.demand_horizons.drop("horizon_days", "lead_time_days"), on="product_code", how="left")
        .join(order_levels(forecast.demand_quantiles, settings), on="product_code", how="left")
        .join(forecast.model_choice.select("product_code", "demand_class", "model"), on="product_code", how="left")
        .with_columns(pl.col(pl.Float64).exclude("maximum_shelf_level").fill_null(0.0))
        .with_columns(
            pl.col("demand_class").fill_null("never_sold"), pl.col("model").fill_null("none"),
            pl.col("history_weeks").fill_null(0),
        )
    )  # fmt: skip
    needed = known.with_columns(horizon_days=pl.col("lead_time_days") + pl.col("order_frequency_days")).pipe(_need)
    decided = needed.with_columns(_exclusion().alias("exclusion")).with_columns(_is_ordered().alias("is_ordered"))
    return (
        constrain(decided)
        .pipe(_judge, everybodys)
        .pipe(_tell_dates, as_of)
        .pipe(_tell_money)
        .with_columns(as_of_date=pl.lit(as_of), plan_id=pl.lit(plan_id))
        .select(list(ORDER_PLAN.columns))
        .cast(ORDER_PLAN.schema)
        .with_columns(_without_minus_nothing())
        .sort("product_code")
    )


def _without_minus_nothing() -> pl.Expr:
    """0.0 for -0.0: they are one number, and must be one text. Polars passes `x + 0.0` by."""
    return pl.when(pl.col(pl.Float64) == 0).then(0.0).otherwise(pl.col(pl.Float64)).name.keep()


def _on_order(stock_on_order: pl.DataFrame, settings: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """For each product what is on order: in time, after the cover, and late, which does not count.

    In time is what is expected before the end of the cover. A counted order whose expected day has passed is on its
    way, as far as anybody knows, and in time.
    """
    cover_ends = pl.lit(as_of) + pl.duration(days=pl.col("lead_time_days") + pl.col("order_frequency_days"))
    lines = stock_on_order.join(settings, on="product_code", how="inner").with_columns(
        is_in_time=pl.col("expected_arrival_date").fill_null(as_of) < cover_ends
    )
    counted, in_time = pl.col("is_counted"), pl.col("is_in_time")
    quantity = pl.col("quantity")
    return lines.group_by("product_code").agg(
        stock_on_order=quantity.filter(counted).sum().round(4),
        stock_on_order_in_time=quantity.filter(counted & in_time).sum().round(4),
        stock_on_order_after_cover=quantity.filter(counted & ~in_time).sum().round(4),
        stock_on_order_late=quantity.filter(~counted).sum().round(4),
    )


def _need(known: pl.DataFrame) -> pl.DataFrame:
    """The bridge. Safety stock is what the order-up-to level holds above expected demand."""
    available = pl.col("stock_on_hand") - pl.col("stock_committed")
    return (
        known.with_columns(
            stock_position=(available + pl.col("stock_on_order")).round(4),
            stock_position_in_time=(available + pl.col("stock_on_order_in_time")).round(4),
            horizon_demand=(pl.col("demand_before_arrival") + pl.col("demand_in_cover")).round(4),
            demand_lost_before_arrival=pl.lit(0.0),
        )
        .with_columns(safety_stock=(pl.col("order_up_to_level") - pl.col("horizon_demand")).round(4))
        .with_columns(
            needed_quantity=(
                pl.col("demand_before_arrival")
                + pl.col("demand_in_cover")
                + pl.col("safety_stock")
                - pl.col("stock_on_hand")
                + pl.col("stock_committed")
                - pl.col("stock_on_order_in_time")
                - pl.col("demand_lost_before_arrival")
            ).round(4)
        )
    )


def _exclusion() -> pl.Expr:
    """Why a product is not planned at all, null where it is."""
    return (
        pl.when("is_discontinued")
        .then(pl.lit("discontinued"))
        .when("is_unstocked")
        .then(pl.lit("unstocked"))
        .when(~pl.col("is_tracked"))
        .then(pl.lit("untracked"))
        .when(pl.col("stock_on_hand") < 0)
        .then(pl.lit("data_fault"))
        .when(pl.col("demand_class").is_in(["never_sold", "dead"]) & (pl.col("minimum_shelf_level") <= 0))
        .then(pl.lit("no_demand"))
    )


def _is_below_reorder_point() -> pl.Expr:
    return (pl.col("stock_position_in_time") <= pl.col("reorder_point")) & (pl.col("needed_quantity") > 0)


def _is_below_shelf() -> pl.Expr:
    return pl.col("stock_position") < pl.col("minimum_shelf_level")


def _is_ordered() -> pl.Expr:
    return pl.col("exclusion").is_null() & (_is_below_reorder_point() | _is_below_shelf())


def _judge(plan: pl.DataFrame, everybodys: GlobalSettings) -> pl.DataFrame:
    """Reason, status, and what is too much or too little."""
    plan = plan.with_columns(
        average_daily_demand=(pl.col("horizon_demand") / pl.col("horizon_days").clip(lower_bound=1)).round(4)
    )
    beyond = pl.col("order_up_to_level") + pl.col("average_daily_demand") * everybodys.overstock_period_days
    is_kept = ~pl.col("exclusion").is_in(["untracked", "data_fault"]).fill_null(value=False)
    plan = plan.with_columns(
        reason=_reason(),
        overstock_quantity=pl.when(is_kept)
        .then((pl.col("stock_position") - pl.max_horizontal(beyond, "minimum_shelf_level")).clip(lower_bound=0.0))
        .otherwise(0.0)
        .round(4),
        understock_quantity=pl.when(pl.col("exclusion").is_null() & _is_below_reorder_point())
        .then(pl.col("needed_quantity"))
        .otherwise(0.0),
    )
    return plan.with_columns(status=_status(), uncertain_cause=_uncertain_cause()).with_columns(
        is_uncertain=pl.col("uncertain_cause") != ""
    )


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("exclusion").is_not_null())
        .then(pl.col("exclusion"))
        .when(pl.col("is_ordered") & (pl.col("order_quantity") <= 0))
        .then(pl.lit("capped"))
        .when(pl.col("is_ordered") & pl.col("supplier_id").is_null())
        .then(pl.lit("no_supplier"))
        .when(pl.col("is_ordered") & _is_below_reorder_point())
        .then(pl.lit("below_reorder_point"))
        .when("is_ordered")
        .then(pl.lit("below_minimum_shelf_level"))
        .otherwise(pl.lit("enough_stock"))
    )


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("reason").is_in(list(EXCLUDING)))
        .then(pl.lit("not_planned"))
        .when(pl.col("order_quantity") > 0)
        .then(pl.lit("order_now"))
        .when(pl.col("overstock_quantity") > 0)
        .then(pl.lit("too_much"))
        .otherwise(pl.lit("enough"))
    )


def _uncertain_cause() -> pl.Expr:
    is_new = (pl.col("history_weeks") > 0) & (pl.col("history_weeks") < NEW_WEEKS)
    return pl.when(is_new).then(pl.lit("short_history")).otherwise(pl.lit(""))


def _tell_dates(plan: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """When the stock runs out at the expected pace, and by when to order so that goods arrive before."""
    held = pl.col("stock_position_in_time").clip(lower_bound=0.0)
    days = (held / pl.col("average_daily_demand")).floor()
    runs_out = (pl.col("average_daily_demand") > 0) & (days <= pl.col("horizon_days"))
    above = (pl.col("stock_position_in_time") - pl.col("reorder_point")).clip(lower_bound=0.0)
    slack = (above / pl.col("average_daily_demand")).floor()
    presses = (pl.col("average_daily_demand") > 0) & pl.col("exclusion").is_null() & (slack <= pl.col("horizon_days"))
    return plan.with_columns(
        days_to_stock_out=pl.when(runs_out).then(days).cast(pl.Int64, strict=False),
        order_by_date=pl.when(presses).then(pl.lit(as_of) + pl.duration(days=slack.cast(pl.Int64, strict=False))),
    )


def _tell_money(plan: pl.DataFrame) -> pl.DataFrame:
    cost = pl.col("unit_cost").cast(pl.Float64)
    return plan.with_columns(
        (pl.col(quantity) * cost).round(2, mode="half_away_from_zero").alias(value)
        for quantity, value in (
            ("order_quantity", "order_value"),
            ("overstock_quantity", "overstock_value"),
            ("understock_quantity", "understock_value"),
            ("stock_on_hand", "stock_value"),
        )
    )
