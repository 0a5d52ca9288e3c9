"""What happens in a simulated year, and when.

What belongs here: lengths, sizes and weeks. What does not: how it happens (`world.py`).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from benchmarks.simulated_year.world_demand import DAYS

GROUP_PLACES: Final = (3, 5)
"""The products of the group, which has the event."""
EVENT_FACTOR: Final = 1.5


@dataclass(frozen=True)
class Story:
    """How long the year is, and in which week (from 0) what happens; of a shutdown and an event the first and last."""

    weeks: int
    history_weeks: int
    products: int
    suppliers: int
    renumbered: int
    merged: int
    dearer: int
    archived: int
    shutdown: tuple[int, int]
    event: tuple[int, int]
    first_review: date = date(2025, 1, 6)
    weeks_between_reviews: int = 1
    seed: int = 11

    def monday(self, week: int) -> date:
        """The day of a week's review."""
        return self.first_review + timedelta(days=DAYS * week)

    def event_days(self) -> tuple[date, date]:
        """The first and the last day of the event."""
        first, last = self.event
        return self.monday(first), self.monday(last + 1) - timedelta(days=1)

    def shortened(self, weeks: int) -> "Story":
        """The same story, of so many weeks."""
        return replace(self, weeks=weeks)


A_YEAR: Final = Story(
    52, 104, 16, 4, renumbered=5, merged=12, dearer=20, archived=26, shutdown=(31, 33), event=(40, 41)
)
HALF_A_YEAR: Final = Story(
    26, 104, 16, 4, renumbered=2, merged=4, dearer=6, archived=8, shutdown=(13, 14), event=(18, 19)
)
SOME_WEEKS: Final = Story(
    6, 56, 8, 4, renumbered=0, merged=0, dearer=0, archived=1, shutdown=(3, 4), event=(4, 5), weeks_between_reviews=3
)
