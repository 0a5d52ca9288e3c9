"""How old something is, in words.

What belongs here: spans of time to text. What does not: when data are too old
(`pipelines.planning_settings.freshness`).
"""

from datetime import datetime
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def age(since: datetime, at: datetime) -> str:
    """How long ago something was.

    >>> from datetime import UTC
    >>> at = datetime(2026, 12, 1, 12, tzinfo=UTC)
    >>> age(datetime(2026, 12, 1, 11, 59, 30, tzinfo=UTC), at), age(datetime(2026, 11, 28, tzinfo=UTC), at)
    ('just now', '3 days ago')
    """
    seconds = (at - since).total_seconds()
    for size, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"
