"""The errors of calls to Xero, as one family.

    XeroError                      (with SignInError in pipelines.errors)
    ├── SignInError                Xero refuses the credentials or the connection
    │   └── MissingScopeError      Xero accepts them, but a scope is missing
    ├── XeroUnreachableError       no answer, or an answer that says "not now"
    │   ├── ConnectionBrokenError  it broke during the call, or Xero failed: the request may have been done or not
    │   ├── NeverReachedError      there was no connection, or no token: the request was not sent
    │   └── RateLimitError         the limit of calls is reached for now
    │       └── DayLimitError      ... for longer than a run waits
    ├── RefusedError               Xero understood the request and said no
    └── UnreadableAnswerError      an answer that is not what Xero's interface promises

What belongs here: the errors; each message is a plain sentence that says what to do.
What does not: deciding when to try again (`client.py`).
Read more in docs/operations.md.
"""

from collections.abc import Sequence
from typing import ClassVar

from pipelines.errors import NotReachedError, OutcomeUnknownError, RequestRefusedError, SignInError, XeroError


class MissingScopeError(SignInError):
    """The connection lacks scopes; `scopes` names them."""

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(
            f"The connection lacks the scope {' and '.join(scopes)}: allow it in your app's configuration at Xero, "
            f"then connect again with `stocktrim connect`."
        )
        self.scopes = tuple(scopes)


class XeroUnreachableError(XeroError):
    """Xero did not answer, or is not available now; nothing was read."""

    exit_code = 5
    is_passing: ClassVar[bool] = True


class ConnectionBrokenError(XeroUnreachableError, OutcomeUnknownError):
    """The connection broke, or Xero failed, after the request was sent: it is not known whether Xero did it."""


class NeverReachedError(XeroUnreachableError, NotReachedError):
    """There was no connection to Xero, or no token for it: the request was not sent."""


class RateLimitError(XeroUnreachableError, NotReachedError):
    """Xero requests a pause."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DayLimitError(RateLimitError):
    """Xero requests a longer pause than a run waits: trying again soon does not help."""

    is_passing: ClassVar[bool] = False


class RefusedError(XeroError, RequestRefusedError):
    """Xero understood the request and refused it."""


class UnreadableAnswerError(XeroError, OutcomeUnknownError):
    """Xero's answer is broken JSON, or lacks what its interface promises."""

    exit_code = 4
