"""What a run is given: its organisation, locked for as long as the run lasts.

What belongs here: opening and closing. What does not: what is done with it. The organisation is a plain object, so that
nothing below knows Dagster.
Read more in docs/operations.md.
"""

import logging
from collections.abc import Generator
from contextlib import closing, contextmanager

import dagster as dg
from pydantic import Field

from pipelines.errors import UsageError
from pipelines.organisations.open_organisation import OpenOrganisation, open_organisation
from pipelines.settings import read_settings
from pipelines.storage.permissions import keep_private
from pipelines.storage.run_locks import organisation_lock, run_mark
from stocktrim_assets.failures import plain_failures

log = logging.getLogger("pipelines.storage.run_locks")


class OrganisationOfRun(dg.ConfigurableResource[OpenOrganisation]):
    """The organisation that is the run's partition; no other run may touch it before this one has ended."""

    rebuild: bool = Field(
        default=False, description="Make every stage again, even if nothing that it reads has changed since."
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[OpenOrganisation, None, None]:
        """Hold the organisation's lock from the first step to the last; runs from a terminal bypass Dagster's queue."""
        run = context.run
        if run is None:
            raise dg.DagsterInvariantViolationError("An organisation is opened for a run only.")

        def tell(sentence: str) -> None:
            """Say it in Dagster's log, and to whoever waits at a terminal."""
            if context.log:
                context.log.info(sentence)
            log.info(sentence)

        with plain_failures():
            if not (key := run.tags.get("dagster/partition")):
                raise UsageError("This run names no organisation: choose one as its partition.")
            organisation = open_organisation(read_settings(), key, rebuild=self.rebuild)
            holder = f"the run {run.run_id} of {run.job_name}"
            with (
                closing(organisation.store),
                run_mark(organisation.folder, run.run_id),
                organisation_lock(organisation.folder, holder=holder, waiting=tell),
            ):
                keep_private(organisation.settings.home, group=organisation.settings.published_group)
                yield organisation


RESOURCES = {"organisation": OrganisationOfRun()}
