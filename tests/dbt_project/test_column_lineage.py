"""The columns that a mart's columns are made from, against the tables that dbt has built."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import MappingSchema

from pipelines.storage.warehouse import FILE_NAME
from stocktrim_assets.dbt.column_lineage import by_position, lineage_of_marts, lineage_of_query

TABLES = {"a": {"x": "int", "y": "int"}, "b": {"y": "int", "z": "int"}, "c": {"x": "int"}}
BY_NAME = [
    "select x, y from a union all by name select z, y from b",
    "select * from a union all by name select * from b union all by name select *, 7 as x from b",
    "with s as (select * from a union by name select * from b) select * from s union all by name select * from c",
    "with b2 as (select *, y as x from b) select s.* from (select * from a union all by name select * from b2) as s",
]


def test_every_column_of_every_mart_is_made_from_columns_that_the_warehouse_has(artifacts: Path) -> None:
    marts = lineage_of_marts(json.loads((artifacts / "manifest.json").read_text()))
    with duckdb.connect(str(artifacts / FILE_NAME), read_only=True) as warehouse:
        rows = warehouse.sql("select schema_name || '.' || table_name, column_name from duckdb_columns()").fetchall()
    assert {(mart, name) for mart, columns in marts.items() for name in columns} == {
        (path, name) for path, name in rows if path.startswith("marts.")
    }
    origins = {column for columns in marts.values() for made_from in columns.values() for column in made_from}
    assert origins <= set(rows)
    assert {path.split(".")[0] for path, _ in origins} == {"raw"}


def test_a_column_is_made_from_the_columns_of_every_table_that_a_union_by_name_takes_it_from() -> None:
    columns = lineage_of_query("select * from main.a union all by name from main.b", schema_of(TABLES))
    assert columns == {"x": [("main.a", "x")], "y": [("main.a", "y"), ("main.b", "y")], "z": [("main.b", "z")]}


@pytest.mark.parametrize("sql", BY_NAME)
def test_a_union_by_position_has_the_rows_of_the_union_by_name(sql: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table a as select 1 as x, 2 as y; create table b as select 3 as y, 4 as z")
        connection.execute("create table c as select 5 as x").complete()
        by_name = connection.sql(f"from ({sql}) order by all")
        rewritten = by_position(sql, schema_of(TABLES)).sql("duckdb")
        result = connection.sql(f"from ({rewritten}) order by all")
        assert "BY NAME" not in rewritten
        assert (result.columns, result.fetchall()) == (by_name.columns, by_name.fetchall())


def schema_of(tables: dict[str, dict[str, str]]) -> MappingSchema:
    nested: dict[str, Any] = {"memory": {"main": tables}}
    return MappingSchema(nested, dialect="duckdb")
