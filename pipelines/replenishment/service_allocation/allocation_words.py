"""How a service level was allocated, or why it was not: a word for each, and what it means.

What belongs here: words. What does not: levels (`allocated_levels.py`).
Read more in docs/maths.md#service-allocation.
"""

from typing import Final

ALLOCATION: Final = "service_allocation"
EVEN: Final = "even"
BY_VALUE: Final = "by_value"
BY_MARGIN: Final = "by_margin"
NO_COST: Final = "no_unit_cost"
NO_MARGIN: Final = "no_margin"
NO_DEMAND: Final = "no_demand"
NOT_BY_CYCLES: Final = "not_by_cycles"
WHY: Final = {
    BY_VALUE: "together with others it keeps the level that is set, at the least stock value",
    BY_MARGIN: "here one more unit costs as much to hold as its margin earns",
    NO_COST: "its unit cost is unknown, so that it keeps the level that is set",
    NO_MARGIN: "its margin is unknown or not positive, so that it keeps the level that is set",
    NO_DEMAND: "nothing is expected to be sold, so that it keeps the level that is set",
    NOT_BY_CYCLES: "levels are allocated for order cycles only, so that it keeps the level that is set",
}
"""Why a product has its service level, as part of a sentence, by the word in `service_level_reason`."""
