"""All that is told of one product, from its sales to its order, as plain lists and values.

What belongs here: which rows of which tables tell of a product. What does not: the bridge and the sentences
(`bridge.py`), the picture (`product_picture.py`), showing it (the command, Dagster).
Read more in docs/maths.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.forecasting.history.transferred_demand import transfer_demand
from pipelines.planning_settings.successors_and_bundles import sold_as, transfers_in_force, transfers_in_words
from pipelines.product_codes import find_product
from pipelines.replenishment.explain.bridge import bridge, open_orders, projected_stock, quantiles_of_horizon, sentences
from pipelines.replenishment.plan.draft_sales import draft_sentence, largest_drafts
from pipelines.storage import tables

MONTHS_TOLD: Final = 13
WEEKS_TOLD: Final = 52
# Of the many probabilities of a forecast, those that a person is shown.
CHANCES_TOLD: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
WEEK: Final = timedelta(days=7)
SOURCES: Final = (
    tables.ORDER_PLAN, tables.PLAN_SETTINGS, tables.LEAD_TIMES, tables.STOCK_ON_ORDER, tables.DEMAND_DAILY,
    tables.DEMAND_TRANSACTIONS, tables.MODEL_CHOICE, tables.MODEL_SCORES, tables.DEMAND_QUANTILES,
    tables.DEMAND_FORECAST,
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


def most_urgent(order_plan: pl.DataFrame, *, lines: int) -> pl.DataFrame:
    """The lines that are ordered, those first whose stock runs out first."""
    return (
        order_plan.filter(pl.col("order_quantity") > 0)
        .sort("days_to_stock_out", "understock_value", "product_code", descending=[False, True, False], nulls_last=True)
        .head(lines)
    )


def explain_product(planned: ExplanationSources, product_code: str) -> dict[str, Any]:
    """All that is told of a product of a plan.

    Raises:
        UsageError: the plan has no such product, or an earlier version made it.
    """
    code = find_product(planned.order_plan["product_code"], product_code)
    if code is None:
        raise UsageError(
            f"The plan has no product {product_code!r}; run `stocktrim load` and `stocktrim plan` if it is new in Xero."
        )
    plan = _of(planned.order_plan, code)
    row = plan.to_dicts()[0]
    if row["timing_adjustment"] is None:
        raise UsageError("This plan was made by an earlier version; run `stocktrim plan`, then ask.")
    transfers = transfers_in_force(planned.plan_settings)
    return {
        "plan": row,
        "bridge": [vars(step) for step in bridge(row)],
        "sentences": [
            *sentences(row),
            *transfers_in_words(planned.plan_settings, transfers, code),
            *_largest_draft(plan, planned.demand_transactions),
        ],
        "settings": _of(planned.plan_settings, code).drop("product_code").to_dicts(),
        "lead_times": _of(planned.lead_times, code).drop("product_code").to_dicts(),
        **_demand(planned, row, transfers),
        **_supply(planned, plan),
    }


def _largest_draft(plan: pl.DataFrame, transactions: pl.DataFrame) -> list[str]:
    """The draft invoice that makes most of what is committed of the product, in a sentence, if there is one."""
    return [draft_sentence(draft) for draft in largest_drafts(plan, transactions).to_dicts()]


def _of(frame: pl.DataFrame, product_code: str) -> pl.DataFrame:
    return frame.filter(pl.col("product_code") == product_code)


def _demand(planned: ExplanationSources, row: Mapping[str, Any], transfers: pl.DataFrame) -> dict[str, Any]:
    """What was sold, as it was forecast from, and what the forecast says."""
    code, as_of = row["product_code"], row["as_of_date"]
    counted = sold_as(transfers, code)
    own = planned.demand_daily.filter(pl.col("product_code").is_in(list(counted)))
    sold = own if code in transfers["product_code"] else _of(transfer_demand(own, transfers), code)
    told = sold.with_columns(is_out=pl.col("is_stocked_out").fill_null(value=False))
    recent = told.filter(pl.col("demand_date").is_between(as_of - WEEKS_TOLD * WEEK, as_of, closed="left"))
    quantiles = quantiles_of_horizon(_of(planned.demand_quantiles, code), row["horizon_days"])
    return {
        "model": next(iter(_of(planned.model_choice, code).to_dicts()), None),
        "model_scores": planned.model_scores.filter(pl.col("demand_class") == row["demand_class"])
        .sort("score")
        .to_dicts(),
        "sales": _by_month(told, as_of).to_dicts(),
        "sales_weekly": _by_week(recent, as_of),
        "stock_out_days": recent.filter("is_out").sort("demand_date")["demand_date"].to_list(),
        "forecast": _of(planned.demand_forecast, code)
        .sort("period_start_date")
        .drop("product_code", "model")
        .to_dicts(),
        "quantiles": [{"probability": share, "quantity": pieces} for share, pieces in quantiles],
        "transactions": _transactions(planned.demand_transactions, counted),
    }


def _supply(planned: ExplanationSources, plan: pl.DataFrame) -> dict[str, Any]:
    """What is on order, and the stock that follows."""
    row = plan.to_dicts()[0]
    code = row["product_code"]
    on_order = open_orders(plan, _of(planned.stock_on_order, code), _of(planned.lead_times, code))
    path = _of(planned.demand_forecast, code).sort("period_start_date")
    weeks = path.select("period_start_date", "quantity").rows()
    arrivals = on_order.filter("is_counted").select("reckoned_arrival_date", "quantity").rows()
    return {
        "open_orders": on_order.to_dicts(),
        "projected_stock": [vars(week) for week in projected_stock(row, weeks, arrivals)],
    }


def _transactions(transactions: pl.DataFrame, counted: Mapping[str, float]) -> list[dict[str, Any]]:
    """Every sales line behind a product's demand, the latest first: the code that it was sold under, what it counts."""
    pieces = pl.col("product_code").replace_strict(counted, return_dtype=pl.Float64)
    return (
        transactions.filter(pl.col("product_code").is_in(list(counted)))
        .with_columns(counted_quantity=(pl.col("quantity") * pieces).round(4))
        .sort("demand_date", "invoice_number", "line_number", descending=True)
        .to_dicts()
    )


