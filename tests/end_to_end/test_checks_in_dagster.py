"""What Dagster shows of the checks on a company's own data."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.settings import read_settings
from stocktrim_assets.home import dagster_instance
from tests.end_to_end.conftest import HOME, KEY

Seen = list[tuple[Any, dict[str, Any]]]


@pytest.fixture(scope="module")
def evaluations(planned_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Each evaluation of the two runs, load and plan, with what it tells."""
    home = Path(shutil.copytree(planned_home, tmp_path_factory.mktemp("checks") / HOME, symlinks=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTRIM_HOME", str(home))
        patch.setenv("DAGSTER_HOME", str(home / "dagster"))
        yield list(evaluations_of(home))


def evaluations_of(home: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    with dagster_instance(read_settings({"STOCKTRIM_HOME": str(home)})) as instance:
        for run in instance.get_runs(dg.RunsFilter(tags={"dagster/partition": KEY})):
            for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
                assert entry.dagster_event is not None
                found: Any = entry.dagster_event.event_specific_data
                yield found, {name: value.value for name, value in found.metadata.items()}


def test_each_check_says_in_a_sentence_what_it_found(evaluations: Seen) -> None:
    assert {one.asset_key.path[0] for one, _ in evaluations} >= {"raw", "marts", "plan"}
    assert not [one.check_name for one, result in evaluations if not result["sentence"].strip().endswith(".")]


def test_each_failure_shows_up_to_ten_of_the_rows_that_offend(evaluations: Seen) -> None:
    failed = [(one, result) for one, result in evaluations if not one.passed]
    assert {one.asset_key.path[0] for one, _ in failed} >= {"raw", "marts"}
    for one, result in failed:
        heading, _, *rows = result["rows"].splitlines()
        assert heading.startswith("| "), one.check_name
        assert 1 <= len(rows) <= 10, one.check_name
        assert any(cell.strip() for cell in rows[0].split("|")), one.check_name
