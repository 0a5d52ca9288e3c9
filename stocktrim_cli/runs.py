"""Dagster jobs from a terminal: run in this process, on the same instance, so that Dagster's UI shows the run.

What belongs here: finding the organisation, executing a job of the code location. What does not: jobs themselves.
Read more in docs/operations.md.
"""

import contextlib
import io
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO, cast

import typer

from stocktrim_cli.output import say, show_progress

if TYPE_CHECKING:
    import dagster as dg

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
RebuildOption = Annotated[
    bool, typer.Option("--rebuild", help="Make everything again, even if nothing that it is made from has changed.")
]
# For a command that takes a number: -5 is then refused as a value, not as an unknown option.
MINUS_IS_A_VALUE: Final = {"ignore_unknown_options": True}
_DUMP: Final = "Exception while writing logger call to event log"


class WithoutDumps:
    """A stream without the dump that Dagster prints if it cannot write its log; the step says so in a sentence."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text unless it is such a dump."""
        return len(text) if text.startswith(_DUMP) else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def run_job(
    name: str, *, organisation: str, ops: Mapping[str, Any] | None = None, rebuild: bool = False
) -> "dg.JobExecutionResult":
    """The result of a job for an organisation, run in this process; `rebuild` makes what did not change again too.

    Raises:
        PlannerError: a step failed; the sentence is the step's.
    """
    progress = show_progress()
    from pipelines.heavy_imports import without_collection

    with without_collection():
        from pipelines.organisations.open_organisation import open_organisation
        from pipelines.settings import read_settings

        settings = read_settings()
        open_organisation(settings, organisation)
        say(f"  Starting {name.replace('_', ' ')} for {organisation}.")
        from stocktrim_assets.definitions import defs
        from stocktrim_assets.home import dagster_instance
        from stocktrim_assets.instance.terminal_runs import execute_job

    # dbt's own lines would stand between the results; Dagster keeps what dbt says of each model and test.
    with (
        contextlib.closing(progress),
        dagster_instance(settings) as instance,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(cast("TextIO", WithoutDumps(sys.stderr))),
    ):
        return execute_job(
            defs.resolve_job_def(name),
            instance=instance,
            partition=organisation,
            run_config={
                "ops": dict(ops or {}),
                "resources": {"organisation": {"config": {"rebuild": rebuild}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}, "terminal": {}},
            },
        )
