"""Plan: what to order, and why.

Read more in docs/maths.md.
"""

import importlib.metadata
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import dagster as dg
import duckdb
import polars as pl

from pipelines.errors import DataError
from pipelines.expectations import plan_rules
from pipelines.expectations.validate import stop_where_blocked
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.planning_settings.freshness import is_stale
from pipelines.planning_settings.registry import global_settings
from pipelines.planning_settings.successors_and_bundles import sold_as, transfers_in_force
from pipelines.replenishment.explain.product_explanation import ExplanationSources, explain_product, most_urgent
from pipelines.replenishment.plan.order_plan import PlanInputs, PlanTables, make_plan
from pipelines.replenishment.plan.plan_summary import hash_inputs, kpis_of_day, plan_id, summarise_plan
from pipelines.replenishment.planning_parameters import PlanningParameters
from pipelines.storage import tables
from pipelines.storage.warehouse import read_as_of, read_products, read_table, row_count
from pipelines.storage.whole_plan import PARAMETERS, keep_plan, read_for_plan
from stocktrim_assets.assets.forecast import TABLES as FORECAST_TABLES
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import explanation_text, markdown_table
from stocktrim_assets.specs import PURCHASING_TEAM, check_results, check_specs, key_of, table_metadata, table_specs

TABLES: Final = (
    tables.ORDER_PLAN, tables.LEAD_TIME_ADVICE, tables.PLAN_SUMMARY, tables.PLAN_HISTORY, tables.KPI_DAILY,
)  # fmt: skip
_ABOUT: Final = {rule.frame: (tables.ORDER_PLAN,) for rule in plan_rules.RULES}
MOST_URGENT: Final = 10
TRANSACTIONS_SHOWN: Final = 20
_READ: Final = (tables.PRODUCTS, tables.STOCK_POSITION, tables.STOCK_ON_ORDER, tables.PLANNING_SETTINGS)
_INPUTS: Final = (
    *_READ, tables.DATA_FRESHNESS, tables.DEMAND_DAILY, tables.DEMAND_TRANSACTIONS, tables.AS_OF, *PARAMETERS,
    tables.MODEL_SCORES, *FORECAST_TABLES,
)  # fmt: skip
_URGENT: Final = {
    "product_code": "product", "order_quantity": "order", "demand_before_arrival": "before arrival",
    "demand_in_cover": "in coverage", "safety_stock": "+ safety", "stock_on_hand": "- on hand",
    "stock_committed": "+ committed", "stock_on_order_in_time": "- on order",
    "demand_lost_before_arrival": "- lost", "timing_adjustment": "± timing", "needed_quantity": "= need",
    "quantity_after_minimum": "minimum", "quantity_after_batch": "batch", "quantity_after_cap": "cap",
    "days_to_stock_out": "days left",
}  # fmt: skip


