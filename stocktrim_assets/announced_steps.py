"""A logger of a run that announces each step as it begins, for whoever waits at a terminal.

What belongs here: announcing. What does not: what a step is called (`pipelines.organisations.run_words`), and printing
it (the command does).
Read more in docs/operations.md.
"""

import logging
from typing import Final

import dagster as dg

from pipelines.organisations.run_words import step_in_words

log = logging.getLogger("pipelines.steps")


class _Announcer(logging.Handler):
    """Logs a sentence at the start of each step, with the step's number and the number of steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._steps, self._begun = steps, 0

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_event", None)
        if not isinstance(event, dg.DagsterEvent) or event.event_type != dg.DagsterEventType.STEP_START:
            return
        self._begun += 1
        sentence = step_in_words(str(event.step_key))
        log.info("%s.", sentence, extra={"step": (sentence, self._begun, self._steps)})


def _announcing_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """A logger that announces the steps of a run; everything else that Dagster logs is left out."""
    # one for each run: a shared one would keep the handlers of earlier runs
    logger = logging.Logger("announced_steps", logging.DEBUG)  # noqa: LOG001, as said above
    job = context.job_def
    logger.addHandler(_Announcer(len(job.graph.node_defs) if job else 0))
    return logger


announced_steps: Final = dg.LoggerDefinition(
    _announcing_logger, config_schema={}, description="Announces each step as it begins."
)
