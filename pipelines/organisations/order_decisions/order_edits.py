"""A person edits an order: its lines, dates and note, merging, splitting, rejecting, reopening.

    OrderEdit(desk, "20260301-K7Q2MZ", version=3, by="anna").change_line("P-0001", quantity=Decimal(48))

What belongs here: from a wish to the events in the ledger. What does not: the rules of a change
(`pipelines/purchasing/order_changes`), approving (`order_approvals.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from pipelines.organisations.order_decisions.order_desk import OrderDesk
from pipelines.product_codes import find_product
from pipelines.purchasing.current_names import with_current_names
from pipelines.purchasing.events import Event
from pipelines.purchasing.order_changes import line_edits
from pipelines.purchasing.order_changes.line_edits import check_quantity, line_of
from pipelines.purchasing.order_changes.merging import merge
from pipelines.purchasing.order_changes.splitting import split
from pipelines.purchasing.orders import Order, new_order_id
from pipelines.purchasing.remarks import check_not_drafted_since
from pipelines.purchasing.transitions import reject, reopen


def seen_order(desk: OrderDesk, order_id: str, version: int = 0) -> Order:
    """The order of the ledger that a person decides on; version 0 is any.

    Raises:
        OrderError: there is none.
        OrderChangedError: it is not at the version that the person saw; the sentence says what happened.
    """
    found = desk.opened.ledger.order(order_id)
    if version and found.sequence != version:
        desk.opened.ledger.check_seen(found.order_id, version)
    return found


@dataclass(frozen=True)
class OrderEdit:
    """Somebody's edit of an order at the version that they saw, 0 for any, with the reason for its history.

    Every method writes its events and returns the orders after them.

    Raises:
        OrderError: the order does not allow it.
        OrderChangedError: somebody else changed it since; the sentence says what.
    """

    desk: OrderDesk
    order_id: str
    version: int
    by: str
    reason: str = ""

    @cached_property
    def order(self) -> Order:
        """The order as it was seen, under the names that the ledger has."""
        return seen_order(self.desk, self.order_id, self.version)

    @cached_property
    def _current(self) -> Order:
        """The same order under the current names of its products and supplier."""
        return with_current_names(self.order, self.desk.known)

    def add_line(
        self,
        product_code: str,
        quantity: Decimal,
        *,
        unit_cost: Decimal | None = None,
        arrival: date | None = None,
        is_drafted_accepted: bool = False,
    ) -> list[Order]:
        """Add a product, at its usual cost and date unless given."""
        line = self.desk.products.line(self.order, product_code, quantity, unit_cost=unit_cost, arrival=arrival)
        event = line_edits.add_line(
            self.order, line, by=self.by, at=self.desk.opened.now(), reason=self.reason,
            is_divisible=self.desk.products.is_divisible(line.product_code),
        )  # fmt: skip

        def decide(orders: list[Order]) -> list[Event]:
            if not is_drafted_accepted:
                self.desk.check_not_drafted(self.order, line.product_code, orders)
            return [event]

        return self.desk.opened.ledger.decide(decide, seen={self.order.order_id: self.order.sequence})

    def change_line(
        self,
        product_code: str,
        *,
        quantity: Decimal | None = None,
        unit_cost: Decimal | None = None,
        arrival: date | None = None,
        note: str | None = None,
    ) -> list[Order]:
        """Change a line; what is None stays, a quantity of 0 removes it, price breaks follow the quantity."""
        code = self._recorded(product_code)
        line = line_of(self.order, code)
        if unit_cost is None and quantity is not None:
            unit_cost = self.desk.products.cost_at(self.order, line, quantity)
        return self._append(line_edits.change_line(
            self.order, product_code=code, quantity=quantity, unit_cost=unit_cost, expected_arrival_date=arrival,
            note=note, by=self.by, at=self.desk.opened.now(), reason=self.reason,
            is_divisible=self.desk.products.is_divisible(line.product_code),
        ))  # fmt: skip

    def drop_line(self, product_code: str) -> list[Order]:
        """Remove a line."""
        return self._append(line_edits.drop_line(
            self.order, product_code=self._recorded(product_code), by=self.by, at=self.desk.opened.now(),
            reason=self.reason,
        ))  # fmt: skip

    def change_header(
        self, *, order_date: date | None = None, arrival: date | None = None, note: str | None = None
    ) -> list[Order]:
        """Change the order's own dates or note; what is None stays."""
        return self._append(line_edits.change_header(
            self.order, order_date=order_date, expected_arrival_date=arrival, note=note, by=self.by,
            at=self.desk.opened.now(), reason=self.reason,
        ))  # fmt: skip

    def merge(self, others: Iterable[tuple[str, int]]) -> list[Order]:
        """Take over the lines of other drafts, given by id and the version seen; they end."""
        found = [with_current_names(seen_order(self.desk, *other), self.desk.known) for other in others]
        return self._append(
            *merge(self._current, found, by=self.by, at=self.desk.opened.now(), reason=self.reason)
        )  # fmt: skip

    def split(self, moves: Mapping[str, Decimal | None]) -> list[Order]:
        """Move lines, or units of them, to a new draft; the second order returned is the new one."""
        for product_code, quantity in moves.items():
            if quantity is not None:
                code = line_of(self._current, product_code).product_code
                check_quantity(quantity, code, is_divisible=self.desk.products.is_divisible(code))
        return self._append(*split(
            self._current, moves, new_id=new_order_id(self.desk.opened.today()), by=self.by,
            at=self.desk.opened.now(), reason=self.reason,
        ))  # fmt: skip

    def reject(self) -> list[Order]:
        """Decide against the order."""
        return reject_orders(self.desk, [self.order], by=self.by, reason=self.reason)

    def reopen(self) -> list[Order]:
        """Make a draft again of an order that is surely not in Xero."""

        def decide(orders: list[Order]) -> list[Event]:
            check_not_drafted_since(self.order, orders)
            return [reopen(self.order, by=self.by, at=self.desk.opened.now(), reason=self.reason)]

        return self.desk.opened.ledger.decide(decide, seen={self.order.order_id: self.order.sequence})

    def _recorded(self, product_code: str) -> str:
        """The code that the ledger has of a line which is given by that code or by its current one."""
        recorded = [line.product_code for line in self.order.lines]
        current = [line.product_code for line in self._current.lines]
        found = None if find_product(recorded, product_code) else find_product(current, product_code)
        return product_code if found is None else recorded[current.index(found)]

    def _append(self, *events: Event) -> list[Order]:
        return self.desk.opened.ledger.append_all(events)


def reject_orders(
    desk: OrderDesk, orders: Sequence[Order], *, by: str, reason: str = "", ask: Callable[[], None] = lambda: None
) -> list[Order]:
    """Decide against orders of the ledger, all or none; `ask` is called once all can be, before anything is written."""
    at = desk.opened.now()
    events = [reject(order, by=by, at=at, reason=reason) for order in orders]
    ask()
    return desk.opened.ledger.append_all(events)
