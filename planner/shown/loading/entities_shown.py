"""What can be loaded: in a buyer's words, when it was last, and how many records came.

What belongs here: the entities of `pipelines.landing` in words. What does not: loading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipelines.landing.endpoints import Entity, endpoints_of
from pipelines.landing.past_loads import LoadState, PastLoad
from planner.shown.loading.ages import age

# The name of each entity, and what a load of it brings.
WORDS: Final = {
    Entity.PRODUCTS: ("Products", "codes, names, prices, stock on hand"),
    Entity.SALES_ORDERS: ("Sales and bills", "sales invoices, bills, credit notes"),
    Entity.PURCHASE_ORDERS: ("Purchase orders", "what is on order, and when it should arrive"),
    Entity.SUPPLIERS: ("Contacts", "suppliers and customers"),
}
_KINDS: Final = {
    "everything": "all of them", "changes": "what changed", "replayed": "kept answers, read again",
    "open_orders": "open orders", "count": "counted",
}  # fmt: skip
_READS: Final = frozenset({"everything", "changes", "replayed", "open_orders"})


@dataclass(frozen=True)
class EntityShown:
    """An entity: its name, what it brings, when it was last loaded and what came; a tip says what the number is."""

    name: str
    title: str
    brings: str
    last: str
    records: str
    tip: str


def entities_shown(loaded: Mapping[str, datetime], loads: Sequence[PastLoad], *, at: datetime) -> list[EntityShown]:
    """Every entity; `loaded` is when each list was last loaded, `loads` the newest first."""
    return [_shown(entity, loaded, loads, at) for entity in Entity]


def _shown(entity: Entity, loaded: Mapping[str, datetime], loads: Sequence[PastLoad], at: datetime) -> EntityShown:
    title, brings = WORDS[entity]
    lists = [endpoint.name for endpoint in endpoints_of([entity])]
    instants = [loaded[name] for name in lists if name in loaded]
    last = age(min(instants), at) if len(instants) == len(lists) else "never"
    for load in loads:
        rows = [row for row in load.lists if row.list in lists and row.kind in _READS]
        if load.state is LoadState.LANDED and rows:
            kinds = dict.fromkeys(_KINDS.get(row.kind, row.kind) for row in rows)
            number = sum(row.records for row in rows)
            tip = f"Records that the last load of this read from Xero: {', '.join(kinds)}."
            return EntityShown(entity.value, title, brings, last, f"{number:,}", tip)
    return EntityShown(entity.value, title, brings, last, "–", "")
