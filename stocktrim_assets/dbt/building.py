"""Building the marts: dbt builds what comes after a table that has changed, and is not started if none has.

What belongs here: what changed since the last build, the build, and what is known of each mart and test afterwards.
What does not: walks through dbt's graph (`lineage.py`), fingerprints and marks (`pipelines.storage`).
dbt's own process writes the warehouse. So the mark of the last build is removed before dbt starts, and a new one is
written once everything stands: after a build that failed or was killed, everything is built again.
Read more in docs/warehouse.md.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import dagster as dg
import duckdb

from pipelines.errors import PlannerError
from pipelines.heavy_imports import importing
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.storage.fingerprints import code_fingerprint, table_fingerprints, value_fingerprint
from pipelines.storage.stage_marks import StageMark, changed, put_mark, read_marks, remove_mark
from pipelines.storage.warehouse import transaction
from stocktrim_assets.dbt.dbt_project import FOLDER, build_models, manifest
from stocktrim_assets.dbt.dbt_results import (
    RESULTS,
    NodeResult,
    built_marts,
    check_results,
    failure_of,
    read_results,
)
from stocktrim_assets.dbt.lineage import (
    after,
    compared_views,
    hidden_behind,
    inputs_of,
    is_mart,
    path_of,
    tables_of,
    tests_that_read,
)
from stocktrim_assets.specs import restored_check, stored_check, unchanged_since

STAGE: Final = "warehouse_models"
CODE: Final = "code"
VIEWS: Final = "views"
# The heaviest import of a step, by the step's name.
IMPORTS: Final = {"demand": "sklearn.ensemble", "order_plan": "pipelines.expectations.plan_suite"}
_DEFINITIONS: Final = (
    "select schema_name, view_name, sql from duckdb_views() "
    "where schema_name in ('staging', 'intermediate', 'marts') order by all"
)

log = logging.getLogger("pipelines.steps")
# for terminals only: a record for each table would cost Dagster an event
bars = logging.getLogger("pipelines.bars")
bars.propagate = False
Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Marts:
    """What is known of the marts after a build, by the path of each, and the last result of each of their tests.

    `metadata` says since when a mart is unchanged, or how long it took to build; `versions` are fingerprints of its
    rows. Of a build that failed, or of what a person selected, only the marts and tests that it came to.
    """

    metadata: Mapping[str, Mapping[str, Any]]
    checks: Sequence[dg.AssetCheckResult]
    versions: Mapping[str, str] = field(default_factory=dict)
    failure: PlannerError | None = None


def build_marts(context: dg.AssetExecutionContext, organisation: OpenOrganisation) -> Marts:
    """The marts, after everything was built that comes after a change since the last build."""
    with organisation.warehouse() as warehouse:
        known = read_marks(warehouse, organisation.identity)
        mark = None if organisation.rebuild else known.get(STAGE)
        inputs = _inputs(warehouse)
        changes = changed(mark, inputs=inputs, outputs=_outputs(warehouse)) if mark else []
        if mark and not changes:
            log.info("Warehouse: unchanged since %s, dbt is not started.", organisation.local_time(mark.made_at))
            return _marked(mark, run_id=context.run.run_id)
        remove_mark(warehouse, STAGE)
    names = _names_after(changes) if mark else []
    results, failure = _run(context, organisation, names)
    with organisation.warehouse() as warehouse:
        if failure:
            return _made_now(warehouse, results, failure=failure)
        compared = table_fingerprints(warehouse, _paths(compared_views(manifest())))
        made = StageMark(
            STAGE, inputs | compared, _outputs(warehouse), organisation.now(), context.run.run_id,
            report=_report(warehouse, context, results, mark if names else None, changes),
        )  # fmt: skip
        with transaction(warehouse):
            put_mark(warehouse, organisation.identity, made)
    return _marked(made, run_id=context.run.run_id)


def build_selected_marts(context: dg.AssetExecutionContext, organisation: OpenOrganisation) -> Marts:
    """The marts and checks that a person selected, built with the models behind them; the next build builds all."""
    keys = {".".join(key.path) for key in context.selected_asset_keys}
    marts = [node_id for node_id, node in manifest()["nodes"].items() if is_mart(node) and path_of(node) in keys]
    with organisation.warehouse() as warehouse:
        remove_mark(warehouse, STAGE)
    checks = [key.name for key in context.selected_asset_check_keys]
    results, failure = _run(context, organisation, _names([*marts, *hidden_behind(manifest(), marts)]) + checks)
    with organisation.warehouse() as warehouse:
        return _made_now(warehouse, results, failure=failure)


def _run(
    context: dg.AssetExecutionContext, organisation: OpenOrganisation, names: Sequence[str]
) -> tuple[list[NodeResult], PlannerError | None]:
    """What dbt made of the models and tests of these names, of all without names, and what failed."""
    target = organisation.folder / "dbt"
    (target / RESULTS).unlink(missing_ok=True)
    build = build_models(context, organisation.folder, select=names)
    with importing(*_imports_of_later_steps(context)):
        for event in build.stream_raw_events():
            move_bar(event.raw_event["data"])
    results = read_results(target)
    failure = None if build.is_successful() else failure_of(results, otherwise=str(build.get_error()))
    return results, failure


def move_bar(data: Mapping[str, Any]) -> None:
    """Show at a terminal how many of the models and tests that dbt builds are ready, as dbt's event says."""
    if "execution_time" in data and (total := data.get("total") or data.get("num_models")):
        progress = ("dbt", "table or test", data["index"], total)
        bars.info("dbt: %d of %d.", data["index"], total, extra={"progress": progress})


