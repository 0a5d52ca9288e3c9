"""What Dagster sees: definitions that load anywhere, every table an asset of its stage."""

import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.storage.tables import TABLES
from stocktrim_assets.assets.plan import _numbers
from stocktrim_assets.definitions import defs
from stocktrim_assets.home import dagster_instance
from stocktrim_assets.jobs import JOBS

PROGRAM = """
import dagster as dg
from stocktrim_assets.definitions import defs
dg.Definitions.validate_loadable(defs)
print(sorted(job.name for job in defs.jobs))
"""


def test_definitions_load_without_credentials_or_a_home(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "STOCKTRIM_HOME": str(tmp_path / "nowhere"), "HOME": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", PROGRAM], env=bare, capture_output=True, text=True, check=False)  # noqa: S603, our own
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "['backtest', 'explain', 'load', 'load_and_plan', 'plan', 'send_approved_orders']"
    assert not (tmp_path / "nowhere").exists()


def test_every_table_is_an_asset_of_its_stage() -> None:
    keys = {tuple(key.path) for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert {(table.stage, table.name) for table in TABLES} <= keys


def test_every_table_shows_its_columns_with_their_descriptions_and_its_name_in_the_warehouse() -> None:
    graph = defs.resolve_asset_graph()
    for table in TABLES:
        metadata = graph.get(dg.AssetKey([table.stage, table.name])).metadata
        columns = metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == list(table.columns), table.path
        assert all(column.description for column in columns), table.path
        assert metadata["dagster/table_name"] == f"warehouse.{table.path}"


def test_every_column_of_a_mart_shows_the_columns_of_its_parents_that_it_is_made_from() -> None:
    graph = defs.resolve_asset_graph()
    for table in (table for table in TABLES if table.stage == "marts"):
        mart = graph.get(dg.AssetKey([table.stage, table.name]))
        made_from = mart.metadata["dagster/column_lineage"].deps_by_column
        assert set(made_from) == set(table.columns), table.path
        assert {dep.asset_key for deps in made_from.values() for dep in deps} <= set(mart.parent_keys), table.path
        assert "| stock_on_hand |" in mart.metadata["columns_made_from"].value or table != tables.STOCK_POSITION


def test_the_source_code_of_every_asset_is_a_file_that_exists() -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        references = graph.get(key).metadata["dagster/code_references"].code_references
        assert references, key
        assert all(Path(reference.file_path).is_file() for reference in references), key


def test_the_lists_of_xero_come_before_the_tables_that_are_read_from_them() -> None:
    graph = defs.resolve_asset_graph()
    lists = graph.external_asset_keys
    assert {key.path[0] for key in lists} == {"xero"}
    assert graph.get(dg.AssetKey(["raw", "xero_invoice_lines"])).parent_keys == {dg.AssetKey(["xero", "invoices"])}
    assert all(graph.get(key).child_keys for key in lists)


def test_a_mart_comes_straight_after_the_tables_of_xero_and_the_marts_that_it_is_made_from() -> None:
    graph = defs.resolve_asset_graph()
    assert {key.path[0] for key in graph.materializable_asset_keys}.isdisjoint({"staging", "intermediate"})
    parents = graph.get(dg.AssetKey(["marts", "data_freshness"])).parent_keys
    assert {tuple(key.path) for key in parents} == {
        ("raw", "as_of"), ("raw", "entity_loads"), ("raw", "xero_organisation"),
    }  # fmt: skip


def test_every_asset_is_partitioned_by_organisation() -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        partitions = graph.get(key).partitions_def
        assert isinstance(partitions, dg.DynamicPartitionsDefinition), key
        assert partitions.name == "organisation", key


def test_every_asset_stands_in_its_stage_and_says_what_it_is_made_of_and_whose_it_is() -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.group_name == key.path[0], key
        assert node.kinds, key
        assert node.owners, key


@pytest.mark.parametrize(
    ("job", "stages"),
    [
        ("load", set()),
        ("load_and_plan", set()),
        ("plan", {"raw"}),
        ("backtest", {"raw", "marts", "parameters", "plan"}),
    ],
)
def test_a_job_needs_nothing_that_its_organisation_may_not_have_yet(job: str, stages: set[str]) -> None:
    """Dagster's pages warn of what lies before a job and was never made, and propose to leave the organisation out."""
    graph = defs.resolve_asset_graph()
    made = next(one for one in JOBS if one.name == job).selection.resolve(graph)
    before = {parent for key in made for parent in graph.get(key).parent_keys} - made
    before &= graph.materializable_asset_keys
    assert {key.path[0] for key in before} <= stages, before


def test_money_and_counts_of_an_organisation_are_series_of_its_own() -> None:
    counts = dict.fromkeys(tables.PLAN_SUMMARY.columns, 2) | {"plan_id": "20260302-x", "currency": "NZD"}
    shown = _numbers(pl.DataFrame([counts]), "acme")
    assert shown["order value (acme, NZD)"] == 2.0
    assert shown["products to order (acme)"] == 2
    numbers = {name for name, value in shown.items() if not isinstance(value, str)}
    assert all("(acme" in name for name in numbers)
    assert all("(acme, NZD)" in name for name in numbers if "value" in name or "cost" in name or "margin" in name)


def test_everything_that_dagster_shows_says_in_a_sentence_what_it_is() -> None:
    graph = defs.resolve_asset_graph()
    result = {str(key.path): graph.get(key).description for key in graph.materializable_asset_keys}
    result |= {str(key): graph.get(key).description for key in graph.asset_check_keys}
    runners = [*(defs.jobs or ()), *(defs.schedules or ()), *(defs.sensors or ())]
    result |= {one.name: one.description for one in runners}
    result |= {one.op.name: one.op.description for one in defs.assets or () if isinstance(one, dg.AssetsDefinition)}
    assert len(result) > 100
    assert not [name for name, words in result.items() if not re.match(r"[A-Z].*[.!]( |\n|$)", words or "")]


def test_nothing_but_a_person_switches_the_schedule_and_the_sensor_on() -> None:
    for one in [*(defs.schedules or ()), *(defs.sensors or ())]:
        assert one.default_status.value == "STOPPED"


def test_fault_67_the_queue_starts_one_run_of_an_organisation_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DAGSTER_HOME", "STOCKTRIM_HOME"):
        monkeypatch.setenv(name, "given back at the end")
    with dagster_instance(read_settings({"STOCKTRIM_HOME": str(tmp_path)})) as instance:
        queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.tag_concurrency_limits == [
        {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    ]
