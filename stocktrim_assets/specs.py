"""Our tables as Dagster's assets and our rules as its checks: what is known of them before a run, and after it.

What belongs here: specs, and the metadata that every table has. What does not: metadata of one asset alone
(`assets/`), tables and pictures in Markdown (`reports.py`).
Read more in docs/operations.md.
"""

import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import dagster as dg

import pipelines
from pipelines.expectations.validate import BorderRule, Finding
from pipelines.storage.fingerprints import code_fingerprint
from pipelines.storage.tables import Table
from pipelines.storage.warehouse import FILE_NAME, duckdb_type
from stocktrim_assets.dbt.dbt_project import FOLDER as DBT_PROJECT
from stocktrim_assets.dbt.dbt_project import column_descriptions, table_name
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import rows_table

DATA_TEAM: Final = "team:data"
PURCHASING_TEAM: Final = "team:purchasing"
CODE_VERSION: Final = code_fingerprint((Path(pipelines.__file__).parent, Path(__file__).parent, DBT_PROJECT))
"""The version of the code of every stage, taken when it is imported: what is edited later does not run here."""


def key_of(table: Table) -> dg.AssetKey:
    """The key of a table's asset: its stage and its name."""
    return dg.AssetKey([table.stage, table.name])


def table_specs(
    made: Iterable[Table],
    *,
    deps: Iterable[Table | dg.AssetKey] = (),
    owner: str = DATA_TEAM,
    kinds: Collection[str] = ("polars", "duckdb"),
) -> list[dg.AssetSpec]:
    """One asset for each table that Python makes, in the group of its stage, with its columns."""
    return [
        dg.AssetSpec(
            key_of(table),
            deps=[key_of(source) if isinstance(source, Table) else source for source in deps],
            description=table.grain,
            group_name=table.stage,
            kinds=set(kinds),
            owners=[owner],
            code_version=CODE_VERSION,
            metadata={
                "dagster/column_schema": column_schema(table),
                "dagster/storage_kind": "duckdb",
                "dagster/table_name": table_name(table.path),
            },
        )
        for table in made
    ]


def column_schema(table: Table) -> dg.TableSchema:
    """The columns of a table with their types and descriptions."""
    described = column_descriptions().get(table.path, {})
    return dg.TableSchema(
        [dg.TableColumn(name, duckdb_type(dtype).lower(), described.get(name)) for name, dtype in table.columns.items()]
    )


def table_metadata(rows: int, folder: Path) -> dict[str, Any]:
    """How many rows a table has now, and the file that holds it; `folder` is the organisation's."""
    return {"dagster/row_count": rows, "dagster/uri": (folder / FILE_NAME).as_uri()}


def check_specs(rules: Iterable[BorderRule], *, about: Mapping[str, Sequence[Table]]) -> list[dg.AssetCheckSpec]:
    """One check for each rule, partitioned by organisation.

    `about` names the tables of each rule's frame: the check is on the asset of the first and depends on the others.
    A broken rule that blocks stops its step, so that Dagster has nothing left to hold back.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                rule.name, asset=key_of(about[rule.frame][0]), description=rule.description,
                additional_deps=[key_of(table) for table in about[rule.frame][1:]], partitions_def=organisations,
            )
            for rule in rules
        ]  # fmt: skip


def check_results(
    findings: Iterable[Finding],
    *,
    about: Mapping[str, Sequence[Table]],
    selected: AbstractSet[dg.AssetCheckKey] | None = None,
) -> list[dg.AssetCheckResult]:
    """Findings as check results: the sentence, the count and the first of the rows that offend.

    A rule without a finding has no result, so that Dagster does not show it as passed. `selected` are the checks that
    the run selected, if not all.
    """
    keyed = [(key_of(about[finding.rule.frame][0]), finding) for finding in findings]
    return [
        dg.AssetCheckResult(
            asset_key=key,
            check_name=finding.rule.name,
            passed=finding.is_met,
            severity=dg.AssetCheckSeverity.ERROR if finding.rule.is_blocking else dg.AssetCheckSeverity.WARN,
            metadata={"sentence": finding.sentence, "count": finding.count, **_problem(finding), **_rows(finding)},
        )
        for key, finding in keyed
        if selected is None or dg.AssetCheckKey(key, finding.rule.name) in selected
    ]


def unchanged_since(made_at: datetime, run_id: str) -> dict[str, Any]:
    """Since when an asset is as it is, and the run that made it."""
    return {
        "unchanged since": dg.MetadataValue.timestamp(made_at),
        "made in": dg.MetadataValue.dagster_run(run_id),
    }


def stored_check(check: dg.AssetCheckResult) -> dict[str, Any]:
    """The result of a check as JSON."""
    return {
        "asset_key": check.asset_key.path if check.asset_key else None, "check_name": check.check_name,
        "passed": check.passed, "severity": check.severity.value,
        "metadata": dg.serialize_value(dict[str, Any](check.metadata)),
    }  # fmt: skip


def restored_check(stored: Mapping[str, Any]) -> dg.AssetCheckResult:
    """The result of a check that `stored_check` has written."""
    return dg.AssetCheckResult(
        **dict(stored)
        | {
            "severity": dg.AssetCheckSeverity(stored["severity"]),
            "metadata": dict(dg.deserialize_value(stored["metadata"], dict)),
        }
    )


def _problem(finding: Finding) -> dict[str, Any]:
    """The problem of `xero_readiness` that lists the same records, so that nobody reads of them twice."""
    return {"problem": finding.rule.problem} if finding.rule.problem else {}


def _rows(finding: Finding) -> dict[str, Any]:
    return {} if finding.rows.is_empty() else {"rows": rows_table(finding.rows)}
