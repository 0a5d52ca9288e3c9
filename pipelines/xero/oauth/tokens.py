"""Access tokens: requested from Xero's identity service, shared by threads and processes, renewed by one at a time.

What belongs here: requesting tokens, and reusing valid ones. What does not: how tokens are stored and locked
(`pipelines.store.sign_ins`), sign-in in the browser (`authorization.py`), and calls with a token (`client.py`).
Read more in docs/connecting.md.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import urllib3
from xero_python.exceptions import HTTPStatusException

from pipelines.credentials import CUSTOM, App, TokenSet
from pipelines.errors import SignInError
from pipelines.secret import Secret
from pipelines.xero.client import NOT_REACHED, SIGN_IN_AGAIN, decoded
from pipelines.xero.transport import Timeouts, new_api_client
from pipelines.xero.xero_errors import UnreadableAnswerError, XeroUnreachableError

TIMEOUTS: Final = Timeouts(
    connect=3, read=10, total=10
)  # in sum less than other processes wait for the lock that is held meanwhile
REFRESH_ATTEMPTS: Final = 2
_TOO_MANY, _SERVER_ERROR = 429, 500


class TokenSlot(Protocol):
    """The stored tokens of a sign-in, while its lock is held."""

    def read(self) -> TokenSet | None:
        """The stored tokens; None if there are none yet."""
        ...

    def write(self, tokens: TokenSet) -> None:
        """Replace the stored tokens in one step."""
        ...


class SharedTokens:
    """The tokens of a sign-in, for all threads of a process.

    `issue` makes a set from the present one. `on_lost` is called if only a person can sign in again.
    """

    def __init__(
        self,
        *,
        slot: Callable[[], AbstractContextManager[TokenSlot]],
        issue: Callable[[TokenSet | None], TokenSet],
        on_lost: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._slot = slot
        self._issue = issue
        self._on_lost = on_lost
        self._now = now
        self._held: TokenSet | None = None
        self._guard = threading.Lock()

    def current(self) -> str:
        """An access token that is valid for at least one more minute."""
        with self._guard:
            if self._held is None or self._held.is_ending(self._now()):
                self._held = self._shared(refused=None)
            return self._held.access_token.reveal()

    def renewed(self) -> str:
        """An access token other than the present one; another process may have renewed it already."""
        with self._guard:
            self._held = self._shared(refused=self._held.access_token if self._held else None)
            return self._held.access_token.reveal()

    def lost(self) -> None:
        """Record that Xero refuses this organisation."""
        self._on_lost()

    def _shared(self, *, refused: Secret | None) -> TokenSet:
        """The stored tokens while they are valid, else new ones.

        Xero repeats a set whose first answer was lost, and such a set may be about to expire. It is stored, so that
        nothing depends on an older set, and then renewed once more.
        """
        try:
            tokens = self._renewed_once(refused)
            return self._renewed_once(refused) if tokens.is_ending(self._now()) else tokens
        except SignInError:
            self._on_lost()
            raise

    def _renewed_once(self, refused: Secret | None) -> TokenSet:
        with self._slot() as slot:
            tokens = slot.read()
            if tokens is None or tokens.access_token == refused or tokens.is_ending(self._now()):
                tokens = self._issue(tokens)
                slot.write(tokens)
            return tokens


def issuer(app: App, grant: str) -> Callable[[TokenSet | None], TokenSet]:
    """The function that makes the next tokens of a sign-in, by its grant."""
    if grant == CUSTOM:
        return lambda _: custom_connection_tokens(app)
    return lambda tokens: refreshed_tokens(app, tokens)


def custom_connection_tokens(app: App) -> TokenSet:
    """New tokens for a custom connection; its scopes were chosen when it was made.

    Raises:
        SignInError: Xero does not accept the id and secret.
        XeroUnreachableError: the identity service gave no answer.
    """
    return _requested_tokens(app, {"grant_type": "client_credentials"})


def refreshed_tokens(app: App, tokens: TokenSet | None) -> TokenSet:
    """The next tokens of a sign-in.

    A lost answer is requested again: the old refresh token works for half an hour after its use.

    Raises:
        SignInError: the sign-in was withdrawn, or unused for too long.
        XeroUnreachableError: the identity service gave no answer.
    """
    if tokens is None or tokens.refresh_token is None:
        raise SignInError(SIGN_IN_AGAIN)
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token.reveal()}
    for attempt in range(1, REFRESH_ATTEMPTS + 1):
        try:
            return _requested_tokens(app, form)
        except (XeroUnreachableError, UnreadableAnswerError):
            if attempt == REFRESH_ATTEMPTS:
                raise
    raise AssertionError


def exchanged_tokens(app: App, *, code: Secret, verifier: Secret, redirect_uri: str) -> TokenSet:
    """The first tokens of a sign-in, for the code from the browser.

    Raises:
        SignInError: Xero does not accept the code, or the id and secret.
        XeroUnreachableError: the identity service gave no answer.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code.reveal(),
        "code_verifier": verifier.reveal(),
        "redirect_uri": redirect_uri,
    }
    return _requested_tokens(app, form)


def _requested_tokens(app: App, form: Mapping[str, str]) -> TokenSet:
    """The tokens for a form sent to the identity service, with the app's client id and secret."""
    proof = {"client_id": app.client_id}
    if app.client_secret is not None:
        proof["client_secret"] = app.client_secret.reveal()
    requested_at = datetime.now(UTC)
    try:
        response, _, _ = new_api_client(TIMEOUTS).call_api(
            f"{app.identity_url}/connect/token",
            "POST",
            header_params={"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
            post_params={**form, **proof},
            auth_settings=None,
            _preload_content=False,
            _request_timeout=(TIMEOUTS.connect, TIMEOUTS.read),
        )
        body = response.data
    except HTTPStatusException as refused:
        raise _refused(refused, form["grant_type"]) from None
    except urllib3.exceptions.HTTPError:
        raise XeroUnreachableError(NOT_REACHED) from None  # its text may hold the request
    return _token_set(body, requested_at)


def _token_set(body: bytes, requested_at: datetime) -> TokenSet:
    answer = decoded(body, dict[str, Any], "the sign-in")
    try:
        refresh_token = answer.get("refresh_token")
        return TokenSet(
            access_token=Secret(str(answer["access_token"])),
            expires_at=requested_at + timedelta(seconds=int(answer["expires_in"])),
            refresh_token=Secret(str(refresh_token)) if refresh_token else None,
            scopes=tuple(str(answer.get("scope") or "").split()),
        )
    except (KeyError, TypeError, ValueError):
        raise UnreadableAnswerError("Xero's sign-in service gave no token; try again later.") from None


def _refused(refused: HTTPStatusException, grant_type: str) -> Exception:
    status = refused.status
    if status >= _SERVER_ERROR or status == _TOO_MANY:
        return XeroUnreachableError(f"Xero's sign-in service is not available ({status}); try again later.")
    body = refused.body or b""
    error = decoded(body, dict[str, Any], "the sign-in").get("error") if body.startswith(b"{") else None
    if error == "invalid_grant":
        return SignInError(SIGN_IN_AGAIN if grant_type == "refresh_token" else _CODE_REFUSED)
    return SignInError(
        f"Xero refused the client id and secret ({error or status}); check XERO_CLIENT_ID and "
        f"XERO_CLIENT_SECRET, then connect again with `stocktrim connect`."
    )


_CODE_REFUSED: Final = "Xero did not accept the answer from the browser; nothing was connected. Connect again."
