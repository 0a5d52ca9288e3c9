"""The ledger of orders: events are appended, never changed, and each sequence number of an order is used once.

What belongs here: reading and appending. What does not: what an event means (`purchasing/orders.py`).
If two people or daemons decide on an order at the same moment, both write the same sequence number. The store accepts
the first; the second gets an error.
Read more in docs/operations.md.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import sqlalchemy as sa

from pipelines.identities import Identities
from pipelines.purchasing.current_names import with_current_names
from pipelines.purchasing.drafts import Redraft, Terms, redraft
from pipelines.purchasing.events import Event, read, written
from pipelines.purchasing.order_history import history_of
from pipelines.purchasing.order_record import NoSuchOrderError, OrderChangedError
from pipelines.purchasing.orders import SUPPLY_STATES, Order, OrderError, OrderState, fold
from pipelines.storage.fingerprints import value_fingerprint
from pipelines.storage.tables import LEDGER_ORDER_LINES
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.known_orders import KnownOrders

REDRAFT_ATTEMPTS = 5


class _TakenError(Exception):
    """One of these events has the sequence number of an event that somebody else wrote first."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__()
        self.events = events


class OrderLedger:
    """The orders of one organisation."""

    def __init__(self, store: Store, organisation_key: str) -> None:
        self._store = store
        self._key = organisation_key

    def orders(self, *states: OrderState) -> list[Order]:
        """The orders in these states, by id; all orders if no state is given."""
        with self._store.reading() as connection:
            found = [fold(events) for events in self._events(connection).values()]
        return [order for order in found if not states or order.state in states]

    def order(self, order_id: str) -> Order:
        """The order with this id or purchase order number.

        Raises:
            OrderError: there is no such order.
        """
        return fold(self.history(order_id))

    def history(self, order_id: str) -> list[Event]:
        """All events of an order, in sequence.

        Raises:
            NoSuchOrderError: there is no such order.
        """
        with self._store.reading() as connection:
            events = self._events(connection, order_id.removeprefix("RP-"))
        if not events:
            raise NoSuchOrderError(f"There is no order {order_id[:60]!r}: look for it in the list of all orders.")
        return next(iter(events.values()))

    def histories(self) -> list[list[Event]]:
        """All events of every order, in sequence, by the order's id."""
        with self._store.reading() as connection:
            return list(self._events(connection).values())

    def check_seen(self, order_id: str, sequence: int) -> None:
        """Check that an order is as a person saw it.

        Raises:
            OrderChangedError: somebody else has decided on it since, and the sentence says what.
            OrderError: there is no such order or version.
        """
        history = self.history(order_id)
        if sequence > history[-1].sequence:
            raise OrderError(f"The order {order_id} has no version {sequence}; it is at {history[-1].sequence}.")
        _check_seen({history[0].order_id: history}, {history[0].order_id: sequence})

    def append(self, event: Event) -> Order:
        """Write the next event of an order; return the order after it.

        Raises:
            OrderChangedError: somebody else has decided on the order in the meantime; the sentence says what.
        """
        return self.append_all([event])[0]

    def append_all(self, events: Sequence[Event]) -> list[Order]:
        """Write the next events of several orders, all or none; return each order after its last one.

        Raises:
            OrderChangedError: somebody else has decided on one of the orders in the meantime; the sentence says what.
        """
        return self.decide(lambda _: events, is_alone=False)

    def decide(
        self,
        decision: Callable[[list[Order]], Sequence[Event]],
        *,
        seen: Mapping[str, int] | None = None,
        is_alone: bool = True,
        known: KnownOrders | None = None,
    ) -> list[Order]:
        """Write the events that follow from all orders as they are, in one transaction; return the orders after them.

        `seen` has the sequence that a person saw of an order, by id. With `is_alone` no other decision of this kind is
        made at the same time, so that what it sees of other orders still holds when it is written. With `known` it sees
        the orders that have not ended, without all of the ledger being read.

        Raises:
            OrderChangedError: somebody else has decided on one of the orders since; the sentence says what.
        """
        try:
            with self._store.writing() as connection:
                if is_alone or known:
                    self._wait_for_others(connection)
                events = list(decision(self._decided_on(connection, seen or {}, known, is_alone=is_alone)))
                self._insert(connection, events)
                ids = dict.fromkeys(event.order_id for event in events)
                return [fold(self._events(connection, order_id)[order_id]) for order_id in ids]
        except _TakenError as taken:
            raise OrderChangedError(self._what_changed(taken.events)) from None

    def _decided_on(
        self, connection: sa.Connection, seen: Mapping[str, int], known: KnownOrders | None, *, is_alone: bool
    ) -> list[Order]:
        """The orders that a decision sees."""
        if known is not None:
            return known.read(connection)
        histories = self._events(connection) if is_alone else {}
        _check_seen(histories, seen if is_alone else {})
        return [fold(history) for history in histories.values()]

    def _wait_for_others(self, connection: sa.Connection) -> None:
        """Be the only one who decides on orders of the organisation until the transaction ends."""
        if connection.dialect.name == "postgresql":  # SQLite has a single writer
            key = int(hashlib.sha256(self._key.encode()).hexdigest()[:15], 16)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def _what_changed(self, events: Sequence[Event]) -> str:
        """A sentence on what others decided on the order of these events before they could be written."""
        with self._store.reading() as connection:
            for event in events:
                history = self._events(connection, event.order_id).get(event.order_id, [])
                if sentence := _since(history, event.sequence - 1):
                    return sentence
        return "Somebody else has just decided on this order: look at it again."

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
        """Replace the untouched drafts by those of a new plan in one transaction; return the change.

        `known` has the current names of the products and suppliers of older orders.
        If a person decides on a draft at the same moment, the person wins and the change is computed again.

        Raises:
            OrderError: people kept deciding on drafts meanwhile.
        """
        for _ in range(REDRAFT_ATTEMPTS):
            with suppress(_TakenError), self._store.writing() as connection:
                self._wait_for_others(connection)
                histories = self._events(connection).values()
                orders = [with_current_names(fold(events), known or Identities()) for events in histories]
                change = redraft(
                    order_plan, orders, plan_id=plan_id, as_of=as_of, at=at, data_loaded_at=data_loaded_at,
                    terms=terms, counted=counted,
                )  # fmt: skip
                self._insert(connection, [*change.superseded, *change.confirmed, *change.drafted])
                return replace(change, ledger_fingerprint=self._fingerprint(connection))
        raise OrderError("The drafts kept changing while they were being replaced; plan again in a minute.")

    def fingerprint(self) -> str:
        """A text that any event of any order changes."""
        with self._store.reading() as connection:
            return self._fingerprint(connection)

    def _fingerprint(self, connection: sa.Connection) -> str:
        table = schema.order_event
        query = sa.select(table.c.order_id, table.c.sequence, table.c.event).where(
            table.c.organisation_key == self._key
        )
        rows = connection.execute(query.order_by(table.c.order_id, table.c.sequence))
        return value_fingerprint([list(row) for row in rows])

    def _insert(self, connection: sa.Connection, events: Sequence[Event]) -> None:
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
            raise _TakenError(events) from None

    def _events(self, connection: sa.Connection, order_id: str | None = None) -> dict[str, list[Event]]:
        table = schema.order_event
        query = sa.select(table.c.order_id, table.c.event).where(table.c.organisation_key == self._key)
        if order_id is not None:
            query = query.where(table.c.order_id == order_id)
        found: dict[str, list[Event]] = defaultdict(list)
        for row in connection.execute(query.order_by(table.c.order_id, table.c.sequence)).mappings():
            found[row["order_id"]].append(read(row["event"]))
        return dict(found)


