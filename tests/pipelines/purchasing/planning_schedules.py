"""New plans and a second person, as rules of random schedules: drafts change while orders are being sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from pipelines.purchasing.events import Approved, FirstApproved
from pipelines.purchasing.order_changes.second_person import ApprovalRule, approve_in_turn, is_same_person
from pipelines.purchasing.orders import SUPPLY_STATES, Order, OrderState, fold
from pipelines.store.order_ledger import OrderLedger
from tests.pipelines.purchasing.purchasing_builders import AS_OF, CODES, NO_TERMS, planned

PEOPLE = ("a buyer", "the owner")
people = st.sampled_from(PEOPLE)


class Planning:
    """What plans and the approval limit add to a schedule: its ledger, its number, its clock are the schedule's own."""

    ledger: OrderLedger
    number: int
    limit: Decimal | None = None
    counted: frozenset[str] = frozenset()
    plans: int = 0
    drafted: int = 0

    def _now(self) -> datetime:
        raise NotImplementedError

    @initialize(limit=st.sampled_from([None, Decimal(20)]))
    def an_approval_limit_is_set(self, limit: Decimal | None) -> None:
        self.limit = limit

    @rule()
    def a_plan_reads_the_orders(self) -> None:
        """What is approved from here on, the next plan does not know of."""
        self.counted = frozenset(order.order_id for order in self.ledger.orders(*SUPPLY_STATES))

    @rule(codes=st.lists(st.sampled_from(CODES), unique=True), quantity=st.sampled_from([4.0, 12.0]))
    def a_new_plan_drafts(self, codes: list[str], quantity: float) -> None:
        """Its drafts replace the untouched ones; what people hold or approved since is drafted by none."""
        before = self.ledger.orders()
        self.plans += 1
        with self._numbered_ids():
            change = self.ledger.redraft(
                planned(*({"product_code": code, "order_quantity": quantity} for code in codes)),
                plan_id=f"plan {self.number}.{self.plans}", as_of=AS_OF, at=self._now(), data_loaded_at=self._now(),
                terms=NO_TERMS, counted=self.counted,
            )  # fmt: skip
        held = {line.product_code for order in before if self._is_held(order) for line in order.lines}
        lines = [*(event.lines for event in change.drafted), *(event.lines for event in change.confirmed)]
        suggested = [line.product_code for of_order in lines for line in of_order]
        assert held.isdisjoint(suggested), "a new plan drafts what a person holds or approved since"
        drafts = [order for order in self.ledger.orders(OrderState.DRAFT) if not order.is_edited]
        assert sorted(line.product_code for order in drafts for line in order.lines) == sorted(suggested)
        assert len(suggested) == len(set(suggested)), "a product is drafted twice"

    @invariant()
    def above_the_limit_two_people_approved(self) -> None:
        if self.limit is None:
            return
        for history in self.ledger.histories():
            for place, event in enumerate(history):
                order = fold(history[: place + 1])
                if isinstance(event, Approved) and order.value > self.limit:
                    first = fold(history[:place]).first_approval
                    assert isinstance(first, FirstApproved), f"{order.order_id} needed one person only"
                    assert first.body_hash == event.body_hash, f"{order.order_id} changed between two approvals"
                    assert not is_same_person(first.by, event.by), f"{order.order_id}: one person approved twice"

    def _approved(self, order: Order, supplier: tuple[str, str] | None, *, by: str) -> Approved | FirstApproved:
        """The event of a person's approval."""
        rule = ApprovalRule(self.limit, "GBP", orders=self.ledger.orders())
        return approve_in_turn(order, rule, by=by, at=self._now(), is_stale_accepted=True, supplier=supplier)

    def _is_held(self, order: Order) -> bool:
        is_touched = order.state is OrderState.DRAFT and order.is_edited
        return is_touched or (order.state in SUPPLY_STATES and order.order_id not in self.counted)

    @contextmanager
    def _numbered_ids(self) -> Iterator[None]:
        """Ids of new drafts that are the same when a schedule is run again, and sort as they were made."""

        def token(_: int) -> bytes:
            self.drafted += 1
            return (self.drafted % 2**10 << 30 | self.number % 2**20 << 10).to_bytes(5, "big")

        with mock.patch("pipelines.purchasing.orders.secrets.token_bytes", token):
            yield
