"""Runs of a terminal's own process that belong to the code location, so that Dagster's pages show them with its jobs.

What belongs here: the run's record and its execution. What does not: jobs (`jobs.py`), and what a terminal prints.
`JobDefinition.execute_in_process` records a run without its code location: the timeline and the pages of jobs then
leave it out. Dagster offers both parts that it is made of, so they are called one after the other here.
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

from pipelines.errors import PlannerError
from stocktrim_assets.failures import FROM_TERMINAL

CODE_LOCATION: Final = "stocktrim_assets"
REPOSITORY: Final = "__repository__"
_INTERRUPTED: Final = "The run was interrupted. What was stored and published stays as it was; run the same again."
_ORIGIN: Final = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(CODE_LOCATION), REPOSITORY)


def execute_job(
    job: dg.JobDefinition, *, instance: dg.DagsterInstance, partition: str, run_config: Mapping[str, Any]
) -> dg.JobExecutionResult:
    """The result of a job of the code location for a partition, run in this process.

    Raises:
        Failure: a step failed.
        PlannerError: somebody stopped the run.
    """
    run = instance.create_run_for_job(
        job_def=job,
        run_config=run_config,
        tags={**job.run_tags, **job.get_tags_for_partition_key(partition, None), FROM_TERMINAL: "true"},
        remote_job_origin=_ORIGIN.get_job_origin(job.name),
    )
    try:
        return execute_run(InMemoryJob(job), run, instance, raise_on_error=True)
    except dg.DagsterExecutionInterruptedError:
        raise PlannerError(_INTERRUPTED) from None
