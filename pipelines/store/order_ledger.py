"""Where orders' events are kept: appended, never changed, and the next event of an order is one only.

What belongs here: reading and appending. What does not: what an event means (`orders.py`).
Two people, or two daemons, that decide on an order at the same moment write the same sequence number; the store
takes one of them, and the other is told.
Read more in docs/operations.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime

import polars as pl
import sqlalchemy as sa

from pipelines.identities import Identities
from pipelines.purchasing.current_names import with_current_names
from pipelines.purchasing.drafts import Redraft, Terms, redraft
from pipelines.purchasing.events import Event, read, written
from pipelines.purchasing.orders import SUPPLY_STATES, Order, OrderError, OrderState, fold
from pipelines.storage.tables import LEDGER_ORDER_LINES
from pipelines.store import schema
from pipelines.store.engine import Store

REDRAFT_ATTEMPTS = 5


class OrderLedger:
    """The orders of one organisation."""

    def __init__(self, store: Store, organisation_key: str) -> None:
        self._store = store
        self._key = organisation_key

    def orders(self, *states: OrderState) -> list[Order]:
        """The orders in these states (all where none is named), by id."""
        with self._store.reading() as connection:
            found = [fold(events) for events in self._events(connection).values()]
        return [order for order in found if not states or order.state in states]

    def order(self, order_id: str) -> Order:
        """One order, by its id or its purchase order number.

        Raises:
            OrderError: there is none.
        """
        return fold(self.history(order_id))

    def history(self, order_id: str) -> list[Event]:
        """Everything that happened to an order.

        Raises:
            OrderError: there is no such order.
        """
        with self._store.reading() as connection:
            events = self._events(connection, order_id.removeprefix("RP-"))
        if not events:
            raise OrderError(f"There is no order {order_id!r}; `stocktrim orders list` shows the ones there are.")
        return next(iter(events.values()))

    def append(self, event: Event) -> Order:
        """Write the next event of an order, and give the order as it stands then.

        Raises:
            OrderError: somebody else has decided on the order meanwhile.
        """
        with self._store.writing() as connection:
            self._insert(connection, [event])
            return fold(self._events(connection, event.order_id)[event.order_id])

    def redraft(
        self,
        order_plan: pl.DataFrame,
        *,
        plan_id: str,
        as_of: date,
        at: datetime,
        data_loaded_at: datetime | None,
        terms: Terms,
        counted: Collection[str] | None = None,
        known: Identities | None = None,
    ) -> Redraft:
        """Replace the drafts that nobody touched by those of a new plan, in one step.

        `known` says what the plan calls the products of older orders.

        Where a person decides on one of them in the same moment, the person wins: the drafts are looked at again.
        """
        for _ in range(REDRAFT_ATTEMPTS):
            with suppress(OrderError), self._store.writing() as connection:
                histories = self._events(connection).values()
                orders = [with_current_names(fold(events), known or Identities()) for events in histories]
                change = redraft(
                    order_plan, orders, plan_id=plan_id, as_of=as_of, at=at, data_loaded_at=data_loaded_at,
                    terms=terms, counted=counted,
                )  # fmt: skip
                self._insert(connection, [*change.superseded, *change.drafted])
                return change
        raise OrderError("The drafts were being decided on all the time; plan again in a minute.")

    def _insert(self, connection: sa.Connection, events: Iterable[Event]) -> None:
        rows = [
            {
                "organisation_key": self._key, "order_id": event.order_id, "sequence": event.sequence,
                "event": written(event),
            }
            for event in events
        ]  # fmt: skip
        try:
            if rows:
                connection.execute(sa.insert(schema.order_event), rows)
        except sa.exc.IntegrityError:
            raise OrderError(
                "Somebody else has just decided on this order; look at it again with `stocktrim orders show`."
            ) from None

    def _events(self, connection: sa.Connection, order_id: str | None = None) -> dict[str, list[Event]]:
        table = schema.order_event
        query = sa.select(table.c.order_id, table.c.event).where(table.c.organisation_key == self._key)
        if order_id is not None:
            query = query.where(table.c.order_id == order_id)
        found: dict[str, list[Event]] = defaultdict(list)
        for row in connection.execute(query.order_by(table.c.order_id, table.c.sequence)).mappings():
            found[row["order_id"]].append(read(row["event"]))
        return dict(found)


def ledger_order_lines(orders: Iterable[Order]) -> pl.DataFrame:
    """The lines of the orders that were approved here, as `raw.ledger_order_lines`.

    They count as supply until Xero's list shows them; those that Xero refused are no supply and wait for a person.
    """
    rows = [
        (
            order.order_id, order.purchase_order_number, order.state.value, order.supplier_id, order.supplier_name,
            order.order_date, order.arrival_of(line), order.expected_arrival_date, number, line.product_code,
            line.quantity, line.unit_cost, order.currency, order.reference, order.purchase_order_id.lower() or None,
            _sent_at(order), order.failure,
        )
        for order in orders if order.state in {*SUPPLY_STATES, OrderState.FAILED}
        for number, line in enumerate(order.lines, start=1)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=LEDGER_ORDER_LINES.schema, orient="row")


def counted_orders(ledger_lines: pl.DataFrame) -> set[str]:
    """The ids of the orders that a plan made from these `raw.ledger_order_lines` took for supply."""
    return set(ledger_lines.filter(pl.col("state").is_in(sorted(SUPPLY_STATES)))["order_id"].to_list())


def _sent_at(order: Order) -> datetime | None:
    """Since when Xero holds the order, by Xero's clock; by ours where an older event does not say."""
    if order.pushed is None:
        return None
    return (order.pushed.updated_at or order.pushed.at).astimezone(UTC)