@dg.multi_asset(
    name="order_plan",
    description="Decide for every product whether to order and how much, and say why.",
    specs=table_specs(TABLES, deps=_INPUTS, owner=PURCHASING_TEAM),
    check_specs=check_specs(plan_rules.RULES, about=_ABOUT),
    partitions_def=organisations,
)
def order_plan(
    organisation: dg.ResourceParam[OpenOrganisation],
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """Make the plan, look at it, and keep it with all plans before it."""
    with plain_failures(), organisation.warehouse() as warehouse:
        inputs = PlanInputs(*(read_table(warehouse, table) for table in _READ))
        parameters = PlanningParameters(*(read_for_plan(warehouse, table) for table in PARAMETERS))
        if parameters.protection_intervals.is_empty():
            raise DataError("There are no planning parameters yet: run the job `plan`, which makes them first.")
        forecast = Forecast(*(read_for_plan(warehouse, table) for table in FORECAST_TABLES))
        summary, plan = _decide(warehouse, inputs, parameters, forecast, at=organisation.now())
        findings = plan_rules.check_plan(plan.order_plan, inputs.products, inputs.stock_on_order)
        yield from check_results(findings, about=_ABOUT)
        stop_where_blocked(findings)
        _keep(warehouse, plan, summary)
        rows = {table: row_count(warehouse, table) for table in TABLES}
        explained = _shown_plan(_planned(warehouse, inputs, parameters, forecast, plan.order_plan))
    metadata: dict[str, Any] = {
        tables.ORDER_PLAN.name: explained,
        tables.PLAN_SUMMARY.name: _numbers(summary, organisation.key),
    }
    for table in TABLES:
        yield dg.MaterializeResult(
            asset_key=key_of(table),
            metadata=table_metadata(rows[table], organisation.folder) | metadata.get(table.name, {}),
        )


def _decide(
    warehouse: duckdb.DuckDBPyConnection,
    inputs: PlanInputs,
    parameters: PlanningParameters,
    forecast: Forecast,
    *,
    at: datetime,
) -> tuple[pl.DataFrame, PlanTables]:
    """The plan's summary and the plan."""
    as_of, freshness = read_as_of(warehouse), read_table(warehouse, tables.DATA_FRESHNESS).to_dicts()[0]
    version = importlib.metadata.version("stocktrim-pipelines")
    inputs_hash = hash_inputs(vars(inputs) | vars(parameters) | vars(forecast), as_of=as_of, code_version=version)
    plan = make_plan(inputs, parameters, forecast, as_of=as_of, plan_id=plan_id(inputs_hash, as_of=as_of))
    summary = summarise_plan(
        plan.order_plan,
        inputs.stock_on_order,
        base_currency=freshness["base_currency"],
        planned_at=at,
        data_loaded_at=freshness["loaded_at"],
        is_stale=is_stale(freshness["loaded_at"], at=at, settings=global_settings(inputs.planning_settings)),
        inputs_hash=inputs_hash,
        code_version=version,
        as_of=as_of,
        lead_times_to_review=plan.lead_time_advice.height,
    )
    return summary, plan


def _keep(warehouse: duckdb.DuckDBPyConnection, plan: PlanTables, summary: pl.DataFrame) -> None:
    history = plan.order_plan.with_columns(planned_at=pl.lit(summary["planned_at"][0]))
    keep_plan(
        warehouse,
        replaced={tables.ORDER_PLAN: plan.order_plan, tables.LEAD_TIME_ADVICE: plan.lead_time_advice},
        added={
            tables.PLAN_SUMMARY: summary,
            tables.KPI_DAILY: kpis_of_day(plan.order_plan, summary),
            tables.PLAN_HISTORY: history,
        },
    )


def _planned(
    warehouse: duckdb.DuckDBPyConnection,
    inputs: PlanInputs,
    parameters: PlanningParameters,
    forecast: Forecast,
    order_plan: pl.DataFrame,
) -> ExplanationSources:
    """What the explanations of the most urgent lines are drawn from; of the sales lines only theirs."""
    transfers = transfers_in_force(parameters.plan_settings)
    sold = [
        code
        for urgent in most_urgent(order_plan, lines=MOST_URGENT)["product_code"]
        for code in sold_as(transfers, urgent)
    ]
    return ExplanationSources(
        order_plan=order_plan,
        plan_settings=parameters.plan_settings,
        lead_times=parameters.lead_times,
        stock_on_order=inputs.stock_on_order,
        demand_daily=read_table(warehouse, tables.DEMAND_DAILY),
        demand_transactions=read_products(warehouse, tables.DEMAND_TRANSACTIONS, sold),
        model_choice=forecast.model_choice,
        model_scores=read_table(warehouse, tables.MODEL_SCORES),
        demand_quantiles=forecast.demand_quantiles,
        demand_forecast=forecast.demand_forecast,
    )


def _shown_plan(planned: ExplanationSources) -> dict[str, Any]:
    """The most urgent lines side by side, then each explained; any other is by `explained_product`."""
    urgent = most_urgent(planned.order_plan, lines=MOST_URGENT)
    shown: dict[str, Any] = {"most_urgent": markdown_table(urgent, columns=_URGENT)}
    for code in urgent["product_code"]:
        text = explanation_text(explain_product(planned, code), transactions_shown=TRANSACTIONS_SHOWN)
        shown[f"explained {code}"] = dg.MetadataValue.md(text)
    return shown


def _numbers(summary: pl.DataFrame, organisation: str) -> dict[str, Any]:
    """The numbers that matter, plotted over the plans: a series an organisation, money with its currency.

    Dagster joins what bears one name into one line, whichever organisation it is of.
    """
    row = summary.to_dicts()[0]
    series = {int: organisation, float: f"{organisation}, {row['currency']}"}
    return {
        f"{name} ({series[type(value)]})" if type(value) in series else name: value
        for name, value in _measures(row).items()
    }


def _measures(row: dict[str, Any]) -> dict[str, Any]:
    """Counts are whole numbers, money is not."""
    return {
        "plan": row["plan_id"],
        "products to order": row["products_to_order"],
        "order value": float(row["order_value"]),
        "products understocked": row["products_understocked"],
        "understock value": float(row["understock_value"]),
        "understock margin lost": float(row["understock_margin_lost"]),
        "products overstocked": row["products_overstocked"],
        "overstock value": float(row["overstock_value"]),
        "overstock holding cost a year": float(row["overstock_holding_cost"]),
        "products out of stock": row["products_out_of_stock"],
        "late orders": row["late_orders"],
        "late on order value": float(row["late_on_order_value"]),
        "stock value": float(row["stock_value"]),
        "lead times to review": row["lead_times_to_review"],
        "currency": row["currency"],
    }
