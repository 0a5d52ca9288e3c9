"""When data are stale.

What belongs here: the rule. What does not: its consequences (the plan says so, sending refuses).
Read more in docs/glossary.md.
"""

from datetime import datetime, timedelta
from typing import Final

from pipelines.planning_settings.registry import GlobalSettings

AHEAD: Final = timedelta(hours=1)
"""The most that Xero's clock, which dates loads, may be ahead of ours."""


def is_stale(loaded_at: datetime | None, *, at: datetime, settings: GlobalSettings) -> bool:
    """Whether data of a load are stale at an instant; without a load they are.

    A load dated later than now came from a clock that was ahead: the age of its data is unknown, so they are stale.
    """
    if loaded_at is None or loaded_at - at > AHEAD:
        return True
    return at - loaded_at > timedelta(hours=settings.stale_after_hours)
