"""How the number of one product was made, from its sales to its order, as typed records.

What belongs here: which rows of which tables explain a product. What does not: the records (`records.py`), the steps
and sentences (`bridge.py`, `sentences.py`), showing them (`explanation_tables.py`, `product_picture.py`).
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from types import NoneType
from typing import Final, get_args, get_type_hints

import numpy as np
import polars as pl

from pipelines.errors import UsageError
from pipelines.forecasting.history.transferred_demand import transfer_demand
from pipelines.nearest_names import unknown_name
from pipelines.planning_settings.demand_settings.assemblies import assembly_remarks, demand_ways
from pipelines.planning_settings.successors_and_bundles import sold_as, transfers_in_force, transfers_in_words
from pipelines.planning_settings.supplier_terms.supplier_calendar import calendars_by_supplier
from pipelines.product_codes import find_product
from pipelines.replenishment.explain.bridge import bridge
from pipelines.replenishment.explain.calendar_sentences import orders_behind_shutdowns
from pipelines.replenishment.explain.demand_remarks import event_sentences, like_sentences, one_off_sentences
from pipelines.replenishment.explain.open_order_sentences import late_sentence
from pipelines.replenishment.explain.projected_stock import WEEK, open_orders, projected_stock
from pipelines.replenishment.explain.records import (
    DemandQuantile,
    ForecastWeek,
    LeadTimeChance,
    ModelChoice,
    ModelScore,
    MonthSold,
    OpenOrderLine,
    OtherSupplier,
    PlanLine,
    ProductExplanation,
    SalesLine,
    SettingInForce,
    WeekSold,
    records_of,
)
from pipelines.replenishment.explain.sentences import sentences
from pipelines.replenishment.plan.assembly import NO_ACTION
from pipelines.replenishment.plan.draft_sales import draft_sentence, largest_drafts
from pipelines.replenishment.supplier_orders.order_sentences import adjustment_sentence
from pipelines.replenishment.suppliers.alternative_words import advised, alternative_sentence
from pipelines.storage import tables

# What every line of a plan has; one that an earlier version made lacks what came later.
_ALWAYS_THERE: Final = [name for name, kind in get_type_hints(PlanLine).items() if NoneType not in get_args(kind)]
MONTHS_SHOWN: Final = 13
WEEKS_OF_HISTORY: Final = 52
SOURCES: Final = (
    tables.ORDER_PLAN, tables.PLAN_SETTINGS, tables.LEAD_TIMES, tables.STOCK_ON_ORDER, tables.DEMAND_DAILY,
    tables.DEMAND_TRANSACTIONS, tables.MODEL_CHOICE, tables.MODEL_SCORES, tables.DEMAND_QUANTILES,
    tables.DEMAND_FORECAST, tables.ONE_OFF_ORDERS, tables.ANSWERED_ONE_OFFS, tables.PROTECTION_INTERVALS,
    tables.SUPPLIER_CALENDARS, tables.PRODUCT_EVENTS,
    tables.SUPPLIER_ORDERS, tables.ORDER_ADJUSTMENTS, tables.SUPPLIER_ALTERNATIVES,
)  # fmt: skip


@dataclass(frozen=True)
class ExplanationSources:
    """A plan and what it was made from: the tables of `SOURCES` in their order, each frame in its table's shape."""

    order_plan: pl.DataFrame
    plan_settings: pl.DataFrame
    lead_times: pl.DataFrame
    stock_on_order: pl.DataFrame
    demand_daily: pl.DataFrame
    demand_transactions: pl.DataFrame
    model_choice: pl.DataFrame
    model_scores: pl.DataFrame
    demand_quantiles: pl.DataFrame
    demand_forecast: pl.DataFrame
    one_off_orders: pl.DataFrame
    answered_one_offs: pl.DataFrame
    protection_intervals: pl.DataFrame
    supplier_calendars: pl.DataFrame
    product_events: pl.DataFrame
    supplier_orders: pl.DataFrame
    order_adjustments: pl.DataFrame
    supplier_alternatives: pl.DataFrame


