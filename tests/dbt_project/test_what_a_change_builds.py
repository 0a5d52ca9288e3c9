"""What dbt builds after a change: every table that comes after it, and no other."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from stocktrim_assets.dbt.building import _names_after
from stocktrim_assets.dbt.dbt_project import MANIFEST
from stocktrim_assets.dbt.lineage import compared_views, inputs_of, is_mart, path_of

MANIFEST_NODES: dict[str, Any] = json.loads(MANIFEST.read_text())
NODES, SOURCES = MANIFEST_NODES["nodes"], MANIFEST_NODES["sources"]
INPUTS = {path_of({**NODES, **SOURCES}[name]): name for name in inputs_of(MANIFEST_NODES)}
TABLES = {name for name, node in NODES.items() if node["config"].get("materialized") == "table"}
pytestmark = pytest.mark.fast


def made_from(name: str, *, but_not_through: Iterable[str] = ()) -> set[str]:
    """Everything that a node is made from, found by going back from it."""
    if name not in NODES or name in but_not_through:
        return set()
    parents = set(NODES[name]["depends_on"]["nodes"])
    return parents.union(*(made_from(parent, but_not_through=but_not_through) for parent in parents))


@pytest.mark.parametrize("path", INPUTS)
def test_a_change_builds_every_table_and_runs_every_test_that_comes_after_it_and_no_other(path: str) -> None:
    tables = {NODES[name]["name"] for name in TABLES if INPUTS[path] in made_from(name)}
    tests = {
        node["name"] for name, node in NODES.items() if name.startswith("test.") and INPUTS[path] in made_from(name)
    }
    assert set(_names_after([path])) == tables | tests


def test_every_raw_table_that_a_table_is_made_from_is_compared_itself_or_through_a_view() -> None:
    compared = compared_views(MANIFEST_NODES)
    assert all(NODES[name]["config"]["materialized"] == "view" for name in compared)
    for table in TABLES:
        sources = made_from(table, but_not_through=compared) & SOURCES.keys()
        assert sources <= set(INPUTS.values()), table


def test_a_load_that_brings_nothing_new_and_a_setting_that_no_model_reads_build_nothing() -> None:
    assert INPUTS.keys().isdisjoint({"raw.loads", "raw.entity_loads", "raw.planning_settings"})


@pytest.mark.parametrize("other", ["code", "views", "marts.products", "intermediate.int_stock__movements"])
def test_other_code_and_a_table_or_view_that_was_edited_by_hand_build_everything(other: str) -> None:
    assert _names_after([other, "raw.as_of"]) == []


def test_a_test_of_a_model_that_dagster_does_not_show_stops_the_run_so_that_somebody_hears_of_it() -> None:
    tests = [node for name, node in NODES.items() if name.startswith("test.")]
    hidden = [node for node in tests if not is_mart(NODES[node["attached_node"]])]
    assert hidden
    assert {node["config"]["severity"].lower() for node in hidden} == {"error"}
