"""The lead times that a plan expects, as bars: few enough to look at.

What belongs here: putting neighbouring days together. What does not: how likely each is (`pipelines.replenishment`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.replenishment.explain.records import LeadTimeChance

MOST_BARS: Final = 10


@dataclass(frozen=True)
class LeadTimeBar:
    """A span of days, the share of orders that take so long, and the bar's width beside the widest."""

    days: str
    share: float
    width: float


def lead_time_bars(chances: Sequence[LeadTimeChance]) -> list[LeadTimeBar]:
    """The bars from the shortest on.

    >>> [(bar.days, bar.share) for bar in lead_time_bars([LeadTimeChance(9, 0.25), LeadTimeChance(14, 0.75)])]
    [('9', 0.25), ('14', 0.75)]
    >>> many = [LeadTimeChance(day, 0.05) for day in range(20)]
    >>> [(bar.days, round(bar.share, 2)) for bar in lead_time_bars(many)][:2]
    [('0 to 1', 0.1), ('2 to 3', 0.1)]
    """
    by_day = sorted((chance.lead_time_days, chance.weight) for chance in chances)
    days = [day for day, _ in by_day]
    step = 1 if len(days) <= MOST_BARS else -(-(days[-1] - days[0] + 1) // MOST_BARS)
    sums: dict[int, float] = {}
    for day, weight in by_day:
        begin = day if step == 1 else days[0] + (day - days[0]) // step * step
        sums[begin] = sums.get(begin, 0.0) + weight
    widest = max(sums.values(), default=0.0) or 1.0
    return [
        LeadTimeBar(f"{begin}" if step == 1 else f"{begin} to {begin + step - 1}", share, share / widest)
        for begin, share in sums.items()
    ]