def most_urgent(order_plan: pl.DataFrame, *, lines: int) -> pl.DataFrame:
    """The lines that are ordered or assembled, in the order in which their stock runs out."""
    return (
        order_plan.filter(pl.col("order_action") != NO_ACTION)
        .sort("days_to_stock_out", "understock_value", "product_code", descending=[False, True, False], nulls_last=True)
        .head(lines)
    )


def explain_product(sources: ExplanationSources, product_code: str) -> ProductExplanation:
    """How the number of a product of a plan was made.

    Raises:
        UsageError: the plan has no such product, or an earlier version made it.
    """
    plan = _plan_of(sources.order_plan, product_code)
    (line,) = records_of(plan, PlanLine)
    code, as_of = line.product_code, line.as_of_date
    transfers = transfers_in_force(sources.plan_settings)
    ways = demand_ways(sources.plan_settings, code)
    demand = _demand_of(sources.demand_daily, ways, code)
    recent = demand.filter(pl.col("demand_date").is_between(as_of - WEEKS_OF_HISTORY * WEEK, as_of, closed="left"))
    scores = sources.model_scores.filter(pl.col("demand_class") == line.demand_class).sort("score")
    weeks = _of(sources.demand_forecast, code).sort("period_start_date").drop("product_code", "model")
    on_order = open_orders(
        _of(sources.stock_on_order, code), _of(sources.protection_intervals, code), sources.supplier_calendars,
        as_of=as_of,
    )  # fmt: skip
    orders = records_of(on_order, OpenOrderLine)
    calendars = calendars_by_supplier(sources.supplier_calendars, as_of=as_of)
    others = _of(sources.supplier_alternatives, code)
    arrivals = on_order.filter("is_counted").select("estimated_arrival_date", "quantity")
    return ProductExplanation(
        plan=line,
        bridge=bridge(line),
        sentences=[
            *late_sentence(line, orders),
            *sentences(line),
            *orders_behind_shutdowns(orders, calendars, as_of=as_of),
            *assembly_remarks(sources.plan_settings, sources.order_plan, code),
            *_about_money(sources, line),
            *(alternative_sentence(row) for row in advised(others).to_dicts()),
            *transfers_in_words(sources.plan_settings, transfers, code),
            *like_sentences(sources.plan_settings, sources.model_choice, code),
            *event_sentences(_of(sources.product_events, code), as_of=as_of),
            *one_off_sentences(_of(sources.one_off_orders, code), _answered(sources, ways, code)),
            *(draft_sentence(draft) for draft in largest_drafts(plan, sources.demand_transactions).to_dicts()),
        ],
        settings=records_of(_of(sources.plan_settings, code).drop("product_code"), SettingInForce),
        lead_times=records_of(_of(sources.lead_times, code).drop("product_code"), LeadTimeChance),
        model=next(iter(records_of(_of(sources.model_choice, code), ModelChoice)), None),
        model_scores=records_of(scores, ModelScore),
        sales=records_of(_by_month(demand, as_of), MonthSold),
        sales_weekly=_by_week(recent, as_of),
        stock_out_days=recent.filter("is_out").sort("demand_date")["demand_date"].to_list(),
        forecast=records_of(weeks, ForecastWeek),
        quantiles=quantiles_of_horizon(_of(sources.demand_quantiles, code), line.horizon_days),
        transactions=records_of(_sales_lines(sources.demand_transactions, sold_as(ways, code)), SalesLine),
        open_orders=orders,
        projected_stock=projected_stock(line, weeks.select("period_start_date", "quantity").rows(), arrivals.rows()),
        other_suppliers=records_of(others.select(field.name for field in fields(OtherSupplier)), OtherSupplier),
    )


def _answered(sources: ExplanationSources, transfers: pl.DataFrame, code: str) -> pl.DataFrame:
    """The answered sales that count for a product."""
    return sources.answered_one_offs.filter(pl.col("product_code").is_in(list(sold_as(transfers, code))))


def _about_money(sources: ExplanationSources, line: PlanLine) -> list[str]:
    """What the supplier's minimum or the spend cap changed for a product."""
    of_supplier = sources.supplier_orders.filter(pl.col("supplier_id").is_in([line.supplier_id]))
    order = next(of_supplier.filter(pl.col("currency").is_in([line.currency])).iter_rows(named=True), None)
    changes = _of(sources.order_adjustments, line.product_code).iter_rows(named=True)
    return [adjustment_sentence(change, order) for change in changes]


