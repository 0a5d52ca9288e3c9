"""Sign-in of one person on this machine: an address with a token that opens one session.

What belongs here: the token, and how many wrong ones are answered. What does not: sessions (`sessions.py`).
The token stands behind `#` in the address, which no browser sends: it reaches no log, no proxy and no other site.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from pipelines.secret import Secret

MOST_FAILURES: Final = 10
WINDOW: Final = timedelta(minutes=1)
_MOST_ADDRESSES: Final = 1_000


class OneTimeToken:
    """A token of 256 random bits that is good once; the next takes its place when it is spent."""

    def __init__(self, announce: Callable[[Secret], None]) -> None:
        self._announce = announce
        self._digest = b""

    def issue(self) -> None:
        """Make the next token and announce it; any earlier one is worth nothing."""
        token = secrets.token_urlsafe(32)
        self._digest = _digest(token)
        self._announce(Secret(token))

    def spend(self, text: str) -> bool:
        """Whether a text is the token; if so it is spent, and the next is announced."""
        if not self._digest or not hmac.compare_digest(_digest(text), self._digest):
            return False
        self.issue()
        return True


class FailureLimit:
    """Counts failed sign-ins of each address.

    A right token is taken in any case: nobody is locked out by somebody else's attempts, and 256 bits are not guessed.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()

    def fail(self, address: str, *, at: datetime) -> None:
        """Count a failure."""
        self._recent(address, at).append(at)
        while len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)

    def is_reached(self, address: str, *, at: datetime) -> bool:
        """Whether an address has failed too often in the last minute."""
        return len(self._recent(address, at)) >= MOST_FAILURES

    def _recent(self, address: str, at: datetime) -> deque[datetime]:
        failures = self._failures.setdefault(address, deque(maxlen=MOST_FAILURES))
        self._failures.move_to_end(address)
        while failures and (at - failures[0] > WINDOW or failures[0] > at):
            failures.popleft()
        return failures


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
