"""The sandbox put together: a request comes in, an answer goes out, and everything in between happens in Xero's order.

What belongs here: that order. What does not: the parts, each in its own module, and HTTP (`serve.py`).
Read more in docs/sandbox.md.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from xero_sandbox.accounting_api.accounting import BASE, accounting_answer, scopes_for
from xero_sandbox.app.request_log import RequestLog
from xero_sandbox.behaviour.edits import Edit, edited
from xero_sandbox.behaviour.faults import Due, Faults
from xero_sandbox.behaviour.idempotency import Idempotency, Remembered
from xero_sandbox.behaviour.rate_limits import Limits, Throttle
from xero_sandbox.core.answers import JSON, XML, Answer, Call, Refusal, not_found, unauthorised
from xero_sandbox.core.books import Books, ReadFault
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.documents import World
from xero_sandbox.core.state import StateDatabase
from xero_sandbox.core.switches import Switches
from xero_sandbox.identity import consent
from xero_sandbox.identity.authorization_server import Grant, Identity, allows

_GRANTS: Final = "grants"
_ANSWERS: Final = "answer:"
_XML_STUB: Final = b'<?xml version="1.0" encoding="utf-8"?>\r\n<Response><Status>OK</Status></Response>'


Judge = Callable[[Call, Answer], None]


@dataclass
class Sandbox:
    """Xero, small: organisations with their books, one app, one clock.

    A `judge` is shown each answer before faults spoil it.
    """

    worlds: list[World]
    client_id: str
    client_secret: str
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    state: StateDatabase | None = None
    redirect_uris: tuple[str, ...] = ("http://localhost:8912/callback", "http://localhost:8500/connect/callback")
    judge: Judge | None = None

    def __post_init__(self) -> None:
        self.books = {
            world.organisation.tenant_id: Books(world, clock=self.clock, switches=self.switches)
            for world in self.worlds
        }
        self.identity = Identity(
            client_id=self.client_id,
            client_secret=self.client_secret,
            organisations=[world.organisation for world in self.worlds],
            clock=self.clock,
        )
        self.throttle = Throttle(self.limits, self.clock)
        self.idempotency = Idempotency(self.clock, self.switches)
        self.log = RequestLog()
        self.faults = Faults()
        if self.state is not None:
            for body in self.state.remembered(_GRANTS):
                self.identity.restore(msgspec.msgpack.decode(body, type=list[Grant]))
            answers = self.state.remembered(_ANSWERS)
            self.idempotency.restore(msgspec.msgpack.decode(body, type=Remembered) for body in answers)

    @asynccontextmanager
    async def answering(self, call: Call, due: Due) -> AsyncIterator[Answer]:
        """The answer to any request but the admin's; the call is running until the block ends."""
        tenant_id = None
        if due.of("expire_tokens"):
            self.identity.expire_access_tokens()
        try:
            if call.path.lower().startswith(BASE):
                tenant_id = self._admitted(call, due)
            await asyncio.sleep(due.delay_seconds)
            answer = self._outside_books(call, due) if tenant_id is None else self._in_books(call, tenant_id, due)
        except Refusal as refusal:
            answer = refusal.answer
        for fault in due.of("edit"):
            self.edit(fault.edits, tenant_id=tenant_id)
        if self.judge is not None and not due.of("answer"):
            self.judge(call, answer)
        try:
            yield due.spoilt(answer)
        finally:
            if tenant_id is not None:
                self.throttle.leave(tenant_id)

    def edit(self, edits: Iterable[Edit], *, tenant_id: str | None = None) -> list[Answer]:
        """Someone edits in Xero's own pages, in no one's allowance; what Xero answers to each."""
        answers = []
        for edit in edits:
            named = edit.organisation.lower() or tenant_id or self.worlds[0].organisation.tenant_id
            if named not in self.books:
                raise ValueError(f"There is no organisation {named}")
            answers.append(edited(edit, self.books[named]))
            self._store(self.books[named])
        return answers

    def reset(self) -> None:
        """Books as they were at the start, no faults planned, no keys remembered, no requests noted; tokens stay."""
        for tenant_id, books in self.books.items():
            books.restore()
            changes = books.take_changes()
            if self.state is not None:
                self.state.write(tenant_id, changes)
        if self.state is not None:
            self.state.forget(_ANSWERS)
        self.idempotency.forget()
        self.faults.reset()
        self.log.reset()

    def _admitted(self, call: Call, due: Due) -> str:
        """The organisation of a call that its limits let in."""
        tenant_id = self._tenant(call)
        for fault in due.of("rate_limit"):
            raise Refusal(self.throttle.refusal(tenant_id, fault.problem, retry_after=fault.retry_after))
        self.throttle.admit(tenant_id)
        return tenant_id

    def _outside_books(self, call: Call, due: Due) -> Answer:
        """Identity and connections, which belong to no organisation."""
        path, planned = call.path.lower(), due.instead(is_after_commit=False)
        if planned is not None:
            return planned
        if path == consent.PATH:
            return consent.consent_answer(call, self.identity, redirect_uris=self.redirect_uris)
        if path == "/connections" and call.method == "GET":
            return replace(self.identity.connections(call), headers=self.throttle.admit_to_app())
        if path == "/connect/token" and call.method == "POST":
            answer = self.identity.token(call)
        elif path == "/connect/revocation" and call.method == "POST":
            answer = self.identity.revoke(call)
        elif path.startswith("/connections/") and call.method == "DELETE":
            answer = self.identity.disconnect(call, call.path.rpartition("/")[2])
        else:
            raise not_found()
        if self.state is not None:
            self.state.write("", (), [(_GRANTS, self.identity.grants())])
        return due.instead(is_after_commit=True) or answer

    def _in_books(self, call: Call, tenant_id: str, due: Due) -> Answer:
        answer = self._answered(call, self.books[tenant_id], due)
        if answer.media_type == JSON and "application/json" not in call.headers.get("accept", ""):
            answer = replace(answer, body=_XML_STUB if answer.body else b"", media_type=XML)
        return replace(answer, headers={**answer.headers, **self.throttle.remaining(tenant_id)})

    def _answered(self, call: Call, books: Books, due: Due) -> Answer:
        """The answer of the books, or the one that was given to this very request before."""
        try:
            replayed = self.idempotency.replay(call)
        except Refusal as refusal:
            return refusal.answer
        if replayed is not None:
            return replayed
        if call.method == "GET":
            books.reading = due.reading(self.clock.now())
        answer = due.instead(is_after_commit=False) or _carried_out(call, books)
        books.reading = ReadFault()
        answer = due.instead(is_after_commit=True) or answer
        self._commit(call, books, answer)
        return answer

    def _commit(self, call: Call, books: Books, answer: Answer) -> None:
        """Store what changed together with the answer that says so."""
        remembered = self.idempotency.remember(call, answer)
        self._store(books, [(f"{_ANSWERS}{remembered.key}", remembered)] if remembered else [])

    def _store(self, books: Books, memory: Sequence[tuple[str, object]] = ()) -> None:
        changes = books.take_changes()
        if self.state is not None and (changes or memory):
            self.state.write(books.world.organisation.tenant_id, changes, memory)

    def _tenant(self, call: Call) -> str:
        """The organisation that a request speaks of, once the bearer may speak of it in this way."""
        access = self.identity.access(call)
        tenant_id = call.headers.get("xero-tenant-id", "").lower()
        if not tenant_id and access.grant.kind == "client_credentials":
            tenant_id = access.grant.tenant_ids[0]
        if tenant_id not in access.grant.tenant_ids:
            raise unauthorised("AuthenticationUnsuccessful", status=403)
        wanted = scopes_for(call)
        if wanted and not allows(access.grant.scopes, wanted):
            raise unauthorised("AuthorizationUnsuccessful", challenge="insufficient_scope")
        return tenant_id


def _carried_out(call: Call, books: Books) -> Answer:
    try:
        return accounting_answer(call, books)
    except Refusal as refusal:
        return refusal.answer