def quantiles_of_horizon(demand_quantiles: pl.DataFrame, horizon_days: int) -> list[DemandQuantile]:
    """The quantiles of a product's demand over a horizon; between two forecast horizons on the line between theirs.

    `demand_quantiles` has the shape of `forecast.demand_quantiles` and the rows of one product.
    """
    by_probability = demand_quantiles.sort("probability", "horizon_days").group_by("probability", maintain_order=True)
    return [
        DemandQuantile(probability, round(float(np.interp(horizon_days, days, units)), 4))
        for probability, days, units in by_probability.agg("horizon_days", "quantity").rows()
    ]


def line_of(order_plan: pl.DataFrame, product_code: str) -> PlanLine:
    """The line of a product in a plan.

    Raises:
        UsageError: the plan has no such product, or an earlier version made it.
    """
    (line,) = records_of(_plan_of(order_plan, product_code), PlanLine)
    return line


def _plan_of(order_plan: pl.DataFrame, product_code: str) -> pl.DataFrame:
    """The one line of a product, whatever the case in which its code was typed."""
    code = find_product(order_plan["product_code"], product_code)
    if code is None:
        raise UsageError(
            f"{unknown_name('product', product_code, order_plan['product_code'])} "
            "If it is new in Xero: `stocktrim load`, then `stocktrim plan`."
        )
    plan = _of(order_plan, code)
    if any(plan[name].has_nulls() for name in _ALWAYS_THERE):
        raise UsageError("An earlier version made this plan: run `stocktrim plan`, then explain the product.")
    return plan


def _of(frame: pl.DataFrame, product_code: str) -> pl.DataFrame:
    return frame.filter(pl.col("product_code") == product_code)


def _demand_of(demand_daily: pl.DataFrame, transfers: pl.DataFrame, code: str) -> pl.DataFrame:
    """Daily demand of a product as it is forecast from; of one whose demand counts for others, its own."""
    own = demand_daily.filter(pl.col("product_code").is_in(list(sold_as(transfers, code))))
    demand = own if code in transfers["product_code"] else _of(transfer_demand(own, transfers), code)
    return demand.with_columns(is_out=pl.col("is_stocked_out").fill_null(value=False))


def _sales_lines(transactions: pl.DataFrame, counted: Mapping[str, float]) -> pl.DataFrame:
    """Every sales line behind a product's demand, the latest first, and the units of the product that it counts for."""
    units = pl.col("product_code").replace_strict(counted, return_dtype=pl.Float64)
    return (
        transactions.filter(pl.col("product_code").is_in(list(counted)))
        .with_columns(counted_quantity=(pl.col("quantity") * units).round(4))
        .sort("demand_date", "invoice_number", "line_number", descending=True)
    )


def _by_month(demand: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Units sold and days out of stock of the last months, until today's."""
    first = min(demand["demand_date"].min() or as_of, as_of)
    months = pl.select(month=pl.date_range(pl.lit(first).dt.truncate("1mo"), as_of, "1mo").dt.strftime("%Y-%m"))
    sold = demand.group_by(month=pl.col("demand_date").dt.strftime("%Y-%m")).agg(
        pl.col("quantity").sum(), days_out_of_stock=pl.col("is_out").sum()
    )
    by_month = months.join(sold, on="month", how="full", coalesce=True) if demand.height else sold
    return by_month.with_columns(pl.col("quantity", "days_out_of_stock").fill_null(0)).sort("month").tail(MONTHS_SHOWN)


def _by_week(demand: pl.DataFrame, as_of: date) -> list[WeekSold]:
    """The weeks that end on the day before the plan's, from the first with a row on."""
    ago = (pl.lit(as_of) - pl.col("demand_date")).dt.total_days().sub(1) // WEEK.days
    by_week = demand.group_by(ago.alias("ago")).agg(pl.col("quantity").sum(), pl.col("is_out").sum())
    found = {week: (units, days_out) for week, units, days_out in by_week.rows()}
    return [
        WeekSold(as_of - (week + 1) * WEEK, *found.get(week, (0.0, 0)))
        for week in reversed(range(max(found, default=-1) + 1))
    ]
