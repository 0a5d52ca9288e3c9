"""A run whose process has died holds up nobody for long."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.settings import Settings, read_settings
from pipelines.storage.run_locks import is_run_alive, run_mark
from stocktrim_assets.dead_runs import fail_dead_runs

KEY = "demo"
HOLDER = """
import pathlib, sys
from pipelines.storage.run_locks import run_mark
with run_mark(pathlib.Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"STOCKTRIM_HOME": str(tmp_path)})


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@dg.job
def some_job() -> None:
    """Nothing."""


def started(instance: dg.DagsterInstance, **tags: str) -> str:
    return instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id


def is_failed(instance: dg.DagsterInstance, run: str) -> bool:
    found = instance.get_run_by_id(run)
    return found is not None and found.status is dg.DagsterRunStatus.FAILURE


def test_a_run_without_a_process_at_two_looks_is_failed(instance: dg.DagsterInstance, settings: Settings) -> None:
    run = started(instance, **{"dagster/partition": KEY})
    suspects = fail_dead_runs(instance, settings)
    assert suspects == {run}
    assert not is_failed(instance, run)
    assert fail_dead_runs(instance, settings, suspects=suspects) == set()
    assert is_failed(instance, run)


def test_a_run_that_waits_or_works_is_left_alone(instance: dg.DagsterInstance, settings: Settings) -> None:
    run = started(instance, **{"dagster/partition": KEY})
    with run_mark(settings.organisation_folder(KEY), run):
        assert fail_dead_runs(instance, settings, suspects={run}) == set()
    assert not is_failed(instance, run)


def test_a_run_of_somebody_elses_job_is_left_alone(instance: dg.DagsterInstance, settings: Settings) -> None:
    run = started(instance)
    assert fail_dead_runs(instance, settings, suspects={run}) == set()
    assert not is_failed(instance, run)


def test_the_mark_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603, our own program
        [sys.executable, "-c", HOLDER, str(tmp_path), "a-run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_run_alive(tmp_path, "a-run")
        holder.kill()
        holder.wait()
    assert not is_run_alive(tmp_path, "a-run")
