"""What can go wrong between us and Xero, as one family.

    XeroError                      (this one and the next: pipelines.errors)
    ├── SignInError                the credentials, or the connection, no longer let us in
    │   └── MissingScopeError      they let us in, but not into all that is needed
    ├── XeroUnreachableError       no answer, or an answer that says "not now"
    │   ├── ConnectionBrokenError  it broke in mid-call, or Xero stumbled: the request may or may not have been done
    │   ├── NeverReachedError      there was no connection, or no token: the request never left
    │   └── RateLimitError         the allowance of calls is used up for now
    │       └── DayLimitError      ... for so long that a run does not wait
    ├── RefusedError               Xero understood the request and said no
    └── UnreadableAnswerError      an answer that is not what Xero's interface promises

What belongs here: the errors, each message one plain sentence that says what to do.
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
    """The connection broke, or Xero stumbled, after the request left: it is not known whether Xero did it."""


class NeverReachedError(XeroUnreachableError, NotReachedError):
    """There was no connection to Xero, or no token for it: the request never left."""


class RateLimitError(XeroUnreachableError, NotReachedError):
    """Xero asks us to wait."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DayLimitError(RateLimitError):
    """Xero asks us to wait longer than a run should: trying again soon does not help."""

    is_passing: ClassVar[bool] = False


class RefusedError(XeroError, RequestRefusedError):
    """Xero understood the request and refused it."""


class UnreadableAnswerError(XeroError, OutcomeUnknownError):
    """Xero's answer is broken JSON, or lacks what its interface promises."""

    exit_code = 4
