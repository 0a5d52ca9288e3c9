"""How Dagster starts a run, cancels it, and sees that its process has died.

What belongs here: what Dagster asks of a run launcher. What does not: the process that has imported everything already
(`warm_process.py`), and how a run shows that it lives (`pipelines.storage.run_locks`).
Without a warm process, as below `dagster dev`, and after the code was changed, Dagster's own launcher starts the run.
Read more in docs/operations.md.
"""

import time
from typing import Final

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClassData

from pipelines.organisation_key import OrganisationError
from pipelines.settings import read_settings
from pipelines.storage.run_locks import is_run_alive
from stocktrim_assets.instance.warm_process import RunState, ask_warm_process

DEAD_AFTER_SECONDS: Final = 30
_DIED: Final = "The run's process has died; what was loaded and published before is as it was. Start the job again."


class WarmRunLauncher(dg.DefaultRunLauncher):
    """Starts runs as forks of the warm process if there is one, and fails those whose process has died."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._silent_since: dict[str, float] = {}

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run's process."""
        run = context.dagster_run
        if context.job_code_origin is not None:
            arguments = ExecuteRunArgs(context.job_code_origin, run.run_id, self._instance.get_ref())
            command = ["dagster", *arguments.get_command_args()[-3:]]
            if ask_warm_process(read_settings(), "start", run.run_id, command) is not RunState.UNKNOWN:
                return
        super().launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run's process; whether it is there."""
        settings = read_settings()
        if ask_warm_process(settings, "look", run_id) is RunState.UNKNOWN:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]  # Dagster's own has no types
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        return ask_warm_process(settings, "stop", run_id) is RunState.RUNNING

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: Dagster's daemon looks after every run that has begun, also after one in a terminal."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Failed if the run's process has died.

        A run that has just begun holds no mark yet, and one that has just ended holds none any more: only a run that
        was without a process for a good while is dead.
        """
        is_ended = ask_warm_process(read_settings(), "look", run.run_id) is RunState.ENDED
        if not is_ended and _shows_life(run):
            self._silent_since.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        silent_since = self._silent_since.setdefault(run.run_id, time.monotonic())
        if is_ended or time.monotonic() - silent_since >= DEAD_AFTER_SECONDS:
            return CheckRunHealthResult(WorkerStatus.FAILED, _DIED)
        return CheckRunHealthResult(WorkerStatus.RUNNING)


def _shows_life(run: dg.DagsterRun) -> bool:
    key = run.tags.get("dagster/partition")
    if key is None:
        return True
    try:
        return is_run_alive(read_settings().organisation_folder(key), run.run_id)
    except OrganisationError:
        return False
