"""Plan: what to order, and why.

Read more in docs/maths.md.
"""

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg
import polars as pl

from pipelines.errors import DataError
from pipelines.expectations import plan_rules
from pipelines.expectations.validate import stop_where_blocked
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.planning_settings.demand_settings.assemblies import demand_ways
from pipelines.planning_settings.freshness import is_stale
from pipelines.planning_settings.registry import global_settings
from pipelines.planning_settings.successors_and_bundles import sold_as
from pipelines.replenishment.explain.product_explanation import ExplanationSources, explain_product, most_urgent
from pipelines.replenishment.open_orders.advice import advise_open_orders
from pipelines.replenishment.plan.group_totals import group_totals
from pipelines.replenishment.plan.order_plan import PlanInputs, PlanTables, make_plan
from pipelines.replenishment.plan.plan_summary import hash_inputs, kpis_of_day, plan_id, summarise_plan
from pipelines.replenishment.planning_parameters import PlanningParameters
from pipelines.replenishment.supplier_orders.money_rules import check_budget, money_rules
from pipelines.replenishment.supplier_orders.order_sentences import cap_sentence, order_sentence
from pipelines.replenishment.supplier_orders.order_tables import left_out_lines
from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.storage.whole_plan import PARAMETERS, keep_plan, keep_waiting, to_plan_with
from stocktrim_assets.assets.forecast import TABLES as FORECAST_TABLES
from stocktrim_assets.assets.open_orders import ADVICE_CHECK, advice_check
from stocktrim_assets.assets.stage_run import Stage, StageResult, StageRun, stage_run
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import escaped, explanation_text, markdown_table
from stocktrim_assets.specs import PURCHASING_TEAM, check_results, check_specs, table_specs

TABLES: Final = (
    tables.ORDER_PLAN, tables.SUPPLIER_ORDERS, tables.ORDER_ADJUSTMENTS, tables.LEAD_TIME_ADVICE, tables.PLAN_SUMMARY,
    tables.PLAN_HISTORY, tables.KPI_DAILY, tables.OPEN_ORDER_ADVICE, tables.GROUP_TOTALS,
)  # fmt: skip
_ABOUT: Final = {rule.frame: (tables.ORDER_PLAN,) for rule in plan_rules.RULES} | {
    "supplier_orders": (tables.SUPPLIER_ORDERS,)
}
MOST_URGENT: Final = 10
TRANSACTIONS_SHOWN: Final = 20
_READ: Final = (
    tables.PRODUCTS, tables.STOCK_POSITION, tables.STOCK_ON_ORDER, tables.PLANNING_SETTINGS, tables.KEPT_ORDER_LINES,
)  # fmt: skip
STAGE: Final = Stage(
    "order_plan", "Plan",
    reads=(
        *_READ, tables.DATA_FRESHNESS, tables.DEMAND_DAILY, tables.DEMAND_TRANSACTIONS, tables.AS_OF, *PARAMETERS,
        tables.MODEL_SCORES, *FORECAST_TABLES, tables.ONE_OFF_ORDERS, tables.ANSWERED_ONE_OFFS,
        tables.PRODUCT_EVENTS,
    ),
    makes=TABLES, keep=keep_plan, keep_unchanged=keep_waiting, place=to_plan_with,
)  # fmt: skip
# Groups count in a plan through the settings that they make, which are in it.
_NO_INPUTS: Final = ("product_groups", "group_conflicts")
_URGENT: Final = {
    "product_code": "product", "order_action": "do", "order_quantity": "order", "assembly_quantity": "assemble",
    "demand_before_arrival": "before arrival",
    "demand_in_cover": "in coverage", "safety_stock": "+ safety", "stock_on_hand": "- on hand",
    "stock_committed": "+ committed", "assembly_requirement": "± assemblies",
    "stock_on_order_in_time": "- on order",
    "demand_lost_before_arrival": "- lost", "timing_adjustment": "± timing", "needed_quantity": "= need",
    "quantity_after_minimum": "minimum", "quantity_after_batch": "batch", "quantity_after_cap": "cap",
    "quantity_after_supplier_minimum": "supplier minimum", "quantity_after_budget": "budget",
    "days_to_stock_out": "days left",
}  # fmt: skip


class SpendRequest(dg.Config):
    """The most money for all orders of this plan, in base currency; empty means the setting `spend_cap`."""

    budget: str = ""


