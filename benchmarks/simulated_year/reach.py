"""Which product weeks no order could reach: by what the story says, never by what came of it.

What belongs here: the weeks after a supplier went out of business. What does not: service (`promise.py`).

The backtest replays a past in which every order comes. When a supplier goes out of business its open orders never do.
The first review that can know of it is the next one. From its products' new supplier an order of that review leaves on
the next order day and comes after the mean lead time of that supplier. Weeks that begin before are out of reach for any
policy, whether a product was short then or not. A buyer who needs longer than one review has no more weeks left out.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.simulated_year.story import Story
from benchmarks.simulated_year.terms import ORDER_DAY
from benchmarks.simulated_year.world import Wholesaler
from benchmarks.simulated_year.world_demand import DAYS


@dataclass(frozen=True)
class OutOfReach:
    """The products of the supplier that went out of business, and the day on which a new one's order could come."""

    story: Story
    product_codes: tuple[str, ...]
    next_review: date
    arrives: date

    def in_week(self, week: int) -> tuple[str, ...]:
        """The products that no order could reach in this week."""
        is_out = self.story.archived <= week and self.story.monday(week) < self.arrives
        return self.product_codes if is_out else ()

    @property
    def weeks(self) -> list[int]:
        """The weeks of which product weeks are left out."""
        return [week for week in range(self.story.weeks) if self.in_week(week)]

    def sentence(self) -> str:
        """What is left out, and why."""
        weeks = self.weeks
        if not weeks:
            return "No order was out of reach for a whole week."
        return (
            f"Left out where it says so: {', '.join(self.product_codes)} in weeks {weeks[0]} to {weeks[-1]}, "
            f"{len(weeks) * len(self.product_codes)} product weeks, short or not. Their supplier goes out of business "
            f"on {self.story.monday(self.story.archived)} with its open orders; the next review, on "
            f"{self.next_review}, is the first that can know of it, and an order from their new supplier then comes "
            f"on {self.arrives}, after its mean lead time."
        )


def out_of_reach(world: Wholesaler) -> OutOfReach:
    """What no order could reach in a story."""
    story = world.story
    weeks = range(story.archived + 1, story.archived + 1 + story.weeks_between_reviews)
    review = next(week for week in weeks if week % story.weeks_between_reviews == 0)
    ordered = story.monday(review) + timedelta(days=(ORDER_DAY - story.first_review.weekday()) % DAYS)
    codes = tuple(item.code for item, by in zip(world.items, world.supplied_by, strict=True) if by == world.gone)
    arrives = ordered + timedelta(days=int(world.lead.lead_days[world.instead]))
    return OutOfReach(story, codes, story.monday(review), arrives)
