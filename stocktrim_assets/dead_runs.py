"""Runs whose process has died: Dagster calls them started for ever, and the queue of their organisation waits.

What belongs here: finding them and telling Dagster.
What does not: how a run shows that it lives (`pipelines.storage.run_locks`).
Dagster's own monitoring looks after runs that do not start; a terminal that was closed, or a power cut, it never sees.
Read more in docs/operations.md.
"""

from collections.abc import Set as AbstractSet
from typing import Final

import dagster as dg

from pipelines.organisation_key import OrganisationError
from pipelines.settings import Settings
from pipelines.storage.run_locks import is_run_alive

_AT_WORK: Final = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_DIED: Final = "The run's process has died; what was loaded and published before is as it was. Start the job again."


def fail_dead_runs(
    instance: dg.DagsterInstance, settings: Settings, *, suspects: AbstractSet[str] = frozenset()
) -> set[str]:
    """Fail the suspects that still seem dead; the runs to suspect at the next look.

    A run that has just begun holds no mark yet, and one that has just ended holds none any more: only a run that was
    without a process at two looks, a good while apart, is dead.
    """
    dead = [run for run in instance.get_runs(dg.RunsFilter(statuses=_AT_WORK)) if not _lives(run, settings)]
    for run in dead:
        if run.run_id in suspects:
            instance.report_run_failed(run, _DIED)
    return {run.run_id for run in dead} - suspects


def _lives(run: dg.DagsterRun, settings: Settings) -> bool:
    key = run.tags.get("dagster/partition")
    if key is None:
        return True
    try:
        return is_run_alive(settings.organisation_folder(key), run.run_id)
    except OrganisationError:
        return False
