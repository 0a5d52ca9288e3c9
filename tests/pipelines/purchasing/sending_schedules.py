"""Orders, a buyer, a push that may break anywhere, a sensor, and people in Xero, in any order: what must always hold.

The push, its ledger, its client and the sensor are the real ones; Xero is the sandbox with its faults. What Xero made
of each of our orders is known from the documents that appeared there, whatever people do to them afterwards.
"""

import copy
import itertools
import os
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pipelines.errors import PlannerError
from pipelines.purchasing.order_changes.line_edits import change_line
from pipelines.purchasing.order_changes.merging import merge
from pipelines.purchasing.order_changes.splitting import split
from pipelines.purchasing.orders import Order, OrderError, OrderState, body_hash
from pipelines.purchasing.transitions import reject, reopen
from pipelines.store import schema
from pipelines.store.order_ledger import OrderLedger, ledger_order_lines
from stocktrim_assets import sensors
from stocktrim_assets.partitions import organisations
from tests.pipelines.purchasing.bad_days import Loaded, LostCalls, World, bad_days
from tests.pipelines.purchasing.crashes import Between, CrashError, WatchedGateway, WatchedLedger
from tests.pipelines.purchasing.planning_schedules import PEOPLE, Planning, people
from tests.pipelines.purchasing.purchasing_builders import CODES, NOON, SUPPLIER, Xero, a_draft, a_line, push
from tests.xero_sandbox.sandbox_builders import guid
from xero_sandbox.behaviour.edits import Merge
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.core.documents import Document

KEY = "acme"
A_DAY = 86_400
ORDERS = 3
SURVIVOR = guid("contact Supplier 02")
PHASES = [Phase.generate, *([] if "SOAK_SCHEDULES" in os.environ else [Phase.shrink])]
ENDED = {OrderState.DRAFT, OrderState.REJECTED, OrderState.SENT, OrderState.SUPERSEDED}
orders = st.integers(0, 2 * ORDERS)
days = st.lists(bad_days, max_size=2)
moments = st.integers(1, 14)


