"""Staging and marts: dbt's models, each an asset, each dbt test a check.

Read more in docs/bi.md.
"""

import importlib.metadata
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets
from packaging.version import Version

from pipelines.errors import DataError
from pipelines.organisation import OpenOrganisation
from pipelines.tables import TABLES, XERO_READINESS
from pipelines.warehouse import FILE_NAME, read_table, row_count, table_exists
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import readiness_report, table_metadata

PROJECT: Final = Path(__file__).resolve().parents[2] / "dbt_project"
MANIFEST: Final = PROJECT / "target" / "manifest.json"
MARTS: Final = {table.name: table for table in TABLES if table.stage == "marts"}


class Dbt(DbtCliResource):
    """dbt's command line, started once a run.

    Unchanged, dagster-dbt starts dbt twice more before it: once to ask the package index for dbt's newest version, and
    once inside this process, for row counts that we take ourselves; there it also swallows a run's cancellation.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(importlib.metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002
        return None


def _manifest() -> dict[str, Any]:
    """The manifest of dbt, each test with its description where dagster-dbt looks for that of a check."""
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text())
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            node["meta"] = {**node["meta"], "description": node["description"].strip()}
    return manifest


@dbt_assets(
    manifest=_manifest(),
    name="warehouse_models",
    partitions_def=organisations,
)
def warehouse_models(
    context: dg.AssetExecutionContext, dbt: Dbt, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[Any]:
    """Build staging, intermediate and marts, and test them; the marts tell their rows and columns."""
    os.environ["STOCKTRIM_WAREHOUSE"] = str(organisation.folder / FILE_NAME)
    build = dbt.cli(
        ["build", "--exclude-resource-type", "unit_test"],
        context=context,
        target_path=organisation.folder / "dbt",
        raise_on_error=False,
    )
    outputs = []
    for event in build.stream():
        if isinstance(event, dg.Output):
            outputs.append(event)
        elif isinstance(event, dg.AssetCheckResult):
            yield _told(event)
        else:
            yield event
    counts, report = _row_counts(organisation), _readiness(organisation)
    for output in outputs:
        yield _counted(output, context, counts, report)
    if not build.is_successful():
        raise dg.Failure(description=_what_failed(build)) from DataError(_what_failed(build))


@cache
def _descriptions() -> Mapping[str, str]:
    """What each dbt test means, by its name."""
    nodes = json.loads(MANIFEST.read_text())["nodes"].values()
    return {node["name"]: node["description"].strip() for node in nodes if node["resource_type"] == "test"}


def _told(result: dg.AssetCheckResult) -> dg.AssetCheckResult:
    """The result of a dbt test with the sentence of its description."""
    sentence = _descriptions().get(result.check_name or "", "") or str(result.check_name)
    return dg.AssetCheckResult(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        severity=result.severity,
        metadata={**result.metadata, "sentence": sentence},
    )


def _what_failed(build: DbtCliInvocation) -> str:
    """The models and tests that failed, with what dbt says of each."""
    results = build.get_artifact("run_results.json")["results"]
    failed = [
        f"{one['unique_id'].split('.')[2]} ({one['message']})" for one in results if one["status"] in {"error", "fail"}
    ]
    return (
        f"The tables could not be built from what was loaded: {'; '.join(failed) or build.get_error()}. "
        f"What was published before stays; see the checks of this run in Dagster."
    )


def _row_counts(organisation: OpenOrganisation) -> Mapping[str, int]:
    with organisation.warehouse() as warehouse:
        return {name: row_count(warehouse, table) for name, table in MARTS.items() if table_exists(warehouse, table)}


def _readiness(organisation: OpenOrganisation) -> Mapping[str, Any]:
    with organisation.warehouse() as warehouse:
        return readiness_report(read_table(warehouse, XERO_READINESS))


def _counted(
    output: dg.Output[Any], context: dg.AssetExecutionContext, counts: Mapping[str, int], report: Mapping[str, Any]
) -> dg.Output[Any]:
    stage, name = context.asset_key_for_output(output.output_name).path[-2:]
    if stage != "marts" or name not in counts:
        return output
    told = report if name == XERO_READINESS.name else {}
    return output.with_metadata({**output.metadata, **table_metadata(MARTS[name], counts[name]), **told})
