"""What lets us into Xero: our app, how a person allowed it, and the tokens that Xero gave.

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
    """Our app as Xero's identity service knows it; an app that proves itself by PKCE alone has no secret."""

    identity_url: str
    client_id: str
    client_secret: Secret | None


@dataclass(frozen=True)
class TokenSet:
    """What Xero gave: the token of calls and when it ends, the one that brings the next set, what they allow."""

    access_token: Secret
    expires_at: datetime
    refresh_token: Secret | None = None
    scopes: tuple[str, ...] = ()

    def is_ending(self, at: datetime) -> bool:
        """Whether a call that starts at this instant might find the access token expired."""
        return self.expires_at - EXPIRY_MARGIN <= at
