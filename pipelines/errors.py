"""The root of every error that a person may meet: one plain sentence, and what kind of trouble it is.

    PlannerError
    ├── UsageError      what was asked for does not exist, or cannot be asked
    ├── SignInError     Xero does not let us in                       (pipelines.xero.errors)
    ├── DataError       what is there, or what came, cannot be used
    └── XeroUnreachableError  no answer from Xero; trying later helps (pipelines.xero.errors)

What belongs here: the root and the kinds that every room shares. What does not: a room's own errors.
Read more in docs/interfaces.md (exit codes).
"""

from typing import ClassVar


class PlannerError(Exception):
    """Something a person can do something about; the message says what happened and what to do."""

    exit_code: ClassVar[int] = 1
    is_passing: ClassVar[bool] = False


class UsageError(PlannerError):
    """What was asked for does not exist or cannot be asked."""

    exit_code = 2


class DataError(PlannerError):
    """What is there, or what came from Xero, cannot be used."""

    exit_code = 4
