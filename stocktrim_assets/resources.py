"""What a run is given: its organisation, locked for as long as the run lasts, and dbt.

What belongs here: opening and closing. What does not: what is done with it. Resources give plain objects, so that
nothing below knows Dagster.
Read more in docs/operations.md.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from pipelines.locks import organisation_lock, run_mark
from pipelines.organisation import OpenOrganisation
from pipelines.settings import read_settings
from pipelines.store.engine import open_store
from stocktrim_assets.assets.marts import PROJECT, Dbt
from stocktrim_assets.failures import told_plainly


@dg.resource(description="The run's organisation, which no other run may touch before this one has ended.")
def organisation_of_run(context: dg.InitResourceContext) -> Iterator[OpenOrganisation]:
    """Hold the organisation's lock from the first step to the last; runs from a terminal bypass Dagster's queue."""
    run = context.run
    if run is None:
        raise dg.DagsterInvariantViolationError("An organisation is opened for a run only.")
    settings = read_settings()
    organisation = OpenOrganisation(run.tags["dagster/partition"], settings, open_store(settings.database_url))
    logger = context.log or logging.getLogger(__name__)
    holder = f"the run {run.run_id} of {run.job_name}"
    folder = organisation.folder
    try:
        with (
            told_plainly(),
            run_mark(folder, run.run_id),
            organisation_lock(folder, holder=holder, waiting=logger.info),
        ):
            yield organisation
    finally:
        organisation.store.close()


RESOURCES = {
    "organisation": organisation_of_run,
    "dbt": Dbt(
        project_dir=str(PROJECT),
        profiles_dir=str(PROJECT),
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
    ),
}
