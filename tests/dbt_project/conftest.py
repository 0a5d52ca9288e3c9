"""The project's models compiled once, to be built in memory from whatever raw rows a test gives."""

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
from pipelines.storage.warehouse import describe_table, insert_rows
from stocktrim_assets.assets.marts import PROJECT
from tests.running import made_once

RawRows = Mapping[Table, Iterable[Mapping[str, Any]]]
Build = Callable[[RawRows, str], list[dict[str, Any]]]


def run_dbt(target: Path, *words: str, warehouse: str = ":memory:") -> int:
    """dbt's exit code; its artifacts lie in `target`."""
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "--log-path", str(target), *words, *folders]
    return subprocess.run(command, env=os.environ | {"STOCKTRIM_WAREHOUSE": warehouse}, check=False).returncode  # noqa: S603, our own


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every model by its id, with its compiled SQL."""

    def compile_into(target: Path) -> None:
        assert run_dbt(target, "compile") == 0

    target = made_once(tmp_path_factory, "compiled", compile_into)
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    return {name: node for name, node in nodes.items() if node["resource_type"] == "model"}


@pytest.fixture(scope="session")
def build(models: dict[str, dict[str, Any]]) -> Build:
    """The rows of a model, built from raw rows; raw tables that are not named are empty."""

    def rows_of(raw: RawRows, name: str) -> list[dict[str, Any]]:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            for schema in ("raw", "staging", "intermediate", "marts"):
                connection.execute(f"create schema {schema}")
            for table in (one for one in TABLES if one.stage == "raw"):
                connection.execute(f"create table {table.path} ({describe_table(table)})")
                frame = pl.DataFrame(list(raw.get(table, ())), schema=table.schema, orient="row")
                insert_rows(connection, table.path, frame)
            for node in lineage(models, f"model.stocktrim.{name}"):
                connection.execute(f"create table {node['schema']}.{node['name']} as {node['compiled_code']}")
            built: pl.DataFrame = connection.sql(f"from {models[f'model.stocktrim.{name}']['schema']}.{name}").pl()
            return built.to_dicts()

    return rows_of


def lineage(models: dict[str, dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """A model and all that it reads, what is read first."""
    found: dict[str, dict[str, Any]] = {}

    def visit(one: str) -> None:
        if one in models and one not in found:
            for upstream in models[one]["depends_on"]["nodes"]:
                visit(upstream)
            found[one] = models[one]

    visit(name)
    return list(found.values())
