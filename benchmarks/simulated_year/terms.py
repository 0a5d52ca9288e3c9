"""What the year's suppliers and groups ask for: given to the planner as by a buyer, and held against every order.

What belongs here: the terms and the commands that set them. What does not: what is absurd (`checks.py`).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from benchmarks.simulated_year.story import EVENT_FACTOR, GROUP_PLACES
from benchmarks.simulated_year.world import Wholesaler

ORDER_DAY: Final = 3
"""Thursday; Monday is 0."""
MINIMUM_VALUE: Final = Decimal(100)
GROUP: Final = "Boxed"
GROUP_BATCH: Final = 4


def commands(world: Wholesaler) -> Iterator[tuple[str, ...]]:
    """A shutdown, order days, a supplier's minimum, a group with a setting of its own, and an event of that group."""
    closed, first, last = world.shutdown()
    yield ("settings", "set", "shutdowns", f"{first}..{last}", "--supplier", closed.name)
    yield ("settings", "set", "order_days", "Thursdays", "--supplier", world.suppliers[1].name)
    yield ("settings", "set", "minimum_order_value", str(MINIMUM_VALUE), "--supplier", closed.name)
    yield ("groups", "add", GROUP, *grouped(world), "--kind", "range")
    yield ("settings", "set", "batch_size", str(GROUP_BATCH), "--group", GROUP)
    begins, ends = world.story.event_days()
    yield (
        "events", "add", "Fair", "--from", str(begins), "--until", str(ends), "--factor", str(EVENT_FACTOR),
        "--group", GROUP,
    )  # fmt: skip


def grouped(world: Wholesaler) -> list[str]:
    """The codes of the group's products."""
    return [world.items[place].code for place in GROUP_PLACES]
