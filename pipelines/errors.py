"""The root of every error that a person may meet: one plain sentence, and what kind of trouble it is.

    PlannerError
    ├── UsageError      what was requested does not exist, or is not possible
    ├── XeroError       something went wrong between us and Xero   (its family: pipelines.xero.xero_errors)
    │   └── SignInError the credentials, or the connection, no longer let us in
    ├── DataError       what is stored, or what came, cannot be used
    ├── DiskFullError   no space is left
    └── UnexpectedError a fault of ours, to be reported

    What became of a call to Xero that failed, for whoever must not make it twice:
    NotReachedError, OutcomeUnknownError, RequestRefusedError

What belongs here: the root and the errors that several rooms share. What does not: a room's own errors.
Read more in docs/interfaces.md (exit codes).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

_FULL: Final = ("No space left on device", "database or disk is full", "Disk quota exceeded")
_NEXT_TO_NOTHING: Final = 1 << 24


class PlannerError(Exception):
    """Something a person can do something about; the message says what happened and what to do."""

    exit_code: ClassVar[int] = 1
    is_passing: ClassVar[bool] = False


class UsageError(PlannerError):
    """What was asked for does not exist or cannot be asked."""

    exit_code = 2


class OutcomeUnknownError(Exception):
    """The connection broke, or the answer says nothing: it is not known whether Xero did what was requested."""


class NotReachedError(Exception):
    """The call was not made, or Xero turned it away unread: it surely did nothing."""


class RequestRefusedError(Exception):
    """Xero understood the request and refused it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class XeroError(PlannerError):
    """Something went wrong between us and Xero; the message is a sentence for the person in front."""


class SignInError(XeroError, NotReachedError):
    """Xero does not accept the credentials, or no longer allows this organisation."""

    exit_code = 3


class DataError(PlannerError):
    """What is there, or what came from Xero, cannot be used."""

    exit_code = 4


class DiskFullError(PlannerError):
    """No space is left where something was to be written."""

    def __init__(self) -> None:
        super().__init__(
            "The disk is full: free some space, then run the same again. What was stored and published stays as it was."
        )


class UnexpectedError(PlannerError):
    """A fault of ours: what failed, and how to report it."""

    def __init__(self, trouble: BaseException) -> None:
        super().__init__(
            f"Something unexpected failed: {type(trouble).__name__}: {trouble}. Nothing that was loaded or published "
            f"is lost. Run the same with `stocktrim --debug …` and report what it prints."
        )


def origins(trouble: BaseException | None, *, is_context_followed: bool = True) -> Iterator[BaseException]:
    """An error and every error that it came from or holds, each once, the outermost first.

    Causes and members of groups are followed, and contexts if `is_context_followed`, also when they lead back to where
    they began: Dagster raises a step's error again while it handles its own, so that each becomes the other's origin.
    """
    waiting, seen = [trouble], set[int]()
    while waiting:
        error = waiting.pop(0)
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        yield error
        waiting += [error.__cause__, error.__context__ if is_context_followed else None]
        if isinstance(error, BaseExceptionGroup):
            waiting += error.exceptions


def is_disk_full(trouble: BaseException | None, *, at: Path | None = None) -> bool:
    """Whether trouble comes from a full disk, whoever tells of it: the system, DuckDB or SQLite.

    SQLite speaks of an error of the disk where it has no room for the file that its readers and writers share; so
    where a place is given, that counts too if there is next to nothing free.
    """
    said = [str(error) for error in origins(trouble)]
    if at is not None and any("disk I/O error" in words for words in said):
        return shutil.disk_usage(at).free < _NEXT_TO_NOTHING
    return any(full in words for words in said for full in _FULL)
