"""Calls to Xero: xero-python makes the request, raw bytes come back.

What belongs here: turning a call into bytes or an error of `xero_errors.py`, waiting when Xero requests it, and
repeating a read that failed. What does not: what to read (`landing`), what to send (`purchasing`), how a token is made
(`oauth/tokens.py`). A write is never repeated here: only the ledger knows whether that is safe.
Read more in docs/operations.md.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec
import urllib3
from xero_python.accounting import AccountingApi
from xero_python.exceptions import BadRequestException, HTTPStatusException
from xero_python.identity import IdentityApi

from pipelines.errors import NotReachedError, SignInError
from pipelines.xero.oauth.scopes import scope_for
from pipelines.xero.rate_limit import Allowance, OnlyPauses, Pace
from pipelines.xero.transport import Timeouts, new_api_client
from pipelines.xero.xero_errors import (
    ConnectionBrokenError,
    MissingScopeError,
    NeverReachedError,
    RateLimitError,
    RefusedError,
    UnreadableAnswerError,
    XeroUnreachableError,
)

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 1000
MOST_PAGES: Final = 100
READ_ATTEMPTS: Final = 3
CALL_ATTEMPTS: Final = 3
USUAL_PAUSE_SECONDS: Final = 2
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 401, 403, 404, 429, 500


@dataclass(frozen=True)
class XeroAnswer:
    """The decoded bytes of an answer, and its headers, which give the remaining calls."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class XeroConnection:
    """Xero's connection of our app with an organisation."""

    connection_id: str
    tenant_id: str
    name: str
    tenant_type: str


class Tokens(Protocol):
    """The source of access tokens."""

    def current(self) -> str:
        """A token that is valid for at least one more minute."""
        ...

    def renewed(self) -> str:
        """A new token, after Xero refused the current one."""
        ...

    def lost(self) -> None:
        """Record that Xero refuses this organisation, whatever the token."""
        ...


class _WithUnitDecimals:
    """xero-python's transport, requesting prices of four decimals: its calls for purchase orders have no `unitdp`."""

    def __init__(self, api_client: Any) -> None:
        self._api_client = api_client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api_client, name)

    def call_api(
        self, url: str, method: str, path: Any, query: list[tuple[str, Any]], headers: Any, **more: Any
    ) -> Any:
        """The call, with `unitdp=4` in its query."""
        return self._api_client.call_api(url, method, path, [*query, ("unitdp", 4)], headers, **more)


