"""What a run is given: its organisation, locked for as long as the run lasts, and dbt.

What belongs here: opening and closing. What does not: what is done with it. Resources give plain objects, so that
nothing below knows Dagster.
Read more in docs/operations.md.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from pipelines.locks import organisation_lock
from pipelines.organisation import OpenOrganisation
from pipelines.settings import read_settings
from pipelines.store.engine import open_store
from stocktrim_assets.assets.marts import PROJECT, Dbt
from stocktrim_assets.failures import told_plainly


@dg.resource(description="The run's organisation, which no other run may touch before this one has ended.")
def organisation_of_run(context: dg.InitResourceContext) -> Iterator[OpenOrganisation]:
    """Hold the organisation's lock from the first step to the last; runs from a terminal bypass Dagster's queue."""
    run = context.run
    key = run.tags["dagster/partition"] if run is not None else "demo"
    job = run.job_name if run is not None else "a run"
    with told_plainly():
        settings = read_settings()
        organisation = OpenOrganisation(key, settings, open_store(settings.database_url))
        lock = organisation_lock(
            organisation.folder,
            holder=f"the run {context.run_id} of {job}",
            waiting=context.log.info,  # type: ignore[union-attr]
        )
        lock.__enter__()
    try:
        yield organisation
    finally:
        lock.__exit__(None, None, None)
        organisation.store.close()


RESOURCES = {
    "organisation": organisation_of_run,
    "dbt": Dbt(
        project_dir=str(PROJECT),
        profiles_dir=str(PROJECT),
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
    ),
}
