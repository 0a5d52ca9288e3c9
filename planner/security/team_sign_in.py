"""Sign-in of a team by OpenID Connect: the provider says who somebody is, the store what they may do.

    /sign-in/team      -> the provider's page, with state, nonce and a PKCE challenge; an attempt in a cookie
    /sign-in/callback  <- a code, exchanged for an ID token, which is checked: signature, issuer, audience, times, nonce

An attempt is good once and for ten minutes, in the browser that began it. A person is a verified e-mail, else the
provider's id of them. What belongs here: the exchange. What does not: sessions (`sessions.py`), roles (`access.py`).
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from pipelines.errors import PlannerError, UsageError
from pipelines.secret import Secret
from pipelines.settings import OpenIdSettings, is_loopback
from pipelines.store.desk_access.desk_roles import person_named
from pipelines.store.secrets import SecretKeyError, Secrets

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

CALLBACK: Final = "/sign-in/callback"
BEGINNING: Final = "/sign-in/team"
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA"]
ATTEMPT_LASTS: Final = timedelta(minutes=10)
LEEWAY_SECONDS: Final = 30
_TIMEOUT_SECONDS: Final = 10
_KEPT_SECONDS: Final = 3_600.0


class TeamSignInError(PlannerError):
    """The sign-in at the provider did not work; the sentence is for the person, `why` for the security log."""

    def __init__(self, why: str, sentence: str = "The sign-in did not work: begin again.") -> None:
        super().__init__(sentence)
        self.why = why


@dataclass(frozen=True)
class Attempt:
    """A sign-in that was begun in a browser."""

    state: str
    nonce: str
    verifier: str
    begun_at: datetime
    wanted: str


class TeamSignIn:
    """Begins and finishes sign-ins at one provider."""

    def __init__(self, settings: OpenIdSettings, encryption: Secrets) -> None:
        self._settings, self._encryption = settings, encryption
        self._described: tuple[float, Mapping[str, str]] | None = None

    def begin(self, wanted: str, *, at: datetime) -> tuple[str, str]:
        """The provider's address to go to, and the attempt as the text of a cookie.

        Raises:
            TeamSignInError: the provider does not answer as one.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        attempt = Attempt(state, nonce, verifier, at, wanted)
        with self._client() as client:
            address, _ = client.create_authorization_url(
                self._provider()["authorization_endpoint"], state=attempt.state, code_verifier=attempt.verifier,
                nonce=attempt.nonce,
            )  # fmt: skip
        return address, self._encryption.encrypt(Secret(msgspec.json.encode(attempt).decode())).decode()

    def attempt(self, cookie: str, state: str, *, at: datetime) -> Attempt:
        """The attempt that a browser comes back with.

        Raises:
            TeamSignInError: it did not begin one, or too long ago, or the answer is to another one.
        """
        try:
            found = msgspec.json.decode(self._encryption.decrypt(cookie.encode()).reveal(), type=Attempt)
        except (SecretKeyError, msgspec.DecodeError, UnicodeEncodeError):
            raise TeamSignInError("no attempt") from None
        if not secrets.compare_digest(found.state.encode(), state.encode("utf-8", "replace")):
            raise TeamSignInError("wrong state")
        if not timedelta(0) <= at - found.begun_at <= ATTEMPT_LASTS:
            raise TeamSignInError("too old")
        return found

    def finish(self, attempt: Attempt, code: str) -> str:
        """The person that the provider vouches for.

        Raises:
            TeamSignInError: the provider refuses, or what it says cannot be trusted.
        """
        # a desk of one person on its machine does not hold these 13 MiB
        import requests  # noqa: PLC0415, as above
        from authlib.integrations.base_client import OAuthError  # noqa: PLC0415, as above
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415, as above
        from joserfc import jwt  # noqa: PLC0415, as above
        from joserfc.errors import JoseError  # noqa: PLC0415, as above
        from joserfc.jwk import KeySet  # noqa: PLC0415, as above

        provider = self._provider()
        try:
            with self._client() as client:
                token = client.fetch_token(
                    provider["token_endpoint"], grant_type="authorization_code", code=code,
                    code_verifier=attempt.verifier, timeout=_TIMEOUT_SECONDS,
                )  # fmt: skip
            keys = KeySet.import_key_set({"keys": list(_json_of(provider["jwks_uri"])["keys"])})
            decoded = jwt.decode(str(token.get("id_token", "")), keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims, decoded.header,
                {"iss": {"essential": True, "value": self._settings.issuer},
                 "aud": {"essential": True, "value": self._settings.client_id}},
                {"nonce": attempt.nonce, "client_id": self._settings.client_id,
                 "access_token": token.get("access_token")},
            )  # fmt: skip
            claims.validate(leeway=LEEWAY_SECONDS)
        except OAuthError as refused:
            raise TeamSignInError(f"refused: {refused.error}"[:100]) from None
        except (JoseError, ValueError, KeyError, TypeError) as wrong:
            raise TeamSignInError(f"untrusted: {type(wrong).__name__}") from None
        except requests.RequestException:
            raise _unreachable() from None
        return _person(claims)

    def _client(self) -> "OAuth2Session":
        from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415, as above

        settings = self._settings
        return OAuth2Session(
            settings.client_id, settings.client_secret.reveal(), scope="openid email", code_challenge_method="S256",
            redirect_uri=settings.desk_url + CALLBACK, token_endpoint_auth_method="client_secret_basic",  # noqa: S106, a method
        )  # fmt: skip

    def _provider(self) -> Mapping[str, str]:
        """What the provider says of itself, asked for once an hour."""
        if self._described is not None and time.monotonic() - self._described[0] < _KEPT_SECONDS:
            return self._described[1]
        issuer = self._settings.issuer
        found = _json_of(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != issuer or not all(_is_safe(found.get(name)) for name in needed):
            raise TeamSignInError("no provider", "The sign-in of this desk is not set up rightly: tell who runs it.")
        self._described = (time.monotonic(), {name: str(found[name]) for name in needed})
        return self._described[1]


def _json_of(address: str) -> dict[str, Any]:
    import requests  # noqa: PLC0415, as above

    try:
        answer = requests.get(address, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError):
        raise _unreachable() from None
    if not isinstance(found, dict):
        raise _unreachable()
    return found


def _unreachable() -> TeamSignInError:
    return TeamSignInError("unreachable", "The sign-in of your team does not answer: try again in a moment.")


def _is_safe(address: object) -> bool:
    parts = urlsplit(str(address or ""))
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _person(claims: Mapping[str, Any]) -> str:
    email, subject = claims.get("email"), str(claims["sub"])
    try:
        if isinstance(email, str) and "@" in email and claims.get("email_verified") is True:
            return person_named(email)
        if "@" in subject:  # an id that looks like an e-mail nobody verified
            raise TeamSignInError("no verified e-mail", "Your account has no verified e-mail: ask who manages it.")
        return person_named(subject)
    except UsageError:
        raise TeamSignInError("no name", "Your account has no name that can be used: ask who manages it.") from None
