"""Advice on open purchase order lines: expedite, postpone, cancel, receive or re-date, or none.

What belongs here: which advice a line gets, its units, days and money. What does not: the units lost before an arrival
(`lost_before_arrival.py`), the words (`advice_words.py`).
Everything follows from the plan's own figures: its expected arrivals, its level and its threshold of overstock. So a
product that the plan orders never gets the advice to cancel or to postpone, and a line to cancel is what the plan calls
overstock.
Read more in docs/maths.md.
"""

from typing import Final

import polars as pl

from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.history.demand_matrix import is_quantity
from pipelines.planning_settings.registry import GlobalSettings, global_settings
from pipelines.planning_settings.supplier_terms.supplier_calendar import calendars_by_supplier
from pipelines.replenishment.decision.available_stock import available_stock
from pipelines.replenishment.decision.decision_inputs import arrivals_on_order
from pipelines.replenishment.open_orders.advice_words import sentence
from pipelines.replenishment.open_orders.lost_before_arrival import units_lost
from pipelines.replenishment.plan.line_status import overstock_level
from pipelines.replenishment.plan.order_plan import PlanInputs
from pipelines.replenishment.plan.plan_summary import in_money, unit_cost_in_base
from pipelines.replenishment.plan.reasons import PLANNED_ELSEWHERE
from pipelines.replenishment.plan.statuses import ENOUGH, NOT_PLANNED, TOO_MUCH
from pipelines.replenishment.planning_parameters import PlanningParameters
from pipelines.storage.tables import OPEN_ORDER_ADVICE, empty

EXPEDITE: Final = "expedite"
POSTPONE: Final = "postpone"
CANCEL: Final = "cancel"
RECEIVE: Final = "receive_or_redate"
NONE: Final = "none"
ADVICE: Final = (EXPEDITE, RECEIVE, CANCEL, POSTPONE, NONE)
# A line is postponed by this many days at least, and by more than the time between two orders.
FEWEST_DAYS: Final = 14
# A smaller share of a line is not cancelled.
LEAST_SHARE: Final = 0.2
# Fewer units expected to be lost are no reason to expedite.
LEAST_LOST: Final = 0.1
# A date beyond so many days is a slip, not a promise.
LONGEST_DAYS: Final = 730
# An order without a delivery date in Xero is overdue this many days after it was expected, or twice the usual spread.
LEAST_OVERDUE_DAYS: Final = 7
_FAR: Final = 36_500
_OF_PLAN: Final = (
    "product_code", "product_name", "status", "reason", "order_quantity", "stock_on_hand", "stock_committed",
    "assembly_requirement", "order_up_to_level", "horizon_demand", "horizon_days", "order_frequency_days",
    "minimum_shelf_level", "minimum_order_quantity", "batch_size", "days_to_stock_out_soonest", "demand_class",
    "expected_arrival_date", "lead_time_deviation_days",
)  # fmt: skip


def advise_open_orders(
    order_plan: pl.DataFrame,
    inputs: PlanInputs,
    parameters: PlanningParameters,
    forecast: Forecast,
    *,
    base_currency: str,
) -> pl.DataFrame:
    """Advice on every open order line, largest money first: `plan.open_order_advice`; money in base currency.

    `order_plan` is the plan that was made from the other arguments.
    """
    if order_plan.is_empty() or inputs.stock_on_order.is_empty():
        return empty(OPEN_ORDER_ADVICE)
    settings = global_settings(inputs.planning_settings)
    lines = _lines(order_plan, inputs, parameters, settings)
    lost = units_lost(lines.filter(_could_run_short()), forecast, settings.order_policy)
    return (
        lines.join(lost, on="place", how="left")
        .with_columns(pl.col("lost_quantity").fill_null(0.0))
        .with_columns(advice=_advice())
        .with_columns(_units(), _money(), from_date=_day("arrival_day"), to_date=_to_date())
        .with_columns(currency=pl.lit(base_currency))
        .with_columns(sentence=sentence())
        .sort("money_at_stake", "purchase_order_number", "line_number", "product_code",
              descending=[True, False, False, False], nulls_last=True)
        .select(list(OPEN_ORDER_ADVICE.columns))
        .cast(OPEN_ORDER_ADVICE.schema)
    )  # fmt: skip