def _check_seen(histories: Mapping[str, Sequence[Event]], seen: Mapping[str, int]) -> None:
    """Check that orders are as a person saw them.

    Raises:
        OrderChangedError: somebody else has decided on one of them since; the sentence says what.
    """
    for order_id, sequence in seen.items():
        if sentence := _since(histories.get(order_id, []), sequence):
            raise OrderChangedError(sentence)


def _since(history: Sequence[Event], sequence: int) -> str:
    """A sentence on what happened to an order after an event; empty if nothing did."""
    later = [entry for entry in history_of(history) if entry.sequence > sequence]
    if not later:
        return ""
    number = later[-1].after.purchase_order_number
    facts = " ".join(f"{entry.sentence[:-1]} ({entry.at:%H:%M} UTC)." for entry in later[-3:])
    return (
        f"Somebody else has just decided on the order {number}, so nothing was changed now. {facts} "
        f"Look at it again, then decide."
    )


def ledger_order_lines(orders: Iterable[Order]) -> pl.DataFrame:
    """The lines of approved orders as `raw.ledger_order_lines`: one row per line.

    They count as supply until Xero's list shows them. Orders that Xero refused are not supply and wait for a person.
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
    """The ids of the orders that a plan made from these `raw.ledger_order_lines` counted as supply."""
    return set(ledger_lines.filter(pl.col("state").is_in(sorted(SUPPLY_STATES)))["order_id"].to_list())


def _sent_at(order: Order) -> datetime | None:
    """When Xero received the order, by Xero's clock; by ours if an older event does not say."""
    if order.pushed is None:
        return None
    return (order.pushed.updated_at or order.pushed.at).astimezone(UTC)
