"""When data are old.

What belongs here: the one rule. What does not: what follows from it (the plan says so, the push refuses).
Read more in docs/glossary.md.
"""

from datetime import datetime, timedelta
from typing import Final

from pipelines.planning_settings.registry import GlobalSettings

AHEAD: Final = timedelta(hours=1)
"""So far may Xero's clock, by which loads are dated, be ahead of ours."""


def is_stale(loaded_at: datetime | None, *, at: datetime, settings: GlobalSettings) -> bool:
    """Whether data loaded then are old at an instant; data that were never loaded are.

    A load later than now was dated by a clock that was ahead: how old its data are is unknown, so they count as old.
    """
    if loaded_at is None or loaded_at - at > AHEAD:
        return True
    return at - loaded_at > timedelta(hours=settings.stale_after_hours)
