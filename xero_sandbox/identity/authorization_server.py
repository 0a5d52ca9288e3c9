"""Sign-in as Xero's identity server does it: tokens, their scopes and organisations, rotation and expiry.

What belongs here: the token endpoint, revocation, connections, and who a bearer token speaks for.
What does not: the consent page (`consent.py`) and HTTP.
Read more in docs/sandbox.md.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec
import orjson

from xero_sandbox.core.answers import Answer, Call, Refusal, not_found, unauthorised
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.documents import Organisation

DEFAULT_CLIENT_ID: Final = "SANDBOX0CLIENT0ID"
DEFAULT_CLIENT_SECRET: Final = "sandbox-client-secret"  # noqa: S105, printed for everybody: it opens a sandbox only
EXPIRES_IN_SECONDS: Final = 1800
GRACE: Final = timedelta(minutes=30)
REFRESH_LIFETIME: Final = timedelta(days=60)
SCOPES: Final = frozenset(
    {"openid", "profile", "email", "offline_access"}
    | {
        f"accounting.{area}{access}"
        for area in ("invoices", "transactions", "contacts", "settings", "payments", "attachments")
        for access in ("", ".read")
    }
)
CUSTOM_CONNECTION_SCOPES: Final = ("accounting.invoices", "accounting.contacts.read", "accounting.settings.read")


class Grant(msgspec.Struct, kw_only=True):
    """What a person or a custom connection allowed: the tokens of one grant share its scopes and organisations."""

    grant_id: str
    kind: str
    scopes: list[str]
    tenant_ids: list[str]
    created_at: datetime
    is_public: bool = False
    refresh_token: str = ""
    replaced_token: str = ""
    rotated_at: datetime | None = None
    access_token: str = ""
    access_expires_at: datetime | None = None


class Code(msgspec.Struct, kw_only=True):
    """An authorisation code on its way from the consent page to the token endpoint."""

    grant: Grant
    redirect_uri: str
    challenge: str
    expires_at: datetime


class Access(msgspec.Struct, kw_only=True):
    """What a bearer token opens, and until when."""

    grant: Grant
    expires_at: datetime


class Identity:
    """The identity server of one app, which all organisations of the sandbox know."""

    def __init__(self, *, client_id: str, client_secret: str, organisations: list[Organisation], clock: Clock) -> None:
        self.client_id = client_id
        self._client_secret = client_secret
        self.organisations = {organisation.tenant_id: organisation for organisation in organisations}
        self.clock = clock
        self._grants: dict[str, Grant] = {}
        self._codes: dict[str, Code] = {}
        self._accesses: dict[str, Access] = {}

    def token(self, call: Call) -> Answer:
        """POST /connect/token."""
        form = _form(call)
        self._check_app(call, form)
        match form.get("grant_type"):
            case "client_credentials":
                return self._custom_connection(form)
            case "refresh_token":
                return self._refresh(form)
            case "authorization_code":
                return self._exchange(form)
            case _:
                raise _refused("unsupported_grant_type")

    def revoke(self, call: Call) -> Answer:
        """POST /connect/revocation: the refresh token and all its access tokens end; an unknown one is no error."""
        form = _form(call)
        self._check_app(call, form)
        grant = self._grant_of(form.get("token", ""))
        if grant is not None:
            self._end(grant)
        return Answer(200)

    def access(self, call: Call) -> Access:
        """What the bearer of a request may do; a 401 where the token is missing, unknown or expired."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        access = self._accesses.get(token.strip()) if scheme.lower() == "bearer" else None
        if access is None or access.expires_at <= self.clock.now():
            raise unauthorised("AuthenticationUnsuccessful")
        return access

    def connections(self, call: Call) -> Answer:
        """GET /connections: a bare array of the organisations that the token allows."""
        access = self.access(call)
        return Answer(200, orjson.dumps([self._connection(access.grant, key) for key in access.grant.tenant_ids]))

    def disconnect(self, call: Call, connection_id: str) -> Answer:
        """DELETE /connections/{id}: the organisation leaves the grant."""
        grant = self.access(call).grant
        tenant_id = next((key for key in grant.tenant_ids if _connection_id(key) == connection_id.lower()), None)
        if tenant_id is None:
            raise not_found()
        grant.tenant_ids.remove(tenant_id)
        return Answer(204)

    def allow(self, *, scopes: list[str], tenant_ids: list[str], redirect_uri: str, challenge: str) -> str:
        """An authorisation code for what a person has just allowed."""
        grant = self._new_grant("authorization_code", scopes, tenant_ids)
        code = secrets.token_urlsafe(32)
        expires_at = self.clock.now() + timedelta(minutes=5)
        self._codes[code] = Code(grant=grant, redirect_uri=redirect_uri, challenge=challenge, expires_at=expires_at)
        return code

    def expire_access_tokens(self) -> None:
        """Let every access token end now, as time would."""
        self._accesses.clear()
        for grant in self._grants.values():
            grant.access_expires_at = None

    def grants(self) -> list[Grant]:
        """The grants that a refresh token can still continue."""
        return list(self._grants.values())

    def restore(self, grants: list[Grant]) -> None:
        """Take up the grants of an earlier run."""
        for grant in grants:
            self._grants[grant.grant_id] = grant
            if grant.access_expires_at is not None:
                self._accesses[grant.access_token] = Access(grant=grant, expires_at=grant.access_expires_at)

    def _check_app(self, call: Call, form: Mapping[str, str]) -> None:
        """Id and secret must be right; an app without a secret proves itself by PKCE instead."""
        client_id, client_secret = _credentials(call, form)
        is_public = not client_secret and self._is_proved_by_challenge(form)
        is_right = hmac.compare_digest(client_secret.encode(), self._client_secret.encode())
        if client_id != self.client_id or not (is_right or is_public):
            raise _refused("invalid_client")

    def _is_proved_by_challenge(self, form: Mapping[str, str]) -> bool:
        """Whether the code has a challenge, or the refresh token came from such a code."""
        if form.get("grant_type") == "authorization_code":
            code = self._codes.get(form.get("code", ""))
            return code is None or bool(code.challenge)
        grant = self._grant_of(form.get("refresh_token", "") or form.get("token", ""))
        return grant is not None and grant.is_public

    def _custom_connection(self, form: Mapping[str, str]) -> Answer:
        """Client credentials speak for one organisation: the first."""
        scopes = form.get("scope", "").split() or list(CUSTOM_CONNECTION_SCOPES)
        if not set(scopes) <= SCOPES - {"offline_access", "openid", "profile", "email"}:
            raise _refused("invalid_scope")
        grant = self._new_grant("client_credentials", scopes, [next(iter(self.organisations))])
        return self._issue(grant)

    def _refresh(self, form: Mapping[str, str]) -> Answer:
        """A new token set; the replaced token still brings the current set for half an hour."""
        token, now = form.get("refresh_token", ""), self.clock.now()
        grant = self._grant_of(token)
        if grant is None or grant.rotated_at is None or now > grant.rotated_at + REFRESH_LIFETIME:
            raise _refused("invalid_grant")
        if token == grant.refresh_token:
            return self._issue(grant)
        if now > grant.rotated_at + GRACE:
            raise _refused("invalid_grant")
        return self._current(grant)

    def _exchange(self, form: Mapping[str, str]) -> Answer:
        """A code for tokens, once, with the same redirect address and the verifier of its challenge."""
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.expires_at <= self.clock.now() or code.redirect_uri != form.get("redirect_uri"):
            raise _refused("invalid_grant")
        if code.challenge and code.challenge != challenge_of(form.get("code_verifier", "")):
            raise _refused("invalid_grant")
        code.grant.is_public = bool(code.challenge)
        return self._issue(code.grant)

    def _issue(self, grant: Grant) -> Answer:
        """New tokens for a grant, an old refresh token kept for its grace."""
        now = self.clock.now()
        if "offline_access" in grant.scopes:
            grant.replaced_token, grant.refresh_token = grant.refresh_token, secrets.token_urlsafe(32)
            grant.rotated_at = now
            self._grants[grant.grant_id] = grant
        grant.access_token = self._access_token(grant)
        grant.access_expires_at = now + timedelta(seconds=EXPIRES_IN_SECONDS)
        self._accesses = {key: access for key, access in self._accesses.items() if access.expires_at > now}
        self._accesses[grant.access_token] = Access(grant=grant, expires_at=grant.access_expires_at)
        return self._current(grant)

    def _current(self, grant: Grant) -> Answer:
        left = (grant.access_expires_at or self.clock.now()) - self.clock.now()
        body = {
            "access_token": grant.access_token,
            "expires_in": max(round(left.total_seconds()), 0),
            "token_type": "Bearer",
            "scope": " ".join(grant.scopes),
        }
        if grant.refresh_token:
            body["refresh_token"] = grant.refresh_token
        return Answer(200, orjson.dumps(body), headers={"Cache-Control": "no-store"})

    def _access_token(self, grant: Grant) -> str:
        """A JWT as Xero's: readable by anyone, and no two are alike."""
        now = int(self.clock.now().timestamp())
        head = {"alg": "HS256", "typ": "JWT"}
        claims = {
            "nbf": now,
            "exp": now + EXPIRES_IN_SECONDS,
            "client_id": self.client_id,
            "authentication_event_id": grant.grant_id,
            "jti": uuid.uuid4().hex,
            "scope": grant.scopes,
        }
        signed = b".".join(_base64url(orjson.dumps(part)) for part in (head, claims))
        signature = hmac.digest(self._client_secret.encode(), signed, "sha256")
        return b".".join((signed, _base64url(signature))).decode()

    def _new_grant(self, kind: str, scopes: list[str], tenant_ids: list[str]) -> Grant:
        now = self.clock.now()
        return Grant(grant_id=str(uuid.uuid4()), kind=kind, scopes=scopes, tenant_ids=tenant_ids, created_at=now)

    def _grant_of(self, token: str) -> Grant | None:
        known = (grant for grant in self._grants.values() if token in {grant.refresh_token, grant.replaced_token})
        return next(known, None) if token else None

    def _end(self, grant: Grant) -> None:
        del self._grants[grant.grant_id]
        self._accesses = {key: access for key, access in self._accesses.items() if access.grant is not grant}

    def _connection(self, grant: Grant, tenant_id: str) -> dict[str, Any]:
        created = grant.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f0")
        return {
            "id": _connection_id(tenant_id),
            "authEventId": grant.grant_id,
            "tenantId": tenant_id,
            "tenantType": "ORGANISATION",
            "tenantName": self.organisations[tenant_id].name,
            "createdDateUtc": created,
            "updatedDateUtc": created,
        }


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier.

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return _base64url(hashlib.sha256(verifier.encode()).digest()).decode()


def allows(scopes: list[str], wanted: tuple[str, ...]) -> bool:
    """Whether one of the wanted scopes is granted; the full scope satisfies its `.read`.

    >>> allows(["accounting.invoices"], ("accounting.invoices.read",))
    True
    >>> allows(["accounting.invoices.read"], ("accounting.invoices",))
    False
    """
    return any(scope in scopes or scope.removesuffix(".read") in scopes for scope in wanted)


def _connection_id(tenant_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"connection:{tenant_id}"))


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))


def _credentials(call: Call, form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, by Basic authentication or in the body."""
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, client_secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _refused("invalid_client") from None
    return unquote_plus(client_id), unquote_plus(client_secret)


def _refused(error: str) -> Refusal:
    return Refusal(Answer(400, orjson.dumps({"error": error})))