def _lines(
    order_plan: pl.DataFrame, inputs: PlanInputs, parameters: PlanningParameters, settings: GlobalSettings
) -> pl.DataFrame:
    """The open lines beside their line of the plan, with what is there before each arrives, and how long it lasts."""
    as_of = order_plan["as_of_date"][0]
    lines = inputs.stock_on_order.with_row_index("place")
    is_readable = is_quantity("quantity").fill_null(value=True)
    calendars = calendars_by_supplier(parameters.supplier_calendars, as_of=as_of)
    expected = arrivals_on_order(
        lines.filter(is_readable), parameters.protection_intervals, as_of=as_of, calendars=calendars
    )
    holding = parameters.plan_settings.filter(pl.col("name") == "holding_cost_rate").select(
        "product_code", holding_cost_rate=pl.col("value").cast(pl.Float64, strict=False)
    )
    return (
        lines.join(expected.select("place", "arrival_day"), on="place", how="left")
        .join(_of_plan(order_plan), on="product_code", how="left")
        .join(inputs.products.select("product_code", "sales_unit_price"), on="product_code", how="left")
        .join(holding, on="product_code", how="left")
        .sort("product_code", "arrival_day", "purchase_order_number", "line_number", "place", nulls_last=True)
        .with_columns(
            as_of_date=pl.lit(as_of),
            plan_id=pl.lit(order_plan["plan_id"][0]),
            is_supply=pl.col("is_counted") & pl.col("arrival_day").is_not_null(),
        )
        .with_columns(supply=pl.when("is_supply").then("quantity").otherwise(0.0))
        .with_columns(
            stock_ahead=available_stock() + pl.col("supply").cum_sum().over("product_code") - pl.col("supply")
        )
        .with_columns(needed_day=_needed_day(), surplus=_surplus(settings.overstock_period_days))
        .with_columns(until_day=_until_day(), never_days=pl.col("horizon_days") + settings.overstock_period_days)
    )


def _of_plan(order_plan: pl.DataFrame) -> pl.DataFrame:
    """What is needed of each line of the plan; `unit_cost_in_base` is null if the cost or its rate is unknown."""
    return order_plan.select(*_OF_PLAN, unit_cost_in_base=unit_cost_in_base()).rename(
        {"status": "plan_status", "expected_arrival_date": "plan_arrival_date"}
    )


def _needed_day() -> pl.Expr:
    """The day on which stock and earlier orders no longer meet demand with the service level.

    Demand of t days at the service level is taken as m t / H + s sqrt(t / H), with the expected demand m and the safety
    stock s of the protection interval H; beyond H as the plan does, in proportion to the days. The earlier of both.
    """
    stock, level, days = (
        pl.col("stock_ahead").clip(lower_bound=0.0),
        pl.col("order_up_to_level"),
        pl.col("horizon_days"),
    )
    mean = pl.min_horizontal("horizon_demand", level)
    safety = level - mean
    of_mean = ((safety**2 + 4 * mean * stock).sqrt() - safety) / (2 * mean)
    root = pl.when(mean > 0).then(of_mean).otherwise(stock / safety)
    lasts = pl.min_horizontal(root**2, stock / level) * days
    return pl.when(level > 0).then(lasts.floor().clip(upper_bound=_FAR)).otherwise(_FAR).cast(pl.Int64)


def _surplus(overstock_period_days: int) -> pl.Expr:
    """The units of a line above the level from which the plan calls stock overstock."""
    enough = overstock_level(overstock_period_days)
    return (pl.col("stock_ahead") + pl.col("supply") - enough).clip(0.0, pl.col("supply"))


def _until_day() -> pl.Expr:
    """The day before which a shortage speaks for expediting: its arrival, or that of an order of today, if sooner."""
    is_ordered = pl.col("order_quantity") > 0
    today_day = (pl.col("plan_arrival_date") - pl.col("as_of_date")).dt.total_days()
    return pl.when(is_ordered).then(pl.min_horizontal("arrival_day", today_day)).otherwise("arrival_day")


def _could_run_short() -> pl.Expr:
    """Whether the plan sees stock run out before the line arrives, on one path in ten."""
    is_planned = (pl.col("plan_status") != NOT_PLANNED) & pl.col("is_supply") & (pl.col("supply") > 0)
    return is_planned & (pl.col("days_to_stock_out_soonest") < pl.col("until_day"))


def _advice() -> pl.Expr:
    """The code of the advice; the first that applies."""
    is_unknown = pl.col("reason").is_in(["untracked", "data_fault"]) | ~is_quantity("quantity")
    is_to_receive = (pl.col("rule") == "late") | _seems_delivered()
    has_no_say = (
        ~pl.col("is_supply") | pl.col("reason").is_in([PLANNED_ELSEWHERE, "unstocked"])
        | (pl.col("demand_class") == "never_sold")
    )  # fmt: skip
    is_enough = pl.col("plan_status").is_in([ENOUGH, TOO_MUCH, NOT_PLANNED])
    is_late_needed = pl.col("needed_day") - pl.col("arrival_day") >= pl.max_horizontal(
        pl.lit(FEWEST_DAYS), "order_frequency_days"
    )
    return (
        pl.when(is_to_receive)
        .then(pl.lit(RECEIVE))
        .when(is_unknown)
        .then(pl.lit(NONE))
        .when(pl.col("lost_quantity") >= LEAST_LOST)
        .then(pl.lit(EXPEDITE))
        .when(_is_promised_too_far() | is_overdue())
        .then(pl.lit(RECEIVE))
        .when(has_no_say | ~is_enough)
        .then(pl.lit(NONE))
        .when((_cancelled() > 0) & (_cancelled() >= LEAST_SHARE * pl.col("quantity")))
        .then(pl.lit(CANCEL))
        .when(is_late_needed & (pl.col("plan_status") != NOT_PLANNED))
        .then(pl.lit(POSTPONE))
        .otherwise(pl.lit(NONE))
    )


