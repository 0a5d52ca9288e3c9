"""Everything of one order on a screen: its lines beside the plan, its history, the document, what money changed.

What belongs here: shaping one order for its panel and page. What does not: the list (`order_rows.py`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from pipelines.organisations.order_decisions.order_desk import OrderDesk
from pipelines.organisations.order_decisions.order_summaries import documents_to_send
from pipelines.purchasing.events import OrderLine
from pipelines.purchasing.order_history import HistoryEntry, history_of
from pipelines.purchasing.orders import Order, OrderState
from pipelines.replenishment.supplier_orders.order_sentences import adjustment_sentence, order_sentence
from pipelines.storage import tables
from planner.shown.orders_shown.order_rows import OrderRow

MOST_FOUND: Final = 12
_REOPENABLE: Final = frozenset({OrderState.APPROVED, OrderState.REJECTED, OrderState.FAILED})
_REJECTABLE: Final = frozenset({OrderState.DRAFT, OrderState.APPROVED, OrderState.FAILED})


@dataclass(frozen=True)
class LineShown:
    """A line of an order: what the newest plan would order now if that differs, and what Xero said about it."""

    line: OrderLine
    arrival: Any
    planned: Decimal | None
    errors: Sequence[str]


@dataclass(frozen=True)
class OrderView:
    """An order and what stands beside it."""

    book: OrderDesk
    order: Order
    events: Sequence[Any]

    @cached_property
    def row(self) -> OrderRow:
        """The order as its row in the list shows it."""
        return OrderRow(self.order, self.book.remarks_of(self.order))

    @property
    def is_draft(self) -> bool:
        """Whether it can be changed."""
        return self.order.state is OrderState.DRAFT

    @property
    def can_reopen(self) -> bool:
        """Whether it can be made a draft again."""
        return self.order.state in _REOPENABLE and self.order.is_surely_not_in_xero

    @property
    def can_reject(self) -> bool:
        """Whether somebody may still decide against it."""
        return self.order.state in _REJECTABLE

    @property
    def can_approve(self) -> bool:
        """Whether it can be approved, or approved again so that it is sent although its data became old."""
        is_held = self.order.state is OrderState.APPROVED and (
            self.order.awaits_second_approval or (self.book.is_stale(self.order) and not self.order.is_stale_accepted)
        )
        return self.row.is_approvable or is_held

    @cached_property
    def history(self) -> Sequence[HistoryEntry]:
        """What happened to it, the newest first."""
        return history_of(self.events)[::-1]

    @cached_property
    def errors(self) -> Sequence[str]:
        """What Xero said when it refused the order."""
        if self.order.state is not OrderState.FAILED:
            return ()
        return [one for one in self.order.failure.split("; ") if one]

    @cached_property
    def lines(self) -> Sequence[LineShown]:
        """Its lines, in the order in which they are sent."""
        planned = {change.product_code: change.new_quantity or Decimal(0) for change in self._differences}
        return [
            LineShown(
                line, self.order.arrival_of(line), planned.get(line.product_code),
                [error for error in self.errors if _names(error, line.product_code)],
            )
            for line in self.order.lines
        ]  # fmt: skip

    @property
    def is_plan_different(self) -> bool:
        """Whether the newest plan would order something else."""
        return bool(self._differences)

    @cached_property
    def only_planned(self) -> Sequence[tuple[str, Decimal]]:
        """What the newest plan would order beside the lines: products and units."""
        present = {line.product_code for line in self.order.lines}
        return [
            (change.product_code, change.new_quantity)
            for change in self._differences
            if change.product_code not in present and change.new_quantity
        ]

    @cached_property
    def document(self) -> Mapping[str, Any] | None:
        """What would be sent to Xero, or was; None without lines."""
        return next(iter(documents_to_send(self.book, [self.order])), None)

    @property
    def document_text(self) -> str:
        """The same as JSON."""
        return json.dumps(self.document, indent=2, ensure_ascii=False)

    @cached_property
    def money(self) -> Sequence[str]:
        """What the supplier's minimum and the budget changed of the supplier's lines in the newest plan."""
        mine = {"supplier_id": self.order.supplier_id, "currency": self.order.currency}
        orders = self.book.read(tables.SUPPLIER_ORDERS).filter(**mine).to_dicts()
        changed = self.book.read(tables.ORDER_ADJUSTMENTS).filter(**mine).to_dicts()
        whole = orders[0] if orders else None
        return [
            *filter(None, [order_sentence(whole) if whole else ""]),
            *(f"{row['product_code']}: {adjustment_sentence(row, whole)}" for row in changed[:MOST_FOUND]),
        ]

    @cached_property
    def mergeable(self) -> Sequence[Order]:
        """The other drafts to the same supplier in the same currency."""
        return [
            other for other in self.book.orders
            if other.state is OrderState.DRAFT and other.order_id != self.order.order_id and other.lines
            and (other.supplier_id, other.currency) == (self.order.supplier_id, self.order.currency)
        ]  # fmt: skip

    @property
    def days(self) -> Sequence[Any]:
        """The days on which its lines are expected, if there are several."""
        found = sorted({self.order.arrival_of(line) for line in self.order.lines})
        return found if len(found) > 1 else ()

    @cached_property
    def _differences(self) -> Sequence[Any]:
        return self.book.differences(self.order)


def order_view(book: OrderDesk, order_id: str) -> OrderView:
    """An order and what stands beside it.

    Raises:
        OrderError: there is no such order.
    """
    return OrderView(book, book.order(order_id), book.opened.ledger.history(order_id))


def _names(error: str, product_code: str) -> bool:
    """Whether an error of Xero names a product.

    >>> _names("Item code 'TEA-1' is not valid", "TEA-1"), _names("Item code 'TEA-12' is not valid", "TEA-1")
    (True, False)
    """
    return bool(product_code) and re.search(rf"(?<![\w-]){re.escape(product_code)}(?![\w-])", error) is not None
