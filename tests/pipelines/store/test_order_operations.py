"""Whatever people and plans do to orders: no unit is lost, none is drafted twice, no sent order changes.

A machine does random operations on a real ledger, in a store of either kind, and looks at all orders after each.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from pipelines.purchasing.events import Pushed
from pipelines.purchasing.order_changes.creating import PlanSource, create_from_plan
from pipelines.purchasing.order_changes.line_edits import add_line, change_line, drop_line
from pipelines.purchasing.order_changes.merging import merge
from pipelines.purchasing.order_changes.second_person import ApprovalRule, approve_in_turn
from pipelines.purchasing.order_changes.splitting import split
from pipelines.purchasing.orders import SUPPLY_STATES, Order, OrderError, OrderState
from pipelines.purchasing.remarks import check_not_drafted_since
from pipelines.purchasing.transitions import reject, reopen, start_push
from pipelines.store.engine import Store
from pipelines.store.order_ledger import OrderLedger
from tests.pipelines.purchasing.purchasing_builders import AS_OF, NO_TERMS, NOON, a_line, planned

CODES = ("TEA-01", "TEA-02", "0042", '"=1+1", 🍵')
SUPPLIERS = {"TEA-01": "s-1", "TEA-02": "s-1", "0042": "s-1", '"=1+1", 🍵': "s-2"}
LIMIT = ApprovalRule(Decimal(100), "GBP")
numbers = itertools.count(1)
a_choice = st.integers(0, 10**6)
some_units = st.integers(1, 60).map(Decimal)


class Orders(RuleBasedStateMachine):
    """The orders of one organisation, and what must hold of them."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.ledger = OrderLedger(store, f"organisation-{next(numbers)}")
        self.plan: dict[str, Decimal] = {}
        self.plan_id = ""
        self.counted: set[str] = set()
        self.minutes = 0
        self.sent: dict[str, Order] = {}
        self.ids: set[str] = set()

    @property
    def at(self) -> Any:
        self.minutes += 1
        return NOON + timedelta(minutes=self.minutes)

    def orders(self, *states: OrderState) -> list[Order]:
        return self.ledger.orders(*states)

    def pick(self, choice: int, *states: OrderState) -> Order | None:
        found = self.orders(*states)
        return found[choice % len(found)] if found else None

    def drafted(self) -> Counter[str]:
        """The units of each product on drafts."""
        units: Counter[str] = Counter()
        for order in self.orders(OrderState.DRAFT):
            for line in order.lines:
                units[line.product_code] += line.quantity  # type: ignore[assignment]  # decimals count too
        return units

    def order_plan(self) -> Any:
        return planned(*(
            {"product_code": code, "order_quantity": float(units), "supplier_id": SUPPLIERS[code]}
            for code, units in self.plan.items()
        ))  # fmt: skip

    def without_change_of_units(self, act: Callable[[], object]) -> None:
        before = self.drafted()
        with suppress(OrderError):
            act()
        assert self.drafted() == before

    @rule(quantities=st.dictionaries(st.sampled_from(CODES), some_units))
    def make_a_plan(self, quantities: dict[str, Decimal]) -> None:
        """The plan reads which orders are approved; people may approve others before it drafts."""
        self.plan, self.plan_id = quantities, f"plan {self.at}"
        self.counted = {order.order_id for order in self.orders(*SUPPLY_STATES)}

    @precondition(lambda self: self.plan_id)
    @rule()
    def draft_the_plan(self) -> None:
        untouched = [order for order in self.orders(OrderState.DRAFT) if not order.is_edited]
        touched = [order for order in self.orders(OrderState.DRAFT) if order.is_edited]
        since = [order for order in self.orders(*SUPPLY_STATES) if order.order_id not in self.counted]
        held = {line.product_code for order in [*touched, *since] for line in order.lines}.union(
            *(order.taken_out for order in touched)
        )
        self.ledger.redraft(
            self.order_plan(), plan_id=self.plan_id, as_of=AS_OF, at=self.at, data_loaded_at=NOON, terms=NO_TERMS,
            counted=self.counted,
        )  # fmt: skip
        fresh = [order for order in self.orders(OrderState.DRAFT) if not order.is_edited]
        suggested = {line.product_code: line.quantity for order in fresh for line in order.lines}
        assert suggested == {code: units for code, units in self.plan.items() if code not in held}
        same = {frozenset((line.product_code, line.quantity) for line in order.lines): order for order in fresh}
        for order in untouched:
            kept = same.get(frozenset((line.product_code, line.quantity) for line in order.lines))
            is_alone = sum(old.lines == order.lines for old in untouched) == 1
            assert kept is None or not is_alone or kept.order_id == order.order_id
        assert [order.lines for order in self.orders() if order.order_id in {old.order_id for old in touched}] == [
            order.lines for order in touched
        ]

    @precondition(lambda self: self.plan_id)
    @rule(codes=st.sets(st.sampled_from(CODES), min_size=1))
    def create_of_the_plan(self, codes: set[str]) -> None:
        before = self.drafted()
        wanted = self.order_plan().filter(self.order_plan()["product_code"].is_in(sorted(codes)))
        source = PlanSource(self.plan_id, NOON, NOON, NO_TERMS)
        self.ledger.decide(
            lambda orders: create_from_plan(wanted, orders, source, order_date=AS_OF, by="anna", at=self.at).events
        )
        after = self.drafted()
        assert all(after[code] == before[code] for code in before)

    @rule(choice=a_choice, code=st.sampled_from(CODES), units=some_units)
    def add_a_product(self, choice: int, code: str, units: Decimal) -> None:
        order = self.pick(choice, OrderState.DRAFT)
        if order is None or self.drafted()[code]:
            return
        event = add_line(order, a_line(code, str(units)), by="anna", at=self.at, is_divisible=False)
        assert self.drafted()[code] == 0
        self.ledger.append(event)
        assert self.drafted()[code] == units

    @rule(choice=a_choice, units=some_units)
    def change_a_quantity(self, choice: int, units: Decimal) -> None:
        order = self.pick(choice, OrderState.DRAFT)
        if order is None or not order.lines or order.lines[0].quantity == units:
            return
        line, before = order.lines[0], self.drafted()
        self.ledger.append(change_line(order, product_code=line.product_code, quantity=units, by="anna", at=self.at))
        assert self.drafted()[line.product_code] == before[line.product_code] - line.quantity + units

    @rule(choice=a_choice)
    def drop_a_product(self, choice: int) -> None:
        order = self.pick(choice, OrderState.DRAFT)
        if order is not None and order.lines:
            self.ledger.append(drop_line(order, product_code=order.lines[-1].product_code, by="anna", at=self.at))

    @rule(one=a_choice, other=a_choice)
    def merge_two(self, one: int, other: int) -> None:
        orders = self.pick(one, OrderState.DRAFT), self.pick(other, OrderState.DRAFT)
        if None not in orders:
            self.without_change_of_units(
                lambda: self.ledger.append_all(merge(orders[0], [orders[1]], by="anna", at=self.at))  # type: ignore[arg-type, list-item]  # none is None
            )

    @rule(choice=a_choice, units=some_units)
    def split_one(self, choice: int, units: Decimal) -> None:
        order = self.pick(choice, OrderState.DRAFT)
        if order is not None and order.lines:
            moves = {order.lines[0].product_code: units}
            new_id = f"20260302-S{self.minutes:05d}"
            self.without_change_of_units(
                lambda: self.ledger.append_all(split(order, moves, new_id=new_id, by="anna", at=self.at))
            )

    @rule(choice=a_choice, by=st.sampled_from(["anna", "Anna", "ben"]))
    def approve_one(self, choice: int, by: str) -> None:
        order = self.pick(choice, OrderState.DRAFT)
        if order is None or not order.lines:
            return
        try:
            after = self.ledger.append(approve_in_turn(order, LIMIT, by=by, at=self.at))
        except OrderError:
            assert order.first_approval is not None
            return
        first = after.first_approval
        if after.state is OrderState.APPROVED and LIMIT.why_two(after):
            assert first is not None
            assert first.by.casefold() != by.casefold()

    @rule(choice=a_choice)
    def reject_one(self, choice: int) -> None:
        order = self.pick(choice, OrderState.DRAFT, OrderState.APPROVED)
        if order is not None:
            self.ledger.append(reject(order, by="anna", at=self.at))

    @rule(choice=a_choice)
    def reopen_one(self, choice: int) -> None:
        order = self.pick(choice, OrderState.APPROVED, OrderState.REJECTED)
        if order is None:
            return
        try:
            self.ledger.decide(
                lambda orders: [check_not_drafted_since(order, orders), reopen(order, by="anna", at=self.at)][1:]  # type: ignore[func-returns-value]  # a check, then the event
            )
        except OrderError:
            return

    @rule(choice=a_choice)
    def send_one(self, choice: int) -> None:
        order = self.pick(choice, OrderState.APPROVED)
        if order is not None:
            started = self.ledger.append(start_push(order, by="stocktrim", at=self.at))
            self.sent[order.order_id] = self.ledger.append(Pushed(
                order_id=order.order_id, sequence=started.sequence + 1, at=self.at, by="stocktrim",
                purchase_order_id=order.order_id,
            ))  # fmt: skip

    @rule(choice=a_choice)
    def decide_on_what_was_sent(self, choice: int) -> None:
        order = self.pick(choice, OrderState.SENT)
        if order is not None:
            for decision in (reject, reopen):
                with pytest.raises(OrderError):
                    decision(order, by="anna", at=self.at)

    @invariant()
    def a_sent_order_stays_as_it_is(self) -> None:
        assert {order.order_id: order for order in self.orders(OrderState.SENT)} == self.sent

    @invariant()
    def no_order_loses_its_id(self) -> None:
        ids = {order.order_id for order in self.orders()}
        assert self.ids <= ids
        self.ids = ids

    @invariant()
    def every_line_has_units_and_no_order_has_a_product_twice(self) -> None:
        for order in self.orders():
            codes = [line.product_code for line in order.lines]
            assert len(codes) == len(set(codes))
            assert all(line.quantity > 0 for line in order.lines)

    @invariant()
    def references_of_open_orders_with_a_product_in_common_differ(self) -> None:
        seen: dict[tuple[str, str], str] = {}
        for order in self.orders(OrderState.DRAFT, *SUPPLY_STATES):
            for line in order.lines:
                assert seen.setdefault((order.reference, line.product_code), order.order_id) == order.order_id


def run(store: Store, *, examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    run_state_machine_as_test(cast("type[Orders]", lambda: Orders(store)), settings=chosen)


def test_orders_keep_their_laws_whatever_is_done_to_them(store: Store) -> None:
    run(store, examples=12, steps=16)


@pytest.mark.soak
def test_orders_keep_their_laws_whatever_is_done_to_them_for_long(store: Store) -> None:
    run(store, examples=400, steps=40)