def _by_month(demand: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Sales of the last months until today's, and on how many days of each nobody could buy, as far as is known."""
    first = min(demand["demand_date"].min() or as_of, as_of)
    months = pl.select(month=pl.date_range(pl.lit(first).dt.truncate("1mo"), as_of, "1mo").dt.strftime("%Y-%m"))
    sold = demand.group_by(month=pl.col("demand_date").dt.strftime("%Y-%m")).agg(
        pl.col("quantity").sum(), days_out_of_stock=pl.col("is_out").sum()
    )
    told = months.join(sold, on="month", how="full", coalesce=True) if demand.height else sold
    return told.with_columns(pl.col("quantity", "days_out_of_stock").fill_null(0)).sort("month").tail(MONTHS_TOLD)


def _by_week(demand: pl.DataFrame, as_of: date) -> list[dict[str, Any]]:
    """Sales of the weeks that end on the day before the plan's, from the first of them on in which something was."""
    ago = (pl.lit(as_of) - pl.col("demand_date")).dt.total_days().sub(1) // WEEK.days
    by_week = {week: (pieces, out) for week, pieces, out in demand.group_by(ago.alias("ago")).agg(
        pl.col("quantity").sum(), pl.col("is_out").sum()
    ).rows()}  # fmt: skip
    told = []
    for week in reversed(range(max(by_week, default=-1) + 1)):
        pieces, out = by_week.get(week, (0.0, 0))
        told.append({"week_start_date": as_of - (week + 1) * WEEK, "quantity": pieces, "days_out_of_stock": out})
    return told
