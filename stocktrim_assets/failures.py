"""Trouble becomes a failed step with one plain sentence; the run keeps what was there.

What belongs here: what a step's failure says, and what is tried again. What does not: the sentences, which their rooms
write.
Read more in docs/operations.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from pipelines.errors import DiskFullError, PlannerError, UnexpectedError, is_disk_full
from pipelines.organisations.run_words import STARTED_BY

RETRIES: Final = 2
FIRST_PAUSE_SECONDS: Final = 30
FROM_TERMINAL: Final = "stocktrim/from_terminal"


@contextmanager
def plain_failures(*, is_retried: bool = True) -> Iterator[None]:
    """Turn an error of the block into a Dagster failure that says it in one sentence.

    Only trouble that passes by itself may be tried again, and that only where `is_retried`.
    """
    try:
        yield
    except dg.Failure:
        raise
    except Exception as trouble:  # noqa: BLE001, raised again as what Dagster shows
        plain = _plain(trouble)
        if plain is not trouble:
            plain.__cause__ = trouble
        raise dg.Failure(description=str(plain), allow_retries=plain.is_passing and is_retried) from plain


@contextmanager
def tried_again(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[None]:
    """As `plain_failures`; trouble that passes is tried again twice, unless a person waits, at a terminal or the desk.

    The last try fails with its own sentence: a retry policy of Dagster's would say how often it has tried instead,
    and would try again what a person has cancelled.
    """
    try:
        is_waited_for = not {FROM_TERMINAL, STARTED_BY}.isdisjoint(context.run.tags)
        with plain_failures(is_retried=not is_waited_for and context.retry_number < RETRIES):
            yield
    except dg.Failure as failure:
        if not failure.allow_retries:
            raise
        pause = FIRST_PAUSE_SECONDS << context.retry_number
        raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=pause) from failure


def _plain(trouble: Exception) -> PlannerError:
    if isinstance(trouble, PlannerError):
        return trouble
    return DiskFullError() if is_disk_full(trouble) else UnexpectedError(trouble)
