"""A run whose process has died holds up nobody for long."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus

from pipelines import settings as settings_module
from pipelines.settings import Settings, read_settings
from pipelines.storage.run_locks import is_run_alive, run_mark
from stocktrim_assets.dbt.dbt_project import MANIFEST
from stocktrim_assets.home import CONFIGURATION, dagster_instance
from stocktrim_assets.instance import run_launcher
from stocktrim_assets.instance.run_launcher import WarmRunLauncher
from stocktrim_assets.instance.warm_process import code_files

KEY = "demo"
HOLDER = """
import pathlib, sys
from pipelines.storage.run_locks import run_mark
with run_mark(pathlib.Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("STOCKTRIM_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", "given back at the end")
    return read_settings()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@dg.job
def some_job() -> None:
    """Nothing."""


def started(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    return instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED, tags=tags)


def looks(run: dg.DagsterRun, patch: pytest.MonkeyPatch) -> list[WorkerStatus]:
    """What Dagster's daemon sees at a first look, at the next, and a good while later."""
    launcher = WarmRunLauncher()
    soon = [launcher.check_run_worker_health(run).status for _ in range(2)]
    with patch.context() as later:
        later.setattr(run_launcher, "DEAD_AFTER_SECONDS", 0)
        return [*soon, launcher.check_run_worker_health(run).status]


LIVES = [WorkerStatus.RUNNING] * 3
DIES = [WorkerStatus.RUNNING, WorkerStatus.RUNNING, WorkerStatus.FAILED]


@pytest.mark.usefixtures("settings")
def test_a_run_without_a_process_for_a_good_while_has_failed(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (KEY, "../../../no-key"):
        assert looks(started(instance, **{"dagster/partition": key}), monkeypatch) == DIES


def test_a_run_that_waits_or_works_is_left_alone(
    instance: dg.DagsterInstance, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(instance, **{"dagster/partition": KEY})
    with run_mark(settings.organisation_folder(KEY), run.run_id):
        assert looks(run, monkeypatch) == LIVES


@pytest.mark.usefixtures("settings")
def test_a_run_of_somebody_elses_job_is_left_alone(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looks(started(instance), monkeypatch) == LIVES


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


def test_a_run_uses_the_code_of_now() -> None:
    watched = set(code_files())
    modules = {Path(str(module.__file__)).resolve() for module in (settings_module, run_launcher)}
    assert watched >= {*modules, MANIFEST}
    assert all(path.exists() for path in watched)


def test_a_dagster_yaml_follows_ours_unless_somebody_changed_it(settings: Settings) -> None:
    ours = CONFIGURATION.read_text()
    launcher, monitoring, storage = (ours.index(key) for key in ("run_launcher:", "run_monitoring:", "storage:"))
    earlier = ours[:launcher] + ours[monitoring:storage]
    copy = settings.dagster_home / CONFIGURATION.name
    for kept in (earlier, f"{earlier}# changed\n"):
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(kept)
        with dagster_instance(settings):
            assert copy.read_text() == (ours if kept is earlier else kept)
