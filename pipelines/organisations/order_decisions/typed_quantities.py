"""A person types how much to order of a product of the plan, and it is on a draft: changed, added, or taken off.

What belongs here: joining the plan, the ledger and what is published of these products. What does not: the rules of a
draft (`purchasing/order_changes`), the plan itself, pages.
Read more in docs/desk.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.identities import Identities
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.order_decisions.ordered_products import OrderedProducts
from pipelines.planning_settings.supplier_terms.price_breaks import breaks_in, cost_of
from pipelines.purchasing.current_names import with_current_names
from pipelines.purchasing.drafts import Terms, planned_quantity, terms_of
from pipelines.purchasing.events import Event, OrderLine
from pipelines.purchasing.kept_lines import units_alone
from pipelines.purchasing.order_changes.creating import PlanSource, create_empty
from pipelines.purchasing.order_changes.line_edits import add_line, check_quantity, line_of
from pipelines.purchasing.order_changes.planned_quantities import (
    QuantityNow,
    last_change,
    quantities_now,
    units_typed,
    with_quantity,
)
from pipelines.purchasing.orders import Order, OrderError, OrderState, apply_event, fold
from pipelines.storage.tables import Table
from pipelines.store.known_orders import KnownOrders
from pipelines.store.setting_ledger.setting_changes import explicit_settings

MOST_EDITS: Final = 5_000


class Outcome(StrEnum):
    """What became of an edit."""

    SAVED = "saved"
    REFUSED = "refused"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True)
class QuantityEdit:
    """A quantity as a person typed it, and the one that they saw."""

    product_code: str
    typed: str
    seen: str


@dataclass(frozen=True)
class EditOutcome:
    """What became of an edit, the quantity before it, and a sentence if it was not saved."""

    edit: QuantityEdit
    outcome: Outcome
    before: Decimal
    sentence: str = ""


@dataclass(frozen=True)
class PlanSide:
    """What a plan says, of the products that are edited: its lines by code, its source, tables of these products."""

    lines: Mapping[str, Mapping[str, Any]]
    source: Callable[[Terms], PlanSource]
    planned_at: datetime | None
    read: Callable[[Table], pl.DataFrame]


@dataclass(frozen=True)
class PlanQuantities:
    """The quantities of an organisation's plan, to be changed by one person."""

    opened: OpenOrganisation
    known: KnownOrders
    identities: Identities
    plan: PlanSide
    by: str

    def apply(self, edits: Sequence[QuantityEdit], *, reason: str = "") -> list[EditOutcome]:
        """Save every edit that can be saved, in one transaction; the outcome of each.

        An edit is overtaken if the quantity is no longer the one that the person saw.

        Raises:
            UsageError: there are more edits than a page has.
        """
        if len(edits) > MOST_EDITS:
            raise UsageError(f"That is more than {MOST_EDITS:,} quantities: change fewer at once.")
        outcomes: list[EditOutcome] = []

        def decide(orders: list[Order]) -> list[Event]:
            state = _Drafts(orders, self.identities, self.plan.planned_at)
            outcomes[:] = [self._decided(edit, state, reason) for edit in edits]
            return state.events

        self.opened.ledger.decide(decide, known=self.known)
        return [self._with_who(one) if one.outcome is Outcome.OVERTAKEN else one for one in outcomes]

    def _decided(self, edit: QuantityEdit, state: "_Drafts", reason: str) -> EditOutcome:
        before = self._before(edit.product_code, state)
        try:
            wanted = units_typed(edit.typed)
            check_quantity(wanted, edit.product_code, is_divisible=True)
            if wanted == before:
                return EditOutcome(edit, Outcome.SAVED, before)
            if not _is_seen(edit.seen, before):
                return EditOutcome(edit, Outcome.OVERTAKEN, before)
            for event in self._events(edit.product_code, wanted, state, reason):
                state.add(event)
        except UsageError as refused:
            return EditOutcome(edit, Outcome.REFUSED, before, str(refused))
        return EditOutcome(edit, Outcome.SAVED, before)

    def _with_who(self, overtaken: EditOutcome) -> EditOutcome:
        """The outcome with a sentence on who gave the product another quantity than the person saw."""
        code = overtaken.edit.product_code
        orders = [with_current_names(order, self.identities) for order in self.known.orders()]
        now = quantities_now(orders, planned_at=self.plan.planned_at).get(code)
        held = [*now.drafts, *filter(None, [now.taken_out_of])] if now else []
        change = last_change(self.opened.ledger.history(held[-1].order_id), code) if held else None
        who = f"{change[0]} at {self.opened.local_time(change[1])}" if change else "a newer plan"
        typed = overtaken.edit.typed.strip()
        sentence = f"Changed to {overtaken.before:f} by {who}, after you saw {overtaken.edit.seen}. You typed {typed}."
        return replace(overtaken, sentence=sentence)

    def _before(self, code: str, state: "_Drafts") -> Decimal:
        line, now = self.plan.lines.get(code), state.now(code)
        if now is not None:
            return now.quantity
        return planned_quantity(units_alone(line)) if line else Decimal(0)

    def _events(self, code: str, wanted: Decimal, state: "_Drafts", reason: str) -> Iterable[Event]:
        """The events that make the quantity of a product the wanted one."""
        if code not in self.plan.lines:
            raise UsageError(f"The plan has no product {code!r} any more: reload the page.")
        now = state.now(code) or QuantityNow()
        is_whole = wanted == wanted.to_integral_value()  # then nothing need be read to know that it can be ordered
        check_quantity(wanted, code, is_divisible=is_whole or self._products.is_divisible(code))
        if len(now.drafts) > 1:
            held = " and ".join(order.purchase_order_number for order in now.drafts)
            raise OrderError(f"{code} is on the drafts {held}: change it there, under Orders.")
        if now.drafts:
            order = now.drafts[0]
            line = line_of(order, code)
            cost = self._products.cost_at(order, line, wanted) if wanted else None
            # a draft from before a renaming holds the former code, which its events name too
            recorded = state.recorded(order, line)
            return [with_quantity(
                recorded[0], recorded[1], wanted, unit_cost=cost, is_divisible=True, by=self.by,
                at=self.opened.now(), reason=reason,
            )]  # fmt: skip
        if wanted == 0:
            raise OrderError(f"{code} is on no draft, so none of it is ordered: leave it unticked.")
        return self._added(code, wanted, state, now.taken_out_of, reason)

    def _added(
        self, code: str, wanted: Decimal, state: "_Drafts", taken_out_of: Order | None, reason: str
    ) -> list[Event]:
        """The events of putting a product on its supplier's draft, which is made if there is none."""
        row, at = self.plan.lines[code], self.opened.now()
        if row["supplier_id"] is None:
            raise UsageError(f"{code} has no supplier: set its preferred supplier in its settings first.")
        if row["unit_cost"] is None:
            raise UsageError(f"{code} has no cost: enter its purchase price in Xero and load, then order it.")
        order = taken_out_of or state.draft_of(row["supplier_id"], row["currency"])
        made: list[Event] = []
        if order is None:
            empty = create_empty(
                (row["supplier_id"], row["supplier_name"] or row["supplier_id"]), row["currency"],
                self.plan.source(self._terms), order_date=self.opened.today(), by=self.by, at=at, reason=reason,
            )  # fmt: skip
            made, order = [empty], fold([empty])
        cost = cost_of(wanted, row["unit_cost"], breaks_in(row["price_breaks"] or ""))
        line = self._products.line(order, code, wanted, unit_cost=cost, arrival=None)
        return [*made, add_line(order, line, by=self.by, at=at, is_divisible=True, reason=reason)]

    @cached_property
    def _settings(self) -> pl.DataFrame:
        return explicit_settings(self.opened.store, self.opened.key)

    @cached_property
    def _terms(self) -> Terms:
        return terms_of(self._settings, self.known.orders())

    @cached_property
    def _products(self) -> OrderedProducts:
        return OrderedProducts(self.plan.read, self._terms, self.opened.record.base_currency, self._settings)


