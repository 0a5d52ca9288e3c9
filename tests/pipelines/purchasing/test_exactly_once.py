"""Whatever breaks, and whoever else acts: each approved order is in Xero at most once, and once in the end.

The push, its ledger and its client are the real ones; Xero is the sandbox with its faults. The push can die between
any two of its steps, a second daemon can push in the middle of the first, and people act in Xero meanwhile.
"""

import copy
import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pipelines.errors import PlannerError
from pipelines.purchasing.orders import Order, OrderError, OrderState, body_hash
from pipelines.purchasing.transitions import approve, reject
from pipelines.store.engine import Store, open_store
from pipelines.store.order_ledger import OrderLedger
from tests.pipelines.purchasing.crashes import Between, CrashError, WatchedGateway, WatchedLedger
from tests.pipelines.purchasing.purchasing_builders import (
    CODES,
    NOON,
    SUPPLIER,
    Xero,
    a_draft,
    a_line,
    a_supplied_world,
    push,
)
from tests.xero_sandbox.sandbox_builders import guid
from xero_sandbox.app.testing import RunningSandbox, running_sandbox
from xero_sandbox.behaviour.edits import Merge
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.documents import Contact, Item

UNLIMITED = Limits(per_minute=10**9, per_day=10**9, app_per_minute=10**9)
A_DAY = 86_400
ORDERS = 3
SURVIVOR = guid("contact Supplier 02")
orders = st.integers(0, ORDERS - 1)
methods = st.sampled_from(["PUT", "GET", ""])
bad_days = st.one_of(
    st.builds(Fault, kind=st.sampled_from(["drop_before", "drop_after", "expire_tokens"]), method=methods),
    st.builds(
        Fault, kind=st.just("answer"), method=methods, status=st.sampled_from([500, 503, 502]),
        body=st.sampled_from(["", "<html>oops</html>"]), is_after_commit=st.booleans(), times=st.sampled_from([1, 3]),
    ),
    st.builds(
        Fault, kind=st.just("answer"), method=st.just("PUT"), status=st.sampled_from([200, 400]),
        body=st.sampled_from(["<html>hello</html>", '{"Message": "no"}']), is_after_commit=st.booleans(),
    ),
    st.builds(
        Fault, kind=st.just("truncate"), method=st.just("PUT"), keep_bytes=st.integers(0, 900), is_cut=st.booleans()
    ),
    st.builds(Fault, kind=st.just("rate_limit"), method=methods, retry_after=st.just(0), times=st.sampled_from([1, 3])),
    st.builds(Fault, kind=st.just("rate_limit"), method=methods, retry_after=st.just(7200), problem=st.just("day")),
    st.builds(Fault, kind=st.just("stale_read"), method=st.just("GET"), seconds=st.sampled_from([60.0, 600.0])),
)  # fmt: skip


@contextmanager
def a_store_and_a_sandbox() -> Iterator[tuple[Store, RunningSandbox]]:
    world = a_supplied_world()
    with TemporaryDirectory() as folder, running_sandbox([world], limits=UNLIMITED, clock=Clock(NOON)) as sandbox:
        store = open_store(f"sqlite:///{folder}/store.sqlite")
        yield store, sandbox
        store.close()


