"""The credentials for Xero: our app, the way in which a person allowed it, and the tokens that Xero gave.

What belongs here: these values. What does not: making tokens (`pipelines.xero.oauth.tokens`), and keeping them
encrypted (`pipelines.store.sign_ins`).
Read more in docs/connecting.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipelines.secret import Secret

EXPIRY_MARGIN: Final = timedelta(seconds=60)
CUSTOM: Final = "custom"
BROWSER: Final = "browser"


@dataclass(frozen=True)
class App:
    """Our app as Xero's identity service knows it; an app that uses PKCE alone has no secret."""

    identity_url: str
    client_id: str
    client_secret: Secret | None


@dataclass(frozen=True)
class TokenSet:
    """The tokens that Xero gave: for calls, with the end of its validity; for the next set; and what they allow."""

    access_token: Secret
    expires_at: datetime
    refresh_token: Secret | None = None
    scopes: tuple[str, ...] = ()

    def is_ending(self, at: datetime) -> bool:
        """Whether the access token may expire during a call that starts at this instant."""
        return self.expires_at - EXPIRY_MARGIN <= at
