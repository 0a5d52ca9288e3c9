"""The sandbox put together: a request comes in, an answer goes out, and everything in between happens in Xero's order.

What belongs here: that order. What does not: the parts, each in its own module, and HTTP (`serve.py`).
Read more in docs/sandbox.md.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from xero_sandbox.accounting import BASE, accounting_answer, scopes_for
from xero_sandbox.answers import XML, Answer, Call, Refusal, not_found, unauthorised
from xero_sandbox.books import Books
from xero_sandbox.clock import Clock
from xero_sandbox.documents import World
from xero_sandbox.identity import Identity, allows
from xero_sandbox.limits import Limits, Throttle
from xero_sandbox.request_log import RequestLog
from xero_sandbox.switches import Switches

_XML_STUB: Final = b'<?xml version="1.0" encoding="utf-8"?>\r\n<Response><Status>OK</Status></Response>'


@dataclass
class Sandbox:
    """Xero, small: organisations with their books, one app, one clock."""

    worlds: list[World]
    client_id: str
    client_secret: str
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)

    def __post_init__(self) -> None:
        self.books = {world.organisation.tenant_id: Books(world, clock=self.clock) for world in self.worlds}
        self.identity = Identity(
            client_id=self.client_id,
            client_secret=self.client_secret,
            organisations=[world.organisation for world in self.worlds],
            clock=self.clock,
        )
        self.throttle = Throttle(self.limits, self.clock)
        self.log = RequestLog()

    @asynccontextmanager
    async def answering(self, call: Call) -> AsyncIterator[Answer]:
        """The answer to any request but the admin's; the call is running until the block ends."""
        tenant_id = None
        try:
            if not call.path.lower().startswith(BASE):
                answer = self._outside_books(call)
            else:
                asked = self._tenant(call)
                self.throttle.admit(asked)
                tenant_id = asked
                answer = self._in_books(call, tenant_id)
        except Refusal as refusal:
            answer = refusal.answer
        try:
            yield answer
        finally:
            if tenant_id is not None:
                self.throttle.leave(tenant_id)

    def _outside_books(self, call: Call) -> Answer:
        """Identity and connections, which belong to no organisation."""
        path = call.path.lower()
        if path == "/connect/token" and call.method == "POST":
            return self.identity.token(call)
        if path == "/connect/revocation" and call.method == "POST":
            return self.identity.revoke(call)
        if path == "/connections" and call.method == "GET":
            return replace(self.identity.connections(call), headers=self.throttle.app_remaining())
        if path.startswith("/connections/") and call.method == "DELETE":
            return self.identity.disconnect(call, call.path.rpartition("/")[2])
        raise not_found()

    def _in_books(self, call: Call, tenant_id: str) -> Answer:
        answer = self._answered(call, tenant_id)
        return replace(answer, headers={**answer.headers, **self.throttle.remaining(tenant_id)})

    def _answered(self, call: Call, tenant_id: str) -> Answer:
        if call.method == "GET" and "application/json" not in call.headers.get("accept", ""):
            return Answer(200, _XML_STUB, XML)
        try:
            return accounting_answer(call, self.books[tenant_id])
        except Refusal as refusal:
            return refusal.answer

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
