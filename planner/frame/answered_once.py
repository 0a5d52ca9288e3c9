"""A write that bears a key is done once: sent again, for a double click or a lost answer, it gets the first answer.

    a program    POST /api/v1/...      Idempotency-Key: 6f9c...
    a form       <input type="hidden" name="idem" value="{{ new_key() }}">

Every write of every route is looked at here, so a route needs nothing for it. A key belongs to who is signed in, and
for a day to its request: the same key with another request is refused (422), and so is the same while the first is at
work (409). An answer that says that nothing was done (4xx, 503) is not kept: corrected or later, the write may bear
its key again. A route whose answer shows a secret says `request.state.is_answer_kept = False`.

What belongs here: keys. What does not: versions (`Writing.version`), which refuse what was seen too long ago.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import PlannerError
from pipelines.store.desk_access.kept_answers import Claim, KeptAnswer, claim, keep_answer, release
from planner.desk import Desk
from planner.frame.form_data import FORM, MOST_BYTES, MOST_FIELDS
from planner.security.guard import READS, sentence_answer
from planner.security.sessions import Session, now

log = logging.getLogger(__name__)
HEADER: Final = "Idempotency-Key"
FIELD: Final = "idem"
LONGEST_KEY: Final = 200
LONGEST_WORK: Final = timedelta(minutes=2)
REPEATED: Final = "Idempotency-Replayed"
NO_KEY: Final = f"An idempotency key has 1 to {LONGEST_KEY} printable ASCII characters."
OTHER_REQUEST: Final = "This idempotency key was used for another request: send this one with a new key."
AT_WORK: Final = "The same request is still being worked on: send it again in a moment, and you get its answer."
CUT_OFF: Final = (
    "The same request was cut off before it was answered: it may or may not have been done. Look first, then send it "
    "with a new key if it was not."
)
TOO_LARGE: Final = "That is too large to be sent here."


class AnsweredOnce:
    """Does a write that bears a key once, and gives its answer as often as it is sent."""

    def __init__(self, app: ASGIApp, *, desk: Desk) -> None:
        self.app, self.desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        session = scope.get("state", {}).get("session")
        if scope["type"] != "http" or scope["method"] in READS or session is None:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        key = headers.get(HEADER)
        if key is None and not headers.get("Content-Type", "").startswith(FORM):
            await self.app(scope, receive, send)
            return
        body = await _whole(receive)
        if body is None:
            await sentence_answer(scope, TOO_LARGE, status=413)(scope, receive, send)
            return
        key, again = (_field(body) if key is None else key.strip().strip('"')), _replayed(body, receive)
        if key is None:
            await self.app(scope, again, send)
        elif not 0 < len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
            await sentence_answer(scope, NO_KEY, status=400)(scope, again, send)
        else:
            await self._once(_claim(scope, session, key, body), scope, again, send)

    async def _once(self, wanted: Claim, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            first = await run_sync(lambda: claim(self.desk.store, wanted, at=now()))
        except PlannerError as trouble:
            await sentence_answer(scope, str(trouble), status=503)(scope, receive, send)
            return
        if first is not None:
            await _repeated(scope, first, wanted)(scope, receive, send)
            return
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        try:
            await self.app(scope, receive, collect)
        except Exception:
            unknown = sentence_answer(scope, CUT_OFF, status=500)
            await self._settle(wanted, 500, _texts(unknown.raw_headers), bytes(unknown.body))
            raise
        status = messages[0]["status"]
        is_done = status < 400 and scope["state"].get("is_answer_kept", True)  # noqa: PLR2004, no refusal
        body = b"".join(message.get("body", b"") for message in messages[1:])
        await self._settle(wanted, status if is_done else None, _texts(messages[0]["headers"]), body)
        for message in messages:
            await send(message)

    async def _settle(self, wanted: Claim, status: int | None, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Keep the answer, or give the key back; a store that fails now takes no answer from who waits for it."""
        try:
            if status is None:
                await run_sync(lambda: release(self.desk.store, wanted))
            else:
                await run_sync(lambda: keep_answer(self.desk.store, wanted, status, headers, body))
        except PlannerError as trouble:
            log.warning("An answer was not kept: %s", trouble)


def _claim(scope: Scope, session: Session, key: str, body: bytes) -> Claim:
    head = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}\n"
    return Claim(session.owner, key, hashlib.sha256(head.encode("utf-8", "replace") + body).hexdigest())


def _repeated(scope: Scope, first: KeptAnswer, wanted: Claim) -> Response:
    """The answer to a request whose key was used before."""
    if first.request_digest != wanted.request_digest:
        return sentence_answer(scope, OTHER_REQUEST, status=422)
    if first.status is None:
        return sentence_answer(scope, AT_WORK if now() - first.begun_at < LONGEST_WORK else CUT_OFF, status=409)
    answer = Response(first.body, first.status)
    for name, value in first.headers:
        if name != "content-length":
            answer.headers.append(name, value)
    answer.headers[REPEATED] = "true"
    return answer


def _texts(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _field(body: bytes) -> str | None:
    """The key that a form has; None if it has none, or is no form."""
    if FIELD.encode() not in body:
        return None
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return None
    return fields.get(FIELD)


async def _whole(receive: Receive) -> bytes | None:
    """The body of a request; None if it is larger than any of ours."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read again; then what comes after it."""
    is_read = False

    async def again() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
