"""The dbt project as Dagster sees it: where it is, what its nodes mean, and how it is built for one organisation.

What belongs here: dbt's manifest and its command line. What does not: what a run makes of dbt's events
(`assets/marts.py`).
Read more in docs/warehouse.md.
"""

import importlib.metadata
import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import dagster as dg
from packaging.version import Version

from pipelines.storage.warehouse import FILE_NAME
from stocktrim_assets import dbt
from stocktrim_assets.dbt.lineage import path_of, shown_part
from stocktrim_assets.dbt.without_dbt_core import without_dbt_core

with without_dbt_core():
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliInvocation, DbtProject

FOLDER: Final = Path(__file__).resolve().parents[2] / "dbt_project"
PROJECT: Final = DbtProject(project_dir=FOLDER, profiles_dir=FOLDER)
MANIFEST: Final = PROJECT.manifest_path
LINEAGE_FILE: Final = "column_lineage.json"
READ_FILE: Final = "partial_parse.msgpack"


class Translator(DagsterDbtTranslator):
    """Dagster's usual translation of dbt's nodes, with the rule of each test and the address of each table."""

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """The columns of a table, what each is made from, and the table's name in every organisation's warehouse.

        The manifest belongs to no organisation, so its own database name says nothing.
        """
        path = path_of(dbt_resource_props)
        return {
            **super().get_metadata(dbt_resource_props),
            "dagster/table_name": table_name(path),
            **_lineage_metadata(column_lineage().get(path, {})),
        }

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """The check of a dbt test, described by the rule that holds."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        return dg.AssetCheckSpec(
            spec.name,
            asset=spec.asset_key,
            description=test_descriptions()[spec.name],
            additional_deps=spec.additional_deps,
            blocking=spec.blocking,
            metadata=spec.metadata,
        )


TRANSLATOR: Final = Translator(DagsterDbtTranslatorSettings(enable_code_references=True))


def build_models(context: dg.AssetExecutionContext, folder: Path, *, select: Sequence[str]) -> DbtCliInvocation:
    """`dbt build`, started in an organisation's folder for the models and tests of these names; for all without names.

    It starts dbt once. `DbtCliResource.cli` starts it twice more: to ask the package index for dbt's newest version,
    and inside this process for an adapter that fetches row counts and columns. That costs three CPU seconds a run.
    """
    target = folder / "dbt"
    return DbtCliInvocation.run(
        args=[sys.executable, "-m", dbt.__name__, "build", "--exclude-resource-type", "unit_test", *_selection(select)],
        env={
            **os.environ,
            "STOCKTRIM_WAREHOUSE": str(folder / FILE_NAME),
            "DBT_LOG_FORMAT": "json",
            "DBT_PROFILES_DIR": str(FOLDER),
            "DBT_TARGET_PATH": str(target),
            "PYTHONUNBUFFERED": "1",
            **_already_read(target),
        },
        manifest=shown_manifest(),
        dagster_dbt_translator=TRANSLATOR,
        project_dir=FOLDER,
        target_path=target,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(importlib.metadata.version("dbt-core")),
        dbt_project=PROJECT,
    )


@cache
def manifest() -> Mapping[str, Any]:
    """Dbt's manifest, which `make install` lets dbt write."""
    parsed: dict[str, Any] = json.loads(MANIFEST.read_text())
    return parsed


@cache
def shown_manifest() -> Mapping[str, Any]:
    """The part of dbt's manifest that Dagster shows."""
    return shown_part(manifest())


@cache
def column_descriptions() -> Mapping[str, Mapping[str, str]]:
    """What each column of a source or a model means, by the path of its table, such as `marts.products`."""
    nodes = [*manifest()["nodes"].values(), *manifest()["sources"].values()]
    return {
        f"{node['schema']}.{node['name']}": {name: column["description"] for name, column in node["columns"].items()}
        for node in nodes
        if node["resource_type"] in {"model", "source"}
    }


@cache
def column_lineage() -> Mapping[str, Mapping[str, Sequence[dg.TableColumnDep]]]:
    """The columns that each column of a mart is made from, by the mart's path, as `make install` found them."""
    marts = json.loads(MANIFEST.with_name(LINEAGE_FILE).read_text())
    return {
        mart: {
            name: [dg.TableColumnDep(dg.AssetKey(path.split(".")), column) for path, column in made_from]
            for name, made_from in columns.items()
        }
        for mart, columns in marts.items()
    }


@cache
def test_descriptions() -> Mapping[str, str]:
    """The rule that each dbt test checks, by the test's name."""
    nodes = manifest()["nodes"].values()
    return {node["name"]: node["description"].strip() for node in nodes if node["resource_type"] == "test"}


def table_name(path: str) -> str:
    """A table's full name in DuckDB, where a database is called after its file.

    >>> table_name("plan.order_plan")
    'warehouse.plan.order_plan'
    """
    return f"{Path(FILE_NAME).stem}.{path}"


def _lineage_metadata(columns: Mapping[str, Sequence[dg.TableColumnDep]]) -> Mapping[str, Any]:
    """What a table's columns are made from, for Dagster's interfaces, and as a list, since its open pages show none."""
    lines = [
        f"| {name} | {', '.join(f'{dep.asset_key.to_user_string()}.{dep.column_name}' for dep in made_from) or '-'} |"
        for name, made_from in columns.items()
    ]
    return {
        "dagster/column_lineage": dg.TableColumnLineage(columns),
        "columns_made_from": dg.MetadataValue.md("\n".join(["| Column | Made from |", "| --- | --- |", *lines])),
    }


def _already_read(target: Path) -> Mapping[str, str]:
    """At the first build of an organisation, where `make install` left what dbt has read of the project."""
    read = MANIFEST.with_name(READ_FILE)
    is_first = read.exists() and not (target / READ_FILE).exists()
    return {"DBT_PARTIAL_PARSE_FILE_PATH": str(read)} if is_first else {}


def _selection(names: Sequence[str]) -> Sequence[str]:
    """Dbt's words for a part of the project: models and tests by name; nothing for all of them."""
    return ("--indirect-selection", "empty", "--select", *names) if names else ()
