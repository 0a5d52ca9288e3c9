"""The project built once by dbt over empty tables; its models are then built in memory from the raw rows of a test."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.storage.tables import TABLES, Table
from pipelines.storage.warehouse import FILE_NAME, describe_table, insert_rows, open_warehouse
from stocktrim_assets.dbt.dbt_project import FOLDER, MANIFEST, READ_FILE
from tests.running import made_once

RawRows = Mapping[Table, Iterable[Mapping[str, Any]]]
Build = Callable[[RawRows, str], list[dict[str, Any]]]
RAW = tuple(table for table in TABLES if table.stage == "raw")


def run_dbt(target: Path, *words: str, warehouse: str = ":memory:") -> int:
    """dbt's exit code; its artifacts lie in `target`."""
    folders = ["--project-dir", str(FOLDER), "--profiles-dir", str(FOLDER), "--target-path", str(target)]
    command = [sys.executable, "-m", "stocktrim_assets.dbt", "--quiet", "--log-path", str(target), *words, *folders]
    read = {"DBT_PARTIAL_PARSE_FILE_PATH": str(MANIFEST.with_name(READ_FILE))}
    return subprocess.run(command, env=os.environ | read | {"STOCKTRIM_WAREHOUSE": warehouse}, check=False).returncode  # noqa: S603, our own


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of dbt's artifacts, after models and unit tests ran over empty tables."""

    def build_into(folder: Path) -> None:
        with open_warehouse(folder):
            pass
        run_dbt(folder, "build", "--exclude-resource-type", "test", warehouse=str(folder / FILE_NAME))

    return made_once(tmp_path_factory, "built", build_into)


@pytest.fixture(scope="session")
def models(artifacts: Path) -> dict[str, dict[str, Any]]:
    """Every model by its id, with its compiled SQL."""
    nodes = json.loads((artifacts / "manifest.json").read_text())["nodes"]
    return {name: node for name, node in nodes.items() if node["resource_type"] == "model"}


@pytest.fixture(scope="session")
def build(models: dict[str, dict[str, Any]]) -> Build:
    """The rows of a model, built from raw rows; raw tables that are not named are empty."""
    warehouse = Path(FILE_NAME).stem
    schemas = "".join(f"create schema {name};" for name in ("raw", "staging", "intermediate", "marts"))
    tables = "".join(f"create table {table.path} ({describe_table(table)});" for table in RAW)

    def rows_of(raw: RawRows, name: str) -> list[dict[str, Any]]:
        with duckdb.connect() as connection:
            connection.execute(f"attach ':memory:' as {warehouse}; use {warehouse}; set TimeZone = 'UTC';").complete()
            connection.execute(schemas + tables).complete()
            for table, rows in raw.items():
                insert_rows(connection, table.path, pl.DataFrame(list(rows), schema=table.schema, orient="row"))
            for node in lineage(models, f"model.stocktrim.{name}"):
                connection.execute(f"create table {node['schema']}.{node['name']} as {node['compiled_code']}")
            built: pl.DataFrame = connection.sql(f"from {models[f'model.stocktrim.{name}']['schema']}.{name}").pl()
            return built.to_dicts()

    return rows_of


def lineage(models: dict[str, dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """A model and all that it reads, what is read first."""
    found: dict[str, dict[str, Any]] = {}

    def visit(model: str) -> None:
        if model in models and model not in found:
            for upstream in models[model]["depends_on"]["nodes"]:
                visit(upstream)
            found[model] = models[model]

    visit(name)
    return list(found.values())
