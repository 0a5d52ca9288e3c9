"""The last loads: when, what was read, what came of each.

What belongs here: loads in words. What does not: their kept answers (`pipelines.landing`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.landing.past_loads import LoadState, PastLoad
from planner.frame.browser_sentences import without_commands
from planner.frame.formats import moment
from planner.runs.run_sentences import changes_in_words

LOADS_SHOWN: Final = 10
LISTS: Final = {
    "Items": "products", "Invoices": "invoices and bills", "CreditNotes": "credit notes",
    "PurchaseOrders": "purchase orders", "Contacts": "contacts",
}  # fmt: skip
_UNFINISHED: Final = "It did not finish, or is at work; the next load goes on where it stopped."


@dataclass(frozen=True)
class LoadShown:
    """A load: when, what was read, its records and calls, what came of it, and whether that is good."""

    when: str
    read: str
    records: str
    calls: str
    result: str
    state: str


def loads_shown(loads: Sequence[PastLoad], zone: str) -> list[LoadShown]:
    """The loads, the newest first, by the organisation's clock."""
    return [_shown(load, zone) for load in loads]


def calls_left(loads: Sequence[PastLoad]) -> int | None:
    """How many calls Xero's day had left after the newest load that knows; None if none does."""
    known = ([row.day_calls_left for row in load.lists if row.day_calls_left is not None] for load in loads)
    return next((min(left) for left in known if left), None)


def _shown(load: PastLoad, zone: str) -> LoadShown:
    names = dict.fromkeys(LISTS[row.list] for row in load.lists if row.list in LISTS and row.kind != "count")
    is_known = bool(load.lists)
    return LoadShown(
        moment(load.began_at, zone),
        ", ".join(names).capitalize() or "–",
        f"{sum(row.records for row in load.lists):,}" if is_known else "–",
        f"{sum(row.calls for row in load.lists):,}" if is_known else "–",
        _result(load),
        load.state.value,
    )


def _result(load: PastLoad) -> str:
    if load.state is LoadState.REFUSED:
        return f"Refused; nothing was changed. {without_commands(load.refusal)}"
    if load.state is LoadState.UNFINISHED:
        return _UNFINISHED
    return changes_in_words(load.changes) if load.lists else "Loaded."