class XeroClient:
    """Calls Xero for one organisation; several threads may share it.

    `sleep` and `now` are its clock; tests pass the sandbox's.
    """

    def __init__(
        self,
        *,
        api_url: str,
        tenant_id: str,
        tokens: Tokens,
        allowance: Allowance | None = None,
        timeouts: Timeouts | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._tenant_id = tenant_id
        self._tokens = tokens
        self._pace = Pace(allowance or OnlyPauses(), sleep=sleep, now=now)
        self._sleep = sleep
        self._signing = threading.Lock()
        self._token = ""
        timeouts = timeouts or Timeouts()
        self._raw = {"_preload_content": False, "_request_timeout": (timeouts.connect, timeouts.read)}
        self._api_client = new_api_client(timeouts)
        self._accounting = AccountingApi(self._api_client, base_url=f"{api_url}/api.xro/2.0")
        self._orders = AccountingApi(_WithUnitDecimals(self._api_client), base_url=f"{api_url}/api.xro/2.0")
        self._identity = IdentityApi(self._api_client, base_url=api_url)

    def connections(self) -> list[XeroConnection]:
        """The organisations that these credentials allow."""
        answer = self._read(lambda: self._identity.get_connections(**self._raw))
        rows = decoded(answer.body, list[dict[str, Any]], "the list of connections")
        return [
            XeroConnection(row["id"], row["tenantId"], row.get("tenantName") or "", row.get("tenantType") or "")
            for row in rows
        ]

    def disconnect(self, connection_id: str) -> None:
        """Remove an organisation from what these credentials allow."""
        self._call(lambda: self._identity.delete_connection(connection_id, **self._raw))

    def organisation(self) -> XeroAnswer:
        """The organisation's own record."""
        return self._list(lambda: self._accounting.get_organisations(self._tenant_id, **self._raw))

    def items(self) -> XeroAnswer:
        """All items; Xero never pages them."""
        return self._list(lambda: self._accounting.get_items(self._tenant_id, unitdp=4, **self._raw))

    def page(
        self, endpoint: str, *, number: int, size: int, modified_since: datetime | None, status: str | None = None
    ) -> XeroAnswer:
        """A page of a list, the latest changes first, so that an edit meanwhile hides no row."""
        lists = self._orders if endpoint == "PurchaseOrders" else self._accounting
        call = getattr(lists, _PAGED[endpoint])
        parameters: dict[str, Any] = {"order": "UpdatedDateUTC DESC", "page": number, "page_size": size, **self._raw}
        if modified_since is not None:
            parameters["if_modified_since"] = modified_since.strftime("%Y-%m-%dT%H:%M:%S")
        if endpoint in {"Invoices", "CreditNotes"}:
            parameters["unitdp"] = 4
        if endpoint in {"Contacts", "Invoices"}:
            parameters["include_archived"] = "true"
        if status is not None:
            parameters["status"] = status
        return self._list(lambda: call(self._tenant_id, **parameters))

    def put_purchase_orders(self, orders: list[dict[str, object]], *, idempotency_key: str) -> list[dict[str, object]]:
        """Create purchase orders in one call; Xero's element for each, with errors inside."""
        body = {"PurchaseOrders": orders}
        answer = self._call(
            lambda: self._orders.create_purchase_orders(
                self._tenant_id, body, summarize_errors="false", idempotency_key=idempotency_key, **self._raw
            )
        )
        return _purchase_orders(answer)

    def purchase_order_by_number(self, number: str) -> dict[str, object] | None:
        """The purchase order of this number in Xero; None if there is none."""
        try:
            answer = self._read(lambda: self._orders.get_purchase_order_by_number(self._tenant_id, number, **self._raw))
        except RefusedError as refused:
            if refused.status == _NOT_FOUND:
                return None
            raise
        found = _purchase_orders(answer)
        return found[0] if found else None

    def purchase_orders_changed_since(self, instant: datetime) -> list[dict[str, object]]:
        """All purchase orders created or changed since an instant, page by page, the latest changes first."""
        found: list[dict[str, object]] = []
        for number in range(1, MOST_PAGES + 1):
            answer = self.page("PurchaseOrders", number=number, size=PAGE_SIZE, modified_since=instant)
            orders = _purchase_orders(answer)
            found += orders
            if len(orders) < PAGE_SIZE:
                break
        return found

    def contact(self, contact_id: str) -> dict[str, Any] | None:
        """A contact in Xero, archived or not; None if there is none. One attempt only, since a person waits."""
        try:
            answer = self._call(lambda: self._accounting.get_contact(self._tenant_id, contact_id, **self._raw))
        except RefusedError as refused:
            if refused.status == _NOT_FOUND:
                return None
            raise
        envelope = decoded(answer.body, dict[str, Any], "a contact")
        found: list[dict[str, Any]] = envelope.get("Contacts") or []
        return found[0] if found else None

    def _list(self, call: Callable[[], Any]) -> XeroAnswer:
        """A whole list or a page of it; status 404 means that Xero no longer knows the organisation."""
        try:
            return self._read(call)
        except RefusedError as refused:
            if refused.status == _NOT_FOUND:
                self._tokens.lost()
                raise SignInError(SIGN_IN_AGAIN) from refused
            raise

    def _read(self, call: Callable[[], Any]) -> XeroAnswer:
        """A read, repeated if Xero fails for a moment: reading twice changes nothing."""
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                return self._call(call)
            except (ConnectionBrokenError, XeroUnreachableError) as trouble:
                if attempt == READ_ATTEMPTS or isinstance(trouble, RateLimitError):
                    raise
                wait = 2**attempt * (0.5 + random.random() / 2)  # noqa: S311, jitter needs no secure randomness
                log.warning("%s Trying again in %.0f s (%d of %d).", trouble, wait, attempt + 1, READ_ATTEMPTS)
                self._sleep(wait)
        raise AssertionError

    def _call(self, call: Callable[[], Any]) -> XeroAnswer:
        """A call; after an expired token or a limit it is made again, since Xero did nothing."""
        is_renewed = False
        for attempt in range(1, CALL_ATTEMPTS + 1):
            token = self._signed_or_not_reached()
            try:
                with self._pace.call():
                    return _answer(call)
            except HTTPStatusException as refused:
                if refused.status == _TOO_MANY:
                    self._pace.pause(_requested_wait(refused), header(refused, "X-Rate-Limit-Problem") or "minute")
                elif refused.status == _UNAUTHORISED and not is_renewed and not missing_scope(refused):
                    self._sign_anew(token)
                    is_renewed = True
                else:
                    self._note_loss(refused)
                    raise translated(refused) from None
                if attempt == CALL_ATTEMPTS:
                    raise translated(refused) from None
        raise AssertionError

    def _note_loss(self, refused: HTTPStatusException) -> None:
        """Record that Xero refuses the organisation, unless only a scope is missing."""
        if refused.status in {_UNAUTHORISED, _FORBIDDEN} and not missing_scope(refused):
            self._tokens.lost()

    def _signed_or_not_reached(self) -> str:
        """As `_signed`; any failure to get a token means that the call was not made."""
        try:
            return self._signed()
        except UnreadableAnswerError as broken:
            raise NeverReachedError(str(broken)) from broken
        except XeroUnreachableError as broken:
            if isinstance(broken, NotReachedError):
                raise
            raise NeverReachedError(str(broken)) from broken

    def _signed(self) -> str:
        """Sign the next calls with the current token; the token."""
        with self._signing:
            return self._sign(self._tokens.current())

    def _sign_anew(self, refused_token: str) -> None:
        """Sign the next calls with a new token, unless another thread has done so."""
        with self._signing:
            if self._token == refused_token:
                self._sign(self._tokens.renewed())

    def _sign(self, token: str) -> str:
        self._token = token
        self._api_client.set_default_header("Authorization", f"Bearer {token}")
        return token


NOT_REACHED: Final = "Xero cannot be reached; check the network (or that the sandbox runs), then try again."
SIGN_IN_AGAIN: Final = "Xero no longer accepts this connection; connect again with `stocktrim connect`."
_PAGED: Final = {
    "Invoices": "get_invoices",
    "CreditNotes": "get_credit_notes",
    "PurchaseOrders": "get_purchase_orders",
    "Contacts": "get_contacts",
}


def _answer(call: Callable[[], Any]) -> XeroAnswer:
    try:
        response = call()
        return XeroAnswer(response.data, response.headers)
    except BadRequestException as refused:
        # xero-python reads the body to find a 400's status, and fails if the body is not JSON
        raise HTTPStatusException(http_resp=refused.http_resp) from None
    except urllib3.exceptions.NewConnectionError as silence:
        raise NeverReachedError(NOT_REACHED) from silence
    except urllib3.exceptions.HTTPError as broken:
        if isinstance(getattr(broken, "reason", None), urllib3.exceptions.NewConnectionError):
            raise NeverReachedError(NOT_REACHED) from broken
        raise ConnectionBrokenError(
            "The connection to Xero broke in the middle of a call; try again in a minute."
        ) from broken


def missing_scope(refused: HTTPStatusException) -> bool:
    """Whether a 401 means that the connection lacks a scope, which no new token changes."""
    return "insufficient_scope" in (header(refused, "WWW-Authenticate") or "")


def header(refused: HTTPStatusException, name: str) -> str | None:
    """A header of a refusal; None if absent."""
    value = refused.http_resp.urllib3_response.headers.get(name)
    return None if value is None else str(value)


def translated(refused: HTTPStatusException) -> Exception:
    """Xero's refusal as an error of ours, whose sentence says what to do."""
    status = refused.status
    if missing_scope(refused):
        return MissingScopeError([scope_for(refused.http_resp.urllib3_response.geturl() or "")])
    if status in {_UNAUTHORISED, _FORBIDDEN}:
        return SignInError(SIGN_IN_AGAIN)
    if status == _TOO_MANY:
        return RateLimitError("Xero requests a pause; try again in a minute.", retry_after_seconds=60)
    if status >= _SERVER_ERROR:
        return ConnectionBrokenError(f"Xero is not available now (it answered {status}); try again later.")
    return RefusedError(f"Xero refused the request: {_reason(refused)}", status)


def decoded(body: bytes, shape: type[Any], subject: str) -> Any:
    """The JSON of an answer, typed.

    Raises:
        UnreadableAnswerError: the body is not the JSON that Xero's interface promises.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as broken:
        raise UnreadableAnswerError(
            f"Xero's answer to {subject} cannot be read ({broken}); nothing was stored. Load again; if it happens "
            f"again, ask Xero's support."
        ) from broken


def _requested_wait(refused: HTTPStatusException) -> float:
    """The seconds that Xero requests to wait; it gives none if too many calls run at once."""
    seconds = header(refused, "Retry-After") or ""
    return float(seconds) if seconds.isdecimal() else USUAL_PAUSE_SECONDS


def _purchase_orders(answer: XeroAnswer) -> list[dict[str, object]]:
    envelope = decoded(answer.body, dict[str, Any], "a purchase order")
    found: list[dict[str, object]] = envelope.get("PurchaseOrders") or []
    return found


def _reason(refused: HTTPStatusException) -> str:
    body = refused.body or b""
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body[:200].decode(errors="replace").strip() or f"status {refused.status}"
    if not isinstance(answer, dict):
        return f"status {refused.status}"
    messages = [
        str(problem.get("Message"))
        for element in answer.get("Elements") or []
        for problem in element.get("ValidationErrors") or []
    ]
    return "; ".join(messages) or str(answer.get("Message") or answer.get("Detail") or f"status {refused.status}")
