"""Staging and marts: dbt's models, each an asset, each dbt test a check.

Read more in docs/bi.md.
"""

import importlib.metadata
import json
import os
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import dagster as dg
import polars as pl
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets
from packaging.version import Version

from pipelines.errors import DataError, DiskFullError, PlannerError, is_disk_full
from pipelines.expectations.validate import ROWS_SHOWN
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.readiness import by_problem, sentences
from pipelines.storage.tables import TABLES, XERO_READINESS
from pipelines.storage.warehouse import FILE_NAME, read_table, row_count, table_exists
from stocktrim_assets.failures import told_plainly
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import readiness_report, readiness_table, rows_table, table_metadata

PROJECT: Final = Path(__file__).resolve().parents[2] / "dbt_project"
MANIFEST: Final = PROJECT / "target" / "manifest.json"
RESULTS: Final = "run_results.json"
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
    with told_plainly():
        os.environ["STOCKTRIM_WAREHOUSE"] = str(organisation.folder / FILE_NAME)
        target = organisation.folder / "dbt"
        (target / RESULTS).unlink(missing_ok=True)
        build = dbt.cli(
            ["build", "--exclude-resource-type", "unit_test"],
            context=context,
            target_path=target,
            raise_on_error=False,
        )
        outputs, checks = [], []
        for event in build.stream():
            if isinstance(event, dg.Output):
                outputs.append(event)
            elif isinstance(event, dg.AssetCheckResult):
                checks.append(event)
            else:
                yield event
        yield from _told(checks, organisation, build)
        counts, report = _row_counts(organisation), _readiness(organisation)
        for output in outputs:
            yield _counted(output, context, counts, report)
        if not build.is_successful():
            raise _what_failed(build)


@cache
def _descriptions() -> Mapping[str, str]:
    """The rule that each dbt test checks, by the test's name."""
    nodes = json.loads(MANIFEST.read_text())["nodes"].values()
    return {node["name"]: node["description"].strip() for node in nodes if node["resource_type"] == "test"}


def _told(
    checks: Sequence[dg.AssetCheckResult], organisation: OpenOrganisation, build: DbtCliInvocation
) -> Iterator[dg.AssetCheckResult]:
    """The results of dbt's tests, each with the sentence of its description and the first of the rows that offend."""
    offending = _offending(organisation, [str(check.check_name) for check in checks if not check.passed], build)
    for check in checks:
        name = str(check.check_name)
        rows = {"rows": rows_table(offending[name])} if name in offending else {}
        yield dg.AssetCheckResult(
            asset_key=check.asset_key,
            check_name=check.check_name,
            passed=check.passed,
            severity=check.severity,
            metadata={**check.metadata, "sentence": _sentence(check), **rows},
        )


def _sentence(check: dg.AssetCheckResult) -> str:
    """The rule that a dbt test checks, and if it is broken for how many rows."""
    rule = _descriptions().get(str(check.check_name)) or f"{check.check_name}."
    if check.passed or "dagster_dbt/failed_row_count" not in check.metadata:
        return rule
    count = int(str(check.metadata["dagster_dbt/failed_row_count"].value))
    return f"{rule} This does not hold for {count} row{'' if count == 1 else 's'}."


def _offending(
    organisation: OpenOrganisation, failed: Collection[str], build: DbtCliInvocation
) -> Mapping[str, pl.DataFrame]:
    """The first rows that each failed test has found, by the test's name."""
    if not failed:
        return {}
    queries = {one["unique_id"].split(".")[2]: one["compiled_code"] for one in _results(build)}
    with organisation.warehouse() as warehouse:
        return {
            name: warehouse.sql(f"from ({queries[name]}) limit {ROWS_SHOWN}").pl()
            for name in failed
            if queries.get(name)
        }


def _results(build: DbtCliInvocation) -> list[dict[str, Any]]:
    """What became of each model and test; nothing where dbt did not come so far."""
    if not (build.target_path / RESULTS).exists():
        return []
    results: list[dict[str, Any]] = build.get_artifact(RESULTS)["results"]
    return results


def _what_failed(build: DbtCliInvocation) -> PlannerError:
    """The models and tests that failed, with what dbt says of each."""
    failed = [
        f"{one['unique_id'].split('.')[2]} ({one['message']})"
        for one in _results(build)
        if one["status"] in {"error", "fail"}
    ]
    trouble = DataError(
        f"The tables could not be built from what was loaded: {'; '.join(failed) or build.get_error()}. "
        f"What was published before stays; see the checks of this run in Dagster."
    )
    return DiskFullError() if is_disk_full(trouble) else trouble


def _row_counts(organisation: OpenOrganisation) -> Mapping[str, int]:
    with organisation.warehouse() as warehouse:
        return {name: row_count(warehouse, table) for name, table in MARTS.items() if table_exists(warehouse, table)}


def _readiness(organisation: OpenOrganisation) -> Mapping[str, Any]:
    with organisation.warehouse() as warehouse:
        return readiness_report(read_table(warehouse, XERO_READINESS).filter(~pl.col("is_dismissed")))


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


def _counted(
    output: dg.Output[Any], context: dg.AssetExecutionContext, counts: Mapping[str, int], report: Mapping[str, Any]
) -> dg.Output[Any]:
    stage, name = context.asset_key_for_output(output.output_name).path[-2:]
    if stage != "marts" or name not in counts:
        return output
    told = report if name == XERO_READINESS.name else {}
    return output.with_metadata({**output.metadata, **table_metadata(MARTS[name], counts[name]), **told})
