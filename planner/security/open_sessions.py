"""Which sessions of a home's desk are open: in which browser, since when, and when last used.

A session is a cookie that only its browser has; here lies one small file for each, so that its person sees them all and
can end each. What belongs here: these files. What does not: sessions (`sessions.py`), which have ended (`access.py`).
A file that cannot be written keeps nobody from working: the list lacks it until it can.
Read more in docs/security.md.
"""

import hashlib
import logging
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from planner.security.sessions import RENEWED_AFTER, Session, Way

log = logging.getLogger(__name__)
FOLDER: Final = "open_sessions"
MOST_REMEMBERED: Final = 10_000
_BROWSERS: Final = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_DEVICES: Final = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Macintosh": "Mac",
    "Linux": "Linux",
}  # fmt: skip


@dataclass(frozen=True)
class OpenSession:
    """A session as its person sees it in a list; `place` names it there."""

    session_id: str
    person: str
    way: Way
    begun_at: datetime
    seen_at: datetime
    device: str

    @property
    def place(self) -> str:
        """Its name in addresses and of its file: nobody learns the session's own from it."""
        return place_of(self.session_id)

    @property
    def session(self) -> Session:
        """The session, without the word that its writes carry."""
        return Session(self.session_id, self.person, self.begun_at, self.seen_at, "", self.way)


def place_of(session_id: str) -> str:
    """The name of a session in a list."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:32]


def device_of(user_agent: str) -> str:
    """A browser and its device in words, by what the browser says of itself.

    >>> device_of("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0")
    'Edge on Windows'
    >>> device_of("curl/8.5")
    'Another browser'
    """
    browser = next((word for sign, word in _BROWSERS.items() if f"{sign}/" in user_agent), "")
    device = next((word for sign, word in _DEVICES.items() if sign in user_agent), "")
    return f"{browser or 'A browser'} on {device}" if device else (browser or "Another browser")


class OpenSessions:
    """The files of a home's desk, which its processes share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER
        self._seen: dict[str, datetime] = {}

    def is_new_to(self, session: Session, at: datetime) -> bool:
        """Whether a session was not noted for some minutes."""
        seen = self._seen.get(session.session_id)
        return seen is None or at - seen > RENEWED_AFTER

    def note(self, session: Session, user_agent: str, *, at: datetime) -> None:
        """Note that a session is used."""
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[session.session_id] = at
        device = device_of(user_agent[:1_000])
        found = OpenSession(session.session_id, session.person, session.way, session.begun_at, at, device)
        path = self.folder / found.place
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = path.with_suffix(f".{os.getpid()}")
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(msgspec.json.encode(found))
            unfinished.replace(path)
        except OSError as trouble:
            log.warning("A session was not noted: %s", trouble)

    def of(self, owner: str, *, at: datetime) -> list[OpenSession]:
        """The sessions of a person that are not over, the last used first; the files of those that are go."""
        found = []
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            if re.fullmatch(r"[0-9a-f]{32}", path.name) is None:
                continue
            try:
                one = msgspec.json.decode(path.read_bytes(), type=OpenSession)
            except (OSError, msgspec.DecodeError):
                continue
            if one.session.is_over(at):
                path.unlink(missing_ok=True)
            elif one.session.owner == owner:
                found.append(one)
        return sorted(found, key=lambda one: one.seen_at, reverse=True)

    def forget(self, session_id: str) -> None:
        """A session was ended."""
        self._seen.pop(session_id, None)
        (self.folder / place_of(session_id)).unlink(missing_ok=True)
