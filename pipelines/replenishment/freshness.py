"""When data are old.

What belongs here: the one rule. What does not: what follows from it (the plan says so, the push refuses).
Read more in docs/glossary.md.
"""

from datetime import datetime, timedelta

from pipelines.replenishment.parameters import GlobalSettings


def is_stale(loaded_at: datetime | None, *, at: datetime, settings: GlobalSettings) -> bool:
    """Whether data loaded then are old at an instant; data that were never loaded are."""
    return loaded_at is None or at - loaded_at > timedelta(hours=settings.stale_after_hours)
