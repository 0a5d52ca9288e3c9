"""The year itself: week by week a review, what it did, and what the world made of it.

What belongs here: the order of things, and the sums of each week. What does not: promises (`promise.py`), printing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated_year import terms
from benchmarks.simulated_year.buyer import Buyer, Review, buying
from benchmarks.simulated_year.checks import Seen, absurdities
from benchmarks.simulated_year.past import past_of
from benchmarks.simulated_year.reach import OutOfReach, out_of_reach
from benchmarks.simulated_year.story import Story
from benchmarks.simulated_year.world import Day, Wholesaler, wholesaler
from benchmarks.simulated_year.world_demand import Amounts
from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.core.clock import Clock

UNLIMITED: Final = Limits(per_minute=10**9, per_day=10**9, app_per_minute=10**9)


@dataclass(frozen=True)
class Week:
    """A week: units wanted and served, product weeks without a stock-out, mean stock value, and what was ordered.

    `short` has the codes of the products of which somebody wanted more than there was, `reachable` the service of the
    products that an order could reach.
    """

    number: int
    wanted: float
    served: float
    kept_share: float
    stock_value: float
    orders: int
    lines: int
    units: int
    refused: int
    short: tuple[str, ...]
    reachable: "Service"

    @property
    def of_all(self) -> "Service":
        """The service of all products."""
        return Service(self.wanted, self.served, self.kept_share)


@dataclass(frozen=True)
class Service:
    """Units wanted and served, and the share of product weeks without a stock-out, of some products in a week."""

    wanted: float
    served: float
    kept_share: float

    @property
    def fill_rate(self) -> float:
        """The share of the units wanted that were served."""
        return self.served / self.wanted

    @classmethod
    def of(cls, wanted: Amounts, served: Amounts, chosen: NDArray[np.bool_]) -> "Service":
        """The service of the chosen products, from days by products."""
        is_kept = np.asarray((served >= wanted).all(axis=0))[chosen]
        return cls(float(wanted[:, chosen].sum()), float(served[:, chosen].sum()), float(is_kept.mean()))


@dataclass(frozen=True)
class Year:
    """The weeks, what each check found in all of them, and what no order could reach."""

    weeks: list[Week]
    absurd: dict[str, list[str]]
    out_of_reach: OutOfReach


def live(
    story: Story, home: Path, *, before: Callable[[Buyer], None] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Year:  # fmt: skip
    """Live a story; `before` looks at the planner after its first plan, before anything of it is approved."""
    past = past_of(story)
    weeks: list[Week] = []
    absurd: dict[str, list[str]] = {}
    with running_sandbox([past.world], clock=Clock(), limits=UNLIMITED) as sandbox, buying(home, sandbox) as buyer:
        world = wholesaler(past, story, sandbox)
        reach = out_of_reach(world)
        world.review_begins(0)
        buyer.begin(weeks_between_reviews=story.weeks_between_reviews)
        for words in terms.commands(world):
            buyer.run(*words)
        if before is not None:
            buyer.run("plan")
            before(buyer)
        for number in range(story.weeks):
            seen = _reviewed(world, buyer, number) if number % story.weeks_between_reviews == 0 else None
            for name, found in absurdities(seen).items() if seen else ():
                absurd.setdefault(name, []).extend(found)
                for sentence in found:
                    progress(f"absurd: {name}: {sentence}")
            codes = [item.code for item in world.items]
            weeks.append(_week(number, seen, world.lives(number), codes, reach.in_week(number)))
            progress(f"{story.monday(number)}: {weeks[-1]}")
    return Year(weeks, absurd, reach)


def _reviewed(world: Wholesaler, buyer: Buyer, number: int) -> Seen:
    """A review, seen from Xero."""
    world.review_begins(number)
    on_hand, on_order = {item.code: world.stock(item) for item in world.items}, dict(world.on_order())
    review = buyer.review()
    seen = Seen(number, review, on_hand, on_order, world.place(), world)
    gone, instead = (world.suppliers[place].contact_id for place in (world.gone, world.instead))
    if _names(review, gone):
        buyer.buy_elsewhere(gone=gone, instead=instead)
    return seen


def _names(review: Review, supplier: str) -> bool:
    """Whether the buyer was refused an order for this supplier."""
    return any(d["supplier_id"] == supplier and d["order_id"] in review.refused for d in review.drafts)


def _week(number: int, seen: Seen | None, days: list[Day], codes: list[str], left_out: tuple[str, ...]) -> Week:
    wanted, served = (np.array([getattr(day, name) for day in days]) for name in ("wanted", "served"))
    is_kept = np.asarray((served >= wanted).all(axis=0))
    sent = seen.sent if seen else []
    return Week(
        number, float(wanted.sum()), float(served.sum()), float(is_kept.mean()),
        float(np.mean([day.stock_value.sum() for day in days])), len(sent), sum(len(order.lines) for order in sent),
        sum(seen.ordered.values()) if seen else 0, len(seen.review.refused) if seen else 0,
        tuple(code for code, kept in zip(codes, is_kept, strict=True) if not kept),
        Service.of(wanted, served, ~np.isin(codes, left_out)),
    )  # fmt: skip
