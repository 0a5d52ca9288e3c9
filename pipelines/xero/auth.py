"""Access tokens: made from what a person allowed once, shared by processes, kept encrypted.

What belongs here: asking Xero's identity service for a token, and reusing the one that is still good.
What does not: how a token is stored and locked (`pipelines.store`), and calls with it (`client.py`).
Read more in docs/operations.md.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import urllib3
from xero_python.api_client.oauth2 import TokenApi
from xero_python.exceptions import HTTPStatusException

from pipelines.xero.client import NOT_REACHED, decoded
from pipelines.xero.errors import SignInError, XeroUnreachableError
from pipelines.xero.transport import new_api_client

EXPIRY_MARGIN: Final = timedelta(seconds=60)
_SERVER_ERROR: Final = 500


@dataclass(frozen=True)
class AccessToken:
    """A token and when it ends."""

    value: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"AccessToken(value='***', expires_at={self.expires_at!r})"


class TokenSlot(Protocol):
    """The place of one organisation's token, while its lock is held."""

    def read(self) -> AccessToken | None:
        """The token as it stands now, whoever wrote it."""
        ...

    def write(self, token: AccessToken) -> None:
        """Replace the token."""
        ...


class CustomConnectionTokens:
    """Tokens of a custom connection: client credentials, no refresh token, one organisation."""

    def __init__(
        self,
        *,
        identity_url: str,
        client_id: str,
        client_secret: str,
        slot: Callable[[], AbstractContextManager[TokenSlot]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._identity_url = identity_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._slot = slot
        self._now = now
        self._last: str | None = None

    def current(self) -> str:
        """The stored token while it is good, else a new one, made under the lock."""
        with self._slot() as slot:
            token = slot.read()
            if token is None or token.expires_at - EXPIRY_MARGIN <= self._now():
                token = self._fetch()
                slot.write(token)
        self._last = token.value
        return token.value

    def renewed(self) -> str:
        """A token other than the one last given out; another process may have renewed it already."""
        with self._slot() as slot:
            token = slot.read()
            if token is None or token.value == self._last:
                token = self._fetch()
                slot.write(token)
        self._last = token.value
        return token.value

    def _fetch(self) -> AccessToken:
        return client_credentials_token(
            identity_url=self._identity_url,
            client_id=self._client_id,
            client_secret=self._client_secret,
            at=self._now(),
        )


def client_credentials_token(*, identity_url: str, client_id: str, client_secret: str, at: datetime) -> AccessToken:
    """A new access token for a custom connection.

    Raises:
        SignInError: Xero does not accept the id and secret.
        XeroUnreachableError: the identity service gave no answer.
    """
    api = TokenApi(new_api_client(), client_id, client_secret)
    api.client_credentials_token_url = f"{identity_url}/connect/token"
    try:
        answer = api.get_client_credentials_token(app_store_billing=False)
    except HTTPStatusException as refused:
        raise _refused_sign_in(refused) from None
    except urllib3.exceptions.HTTPError as silence:
        raise XeroUnreachableError(NOT_REACHED) from silence
    except ValueError as broken:
        raise XeroUnreachableError("Xero's sign-in service gave no readable answer; try again later.") from broken
    return AccessToken(str(answer["access_token"]), at + timedelta(seconds=int(answer["expires_in"])))


def _refused_sign_in(refused: HTTPStatusException) -> Exception:
    if refused.status >= _SERVER_ERROR:
        return XeroUnreachableError(f"Xero's sign-in service is not available ({refused.status}); try again later.")
    said: Any = None
    if (refused.body or b"").startswith(b"{"):
        said = decoded(refused.body, dict[str, Any], "the sign-in").get("error")
    return SignInError(
        f"Xero refused the client id and secret ({said or refused.status}); check XERO_CLIENT_ID and "
        f"XERO_CLIENT_SECRET, then connect again with `stocktrim connect --custom`."
    )
