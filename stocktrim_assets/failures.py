"""Expected trouble becomes a failed step with one plain sentence; the run keeps what was there.

What belongs here: the list of what is expected to go wrong. What does not: the sentences, which their rooms write.
Read more in docs/operations.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb

from pipelines.errors import DiskFullError, PlannerError, is_disk_full


@contextmanager
def told_plainly(*, is_retried: bool = True) -> Iterator[None]:
    """Turn an expected error of the block into a Dagster failure that says the same sentence.

    Only trouble that passes by itself is tried again by the asset's retry policy, and that only where `is_retried`.
    """
    try:
        yield
    except PlannerError as trouble:
        raise dg.Failure(description=str(trouble), allow_retries=trouble.is_passing and is_retried) from trouble
    except (OSError, duckdb.Error) as trouble:
        if not is_disk_full(trouble):
            raise
        full = DiskFullError()
        raise dg.Failure(description=str(full), allow_retries=False) from full
