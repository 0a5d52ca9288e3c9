"""The orders that a person asked for: tab, filters, page; and what they come to.

What belongs here: from what the address says to rows. What does not: an open order (`order_view.py`).
Whatever an address says is taken as far as it makes sense.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

import polars as pl

from pipelines.organisations.order_decisions.order_desk import OrderDesk, totals
from pipelines.purchasing.orders import Order, OrderState
from pipelines.storage import tables

PAGE_ORDERS: Final = 100
MOST_SEARCHED: Final = 400


@dataclass(frozen=True)
class Tab:
    """A tab: the states that it holds, and what it says when it is empty."""

    name: str
    title: str
    states: frozenset[OrderState]
    meaning: str
    empty: str


TABS: Final = {
    tab.name: tab
    for tab in (
        Tab("draft", "Draft", frozenset({OrderState.DRAFT}), "Suggested by the plan or made by a person; nothing is "
            "sent before somebody approves it.",
            "No drafts. A new plan makes one for each supplier that needs an order; or make one by hand."),
        Tab("approved", "Approved", frozenset({OrderState.APPROVED, OrderState.SENDING, OrderState.FAILED}),
            "Approved and on the way to Xero; an order that Xero refused waits here for a person.",
            "Nothing is waiting to be sent. What you approve stands here until Xero has it."),
        Tab("sent", "Sent", frozenset({OrderState.SENT}), "Xero has these orders; change them there.",
            "No order was sent yet. Approve a draft, and it is sent to Xero."),
        Tab("history", "History", frozenset({OrderState.REJECTED, OrderState.SUPERSEDED}),
            "Rejected by a person, merged into another order, or replaced by a newer plan.",
            "Nothing was rejected or replaced yet."),
    )
}  # fmt: skip


@dataclass(frozen=True)
class OrdersQuery:
    """What a person asks of the orders; empty texts want all."""

    tab: str = "draft"
    supplier: str = ""
    group: str = ""
    search: str = ""
    page: int = 1

    def address(self, **changes: Any) -> str:
        """The query as the end of an address, with some changes; what is usual is left out."""
        wanted, usual = replace(self, **{"page": 1, **changes}), OrdersQuery()
        return urlencode({name: value for name, value in vars(wanted).items() if value != getattr(usual, name)})

    @property
    def is_filtered(self) -> bool:
        """Whether more than the tab narrows the orders."""
        return bool(self.supplier or self.group or self.search)


def orders_query(parameters: Mapping[str, str]) -> OrdersQuery:
    """The query of an address; what is no tab or page counts as not said.

    >>> orders_query({"tab": "sent", "page": "zz"})
    OrdersQuery(tab='sent', supplier='', group='', search='', page=1)
    """
    tab, page = parameters.get("tab", ""), parameters.get("page", "")
    is_page = page.isascii() and page.isdecimal() and len(page) <= 6  # noqa: PLR2004, a million pages
    return OrdersQuery(
        tab=tab if tab in TABS else "draft",
        supplier=parameters.get("supplier", ""),
        group=parameters.get("group", ""),
        search=parameters.get("search", "")[:MOST_SEARCHED].strip(),
        page=max(1, int(page)) if is_page else 1,
    )


@dataclass(frozen=True)
class OrderRow:
    """An order in the list: what stands in its row."""

    order: Order
    remarks: Sequence[str]

    @property
    def missing(self) -> Decimal:
        """What is missing of the supplier's minimum; 0 if it is reached."""
        return max(self.order.minimum_order_value - self.order.value, Decimal(0))

    @property
    def who(self) -> str:
        """Who stands behind the order as it is."""
        return who_of(self.order)

    @property
    def is_approvable(self) -> bool:
        """Whether it can be ticked to be approved."""
        return bool(self.order.lines) and self.order.state in {OrderState.DRAFT, OrderState.FAILED}


def who_of(order: Order) -> str:
    """Who stands behind an order as it is: who approved it, made it, or the plan.

    An order that a person changed says so.
    """
    first = order.first_approval
    if order.awaits_second_approval and first is not None:
        return f"approved by {first.by}, a second person is needed"
    if order.approved_by:
        return f"approved by {order.approved_by}"
    if order.is_by_person:
        return "made by a person"
    return "changed by a person" if order.is_edited else "the plan"


@dataclass(frozen=True)
class OrdersFound:
    """The orders that a query finds, a page of them, and the counts of all tabs."""

    book: OrderDesk
    query: OrdersQuery

    @property
    def tab(self) -> Tab:
        """The tab that was asked for."""
        return TABS[self.query.tab]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many orders each tab has."""
        return {name: sum(order.state in tab.states for order in self.book.orders) for name, tab in TABS.items()}

    @cached_property
    def refused(self) -> int:
        """How many orders Xero refused."""
        return sum(order.state is OrderState.FAILED for order in self.book.orders)

    @cached_property
    def in_tab(self) -> list[Order]:
        """The orders of the tab, in their order: what needs a person first, drafts by supplier, others newest first."""
        found = [order for order in self.book.orders if order.state in self.tab.states]
        if self.query.tab == "draft":
            return sorted(found, key=lambda order: (order.supplier_name.casefold(), order.order_id))
        newest = sorted(found, key=lambda order: (order.approved_at or order.drafted_at, order.order_id), reverse=True)
        return sorted(newest, key=lambda order: order.state is not OrderState.FAILED)

    @cached_property
    def orders(self) -> list[Order]:
        """The orders found."""
        query, codes = self.query, self._codes_of_group
        return [
            order for order in self.in_tab
            if query.supplier in {"", order.supplier_name}
            and (codes is None or any(line.product_code in codes for line in order.lines))
            and _has_words(order, query.search)
        ]  # fmt: skip

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-len(self.orders) // PAGE_ORDERS))

    @property
    def page(self) -> int:
        """The page shown: the one asked for, or the last."""
        return min(self.query.page, self.pages)

    @cached_property
    def rows(self) -> list[OrderRow]:
        """The orders of the page, each with what a person should know."""
        first = (self.page - 1) * PAGE_ORDERS
        return [OrderRow(order, self.book.remarks_of(order)) for order in self.orders[first : first + PAGE_ORDERS]]

    @cached_property
    def totals(self) -> dict[str, Decimal]:
        """The value of all orders found, by currency."""
        return totals(self.orders)

    @property
    def suppliers(self) -> list[str]:
        """The suppliers of the tab's orders, in the order of the alphabet."""
        return sorted({order.supplier_name for order in self.in_tab} - {""}, key=str.casefold)

    @cached_property
    def groups(self) -> list[str]:
        """The names of the groups of products."""
        return sorted(set(self._membership["group_name"].drop_nulls()), key=str.casefold)

    @cached_property
    def _membership(self) -> pl.DataFrame:
        return self.book.read(tables.PRODUCT_GROUPS).select("product_code", "group_name")

    @cached_property
    def _codes_of_group(self) -> set[str] | None:
        if not self.query.group:
            return None
        return set(self._membership.filter(group_name=self.query.group)["product_code"])


def _has_words(order: Order, search: str) -> bool:
    """Whether the words of a search are in an order's number, supplier, notes, codes and names."""
    if not search:
        return True
    texts = [order.purchase_order_number, order.supplier_name, order.note]
    texts += [f"{line.product_code} {line.description}" for line in order.lines]
    text = " ".join(texts).casefold()
    return all(word in text for word in search.casefold().split())
