"""Xero's Idempotency-Key: for six minutes the same request is answered as before and does nothing again.

What belongs here: what is remembered under a key and when a key is refused.
What does not: limits, which are checked before, and the writing itself.
Read more in docs/sandbox.md.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from xero_sandbox.core.answers import TEXT, Answer, Call, Refusal, error
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.switches import Switches

LIFETIME: Final = timedelta(minutes=6)
LONGEST_KEY: Final = 128
METHODS: Final = frozenset({"POST", "PUT", "PATCH"})


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given under a key, and to which request."""

    key: str
    fingerprint: str
    status: int
    media_type: str
    body: bytes
    at: datetime


class Idempotency:
    """What was answered under each key of the app, errors too."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._by_key: dict[str, Remembered] = {}

    def replay(self, call: Call) -> Answer | None:
        """The answer given before, None where this is the first time.

        Raises:
            Refusal: the key is too long, or was used for another request.
        """
        key = _key(call)
        if key is None:
            return None
        if len(key) > LONGEST_KEY:
            message = f"The Idempotency-Key is longer than {LONGEST_KEY} characters"
            raise Refusal(_told(message, is_explained=True))
        known = self._by_key.get(key)
        if known is None or self._clock.now() >= known.at + LIFETIME:
            return None
        if known.fingerprint != _fingerprint(call):
            message = "The Idempotency-Key was used before with a different request"
            raise Refusal(_told(message, is_explained=self._switches.is_key_mismatch_explained))
        return Answer(known.status, known.body, known.media_type)

    def remember(self, call: Call, answer: Answer) -> Remembered | None:
        """Keep an answer under the key of its request, None where it has none."""
        key = _key(call)
        if key is None or len(key) > LONGEST_KEY:
            return None
        now = self._clock.now()
        self._by_key = {name: known for name, known in self._by_key.items() if now < known.at + LIFETIME}
        self._by_key[key] = Remembered(
            key=key,
            fingerprint=_fingerprint(call),
            status=answer.status,
            media_type=answer.media_type,
            body=answer.body,
            at=now,
        )
        return self._by_key[key]

    def restore(self, answers: Iterable[Remembered]) -> None:
        """Take up what an earlier run remembered."""
        self._by_key |= {known.key: known for known in answers}

    def forget(self) -> None:
        """Forget all keys."""
        self._by_key.clear()


def _key(call: Call) -> str | None:
    return call.headers.get("idempotency-key") or None if call.method in METHODS else None


def _fingerprint(call: Call) -> str:
    """Method, address with query, organisation and body: all that Xero compares."""
    query = "&".join(f"{name}={value}" for name, value in sorted(call.query.items()))
    head = f"{call.method} {call.path}?{query} {call.headers.get('xero-tenant-id', '')}\n"
    return hashlib.sha256(head.encode() + call.body).hexdigest()


def _told(message: str, *, is_explained: bool) -> Answer:
    """A 400; what is in Xero's is not known, and a text is worse for a client than its usual JSON."""
    return error(10, "ValidationException", message) if is_explained else Answer(400, message.encode(), TEXT)
