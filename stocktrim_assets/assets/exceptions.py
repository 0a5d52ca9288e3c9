"""Exceptions: what needs a person, in money, as one table; at the end of every plan.

Read more in docs/buyer/exceptions.md.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import dagster as dg
import polars as pl

from pipelines.exceptions.forecast_misses import LONGEST_DAYS, forecast_misses
from pipelines.exceptions.kinds import ERROR, INFO, SEVERITIES, WARNING
from pipelines.exceptions.of_the_plan import PlanFound, of_the_plan
from pipelines.exceptions.of_xero import of_xero
from pipelines.exceptions.open_exceptions import exceptions_now
from pipelines.exceptions.order_costs import order_costs
from pipelines.exceptions.setting_conflicts import setting_conflicts
from pipelines.exceptions.words import by_kind, kind_in_words, only_open, total
from pipelines.expectations.validate import ROWS_SHOWN
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.storage import tables
from pipelines.storage.warehouse import put_tables
from pipelines.store.exception_decisions import snoozes_in_force
from stocktrim_assets.assets.stage_run import Stage, StageResult, StageRun, stage_run
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import markdown_table
from stocktrim_assets.specs import PURCHASING_TEAM, key_of, table_specs

_PLAN_COLUMNS: Final = (
    "product_code", "product_name", "supplier_id", "supplier_name", "status", "model", "horizon_days",
    "horizon_demand", "order_up_to_level", "unit_cost", "currency_rate", "as_of_date", "plan_id",
)  # fmt: skip
PAST_PLANS: Final = replace(
    tables.PLAN_HISTORY, columns={name: tables.PLAN_HISTORY.columns[name] for name in _PLAN_COLUMNS}
)
_TODAY: Final = "(select max(as_of_date) from raw.as_of)"
_ROWS: Final = {
    # of each product the newest plan whose protection interval has ended
    PAST_PLANS: (
        "(product_code, plan_id) in (select product_code, arg_max(plan_id, planned_at) from plan.plan_history "
        f"where horizon_days <= {LONGEST_DAYS} and as_of_date >= {_TODAY} - {2 * LONGEST_DAYS} "
        f"and as_of_date + horizon_days::integer <= {_TODAY} group by product_code)"
    ),
    tables.DEMAND_DAILY: f"demand_date >= {_TODAY} - {2 * LONGEST_DAYS}",
}
STAGE: Final = Stage(
    "exceptions", "Exceptions",
    reads=(
        tables.ORDER_PLAN, tables.OPEN_ORDER_ADVICE, tables.LEAD_TIME_ADVICE, PAST_PLANS, tables.PRODUCTS,
        tables.STOCK_ON_ORDER, tables.XERO_READINESS, tables.DEMAND_DAILY, tables.DEMAND_TRANSFERS,
        tables.GROUP_CONFLICTS, tables.DATA_FRESHNESS, tables.AS_OF,
    ),
    makes=(tables.EXCEPTIONS, tables.EXCEPTION_HISTORY), keep=put_tables, rows=_ROWS,
)  # fmt: skip
CHECKS: Final = {ERROR: "no_errors_are_open", WARNING: "no_warnings_are_open", INFO: "info_is_counted"}
_SHOWN: Final = {
    "exception_id": "id", "kind": "kind", "document_number": "document", "product_code": "product",
    "supplier_name": "supplier", "money_at_stake": "money at stake", "currency": "", "since_date": "since",
    "sentence": "what it is", "what_to_do": "what to do",
}  # fmt: skip
with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.PreviewWarning)
    _CHECK_SPECS: Final = [
        dg.AssetCheckSpec(
            name, asset=key_of(tables.EXCEPTIONS), description=f"Exceptions of the severity {severity}: "
            f"{SEVERITIES[severity]}", partitions_def=organisations,
        )
        for severity, name in CHECKS.items()
    ]  # fmt: skip


@dg.multi_asset(
    name=STAGE.name,
    description="Put together what needs a person, each with its money, since when, and what to do.",
    specs=table_specs(STAGE.makes, deps=STAGE.reads, owner=PURCHASING_TEAM),
    check_specs=_CHECK_SPECS,
    partitions_def=organisations,
)
def exceptions(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[StageResult]:
    """Find the exceptions; those that are snoozed stay in the table as snoozed."""
    snoozes = snoozes_in_force(organisation.store, organisation.key)
    with plain_failures(), stage_run(STAGE, context, organisation) as run:
        run.depends_on(snoozes=snoozes.rows())
        if not run.is_unchanged:
            found, history = _found(run, snoozes)
            yield from run.checked(_checks(only_open(found)))
            run.keep({tables.EXCEPTIONS: found, tables.EXCEPTION_HISTORY: history})
        yield from run.results()


def _found(run: StageRun, snoozes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The exceptions and their history."""
    plan, products = run.read(tables.ORDER_PLAN), run.read(tables.PRODUCTS)
    of_plan = PlanFound(plan, run.read(tables.OPEN_ORDER_ADVICE), run.read(tables.LEAD_TIME_ADVICE), products)
    misses = forecast_misses(
        run.read(PAST_PLANS), run.read(tables.DEMAND_DAILY), products, run.read(tables.DEMAND_TRANSFERS)
    )
    conflicts = setting_conflicts(run.read(tables.GROUP_CONFLICTS))
    costs = order_costs(run.read(tables.STOCK_ON_ORDER), products, plan)
    freshness = run.read(tables.DATA_FRESHNESS)
    return exceptions_now(
        [of_the_plan(of_plan), of_xero(run.read(tables.XERO_READINESS), products), misses, costs, conflicts],
        run.read(tables.EXCEPTION_HISTORY),
        snoozes,
        base_currency=str(freshness["base_currency"].first() or ""),
        plan_id=str(plan["plan_id"].first() or ""),
        today=run.as_of(),
    )


def _checks(found: pl.DataFrame) -> list[dg.AssetCheckResult]:
    """One result per severity with count and money: info never fails."""
    return [_check(severity, found.filter(severity=severity)) for severity in SEVERITIES]


def _check(severity: str, found: pl.DataFrame) -> dg.AssetCheckResult:
    kinds = by_kind(found)
    rows = {} if found.is_empty() else {"rows": markdown_table(found.head(ROWS_SHOWN), columns=_SHOWN)}
    by_name = {f"money/{row['kind']}": float(row["money_at_stake"] or 0) for row in kinds.to_dicts()}
    return dg.AssetCheckResult(
        asset_key=key_of(tables.EXCEPTIONS),
        check_name=CHECKS[severity],
        passed=found.is_empty() or severity == INFO,
        severity=dg.AssetCheckSeverity.ERROR if severity == ERROR else dg.AssetCheckSeverity.WARN,
        metadata={
            "sentence": "\n".join(map(kind_in_words, kinds.to_dicts())) or "None is open.",
            "total": total(found),
            "count": found.height,
            "money at stake": float(found["money_at_stake"].sum()),
            "problem": "any",
            **by_name,
            **rows,
        },
    )