class Sending(Planning, RuleBasedStateMachine):
    """Three orders and what may happen to them; `world` is given by the class that a run makes of this one."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = self.world.sandbox
        self.sandbox.sandbox.reset()
        self.sandbox.clock.freeze(NOON)
        self.xero = Xero(self.sandbox)
        self.xero.world.purchase_orders.clear()
        self.xero.world.contacts |= {SUPPLIER: copy.copy(self.world.supplier)}
        self.xero.world.items |= self.world.items
        with self.world.store.writing() as connection:
            connection.execute(sa.delete(schema.order_event))
        self.ledger = OrderLedger(self.world.store, KEY)
        self.number = next(self.world.schedules) % 100_000
        self.ids = (f"20260302-{self.number:05d}{place}" for place in itertools.count())
        self.ahead = timedelta()
        self.theirs: set[str] = set()
        self.edited: set[str] = set()
        self.became: dict[str, str] = {}
        self.hanging: list[dg.DagsterRun] = []

    @initialize(
        lines=st.lists(st.lists(st.sampled_from(CODES), min_size=1, unique=True), min_size=3, max_size=3),
        is_one_plan=st.booleans(),
    )
    def draft(self, lines: list[list[str]], is_one_plan: bool) -> None:
        """A plan has each product on one order."""
        taken: set[str] = set()
        for codes in lines:
            order_id = next(self.ids)
            own = [code for code in codes if not is_one_plan or code not in taken]
            taken |= set(own)
            plan = {"plan_id": f"plan {self.number}"} if is_one_plan else {}
            if own:
                self.ledger.append(a_draft(order_id, *(a_line(code) for code in own), **plan))

    @rule(which=orders, who=people)
    def somebody_approves(self, which: int, who: str) -> None:
        with suppress(OrderError):
            self._approve(self._order(which), by=who)

    @rule(which=orders)
    def everybody_approves(self, which: int) -> None:
        self._approve_by_all(self._order(which))

    @rule(which=orders, quantity=st.sampled_from(["0", "5", "0.5", "1200"]))
    def a_buyer_changes_a_draft(self, which: int, quantity: str) -> None:
        order = self._order(which)
        if order.lines:
            with suppress(OrderError):
                code, units = order.lines[0].product_code, Decimal(quantity)
                self.ledger.append(change_line(order, product_code=code, quantity=units, by="a buyer", at=self._now()))

    @rule(into=orders, other=orders)
    def a_buyer_merges_drafts(self, into: int, other: int) -> None:
        with suppress(OrderError):
            self.ledger.append_all(merge(self._order(into), [self._order(other)], by="a buyer", at=self._now()))

    @rule(which=orders, units=st.sampled_from([None, Decimal(4)]))
    def a_buyer_splits_a_draft(self, which: int, units: Decimal | None) -> None:
        order = self._order(which)
        if order.lines:
            with suppress(OrderError):
                moves = {order.lines[-1].product_code: units}
                self.ledger.append_all(split(order, moves, new_id=next(self.ids), by="a buyer", at=self._now()))

    @rule(which=orders)
    def a_buyer_reopens(self, which: int) -> None:
        with suppress(OrderError):
            self.ledger.append(reopen(self._order(which), by="a buyer", at=self._now()))

    @rule(which=orders)
    def a_buyer_withdraws(self, which: int) -> None:
        order = self._order(which)
        if order.state is OrderState.SENDING:
            with suppress(OrderError):
                self.ledger.append(reject(order, by="a buyer", at=self._now()))
                raise AssertionError(f"{order.order_id} was withdrawn while it was being sent")
        elif order.state in {OrderState.APPROVED, OrderState.FAILED} and not order.may_be_in_xero:
            self.ledger.append(reject(order, by="a buyer", at=self._now()))

    @rule(faults=days)
    def the_push_runs(self, faults: list[Fault]) -> None:
        self.xero.on_a_bad_day(*faults)
        self._push()

    @rule(faults=days, moment=moments)
    def the_push_dies(self, faults: list[Fault], moment: int) -> None:
        self.xero.on_a_bad_day(*faults)
        self._push(Between(moment, _die))

    @rule(faults=days, moment=moments)
    def two_daemons_push(self, faults: list[Fault], moment: int) -> None:
        self.xero.on_a_bad_day(*faults)
        self._push(Between(moment, self._push))

    @rule(faults=days, moment=moments)
    def a_call_times_out_and_arrives_during_the_next_push(self, faults: list[Fault], moment: int) -> None:
        lost = LostCalls(self.xero.client)
        self.xero.on_a_bad_day(Fault(kind="drop_before", method="PUT", times=3))
        self._push(gateway=lost)
        self.sandbox.sandbox.faults.reset()
        self.xero.on_a_bad_day(*faults)
        self._push(Between(moment, lost.arrive))

    @rule(faults=days, ends=st.sampled_from(["SUCCESS", "FAILURE", "STARTED"]), moment=st.integers(0, 14))
    def the_sensor_ticks(self, faults: list[Fault], ends: str, moment: int) -> None:
        """What it asks for is run: to its end, until it dies, or it hangs, as a run does whose process was killed."""
        self.xero.on_a_bad_day(*faults)
        self._tick(ends, Between(moment, _die))

    @rule()
    def hanging_runs_are_found_dead(self) -> None:
        for run in self.hanging:
            self.world.instance.delete_run(run.run_id)
            self.world.instance.add_run(run.with_status(dg.DagsterRunStatus.FAILURE))
        self.hanging.clear()

    @rule(seconds=st.sampled_from([60, 400, 2000]))
    def time_passes(self, seconds: int) -> None:
        """Keys are forgotten after six minutes, tokens after thirty."""
        self.sandbox.clock.advance(seconds)

    @rule(hours=st.sampled_from([-12, -1, 0, 1, 12]))
    def our_clock_jumps(self, hours: int) -> None:
        self.ahead = timedelta(hours=hours)

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
        self._look()
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
        """A last load; then the bad day ends, and the sensor alone sends what was approved and not withdrawn, once."""
        self._load()
        self.sandbox.sandbox.faults.reset()
        self.sandbox.clock.advance(A_DAY)
        self.ahead = timedelta()
        self.a_person_gives_the_numbers_back()
        self.xero.world.items |= self.world.items
        self.hanging_runs_are_found_dead()
        for _ in range(3):
            for order in self.ledger.orders(OrderState.FAILED):
                self._approve_by_all(order)
            self._tick("SUCCESS")
        self._look()
        for order in self.ledger.orders():
            assert order.state in ENDED
            assert len(self._in_xero(order)) == (order.state is OrderState.SENT)
        self._load()

    def _load(self) -> None:
        """Keep what a load would see now, and what is to come: what Xero has open, and what is not there yet."""
        self._look()
        to_come: dict[str, Decimal] = defaultdict(Decimal)
        for held in self.xero.orders:
            for line in held.lines if held.status != "DELETED" else ():
                to_come[line.item_code] += line.quantity
        for order in self.ledger.orders(OrderState.APPROVED, OrderState.SENDING):
            for ordered in order.lines if not self._in_xero(order) else ():
                to_come[ordered.product_code] += ordered.quantity
        lines = ledger_order_lines(self.ledger.orders()).to_dicts()
        self.world.loads.append(Loaded(copy.deepcopy(self.xero.orders), lines, dict(to_come)))

    def _look(self) -> None:
        """Note which orders of ours are new in Xero, by the number that they were created with."""
        numbers = {order.purchase_order_number: order.order_id for order in self.ledger.orders()}
        for held in self.xero.orders:
            if held.document_id not in {*self.theirs, *self.became}:
                self.became[held.document_id] = numbers[held.number]

    def _approve_by_all(self, order: Order) -> None:
        """One person after the other, until the order needs no more of them."""
        for person in PEOPLE:
            with suppress(OrderError):
                self._approve(self.ledger.order(order.order_id), by=person)

    def _approve(self, order: Order, *, by: str) -> None:
        """As Xero's data say that the supplier is now."""
        merged = self.xero.world.contacts[SUPPLIER].merged_to_contact_id
        supplier = (merged, "Supplier 02") if merged else None
        self.ledger.append(self._approved(order, supplier, by=by))

    def _order(self, which: int) -> Order:
        known = self.ledger.orders()
        return known[which % len(known)]

    def _in_xero(self, order: Order) -> list[Document]:
        """The orders in Xero that our push made of this one, whatever number they have."""
        self._look()
        return [one for one in self.xero.orders if self.became.get(one.document_id) == order.order_id]

    def _now(self) -> datetime:
        return self.sandbox.clock.now() + self.ahead

    def _push(self, between: Between | None = None, *, gateway: Any = None) -> None:
        between = between or Between(0, lambda: None)
        waiting = self.ledger.orders(OrderState.APPROVED, OrderState.SENDING)
        others = self.ledger.orders()
        to = WatchedGateway(gateway or self.xero.client, between)
        with suppress(CrashError, PlannerError):
            push(WatchedLedger(self.ledger, between), to, waiting, others=others, now=self._now)

    def _tick(self, ends: str, between: Between | None = None) -> None:
        """The real sensor; each run that it asks for sends, and is kept as Dagster keeps it."""
        asked: Any = sensors.approved_orders(dg.build_sensor_context(instance=self.world.instance))
        for request in asked.run_requests or []:
            under_way = {run.tags[sensors.PUSH_TAG] for run in self.hanging}
            assert request.tags[sensors.PUSH_TAG] not in under_way, "the same run was asked for twice at a time"
            self._push(between)
            run = dg.DagsterRun(job_name="send_approved_orders", tags=request.tags, status=dg.DagsterRunStatus(ends))
            self.world.instance.add_run(run)
            self.hanging += [run] if ends == "STARTED" else []


def _die() -> None:
    raise CrashError


def run_schedules(world: World, schedules: int, steps: int) -> int:
    """Run so many schedules; how many were run."""
    machine = type("Schedules", (Sending,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=schedules, stateful_step_count=steps, deadline=None, phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    return next(world.schedules)


def an_instance() -> dg.DagsterInstance:
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(str(organisations.name), [KEY])
    return instance