def _imports_of_later_steps(context: dg.AssetExecutionContext) -> list[str]:
    """The modules to import while dbt is awaited: those that take long and that a later step of this run needs."""
    return [module for step, module in IMPORTS.items() if context.job_def.has_node_named(step)]


def _inputs(warehouse: Connection) -> dict[str, str]:
    """The fingerprints of the code and of everything that dbt's tables are made from."""
    return {
        CODE: code_fingerprint([FOLDER, Path(__file__).parent]),
        **table_fingerprints(warehouse, _paths(inputs_of(manifest()))),
    }


def _outputs(warehouse: Connection) -> dict[str, str]:
    """The fingerprints of dbt's tables, and of the definitions of its views."""
    definitions = value_fingerprint(warehouse.execute(_DEFINITIONS).fetchall())
    return {VIEWS: definitions, **table_fingerprints(warehouse, _paths(tables_of(manifest())))}


def _names_after(changes: Iterable[str]) -> list[str]:
    """The names of the tables and tests after some changed inputs; none, which means all, after any other change."""
    inputs = {path_of(_node(node_id)): node_id for node_id in inputs_of(manifest())}
    if not inputs.keys() >= set(changes):
        return []
    models = after(manifest(), [inputs[path] for path in changes])
    return _names([*models & set(tables_of(manifest())), *tests_that_read(manifest(), models)])


def _made_now(warehouse: Connection, results: Sequence[NodeResult], *, failure: PlannerError | None) -> Marts:
    """The marts and tests that a build came to."""
    metadata = {path: _duration(result.seconds) for path, result in built_marts(results).items()}
    return Marts(metadata, check_results(warehouse, results), failure=failure)


def _report(
    warehouse: Connection,
    context: dg.AssetExecutionContext,
    results: Sequence[NodeResult],
    former: StageMark | None,
    changes: Sequence[str],
) -> dict[str, Any]:
    """What is known of each mart and test after a build, as JSON: of those that it left alone what was known before."""
    known: Any = former.report if former else {"marts": {}, "checks": {}}
    at = datetime.now(UTC).isoformat()
    marts = {
        path: {
            "built_at": at,
            "run_id": context.run.run_id,
            "seconds": result.seconds,
            "changed": ", ".join(changes),
        }
        for path, result in built_marts(results).items()
    }
    checks = {str(check.check_name): stored_check(check) for check in check_results(warehouse, results)}
    return {"marts": {**known["marts"], **marts}, "checks": {**known["checks"], **checks}}


def _marked(mark: StageMark, *, run_id: str) -> Marts:
    """The marts as a mark has them; those that another run than this one has built are unchanged since."""
    report: Any = mark.report
    return Marts(
        metadata={
            path: _duration(mart["seconds"], mart["changed"]) if mart["run_id"] == run_id else _unchanged(mart)
            for path, mart in report["marts"].items()
        },
        checks=[restored_check(check) for check in report["checks"].values()],
        versions={path: mark.outputs[path] for path in report["marts"] if path in mark.outputs},
    )


def _duration(seconds: float, changed_before: str = "") -> dict[str, Any]:
    """How long a mart took to build, and what had changed before."""
    return {"Execution Duration": seconds, **({"changed": changed_before} if changed_before else {})}


def _unchanged(mart: Mapping[str, Any]) -> dict[str, Any]:
    return unchanged_since(datetime.fromisoformat(mart["built_at"]), mart["run_id"])


def _node(node_id: str) -> Mapping[str, Any]:
    node: Mapping[str, Any] = {**manifest()["nodes"], **manifest()["sources"]}[node_id]
    return node


def _paths(node_ids: Iterable[str]) -> list[str]:
    return [path_of(_node(node_id)) for node_id in node_ids]


def _names(node_ids: Iterable[str]) -> list[str]:
    return sorted(_node(node_id)["name"] for node_id in node_ids)
