"""Dagster's storage through connections that stay open is Dagster's own: the same files, whoever reads them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from pipelines.settings import read_settings
from stocktrim_assets.home import CONFIGURATION, dagster_instance
from stocktrim_assets.instance.dagster_storage import OpenEventLogStorage


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="made")])
def made() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 1}, check_results=[dg.AssetCheckResult(passed=True)])


JOB = dg.Definitions(assets=[made], jobs=[dg.define_asset_job("make")]).resolve_job_def("make")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "100% 'ours'; né"
    monkeypatch.setenv("STOCKTRIM_HOME", str(home))
    monkeypatch.setenv("DAGSTER_HOME", "given back at the end")
    return home


def make(instance: dg.DagsterInstance) -> str:
    return JOB.execute_in_process(instance=instance, run_config=QUIET).run_id


def events(instance: dg.DagsterInstance, run: str) -> list[str]:
    return [str(entry.dagster_event_type) for entry in instance.all_logs(run)]


@contextmanager
def dagsters_own() -> Iterator[dg.DagsterInstance]:
    """The instance of the same home, without our storage."""
    copy = read_settings().dagster_home / CONFIGURATION.name
    ours = copy.read_text()
    copy.write_text(ours[: ours.index("storage:")])
    with dg.DagsterInstance.get() as instance:
        assert not isinstance(instance.event_log_storage, OpenEventLogStorage)
        yield instance
    copy.write_text(ours)


def test_each_of_both_reads_what_the_other_wrote() -> None:
    with dagster_instance(read_settings()) as instance:
        written = {run: events(instance, run) for run in (make(instance) for _ in range(2))}
    with dagsters_own() as instance:
        assert {run: events(instance, run) for run in written} == written
        theirs = make(instance)
        written[theirs] = events(instance, theirs)
    with dagster_instance(read_settings()) as instance:
        assert {run.run_id: events(instance, run.run_id) for run in instance.get_runs()} == written
        assert len({tuple(happened) for happened in written.values()}) == 1
        materializations = instance.fetch_materializations(dg.AssetKey("made"), limit=10).records
        assert {record.run_id for record in materializations} == set(written)


def test_threads_and_more_runs_than_stay_open_read_and_write_at_once() -> None:
    with dagster_instance(read_settings()) as instance, ThreadPoolExecutor(4) as threads:
        runs = list(threads.map(lambda _: make(instance), range(12)))
        seen = list(threads.map(lambda run: events(instance, run), runs * 2))
    assert len({tuple(happened) for happened in seen}) == 1
