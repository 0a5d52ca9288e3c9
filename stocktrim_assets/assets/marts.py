"""Staging and marts: dbt's models, each an asset, each dbt test a check.

Read more in docs/bi.md.
"""

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import dagster as dg
import polars as pl
from dagster_dbt import DbtCliInvocation, dbt_assets

from pipelines.errors import DataError, DiskFullError, PlannerError, is_disk_full
from pipelines.expectations.validate import ROWS_SHOWN
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.readiness import by_problem, sentences
from pipelines.storage.tables import TABLES, XERO_READINESS
from pipelines.storage.warehouse import read_table, row_count, table_exists
from stocktrim_assets.dbt_project import PROJECT, TRANSLATOR, build_models, manifest, test_descriptions
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import readiness_report, readiness_table, rows_table
from stocktrim_assets.specs import key_of, table_metadata

RESULTS: Final = "run_results.json"
MARTS: Final = {key_of(table): table for table in TABLES if table.stage == "marts"}


@dbt_assets(
    manifest=manifest(),
    project=PROJECT,
    dagster_dbt_translator=TRANSLATOR,
    name="warehouse_models",
    partitions_def=organisations,
)
def warehouse_models(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[Any]:
    """Build staging, intermediate and marts, and test them.

    dbt holds the warehouse until it ends, so what is read from it for Dagster comes afterwards.
    """
    with plain_failures():
        (organisation.folder / "dbt" / RESULTS).unlink(missing_ok=True)
        build = build_models(context, organisation.folder)
        outputs, checks = [], []
        for event in build.stream():
            if isinstance(event, dg.Output):
                outputs.append(event)
            elif isinstance(event, dg.AssetCheckResult):
                checks.append(event)
            else:
                yield event
        yield from _told(checks, organisation, build)
        shown = _of_marts(organisation)
        for output in outputs:
            key = context.asset_key_for_output(output.output_name)
            yield output.with_metadata({**output.metadata, **shown.get(key, {})})
        if not build.is_successful():
            raise _what_failed(build)


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
    rule = test_descriptions()[str(check.check_name)]
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
    queries = {result["unique_id"].split(".")[2]: result["compiled_code"] for result in _results(build)}
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
        f"{result['unique_id'].split('.')[2]} ({result['message']})"
        for result in _results(build)
        if result["status"] in {"error", "fail"}
    ]
    trouble = DataError(
        f"The tables could not be built from what was loaded: {'; '.join(failed) or build.get_error()}. "
        f"What was published before stays; see the checks of this run in Dagster."
    )
    return DiskFullError() if is_disk_full(trouble) else trouble


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