@dataclass(frozen=True)
class _Sources:
    """What a plan is made from."""

    inputs: PlanInputs
    parameters: PlanningParameters
    forecast: Forecast


@dg.multi_asset(
    name=STAGE.name,
    description="Decide for every product whether to order and how much, and say why.",
    specs=table_specs(TABLES, deps=STAGE.reads, owner=PURCHASING_TEAM),
    check_specs=[*check_specs(plan_rules.RULES, about=_ABOUT), ADVICE_CHECK],
    partitions_def=organisations,
)
def order_plan(
    context: dg.AssetExecutionContext, config: SpendRequest, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[StageResult]:
    """Make the plan, check it, and keep it with all plans before it."""
    with plain_failures(), stage_run(STAGE, context, organisation) as run:
        is_old = _is_stale(run)
        budget = check_budget(config.budget) if config.budget else ""
        run.depends_on(is_stale=is_old, budget=budget)
        if not run.is_unchanged:
            sources = _sources(run)
            summary, plan = _decide(run, sources, is_old=is_old, budget=budget)
            findings = plan_rules.check_plan(
                plan.order_plan, sources.inputs.products, sources.inputs.stock_on_order, plan.supplier_orders
            )
            advice = _advice(run, sources, plan)
            yield from run.checked([*check_results(findings, about=_ABOUT), advice_check(advice)])
            stop_where_blocked(findings)
            shown = _shown_plan(_explained(run, sources, plan))
            numbers = _numbers(summary, organisation.key)
            made = _tables(plan, summary, sources.parameters) | {tables.OPEN_ORDER_ADVICE: advice}
            run.keep(made, {tables.ORDER_PLAN: shown, tables.PLAN_SUMMARY: numbers, **shown_money(plan, summary)})
        yield from run.results()


def _is_stale(run: StageRun) -> bool:
    """Whether the data are too old now."""
    settings = global_settings(run.read(tables.PLANNING_SETTINGS))
    return is_stale(run.loaded_at(), at=run.now, settings=settings)


def _sources(run: StageRun) -> _Sources:
    """What the plan is made from.

    Raises:
        DataError: there are no planning parameters yet.
    """
    parameters = PlanningParameters(*(run.read(table) for table in PARAMETERS))
    if parameters.protection_intervals.is_empty():
        raise DataError("There are no planning parameters yet: run the job `plan`, which makes them first.")
    return _Sources(
        PlanInputs(*(run.read(table) for table in _READ)),
        parameters,
        Forecast(*(run.read(table) for table in FORECAST_TABLES)),
    )


def _decide(run: StageRun, sources: _Sources, *, is_old: bool, budget: str) -> tuple[pl.DataFrame, PlanTables]:
    """The plan's summary and the plan."""
    inputs, as_of = sources.inputs, run.as_of()
    version = importlib.metadata.version("stocktrim-pipelines")
    parameters = {name: frame for name, frame in vars(sources.parameters).items() if name not in _NO_INPUTS}
    frames = inputs.that_count | parameters | vars(sources.forecast)
    inputs_hash = hash_inputs(frames, as_of=as_of, code_version=version, budget=budget)
    name = plan_id(inputs_hash, as_of=as_of)
    plan = make_plan(inputs, sources.parameters, sources.forecast, as_of=as_of, plan_id=name, budget=budget)
    summary = summarise_plan(
        plan.order_plan,
        inputs.stock_on_order,
        base_currency=run.read(tables.DATA_FRESHNESS)["base_currency"][0],
        planned_at=run.now,
        data_loaded_at=run.loaded_at(),
        is_stale=is_old,
        inputs_hash=inputs_hash,
        code_version=version,
        as_of=as_of,
        lead_times_to_review=plan.lead_time_advice.height,
        supplier_orders=plan.supplier_orders,
        spend_cap=money_rules(inputs.planning_settings, budget=budget).spend_cap,
    )
    return summary, plan


def _advice(run: StageRun, sources: _Sources, plan: PlanTables) -> pl.DataFrame:
    """Advice on the open orders that the plan counts with."""
    base_currency = run.read(tables.DATA_FRESHNESS)["base_currency"][0]
    return advise_open_orders(
        plan.order_plan, sources.inputs, sources.parameters, sources.forecast, base_currency=base_currency
    )


def _tables(plan: PlanTables, summary: pl.DataFrame, parameters: PlanningParameters) -> dict[Table, pl.DataFrame]:
    """The tables of a plan."""
    currency = str(summary["currency"][0])
    return {
        tables.ORDER_PLAN: plan.order_plan,
        tables.SUPPLIER_ORDERS: plan.supplier_orders,
        tables.ORDER_ADJUSTMENTS: plan.order_adjustments,
        tables.LEAD_TIME_ADVICE: plan.lead_time_advice,
        tables.PLAN_SUMMARY: summary,
        tables.KPI_DAILY: kpis_of_day(plan.order_plan, summary),
        tables.GROUP_TOTALS: group_totals(plan.order_plan, parameters.product_groups, base_currency=currency),
        tables.PLAN_HISTORY: plan.order_plan.with_columns(planned_at=pl.lit(summary["planned_at"][0])),
    }


def _explained(run: StageRun, sources: _Sources, plan: PlanTables) -> ExplanationSources:
    """What the explanations of the most urgent lines are drawn from; of the sales lines only theirs."""
    settings = sources.parameters.plan_settings
    sold = [
        code
        for urgent in most_urgent(plan.order_plan, lines=MOST_URGENT)["product_code"]
        for code in sold_as(demand_ways(settings, urgent), urgent)
    ]
    return ExplanationSources(
        order_plan=plan.order_plan,
        plan_settings=sources.parameters.plan_settings,
        lead_times=sources.parameters.lead_times,
        stock_on_order=sources.inputs.stock_on_order,
        demand_daily=run.read(tables.DEMAND_DAILY),
        demand_transactions=run.read_products(tables.DEMAND_TRANSACTIONS, sold),
        model_choice=sources.forecast.model_choice,
        model_scores=run.read(tables.MODEL_SCORES),
        demand_quantiles=sources.forecast.demand_quantiles,
        demand_forecast=sources.forecast.demand_forecast,
        one_off_orders=run.read(tables.ONE_OFF_ORDERS),
        answered_one_offs=run.read(tables.ANSWERED_ONE_OFFS),
        protection_intervals=sources.parameters.protection_intervals,
        supplier_calendars=sources.parameters.supplier_calendars,
        product_events=run.read(tables.PRODUCT_EVENTS),
        supplier_orders=plan.supplier_orders,
        order_adjustments=plan.order_adjustments,
        supplier_alternatives=tables.empty(tables.SUPPLIER_ALTERNATIVES),  # they are compared after the plan
    )


def _shown_plan(planned: ExplanationSources) -> dict[str, Any]:
    """The most urgent lines side by side, then each explained; any other is by `explained_product`."""
    urgent = most_urgent(planned.order_plan, lines=MOST_URGENT)
    shown: dict[str, Any] = {"most_urgent": markdown_table(urgent, columns=_URGENT)}
    for code in urgent["product_code"]:
        text = explanation_text(explain_product(planned, code), transactions_shown=TRANSACTIONS_SHOWN)
        shown[f"explained {code}"] = dg.MetadataValue.md(text)
    return shown


def shown_money(plan: PlanTables, summary: pl.DataFrame) -> dict[Table, dict[str, Any]]:
    """What Dagster shows of the suppliers' minimums and of the spend cap: a sentence an order, and what is left out."""
    orders = plan.supplier_orders.iter_rows(named=True)
    sentences = [
        f"- {escaped(order['supplier_name'] or '')}: {sentence}"
        for order in orders
        if (sentence := order_sentence(order))
    ]
    decided = {"orders_below_minimum": dg.MetadataValue.md("\n".join(sentences))} if sentences else {}
    cap = cap_sentence(summary.row(0, named=True))
    left_out = left_out_lines(plan.order_adjustments)
    columns = {name: name.replace("_", " ") for name in left_out.columns}
    return {
        tables.SUPPLIER_ORDERS: {**decided, **({"spend_cap": cap} if cap else {})},
        tables.ORDER_ADJUSTMENTS: {"left_out": markdown_table(left_out, columns=columns)} if left_out.height else {},
    }


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
        "orders waiting for a minimum": row["orders_waiting"],
        "left out by the spend cap": float(row["left_out_value"]),
        "lead times to review": row["lead_times_to_review"],
        "currency": row["currency"],
    }
