"""The plan with the quantities that drafts hold now: what is shown, sorted and added up.

What belongs here: keeping it until the ledger or the snapshot changes. What does not: which quantity holds
(`pipelines.purchasing.order_changes.planned_quantities`), how it looks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Final
from zlib import crc32

import polars as pl

from pipelines.identities import Identities
from pipelines.purchasing.current_names import with_current_names
from pipelines.purchasing.order_changes.creating import read_orders_at
from pipelines.purchasing.order_changes.planned_quantities import QuantityNow, quantities_now
from pipelines.purchasing.orders import Order
from pipelines.replenishment.plan.plan_progress import QUANTITY, VALUE, with_decisions, with_quantities_of_now
from pipelines.store.engine import Store
from pipelines.store.identity_history import identities_of
from pipelines.store.known_orders import KnownOrders
from planner.shown.published_view import PublishedView

_NOW: Final = {"order_quantity": QUANTITY, "order_value": VALUE}


@dataclass(frozen=True)
class PlanNow:
    """A plan and what is ordered of its products now, by code; products that nobody decided on are not among them."""

    view: PublishedView
    by_code: Mapping[str, QuantityNow] = field(default_factory=dict)

    @cached_property
    def sortable(self) -> pl.DataFrame:
        """The lines as planned with the status of now, and quantity and value of now beside them."""
        return with_decisions(self.view.order_plan, self.by_code)

    @cached_property
    def lines(self) -> pl.DataFrame:
        """The lines with quantity and value of now, and the planned quantity beside them."""
        return with_quantities_of_now(self.sortable)

    def sort_of(self, sort: str) -> str:
        """A sort as a column of `sortable`."""
        name = sort.removeprefix("-")
        return f"{'-' if sort.startswith('-') else ''}{_NOW.get(name, name)}"


class PlanBook:
    """The plan of a snapshot, with the orders that are known to this process."""

    def __init__(self, view: PublishedView, known: KnownOrders, identities: Identities) -> None:
        self.view, self.known, self.identities = view, known, identities
        self._kept: tuple[int, PlanNow] | None = None

    @property
    def planned_at(self) -> datetime | None:
        """From when on the plan may not know of approvals."""
        return read_orders_at(self.view.summary) if self.view.summary else None

    def orders(self) -> list[Order]:
        """The orders that have not ended unsent, under current names."""
        return [with_current_names(order, self.identities) for order in self.known.orders()]

    def now(self) -> PlanNow:
        """The plan as it stands."""
        orders, kept = self.known.orders(), self._kept
        version = self.known.version
        if kept is None or kept[0] != version:
            current = [with_current_names(order, self.identities) for order in orders]
            kept = self._kept = (version, PlanNow(self.view, quantities_now(current, planned_at=self.planned_at)))
        return kept[1]

    def tag(self) -> str:
        """What names the orders as they are: another after any event of an order, the same after a restart."""
        text = " ".join(f"{order.order_id}:{order.sequence}" for order in self.known.orders())
        return f"{crc32(text.encode()):08x}"


class PlanBooks:
    """The book of each organisation's present snapshot; the orders outlast the snapshot."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store
        self._known: dict[str, KnownOrders] = {}
        self._books: dict[str, PlanBook] = {}
        self._lock = Lock()

    def of(self, view: PublishedView) -> PlanBook:
        """The book of a view."""
        with self._lock:
            book = self._books.get(view.key)
            if book is None or book.view is not view:
                known = self._known.setdefault(view.key, KnownOrders(self._store(), view.key))
                book = self._books[view.key] = PlanBook(view, known, identities_of(self._store(), view.key))
            return book
