"""The errors that a person may meet, as one family: each a plain sentence, with an exit code.

    PlannerError
    ├── UsageError      what was requested does not exist, or is not possible
    ├── XeroError       something went wrong between us and Xero   (its family: pipelines.xero.xero_errors)
    │   └── SignInError the credentials, or the connection, no longer let us in
    ├── DataError       what is stored, or what came, cannot be used
    ├── DiskFullError   no space is left
    └── UnexpectedError a fault of ours, to be reported

    The outcome of a failed call to Xero, for callers that must not repeat it blindly:
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
    """An error that a person can act on; the message says what happened and what to do."""

    exit_code: ClassVar[int] = 1
    is_passing: ClassVar[bool] = False


class UsageError(PlannerError):
    """What was requested does not exist, or is not possible."""

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
    """What is stored, or what came from Xero, cannot be used."""

    exit_code = 4


class DiskFullError(PlannerError):
    """No space is left on the disk."""

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

    Causes and members of groups are followed, and contexts if `is_context_followed`. Errors may form a circle: Dagster
    raises a step's error again while it handles its own, so that each becomes the origin of the other.
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
    """Whether an error comes from a full disk, as the system, DuckDB or SQLite reports it.

    SQLite reports "disk I/O error" if it has no room for the file that its readers and writers share. If a place is
    given, that error counts too while almost nothing is free there.
    """
    messages = [str(error) for error in origins(trouble)]
    if at is not None and any("disk I/O error" in message for message in messages):
        return shutil.disk_usage(at).free < _NEXT_TO_NOTHING
    return any(full in message for message in messages for full in _FULL)