class Sending(RuleBasedStateMachine):
    """Three orders, a buyer, a push that may break anywhere, and people in Xero."""

    store: Store
    sandbox: RunningSandbox
    names: Iterator[int]
    supplier: Contact
    items: dict[str, Item]

    def __init__(self) -> None:
        super().__init__()
        self.sandbox.sandbox.reset()
        self.sandbox.clock.freeze(NOON)
        self.xero = Xero(self.sandbox)
        self.xero.world.purchase_orders.clear()
        self.xero.world.contacts |= {SUPPLIER: copy.copy(self.supplier)}
        self.xero.world.items |= self.items
        self.ledger = OrderLedger(self.store, f"organisation-{next(self.names)}")
        self.theirs: set[str] = set()
        self.edited: set[str] = set()

    @initialize(lines=st.lists(st.lists(st.sampled_from(CODES), min_size=1, unique=True), min_size=3, max_size=3))
    def draft(self, lines: list[list[str]]) -> None:
        for number, codes in enumerate(lines):
            self.ledger.append(a_draft(f"20260302-{number:06d}", *(a_line(code) for code in codes)))

    @rule(which=orders)
    def a_buyer_approves(self, which: int) -> None:
        with suppress(OrderError):
            self._approve(self._order(which))

    @rule(which=orders)
    def a_buyer_withdraws(self, which: int) -> None:
        order = self._order(which)
        if order.state is OrderState.SENDING:
            with pytest.raises(OrderError):
                reject(order, by="a buyer", at=NOON)
        elif order.state in {OrderState.APPROVED, OrderState.FAILED} and not order.may_be_in_xero:
            self.ledger.append(reject(order, by="a buyer", at=NOON))

    @rule(faults=st.lists(bad_days, max_size=3))
    def the_push_runs(self, faults: list[Fault]) -> None:
        self.xero.on_a_bad_day(*faults)
        self._push()

    @rule(faults=st.lists(bad_days, max_size=2), moment=st.integers(1, 14))
    def the_push_dies(self, faults: list[Fault], moment: int) -> None:
        def die() -> None:
            raise CrashError

        self.xero.on_a_bad_day(*faults)
        self._push(Between(moment, die))

    @rule(faults=st.lists(bad_days, max_size=2), moment=st.integers(1, 14))
    def two_daemons_push(self, faults: list[Fault], moment: int) -> None:
        self.xero.on_a_bad_day(*faults)
        self._push(Between(moment, self._push))

    @rule(seconds=st.sampled_from([60, 400, 2000]))
    def time_passes(self, seconds: int) -> None:
        """Keys are forgotten after six minutes, tokens after thirty."""
        self.sandbox.clock.advance(seconds)

    @rule(which=orders)
    def a_person_takes_the_number(self, which: int) -> None:
        number = self._order(which).purchase_order_number
        if number not in {one.number for one in self.xero.orders}:
            self.theirs.add(self.xero.person_makes(number, quantity=7).document_id)

    @rule()
    def a_person_gives_the_numbers_back(self) -> None:
        for order in self.xero.orders:
            if order.document_id in self.theirs:
                order.number = f"PO-{order.document_id}"

    @rule(which=orders)
    def a_person_deletes_the_order(self, which: int) -> None:
        for held in self._in_xero(self._order(which)):
            held.status = "DELETED"

    @rule(which=orders)
    def a_person_renumbers_the_order(self, which: int) -> None:
        for held in self._in_xero(self._order(which)):
            held.number = f"PO-{held.document_id}"

    @rule(which=orders)
    def a_person_edits_the_order(self, which: int) -> None:
        for held in self._in_xero(self._order(which)):
            held.lines[0].quantity += 1
            self.edited.add(held.document_id)

    @rule()
    def a_person_merges_the_supplier(self) -> None:
        self.sandbox.edit(Merge(contact=SUPPLIER, into=SURVIVOR))

    @rule()
    def a_person_takes_an_item_away(self) -> None:
        """Orders of it are refused until it is there again."""
        self.xero.world.items.pop(guid("item TEA-03"), None)

    @invariant()
    def an_approved_order_is_in_xero_at_most_once(self) -> None:
        for order in self.ledger.orders():
            assert len(self._in_xero(order)) <= 1

    @invariant()
    def what_counts_as_sent_is_in_xero_as_it_was_approved(self) -> None:
        for order in self.ledger.orders():
            held = self._in_xero(order)
            if order.state is OrderState.SENT:
                assert [one.document_id for one in held] == [order.purchase_order_id]
                if order.purchase_order_id in self.edited:
                    continue
                assert sorted((line.item_code, line.quantity, line.unit_amount) for line in held[0].lines) == sorted(
                    (line.product_code, line.quantity, line.sent_price) for line in order.lines
                )
                assert body_hash(order) == order.approved_hash
            if order.state in {OrderState.DRAFT, OrderState.REJECTED} and not order.may_be_in_xero:
                assert held == []

    def teardown(self) -> None:
        """The bad day ends: whatever was approved and not withdrawn is sent, once."""
        self.sandbox.sandbox.faults.reset()
        self.sandbox.clock.advance(A_DAY)
        self.a_person_gives_the_numbers_back()
        self.xero.world.items |= self.items
        for _ in range(3):
            for order in self.ledger.orders(OrderState.FAILED):
                self._approve(order)
            self._push()
        for order in self.ledger.orders():
            assert order.state in {OrderState.DRAFT, OrderState.REJECTED, OrderState.SENT}
            assert len(self._in_xero(order)) == (order.state is OrderState.SENT)

    def _approve(self, order: Order) -> None:
        """As Xero's data say that the supplier is now."""
        merged = self.xero.world.contacts[SUPPLIER].merged_to_contact_id
        supplier = (merged, "Supplier 02") if merged else None
        self.ledger.append(approve(order, by="a buyer", at=NOON, supplier=supplier))

    def _order(self, which: int) -> Order:
        return self.ledger.order(f"20260302-{which:06d}")

    def _in_xero(self, order: Order) -> list:
        """The orders in Xero that our push made of this one, whatever number they have."""
        return [one for one in self.xero.orders if one.reference == f"plan {order.plan_id}"]

    def _push(self, between: Between | None = None) -> None:
        between = between or Between(0, lambda: None)
        waiting = self.ledger.orders(OrderState.APPROVED, OrderState.SENDING)
        with suppress(CrashError, PlannerError):
            push(WatchedLedger(self.ledger, between), WatchedGateway(self.xero.client, between), waiting)


def run(schedules: int, steps: int) -> int:
    """Run so many schedules; how many were run."""
    with a_store_and_a_sandbox() as (store, sandbox):
        world = sandbox.worlds[0]
        facts = {"supplier": copy.copy(world.contacts[SUPPLIER]), "items": dict(world.items)}
        names = itertools.count()
        machine = type("Schedules", (Sending,), {"store": store, "sandbox": sandbox, "names": names, **facts})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=schedules, stateful_step_count=steps, deadline=None, phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    return next(names)


def test_each_approved_order_is_in_xero_once_whatever_breaks():
    assert run(schedules=40, steps=15) >= 40


@pytest.mark.soak
def test_each_approved_order_is_in_xero_once_in_a_thousand_schedules():
    assert run(schedules=1000, steps=25) >= 1000
