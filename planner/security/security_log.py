"""The security log: sign-ins, refusals and ended sessions, one line of JSON each, without any secret.

What belongs here: events of security. What does not: what people decide (the store keeps that, with who and when).
Read more in SECURITY.md.
"""

import json
import logging
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 1 << 20
FILES_KEPT: Final = 5


class SecurityLog:
    """A file of at most a megabyte, of which the last five are kept; only its owner can read it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / "security.log"
        self.path.touch(mode=0o600)
        self._handler = RotatingFileHandler(
            self.path, maxBytes=MOST_BYTES, backupCount=FILES_KEPT - 1, encoding="utf-8"
        )

    def note(self, event: str, *, at: datetime, **details: str) -> None:
        """Add an event; a line break in a detail cannot begin another line, since JSON writes it as text."""
        line = json.dumps({"at": at.isoformat(timespec="milliseconds"), "event": event, **details})
        self._handler.emit(logging.LogRecord("security", logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()
