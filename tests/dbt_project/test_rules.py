"""Every rule of the trade that the models keep: each dbt unit test is a test here, its name is the rule."""

import json
import re

import pytest

from pipelines.storage.warehouse import FILE_NAME, open_warehouse
from stocktrim_assets.assets.marts import MANIFEST
from tests.dbt_project.conftest import run_dbt

RULES = sorted(one["name"] for one in json.loads(MANIFEST.read_text())["unit_tests"].values())


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each rule, on a warehouse of empty tables."""
    folder = tmp_path_factory.mktemp("rules")
    with open_warehouse(folder):
        pass
    run_dbt(folder / "dbt", "build", "--exclude-resource-type", "test", warehouse=str(folder / FILE_NAME))
    results = json.loads((folder / "dbt" / "run_results.json").read_text())["results"]
    return {one["unique_id"].rsplit(".", 1)[1]: one["message"] or one["status"] for one in results}


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str, outcomes: dict[str, str]) -> None:
    assert outcomes[rule] == "pass"


def test_no_model_asks_a_clock() -> None:
    """Today is the organisation's, from a row of `raw`; a clock would tell the machine's or UTC's."""
    clock = re.compile(
        r"current_(date|time|timestamp)|\b(now|today|getdate|get_current_\w+)\s*\(|run_started_at", re.IGNORECASE
    )
    nodes = json.loads(MANIFEST.read_text())["nodes"].values()
    asking = [node["name"] for node in nodes if node["resource_type"] == "model" and clock.search(node["raw_code"])]
    assert len(nodes) > 40
    assert not asking
