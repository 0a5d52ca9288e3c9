"""The orders of one organisation as a long-lived process keeps them: read once, then only those with a new event.

What belongs here: keeping them. What does not: appending to the ledger (`order_ledger.py`), what events mean.
Events are appended and never changed, so that an order is as it was while its last sequence number is.
Read more in docs/operations.md.
"""

from collections import defaultdict
from collections.abc import Sequence
from threading import Lock
from typing import Final

import sqlalchemy as sa

from pipelines.purchasing.events import Event, read
from pipelines.purchasing.orders import Order, OrderState, fold
from pipelines.store import schema
from pipelines.store.engine import Store

_ENDED: Final = frozenset({OrderState.REJECTED, OrderState.SUPERSEDED})
_AT_ONCE: Final = 500


class KnownOrders:
    """All orders that have not ended unsent; `version` changes whenever any order did."""

    def __init__(self, store: Store, organisation_key: str) -> None:
        self._store, self._key = store, organisation_key
        self._last: dict[str, int] = {}
        self._kept: dict[str, Order] = {}
        self._lock = Lock()
        self.version = 0

    def orders(self) -> list[Order]:
        """The orders as they are now, by id."""
        with self._store.reading() as connection:
            return self.read(connection)

    def read(self, connection: sa.Connection) -> list[Order]:
        """The same, as a transaction sees them."""
        with self._lock:
            last = self._sequences(connection)
            for order in self._read_again(connection, [one for one in last if self._last.get(one) != last[one]]):
                self._kept.pop(order.order_id, None)
                if order.state not in _ENDED:
                    self._kept[order.order_id] = order
                self._last[order.order_id] = order.sequence
                self.version += 1
            return [self._kept[order_id] for order_id in sorted(self._kept)]

    def _sequences(self, connection: sa.Connection) -> dict[str, int]:
        """The last sequence number of every order."""
        table = schema.order_event
        last = sa.func.max(table.c.sequence).label("last")
        query = sa.select(table.c.order_id, last).where(table.c.organisation_key == self._key)
        rows = connection.execute(query.group_by(table.c.order_id)).mappings()
        return {row["order_id"]: row["last"] for row in rows}

    def _read_again(self, connection: sa.Connection, order_ids: Sequence[str]) -> list[Order]:
        table = schema.order_event
        events: dict[str, list[Event]] = defaultdict(list)
        for first in range(0, len(order_ids), _AT_ONCE):
            query = sa.select(table.c.order_id, table.c.event).where(
                table.c.organisation_key == self._key, table.c.order_id.in_(order_ids[first : first + _AT_ONCE])
            )
            for row in connection.execute(query.order_by(table.c.order_id, table.c.sequence)).mappings():
                events[row["order_id"]].append(read(row["event"]))
        return [fold(history) for history in events.values()]
