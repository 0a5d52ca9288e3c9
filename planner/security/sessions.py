"""Sessions: a cookie that only the desk can read and make, with an end when idle and an end in any case.

What belongs here: making and reading sessions. What does not: who may begin one (`sign_in.py`), and which were ended
before their time (`access.py`).
A restart of the desk ends no session: the key lies in a file that only its owner can read.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from pipelines.secret import Secret
from pipelines.store.desk_access.access_tokens import AccessToken
from pipelines.store.desk_access.ended_sessions import LONGEST_SESSION
from pipelines.store.secrets import SecretKeyError, Secrets, open_secrets

IDLE: Final = timedelta(hours=12)
LONGEST: Final = LONGEST_SESSION
RENEWED_AFTER: Final = timedelta(minutes=5)
_AHEAD: Final = timedelta(minutes=5)


class Way(StrEnum):
    """How somebody proved who they are."""

    PRINTED_ADDRESS = "printed_address"
    OPENID = "openid"
    PROXY = "proxy"
    TOKEN = "token"  # noqa: S105, the word


@dataclass(frozen=True)
class Session:
    """A signed-in person: since when, last seen when, and the word that each of their writes must carry."""

    session_id: str
    person: str
    begun_at: datetime
    seen_at: datetime
    forgery_token: str
    way: Way = Way.PRINTED_ADDRESS

    @property
    def owner(self) -> str:
        """Whose it is: a name is worth nothing without the way in which it was proved."""
        return f"{self.way}:{self.person}"

    @property
    def subject(self) -> str:
        """This session alone, where ended ones are kept."""
        return f"session:{self.session_id}"

    @property
    def everywhere(self) -> str:
        """All sessions of its person, where ended ones are kept."""
        return f"all:{self.owner}"

    def is_over(self, at: datetime) -> bool:
        """Whether it ended: idle for too long, too old, or dated ahead of the clock."""
        return at - self.seen_at > IDLE or at - self.begun_at > LONGEST or self.begun_at - at > _AHEAD

    def needs_renewal(self, at: datetime) -> bool:
        """Whether its cookie should say that the person was seen again."""
        return at - self.seen_at > RENEWED_AFTER


@dataclass(frozen=True)
class TokenSession(Session):
    """One request of a program that shows a token; it is in no cookie."""

    token: AccessToken = field(kw_only=True)

    @property
    def owner(self) -> str:
        """The token, whatever its name."""
        return f"{self.way}:{self.session_id}"


class Sessions:
    """Begins sessions, and turns them into the text of a cookie and back."""

    def __init__(self, encryption: Secrets) -> None:
        self.encryption = encryption

    def begin(self, person: str, *, at: datetime, way: Way = Way.PRINTED_ADDRESS) -> Session:
        """A new session of a person."""
        return Session(secrets.token_urlsafe(16), person, at, at, secrets.token_urlsafe(32), way)

    def renewed(self, session: Session, *, at: datetime) -> Session:
        """The session, seen now."""
        return replace(session, seen_at=at)

    def sealed(self, session: Session) -> str:
        """The session as the text of a cookie, encrypted and signed."""
        return self.encryption.encrypt(Secret(msgspec.json.encode(session).decode())).decode()

    def opened(self, text: str, *, at: datetime) -> Session | None:
        """The session of a cookie; None if it was not made here or is over."""
        try:
            session = msgspec.json.decode(self.encryption.decrypt(text.encode()).reveal(), type=Session)
        except (SecretKeyError, msgspec.DecodeError, UnicodeEncodeError):
            return None
        return None if session.is_over(at) else session


def open_sessions(folder: Path) -> Sessions:
    """The sessions of a home's desk, by the key in its folder, which is made at the first use.

    Raises:
        SecretKeyError: others can read the key, or it is no key.
    """
    return Sessions(open_secrets(None, folder / "session.key"))


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)