def is_overdue() -> pl.Expr:
    """Whether a line that has no delivery date in Xero, as one sent from here, should have come some time ago.

    It still counts as supply. Twice the deviation of the lead time is its usual spread.
    """
    is_expected = (pl.col("rule") == "no_delivery_date") & ~pl.col("is_arrival_assumed").fill_null(value=True)
    days = (pl.col("as_of_date") - pl.col("expected_arrival_date")).dt.total_days()
    spread = 2 * pl.col("lead_time_deviation_days").fill_null(0.0)
    is_over = days > pl.max_horizontal(pl.lit(float(LEAST_OVERDUE_DAYS)), spread)
    return pl.col("is_supply") & (is_expected & is_over).fill_null(value=False)


def _is_promised_too_far() -> pl.Expr:
    """Whether a line counts as supply that comes so late that nobody can have meant the date."""
    return pl.col("is_supply") & (pl.col("arrival_day") > LONGEST_DAYS)


def _seems_delivered() -> pl.Expr:
    return (pl.col("exception") == "counted_although_billed").fill_null(value=False)


def _cancelled() -> pl.Expr:
    """The units to cancel of a line: what is left are whole batches, and the minimum order quantity or nothing."""
    quantity = pl.col("supply")
    is_whole = quantity == quantity.floor()
    step = pl.when(pl.col("batch_size") > 0).then("batch_size").when(is_whole).then(1.0)
    kept = quantity - pl.col("surplus")
    kept = pl.when(step.is_null()).then(kept).otherwise((kept / step).round(6).ceil() * step)
    kept = pl.when(kept > 0).then(pl.max_horizontal(kept, "minimum_order_quantity")).otherwise(0.0)
    return (quantity - kept).clip(lower_bound=0.0)


def _units() -> pl.Expr:
    """The units that the advice is about."""
    billed, ordered = pl.col("billed_quantity").fill_null(0.0), pl.col("ordered_quantity")
    advice = pl.col("advice")
    return (
        pl.when(advice == EXPEDITE)
        .then("lost_quantity")
        .when(advice == CANCEL)
        .then(_cancelled())
        .when((advice == RECEIVE) & (pl.col("rule") == "late"))
        .then((pl.coalesce(ordered, "quantity") - billed).clip(lower_bound=0.0))
        .when((advice == RECEIVE) & ~_seems_delivered())
        .then("quantity")
        .when(advice == RECEIVE)
        .then(billed)
        .when(advice == POSTPONE)
        .then("quantity")
        .otherwise(0.0)
        .round(4)
        .alias("advised_quantity")
    )


def _money() -> pl.Expr:
    """The money at stake in base currency; null if a price or a rate that it needs is unknown."""
    rate = pl.col("currency_rate").cast(pl.Float64)
    unit = pl.col("value").cast(pl.Float64) / pl.col("quantity") / pl.when(rate > 0).then(rate)
    unit = pl.when(pl.col("quantity") > 0).then(unit)
    price = pl.col("sales_unit_price").cast(pl.Float64)
    margin = pl.when(price > 0).then((price - pl.col("unit_cost_in_base")).clip(lower_bound=0.0))
    days = (pl.col("needed_day") - pl.col("arrival_day")) / 365
    advice = pl.col("advice")
    return in_money(
        pl.when(advice == EXPEDITE)
        .then(pl.col("lost_quantity") * margin)
        .when(advice == POSTPONE)
        .then(pl.col("quantity") * unit * pl.col("holding_cost_rate") * days)
        .when(advice == NONE)
        .then(0.0)
        .otherwise(_units() * unit)
    ).alias("money_at_stake")


def _day(days: str) -> pl.Expr:
    return pl.col("as_of_date") + pl.duration(days=pl.col(days))


def _to_date() -> pl.Expr:
    """The day on which the goods should come: to expedite, when stock may run out; to postpone, when it is needed."""
    return (
        pl.when(pl.col("advice") == EXPEDITE)
        .then(_day("days_to_stock_out_soonest"))
        .when(pl.col("advice") == POSTPONE)
        .then(_day("needed_day"))
    )
