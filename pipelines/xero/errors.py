"""What can go wrong between us and Xero, as one family.

    XeroError
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

from pipelines.errors import PlannerError
from pipelines.purchasing import gateway


class XeroError(PlannerError):
    """Something went wrong between us and Xero; the message is a sentence for the person in front."""


class SignInError(XeroError, gateway.NotReachedError):
    """Xero does not accept the credentials, or no longer allows this organisation."""

    exit_code = 3


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


class ConnectionBrokenError(XeroUnreachableError, gateway.OutcomeUnknownError):
    """The connection broke, or Xero stumbled, after the request left: it is not known whether Xero did it."""


class NeverReachedError(XeroUnreachableError, gateway.NotReachedError):
    """There was no connection to Xero, or no token for it: the request never left."""


class RateLimitError(XeroUnreachableError, gateway.NotReachedError):
    """Xero asks us to wait."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DayLimitError(RateLimitError):
    """Xero asks us to wait longer than a run should: trying again soon does not help."""

    is_passing: ClassVar[bool] = False


class RefusedError(XeroError, gateway.RequestRefusedError):
    """Xero understood the request and refused it."""


class UnreadableAnswerError(XeroError, gateway.OutcomeUnknownError):
    """Xero's answer is broken JSON, or lacks what its interface promises."""

    exit_code = 4
