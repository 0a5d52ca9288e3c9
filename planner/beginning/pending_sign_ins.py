"""The sign-ins at Xero that were begun here: whose each is, and what came of it.

What belongs here: matching an answer with its sign-in. What does not: judging and exchanging it
(`pipelines.organisations.connecting`).
An answer comes from another site, so without the session's cookie. Its state says which sign-in it belongs to, and a
cookie of its own that it comes from the browser that began it; only the session that began it can go on with it. They
live in memory alone: after a restart one begins again.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.credentials import App
    from pipelines.organisations.connecting import AllowedOrganisations
    from pipelines.xero.oauth.authorization import SignInRequest

PATIENCE: Final = timedelta(minutes=10)
MOST_KEPT: Final = 50
TOO_LATE: Final = "Nobody allowed access within ten minutes, so nothing was connected."


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in: its session, its browser's word, and either a sentence on why it failed or what was allowed.

    `settings` say which Xero it is at.
    """

    session_id: str
    browser: str
    settings: Settings
    app: "App"
    request: "SignInRequest"
    begun_at: datetime
    failure: str = ""
    allowed: "AllowedOrganisations | None" = None

    @property
    def is_waiting(self) -> bool:
        """Whether no answer has come yet."""
        return not self.failure and self.allowed is None


class PendingSignIns:
    """At most one for each session, for ten minutes."""

    def __init__(self) -> None:
        self._by_session: dict[str, PendingSignIn] = {}
        self._lock = Lock()

    def begin(
        self, session_id: str, settings: Settings, app: "App", request: "SignInRequest", *, at: datetime
    ) -> PendingSignIn:
        """A new sign-in in place of the session's former one."""
        begun = PendingSignIn(session_id, secrets.token_urlsafe(32), settings, app, request, at)
        with self._lock:
            self._by_session.pop(session_id, None)
            self._by_session[session_id] = begun
            while len(self._by_session) > MOST_KEPT:
                self._by_session.pop(next(iter(self._by_session)))
        return begun

    def of(self, session_id: str, *, at: datetime) -> PendingSignIn | None:
        """The sign-in of a session; one that waited too long has failed."""
        found = self._by_session.get(session_id)
        if found is not None and at - found.begun_at > PATIENCE:
            return replace(found, failure=found.failure or TOO_LATE, allowed=None)
        return found

    def waiting(self, answer: Mapping[str, str], *, browser: str | None, at: datetime) -> PendingSignIn | None:
        """The sign-in that waits for this answer; None if none does, or if another browser began it.

        `browser` is the word of its cookie; None for a browser that cannot be another's: on this machine, where the
        address that Xero knows has another name than the one that the desk was opened by.
        """
        state = answer.get("state", "")
        for found in list(self._by_session.values()):
            if not hmac.compare_digest(found.request.state.encode(), state.encode("utf-8", "replace")):
                continue
            is_same = browser is None or hmac.compare_digest(found.browser.encode(), browser.encode("utf-8", "replace"))
            return found if is_same and found.is_waiting and at - found.begun_at <= PATIENCE else None
        return None

    def settle(
        self, sign_in: PendingSignIn, *, failure: str = "", allowed: "AllowedOrganisations | None" = None
    ) -> None:
        """Keep what came of a sign-in, unless a newer one has taken its place."""
        with self._lock:
            if self._by_session.get(sign_in.session_id) == sign_in:
                self._by_session[sign_in.session_id] = replace(sign_in, failure=failure, allowed=allowed)

    def end(self, session_id: str) -> None:
        """Forget the sign-in of a session, with its tokens."""
        with self._lock:
            self._by_session.pop(session_id, None)
