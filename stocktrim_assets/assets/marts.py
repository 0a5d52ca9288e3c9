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
from stocktrim_assets.dbt.building import build_marts, build_selected_marts
from stocktrim_assets.dbt.dbt_project import PROJECT, TRANSLATOR, shown_manifest
from stocktrim_assets.dbt.lineage import is_mart, tests_of
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
    """Build what changed, in a process of dbt's own, and report every mart and test, built now or before."""
    with plain_failures():
        build = build_selected_marts if context.is_subset else build_marts
        marts = build(context, organisation)
        yield from marts.checks
        shown = _of_marts(organisation)
        for key in sorted(context.selected_asset_keys):
            if (path := ".".join(key.path)) in marts.metadata:
                metadata = {**shown[key], **marts.metadata[path]}
                version = dg.DataVersion(marts.versions[path]) if path in marts.versions else None
                yield dg.MaterializeResult(asset_key=key, metadata=metadata, data_version=version)
        if marts.failure:
            raise marts.failure


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
