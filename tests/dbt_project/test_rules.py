"""Every rule of the trade that the models keep: each dbt unit test is a test here, its name is the rule."""

import json
import re
from pathlib import Path

import pytest

from stocktrim_assets.dbt.dbt_project import MANIFEST

RULES = sorted(test["name"] for test in json.loads(MANIFEST.read_text())["unit_tests"].values())


@pytest.fixture(scope="module")
def outcomes(artifacts: Path) -> dict[str, str]:
    """What became of each rule."""
    results = json.loads((artifacts / "run_results.json").read_text())["results"]
    return {result["unique_id"].rsplit(".", 1)[1]: result["message"] or result["status"] for result in results}


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