class _Drafts:
    """The orders as the edits so far leave them."""

    def __init__(self, orders: Iterable[Order], identities: Identities, planned_at: datetime | None) -> None:
        self._identities, self._planned_at = identities, planned_at
        self._recorded: dict[str, Order] = {}
        self._current: dict[str, Order] = {}
        self._orders_of: defaultdict[str, set[str]] = defaultdict(set)
        self.events: list[Event] = []
        for order in orders:
            self._keep(order)

    def now(self, code: str) -> QuantityNow | None:
        """What is ordered of a product; None if no draft or later order has it."""
        orders = [self._current[order_id] for order_id in sorted(self._orders_of[code])]
        return quantities_now(orders, planned_at=self._planned_at).get(code)

    def recorded(self, order: Order, line: OrderLine) -> tuple[Order, OrderLine]:
        """A draft and its line as the ledger has them."""
        held = self._recorded[order.order_id]
        return held, held.lines[order.lines.index(line)]

    def draft_of(self, supplier_id: str, currency: str) -> Order | None:
        """The newest draft to a supplier in a currency; None if there is none."""
        drafts = [
            self._recorded[order.order_id] for order in self._current.values()
            if order.state is OrderState.DRAFT and (order.supplier_id, order.currency) == (supplier_id, currency)
        ]  # fmt: skip
        return max(drafts, key=lambda order: (order.drafted_at, order.order_id), default=None)

    def add(self, event: Event) -> None:
        """Let an event happen."""
        held = self._recorded.get(event.order_id)
        self._keep(fold([event]) if held is None else apply_event(held, event))
        self.events.append(event)

    def _keep(self, order: Order) -> None:
        current = with_current_names(order, self._identities)
        self._recorded[order.order_id], self._current[order.order_id] = order, current
        for code in (*(line.product_code for line in current.lines), *current.taken_out):
            self._orders_of[code].add(order.order_id)


def _is_seen(seen: str, present: Decimal) -> bool:
    try:
        return Decimal(seen) == present
    except InvalidOperation:
        return False
