"""What dbt made of its models and tests, read from the results that it writes at its end.

What belongs here: the outcome of each test in words, and what failed. What does not: running dbt (`dbt_project.py`).
Read more in docs/warehouse.md.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dagster as dg
import duckdb

from pipelines.errors import DataError, DiskFullError, PlannerError, is_disk_full
from pipelines.expectations.validate import ROWS_SHOWN
from stocktrim_assets.dbt.dbt_project import shown_manifest, test_descriptions
from stocktrim_assets.dbt.lineage import path_of
from stocktrim_assets.reports import rows_table

RESULTS: Final = "run_results.json"
_PASSED: Final = "pass"
_WARNED: Final = "warn"
_NOT_RUN: Final = "skipped"
_BUILT: Final = "success"
_FAILED: Final = {"error", "fail"}


@dataclass(frozen=True)
class NodeResult:
    """What became of a model or test: `message` is dbt's, `query` a test's SQL, `failures` its rows that offend."""

    node_id: str
    status: str
    seconds: float
    message: str
    query: str
    failures: int

    @property
    def name(self) -> str:
        """The name of the model or test."""
        return self.node_id.split(".")[2]


def read_results(target: Path) -> list[NodeResult]:
    """The result of each node that dbt came to; none if dbt ended before the first."""
    path = target / RESULTS
    results: list[dict[str, Any]] = json.loads(path.read_text())["results"] if path.exists() else []
    return [
        NodeResult(
            result["unique_id"], result["status"], result["execution_time"], result["message"] or "",
            result.get("compiled_code") or "", result["failures"] or 0,
        )
        for result in results
    ]  # fmt: skip


def built_marts(results: Iterable[NodeResult]) -> dict[str, NodeResult]:
    """The result of each mart that was built, by the mart's path."""
    nodes = shown_manifest()["nodes"]
    return {
        path_of(nodes[result.node_id]): result
        for result in results
        if result.status == _BUILT and result.node_id in nodes
    }


def check_results(warehouse: duckdb.DuckDBPyConnection, results: Iterable[NodeResult]) -> list[dg.AssetCheckResult]:
    """The results of the marts' tests, each with its rule in a sentence and the first of the rows that offend."""
    nodes = shown_manifest()["nodes"]
    return [
        dg.AssetCheckResult(
            asset_key=_asset_key(nodes[nodes[result.node_id]["attached_node"]]),
            check_name=result.name,
            passed=result.status == _PASSED,
            severity=dg.AssetCheckSeverity.WARN if result.status == _WARNED else dg.AssetCheckSeverity.ERROR,
            metadata={"sentence": _sentence(result), **_rows(warehouse, result)},
        )
        for result in results
        if result.node_id in nodes and nodes[result.node_id]["resource_type"] == "test" and result.status != _NOT_RUN
    ]


def failure_of(results: Iterable[NodeResult], *, otherwise: str) -> PlannerError:
    """The models and tests that failed, with what dbt says of each; `otherwise` if no result says it."""
    failed = [f"{result.name} ({result.message})" for result in results if result.status in _FAILED]
    trouble = DataError(
        f"The tables could not be built from what was loaded: {'; '.join(failed) or otherwise}. "
        f"What was published before stays; see the checks of this run in Dagster."
    )
    return DiskFullError() if is_disk_full(trouble) else trouble


def _asset_key(node: Mapping[str, Any]) -> dg.AssetKey:
    return dg.AssetKey([node["schema"], node["name"]])


def _sentence(result: NodeResult) -> str:
    """The rule that a test checks, and if it is broken for how many rows."""
    rule = test_descriptions()[result.name]
    if result.status == _PASSED or not result.failures:
        return rule
    return f"{rule} This does not hold for {result.failures} row{'' if result.failures == 1 else 's'}."


def _rows(warehouse: duckdb.DuckDBPyConnection, result: NodeResult) -> dict[str, Any]:
    if not result.failures or not result.query:
        return {}
    return {"rows": rows_table(warehouse.sql(f"from ({result.query}) limit {ROWS_SHOWN}").pl())}
