"""Connect an organisation: prove that the credentials work, learn what they allow, keep them.

What belongs here: the steps of connecting. What does not: the command line, and calls one by one (`pipelines.xero`).
Read more in docs/operations.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.errors import UsageError
from pipelines.landing.pages import read_organisation
from pipelines.organisation import secrets_of
from pipelines.settings import Settings
from pipelines.store.engine import open_store
from pipelines.store.organisations import Organisation, add_organisation, check_key
from pipelines.xero.auth import AccessToken, CustomConnectionTokens
from pipelines.xero.client import XeroClient
from pipelines.xero.errors import SignInError


@dataclass
class _InMemory:
    """A token's place before there is an organisation to keep it with."""

    token: AccessToken | None = None

    def read(self) -> AccessToken | None:
        return self.token

    def write(self, token: AccessToken) -> None:
        self.token = token


def connect_custom(settings: Settings, key: str) -> Organisation:
    """Connect the one organisation that a custom connection allows.

    Raises:
        UsageError: the environment gives no client id and secret, or the key is taken by another organisation.
        SignInError: Xero does not accept them, or they allow no organisation.
        XeroUnreachableError: Xero gave no answer.
    """
    check_key(key)
    if not settings.xero_client_id or not settings.xero_client_secret:
        raise UsageError("Set XERO_CLIENT_ID and XERO_CLIENT_SECRET to your custom connection's, then connect again.")
    place = _InMemory()

    @contextmanager
    def slot() -> Iterator[_InMemory]:
        yield place

    tokens = CustomConnectionTokens(
        identity_url=settings.xero_identity_url,
        client_id=settings.xero_client_id,
        client_secret=settings.xero_client_secret,
        slot=slot,
    )
    tenant_id = _allowed(XeroClient(api_url=settings.xero_api_url, tenant_id="", tokens=tokens))
    client = XeroClient(api_url=settings.xero_api_url, tenant_id=tenant_id, tokens=tokens)
    found = read_organisation(client.organisation())
    organisation = Organisation(
        key=key,
        tenant_id=tenant_id,
        name=found.name or key,
        base_currency=found.base_currency or "",
        time_zone=found.timezone or "",
        is_demo_company=bool(found.is_demo_company),
        api_url=settings.xero_api_url,
        identity_url=settings.xero_identity_url,
        grant="custom",
    )
    add_organisation(
        open_store(settings.database_url),
        organisation,
        credentials={"client_id": settings.xero_client_id, "client_secret": settings.xero_client_secret},
        secrets=secrets_of(settings),
        at=datetime.now(UTC),
    )
    return organisation


def _allowed(client: XeroClient) -> str:
    for connection in client.connections():
        if connection.kind in {"ORGANISATION", ""}:
            return connection.tenant_id
    raise SignInError("These credentials allow no organisation; finish the custom connection in Xero, then try again.")
