"""Marts: the tables that dbt builds, each an asset, each of their tests a check.

Read more in docs/warehouse.md.
"""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

import dagster as dg
import polars as pl

from pipelines.expectations.validate import ROWS_SHOWN
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.readiness import by_problem, sentences
from pipelines.storage.tables import TABLES, XERO_READINESS
from pipelines.storage.warehouse import read_table, row_count, table_exists
from stocktrim_assets.dbt.dbt_project import PROJECT, TRANSLATOR, build_models, manifest, shown_manifest
from stocktrim_assets.dbt.dbt_results import RESULTS, built_models, check_results, failure_of, read_results
from stocktrim_assets.dbt.lineage import hidden_behind, is_mart, tests_of
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import readiness_report, readiness_table
from stocktrim_assets.specs import key_of, table_metadata

MARTS: Final = {key_of(table): table for table in TABLES if table.stage == "marts"}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    _SPECS: Final = {
        node_id: TRANSLATOR.get_asset_spec(shown_manifest(), node_id, PROJECT)
        for node_id, node in shown_manifest()["nodes"].items()
        if is_mart(node)
    }
_CHECKS: Final = [
    TRANSLATOR.get_asset_check_spec(spec, shown_manifest(), test_id, PROJECT)
    for node_id, spec in _SPECS.items()
    for test_id in tests_of(shown_manifest(), [node_id])
]


@dg.multi_asset(
    name="warehouse_models",
    description="Build staging, intermediate and marts, and test them.",
    specs=list(_SPECS.values()),
    check_specs=[check for check in _CHECKS if check],
    can_subset=True,
    partitions_def=organisations,
)
def warehouse_models(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """Build in a process of dbt's own, which holds the warehouse until it ends; then report what it made."""
    with plain_failures():
        target = organisation.folder / "dbt"
        (target / RESULTS).unlink(missing_ok=True)
        build = build_models(context, organisation.folder, select=_selection(context))
        for _ in build.stream_raw_events():
            pass
        results = read_results(target)
        with organisation.warehouse() as warehouse:
            yield from check_results(warehouse, results)
        shown = _of_marts(organisation)
        for node_id, result in built_models(results).items():
            if node_id in _SPECS:
                key = _SPECS[node_id].key
                yield dg.MaterializeResult(asset_key=key, metadata={**shown[key], "Execution Duration": result.seconds})
        if not build.is_successful():
            raise failure_of(results, otherwise=str(build.get_error()))


def _selection(context: dg.AssetExecutionContext) -> list[str]:
    """The names of the models and tests to build for the assets and checks of a run; none means all."""
    if not context.is_subset:
        return []
    marts = [node_id for node_id, spec in _SPECS.items() if spec.key in context.selected_asset_keys]
    models = {*marts, *hidden_behind(manifest(), marts)}
    names = [manifest()["nodes"][node_id]["name"] for node_id in models]
    return sorted(names) + sorted(key.name for key in context.selected_asset_check_keys)


def _of_marts(organisation: OpenOrganisation) -> Mapping[dg.AssetKey, Mapping[str, Any]]:
    """The rows of each mart and the file that holds it; of the readiness of Xero's data all that needs a look."""
    with organisation.warehouse() as warehouse:
        shown = {
            key: table_metadata(row_count(warehouse, table), organisation.folder)
            for key, table in MARTS.items()
            if table_exists(warehouse, table)
        }
        report = readiness_report(read_table(warehouse, XERO_READINESS).filter(~pl.col("is_dismissed")))
    return shown | {key_of(XERO_READINESS): shown.get(key_of(XERO_READINESS), {}) | report}


def _look(organisation: dg.ResourceParam[OpenOrganisation]) -> dg.AssetCheckResult:
    """Warn of the exceptions that are open, with the lines that the commands print; nothing stops for them."""
    with organisation.warehouse() as warehouse:
        found = read_table(warehouse, XERO_READINESS).filter(~pl.col("is_dismissed"))
    problems = by_problem(found)
    rows = {} if problems.is_empty() else {"rows": readiness_table(problems.head(ROWS_SHOWN))}
    return dg.AssetCheckResult(
        passed=problems.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "sentence": "\n".join(sentences(found)) or "All of Xero could be read and adds up, or was dismissed.",
            "count": found.height, "problem": "any", **rows,
        },
    )  # fmt: skip


with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.PreviewWarning)
    nothing_needs_a_look = dg.asset_check(
        asset=["marts", XERO_READINESS.name],
        name="nothing_needs_a_look",
        description="All of Xero could be read and adds up, or was dismissed.",
        partitions_def=organisations,
    )(_look)
