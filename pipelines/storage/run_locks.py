"""Locks of runs: one run of an organisation at a time, wherever it was started, and whether its process is alive.

What belongs here: the lock that every run takes before it opens the warehouse, and the mark that it holds until its
process ends. What does not: Dagster's queue, which separates an organisation's runs but sees none from a terminal.
Read more in docs/operations.md.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from pipelines.errors import PlannerError

LOCK_FILE: Final = "lock"
RUN_MARKS: Final = "runs"
POLL_SECONDS: Final = 0.5
UNSIGNED_SECONDS: Final = 0.01


class OrganisationBusyError(PlannerError):
    """Another run of the organisation held the lock for longer than this run waits."""


@contextmanager
def organisation_lock(
    folder: Path, *, holder: str, waiting: Callable[[str], None], longest_wait_seconds: float = 3600
) -> Iterator[None]:
    """Hold the organisation's lock for the block; `waiting` is called once, with a sentence that names the holder.

    The operating system releases the lock when the process ends, however it ends.

    Raises:
        OrganisationBusyError: the other run did not end in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a+") as file:
        _acquire(file, folder.name, waiting=waiting, longest_wait_seconds=longest_wait_seconds)
        _sign(file, f"{holder} (process {os.getpid()})")
        try:
            yield
        finally:
            _sign(file, "")


def at_work(folder: Path) -> str:
    """The holder of the organisation's lock; empty if nobody holds it."""
    try:
        with (folder / LOCK_FILE).open() as file:
            return "" if _try(file) else _signed(file) or "a run"
    except FileNotFoundError:
        return ""


@contextmanager
def run_mark(folder: Path, run_id: str) -> Iterator[None]:
    """Hold a run's own mark for the block: while it is held, the run's process is alive."""
    marks = folder / RUN_MARKS
    marks.mkdir(parents=True, exist_ok=True)
    mark = marks / run_id
    with mark.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)


def is_run_alive(folder: Path, run_id: str) -> bool:
    """Whether a process holds the run's mark; the operating system releases it however the process ends."""
    try:
        with (folder / RUN_MARKS / run_id).open() as file:
            return not _try(file)
    except FileNotFoundError:
        return False


def _acquire(file: IO[str], organisation: str, *, waiting: Callable[[str], None], longest_wait_seconds: float) -> None:
    deadline = time.monotonic() + longest_wait_seconds
    is_reported = False
    while not _try(file):
        # a run that took the lock a moment ago has not signed yet
        if not is_reported and (name := _signed(file)):
            most = f"{-(-longest_wait_seconds // 60):.0f} min at most"
            waiting(f"Waiting for {name}, which is working on the organisation {organisation!r}; {most}.")
            is_reported = True
        if time.monotonic() > deadline:
            raise OrganisationBusyError(
                f"{_signed(file) or 'Another run'} is still working on the organisation {organisation!r}; "
                "try again when it has ended."
            )
        time.sleep(POLL_SECONDS if is_reported else UNSIGNED_SECONDS)


def _try(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(file: IO[str], name: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(name)
    file.flush()


def _signed(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
