"""The orders of an organisation as a buyer handles them, by terminal and page alike.

What belongs here: joining the ledger with what is published and with Xero. What does not: the rules (`purchasing`),
the rows (`store/order_ledger.py`), printing.
Read more in docs/buyer/orders.md.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from pipelines.errors import UsageError, XeroError
from pipelines.identities import Identities
from pipelines.nearest_names import several_named, unknown_name
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.planning_settings.registry import global_settings, with_defaults
from pipelines.product_codes import folded
from pipelines.purchasing.current_names import with_current_names
from pipelines.purchasing.drafts import Terms, terms_of, with_current_minimum
from pipelines.purchasing.events import Approved, Event, FirstApproved, LineDifference
from pipelines.purchasing.order_changes.creating import PlanSource
from pipelines.purchasing.order_changes.exchange_rates import Rates
from pipelines.purchasing.order_changes.plan_differences import plan_differences
from pipelines.purchasing.order_changes.second_person import ApprovalRule, approve_in_turn
from pipelines.purchasing.orders import SUPPLY_STATES, Order, OrderError, OrderState, fold
from pipelines.purchasing.remarks import GONE_FROM_XERO, check_not_ordered_twice, remarks
from pipelines.purchasing.xero_changes import changes_in_xero, check_can_be_approved, with_supplier_as_it_is
from pipelines.storage import tables
from pipelines.storage.snapshots import published_or_empty
from pipelines.storage.tables import Table
from pipelines.store.identity_history import identities_of
from pipelines.store.setting_ledger.setting_changes import explicit_settings

if TYPE_CHECKING:
    from pipelines.organisations.order_decisions.ordered_products import OrderedProducts
    from pipelines.planning_settings.supplier_terms.supplier_calendar import SupplierCalendar


@dataclass(frozen=True)
class OrderFilter:
    """Which orders are wanted; empty values want all."""

    states: Collection[OrderState] = ()
    supplier: str = ""
    products: Collection[str] | None = None


@dataclass(frozen=True)
class Approvals:
    """What approving orders comes to: the events, why some cannot be approved, and what a person should know."""

    events: list[Approved | FirstApproved] = field(default_factory=list)
    refused: list[tuple[Order, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class OrderDesk:
    """The orders of an organisation, with what is known of their products and suppliers.

    `read` is where tables are read: the published ones, unless a run reads its warehouse.
    """

    opened: OpenOrganisation
    read: Callable[[Table], pl.DataFrame]

    @cached_property
    def histories(self) -> list[list[Event]]:
        """All events of every order, by the order's id, as the ledger had them when they were first asked for."""
        return self.opened.ledger.histories()

    @cached_property
    def recorded(self) -> dict[str, Order]:
        """All orders as the ledger has them, by id."""
        return {order.order_id: order for order in map(fold, self.histories)}

    @cached_property
    def orders(self) -> list[Order]:
        """All orders, under the current names of products and suppliers, the open ones with the minimum of now."""
        return [self._as_it_is(order) for order in self.recorded.values()]

    @cached_property
    def known(self) -> Identities:
        """The identities of products and contacts."""
        return identities_of(self.opened.store, self.opened.key)

    @cached_property
    def settings(self) -> pl.DataFrame:
        """The settings in force that people made, in the shape of `raw.planning_settings`."""
        return explicit_settings(self.opened.store, self.opened.key)

    @cached_property
    def is_stale(self) -> Callable[[Order], bool]:
        """Whether the data of an order are too old, as a function of the order."""
        return self.opened.stale_order()

    @cached_property
    def order_plan(self) -> pl.DataFrame:
        """The newest plan."""
        return self.read(tables.ORDER_PLAN)

    @cached_property
    def rule(self) -> ApprovalRule:
        """Above which value two people approve."""
        limit = global_settings(with_defaults(self.settings)).approval_limit
        rates = Rates.of([self.read(tables.PRODUCTS), self.read(tables.PRODUCT_SUPPLIERS)])
        return ApprovalRule(limit, self.opened.record.base_currency, rates, self.orders)

    @cached_property
    def terms(self) -> Terms:
        """Suppliers' terms, and the price decimals that earlier orders have shown."""
        return terms_of(self.settings, self.orders)

    def chosen(self, wanted: OrderFilter) -> list[Order]:
        """The orders that meet every condition, by id.

        Raises:
            UsageError: no order goes to such a supplier.
        """
        supplier = _supplier(wanted.supplier, self.orders)
        return [
            order for order in self.orders
            if (not wanted.states or order.state in wanted.states) and supplier in {"", order.supplier_id}
            and (wanted.products is None or any(line.product_code in wanted.products for line in order.lines))
        ]  # fmt: skip

    def order(self, order_id: str) -> Order:
        """The order with this id or number, under current names.

        Raises:
            OrderError: there is no such order.
        """
        return self._as_it_is(self.opened.ledger.order(order_id))

    def remarks_of(self, order: Order) -> list[str]:
        """What a person should know about an order now."""
        found = remarks(
            order, is_stale=self.is_stale, others=self.orders,
            changes=changes_in_xero(order, self.known, untracked=self._untracked),
            since_sent=self._since_sent.get(order.purchase_order_number, ""),
        )  # fmt: skip
        is_open = order.state in {OrderState.DRAFT, OrderState.FAILED} or order.awaits_second_approval
        turn = self.rule.remark(order) if is_open and order.lines else ""
        return [*found, *self._calendar_remarks(order), *filter(None, [turn])]

    def approvals(
        self, orders: Iterable[Order], *, by: str, is_stale_accepted: bool, is_below_minimum_accepted: bool
    ) -> Approvals:
        """What approving orders of the ledger comes to; each supplier is looked up in Xero as it is now."""
        found = Approvals()
        suppliers: dict[str, tuple[Identities, str]] = {}
        for recorded in orders:
            order = self._as_it_is(recorded)
            if order.supplier_id not in suppliers:
                suppliers[order.supplier_id] = self._supplier_now(order)
                found.notes.extend(filter(None, [suppliers[order.supplier_id][1]]))
            known = suppliers[order.supplier_id][0]
            changes = changes_in_xero(recorded, known, untracked=self._untracked)
            try:
                check_not_ordered_twice(order, self.orders)
                check_can_be_approved(order, changes)
                found.events.append(approve_in_turn(
                    self.with_minimum(recorded), self.rule, by=by, at=self.opened.now(),
                    is_stale_accepted=is_stale_accepted, is_below_minimum_accepted=is_below_minimum_accepted,
                    supplier=changes.supplier, renamed_products=changes.renamed_products,
                ))  # fmt: skip
            except OrderError as refused:
                found.refused.append((order, str(refused)))
            found.notes.extend(f"{order.purchase_order_number}: {note}" for note in changes.notes)
        return found

    def plan_source(self) -> PlanSource:
        """The newest plan as a source of orders."""
        summary = self.read(tables.PLAN_SUMMARY).filter(
            pl.col("plan_id").is_in(self.order_plan["plan_id"].unique().to_list())
        )
        row = next(iter(summary.sort("planned_at").tail(1).to_dicts()), None)
        loaded = next(iter(self.read(tables.DATA_FRESHNESS)["loaded_at"].to_list()), None)
        return PlanSource.of(row, loaded_at=loaded, terms=self.terms)

    @cached_property
    def _not_in_the_plan(self) -> list[Order]:
        """The orders that the newest plan did not count as on order: drafts, and those approved since."""
        since = self.plan_source().planned_at
        return [
            order for order in self.orders
            if order.state is OrderState.DRAFT
            or (order.state in SUPPLY_STATES and since and order.approved_at and order.approved_at > since)
        ]  # fmt: skip

    @cached_property
    def products(self) -> "OrderedProducts":
        """The products and suppliers that orders are made of."""
        from pipelines.organisations.order_decisions.ordered_products import OrderedProducts  # noqa: PLC0415, numpy: only edits need it

        return OrderedProducts(self.read, self.terms, self.opened.record.base_currency, self.settings)

    def check_not_drafted(self, order: Order, product_code: str, orders: Iterable[Order]) -> None:
        """Check that no other draft has a product.

        Raises:
            OrderError: one has; the sentence says what to do.
        """
        for other in orders:
            lines = with_current_names(other, self.known).lines
            if other.state is OrderState.DRAFT and other.order_id != order.order_id:
                for line in lines:
                    if line.product_code == product_code:
                        raise OrderError(
                            f"{product_code} is on the draft {other.purchase_order_number} too ({line.quantity:f} "
                            f"units): merge the two, remove it there, or add it even if another draft has it."
                        )

    def differences(self, order: Order) -> list[LineDifference]:
        """What the newest plan would change on a draft that a person keeps, beside what other orders have since."""
        return plan_differences(order, self.order_plan, self._not_in_the_plan)

    def planned_changes(self, order: Order) -> list[dict[str, object]]:
        """What the newest plan would change on a draft that a person keeps: product, its quantity, the planned one."""
        return [
            {"product_code": change.product_code, "quantity": change.old_quantity or Decimal(0),
             "planned_quantity": change.new_quantity or Decimal(0)}
            for change in self.differences(order)
        ]  # fmt: skip

    def with_minimum(self, order: Order) -> Order:
        """An order with its supplier's minimum of now, while somebody may still approve it."""
        return with_current_minimum(order, self._minimums, self.known)

    def _as_it_is(self, order: Order) -> Order:
        """An order under current names, an open one with its supplier's minimum of now."""
        return with_current_names(self.with_minimum(order), self.known)

    @cached_property
    def _minimums(self) -> Mapping[str, Decimal]:
        return terms_of(self.settings).minimum_order_values

    def _supplier_now(self, order: Order) -> tuple[Identities, str]:
        """The identities with the order's supplier as Xero answers now, else a sentence on why they are not."""
        try:
            return with_supplier_as_it_is(self.known, order, self.opened.client(), at=self.opened.now()), ""
        except XeroError as error:
            return self.known, f"Xero did not answer about the supplier, so its state of the last load is used. {error}"

    def _calendar_remarks(self, order: Order) -> list[str]:
        """What the supplier's calendar does not allow about an order that can still be changed."""
        if order.state not in {OrderState.DRAFT, OrderState.APPROVED, OrderState.FAILED} or not self._calendars:
            return []
        from pipelines.organisations.order_decisions.calendar_remarks import calendar_remarks  # noqa: PLC0415, numpy: only calendars need it

        return calendar_remarks(order, self._calendars)

    @cached_property
    def _calendars(self) -> "Mapping[str, SupplierCalendar]":
        """The suppliers' calendars by the settings of now, by id, seen from today."""
        if self.settings.filter(pl.col("name").is_in(["order_days", "shutdowns"])).is_empty():
            return {}
        from pipelines.planning_settings.supplier_terms.supplier_calendar import (  # noqa: PLC0415, numpy
            calendars_by_supplier,
            calendars_in,
        )

        calendars = calendars_in(self.settings)
        return calendars_by_supplier(calendars, as_of=self.opened.today())

    @cached_property
    def _untracked(self) -> set[str]:
        """The codes of the items whose stock Xero does not track."""
        products = self.read(tables.PRODUCTS)
        return set(products.filter(~products["is_tracked"])["product_code"].to_list())

    @cached_property
    def _since_sent(self) -> Mapping[str, str]:
        """What the last load found about sent orders that were deleted in Xero or are missing there, by number."""
        readiness = self.read(tables.XERO_READINESS)
        gone = readiness.filter(readiness["problem"].is_in(GONE_FROM_XERO))
        return dict(gone.select("document_number", "effect").iter_rows())


def order_desk(opened: OpenOrganisation) -> OrderDesk:
    """The orders of an organisation, with what is published."""
    read: dict[Table, pl.DataFrame] = {}

    def published(table: Table) -> pl.DataFrame:
        if table not in read:
            read[table] = published_or_empty(opened.folder, table)
        return read[table]

    return OrderDesk(opened, published)


def totals(orders: Sequence[Order]) -> dict[str, Decimal]:
    """The value of orders by currency."""
    values: dict[str, Decimal] = {}
    for order in orders:
        values[order.currency] = values.get(order.currency, Decimal(0)) + order.value
    return dict(sorted(values.items()))


def _supplier(wanted: str, orders: Iterable[Order]) -> str:
    """The id of the supplier that is meant by a name or an id; empty if none is wanted.

    Raises:
        UsageError: no order goes to it.
    """
    if not wanted:
        return ""
    names = {order.supplier_id: order.supplier_name for order in orders}
    found = [supplier for supplier, name in names.items() if folded(wanted) in {folded(supplier), folded(name)}]
    if not found:
        raise UsageError(unknown_name("supplier of an order", wanted, sorted(set(names.values()))))
    if len(found) > 1:
        raise UsageError(several_named("suppliers", wanted, found))
    return found[0]
