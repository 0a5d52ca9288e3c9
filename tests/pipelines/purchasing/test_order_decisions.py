"""What may be decided on an order, and when; an order is what its events make of it."""

import doctest
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.purchasing import events, orders, transitions
from pipelines.purchasing.events import Event, Pushed, PushFailed, read, written
from pipelines.purchasing.order_changes.line_edits import change_line
from pipelines.purchasing.orders import OrderError, OrderState, body_hash, fold, push_key
from pipelines.purchasing.transitions import approve, reject, start_push, supersede
from tests.pipelines.purchasing.purchasing_builders import NOON, a_draft, a_line, an_order

BUYER: dict[str, Any] = {"by": "a buyer", "at": NOON}
TWO_LINES = (a_line("TEA-01"), a_line("TEA-02", "5.5", "1.005"))


def pushed(order):
    return Pushed(order_id=order.order_id, sequence=order.sequence + 1, **BUYER, purchase_order_id="po-1")


def failed(order):
    return PushFailed(order_id=order.order_id, sequence=order.sequence + 1, **BUYER, reason="Item code is not valid")


DECISIONS = {
    "change": lambda order: change_line(order, product_code="TEA-01", quantity=Decimal(7), **BUYER),
    "empty": lambda order: change_line(order, product_code="TEA-02", quantity=Decimal(0), **BUYER),
    "approve": lambda order: approve(order, **BUYER),
    "approve_although_stale": lambda order: approve(order, **BUYER, is_stale_accepted=True),
    "reject": lambda order: reject(order, **BUYER),
    "supersede": lambda order: supersede(order, plan_id="a newer one", **BUYER),
    "start": lambda order: start_push(order, **BUYER),
    "pushed": pushed,
    "failed": failed,
}
OUTCOMES = {"pushed", "failed"}


def history(*decisions):
    """The events of a draft on which people and the push decide in turn; what may not be decided is left out."""
    past = [a_draft("20260302-AAAAAA", *TWO_LINES)]
    for name in decisions:
        order = fold(past)
        if name in OUTCOMES and order.state is not OrderState.SENDING:
            continue
        try:
            past.append(DECISIONS[name](order))
        except OrderError:
            continue
    return past


def after(*decisions):
    return fold(history(*decisions))


histories = st.lists(st.sampled_from(sorted(DECISIONS)), max_size=12).map(lambda names: history(*names))


@given(histories)
def test_a_replayed_ledger_gives_the_same_order(past):
    assert fold(read(written(event)) for event in past) == fold(past)


@given(histories)
def test_an_order_is_the_fold_of_its_past_and_then_of_its_next_event(past):
    steps = [fold(past[:length]) for length in range(1, len(past) + 1)]
    assert [step.sequence for step in steps] == list(range(1, len(past) + 1))
    assert steps[-1] == fold(past)


@given(histories)
def test_nothing_is_decided_on_an_order_that_has_ended(past):
    states = [fold(past[:length]).state for length in range(1, len(past) + 1)]
    assert not {OrderState.SENT, OrderState.REJECTED, OrderState.SUPERSEDED} & set(states[:-1])


@given(histories)
def test_what_is_sent_is_what_was_approved(past):
    for length, event in enumerate(past):
        if type(event).__name__ == "PushStarted":
            before = fold(past[:length])
            assert body_hash(before) == before.approved_hash
            assert before.lines


@given(histories)
def test_each_try_is_counted_and_the_number_never_changes(past):
    order = fold(past)
    assert order.attempt == sum(type(event).__name__ == "PushStarted" for event in past)
    assert order.purchase_order_number == "RP-20260302-AAAAAA"


@given(histories)
def test_every_line_has_a_quantity_and_the_value_is_the_sum_of_the_lines(past):
    order = fold(past)
    assert all(line.quantity > 0 for line in order.lines)
    assert order.value == sum((line.value for line in order.lines), Decimal(0))


@pytest.mark.parametrize(
    ("reached_by", "refused"),
    [
        (("approve",), "change"),
        (("approve",), "approve"),
        (("approve",), "supersede"),
        (("approve", "start"), "reject"),
        (("approve", "start"), "change"),
        (("approve", "start"), "approve"),
        (("approve", "start", "pushed"), "reject"),
        (("approve", "start", "pushed"), "start"),
        (("approve", "start", "failed"), "start"),
        (("reject",), "approve"),
        (("supersede",), "approve"),
        ((), "start"),
    ],
)
def test_a_decision_that_comes_too_late_or_too_early_is_refused(reached_by, refused):
    with pytest.raises(OrderError, match=f"is {after(*reached_by).state}"):
        DECISIONS[refused](after(*reached_by))


@pytest.mark.parametrize("reached_by", [(), ("approve",), ("approve", "start", "failed")])
def test_an_order_can_be_withdrawn_until_it_is_being_sent(reached_by):
    assert fold([*history(*reached_by), reject(after(*reached_by), **BUYER)]).state is OrderState.REJECTED


def test_what_xero_refused_can_be_approved_for_another_try():
    again = after("approve", "start", "failed", "approve")
    assert (again.state, again.failure, again.attempt) == (OrderState.APPROVED, "", 1)


def test_an_approved_order_is_approved_again_only_to_send_it_although_its_data_are_old():
    assert after("approve", "approve_although_stale").is_stale_accepted
    with pytest.raises(OrderError):
        approve(after("approve_although_stale"), **BUYER, is_stale_accepted=True)


def test_an_order_that_differs_from_what_was_approved_is_not_sent_and_can_be_approved_again():
    tampered = replace(after("approve"), lines=(a_line(quantity="1200"),))
    with pytest.raises(OrderError, match="differs from what was approved"):
        start_push(tampered, **BUYER)
    assert approve(tampered, **BUYER).body_hash == body_hash(tampered)


def test_an_order_without_lines_is_not_approved():
    emptied = an_order(a_draft(), change_line(an_order(), product_code="TEA-01", quantity=Decimal(0), **BUYER))
    with pytest.raises(OrderError, match="no lines left"):
        approve(emptied, **BUYER)


def test_an_order_below_its_suppliers_minimum_needs_a_deliberate_approval():
    small = a_draft(minimum_order_value=Decimal("1200.01"))
    with pytest.raises(OrderError) as refused:
        approve(fold([small]), **BUYER)
    assert str(refused.value) == (
        "The order RP-20260302-AAAAAA is worth 30.00 GBP, below the supplier's minimum order value of 1,200.01 GBP; "
        "raise quantities, or approve it although it is below the minimum."
    )
    accepted = fold([small, approve(fold([small]), **BUYER, is_below_minimum_accepted=True)])
    assert (accepted.state, accepted.is_below_minimum) == (OrderState.APPROVED, True)


def test_an_order_that_is_raised_to_its_suppliers_minimum_is_approved_as_any_other():
    small = a_draft(minimum_order_value=Decimal("32.50"))
    raised = fold([small, change_line(fold([small]), product_code="TEA-01", quantity=Decimal(13), **BUYER)])
    assert (fold([small]).is_below_minimum, raised.is_below_minimum, raised.remark) == (True, False, "")
    assert not approve(raised, **BUYER).is_below_minimum_accepted


@pytest.mark.parametrize("later", [("approve_although_stale",), ("start", "failed", "approve")])
def test_an_order_below_the_minimum_is_accepted_only_once(later):
    past: list[Event] = [a_draft("20260302-AAAAAA", minimum_order_value=Decimal(40))]
    past.append(approve(fold(past), **BUYER, is_below_minimum_accepted=True))
    for name in later:
        past.append(DECISIONS[name](fold(past)))
    assert (fold(past).state, fold(past).is_below_minimum_accepted) == (OrderState.APPROVED, True)


def test_a_ledger_from_before_suppliers_had_terms_is_read_as_having_none():
    draft, accepted = a_draft(), approve(an_order(), **BUYER)
    old = [json.loads(written(event)) for event in (draft, accepted)]
    del old[0]["minimum_order_value"], old[0]["lines"][0]["supplier_product_code"], old[1]["is_below_minimum_accepted"]
    assert [read(json.dumps(event)) for event in old] == [draft, accepted]


def test_a_changed_quantity_changes_nothing_else_of_its_line():
    line = a_line(supplier_code="4711")
    change = change_line(
        an_order(a_draft("20260302-AAAAAA", line)), product_code="TEA-01", quantity=Decimal(7), **BUYER
    )
    assert fold([a_draft("20260302-AAAAAA", line), change]).lines == (a_line(quantity="7", supplier_code="4711"),)


@pytest.mark.parametrize("text", ["-1", "nan", "-nan", "inf", "1e9", "1e400", "0.00001"])
def test_a_quantity_that_xero_does_not_accept_is_refused(text):
    with pytest.raises(OrderError, match="is not a valid quantity"):
        change_line(an_order(), product_code="TEA-01", quantity=Decimal(text), **BUYER)


def test_a_product_that_is_not_on_the_order_cannot_be_changed():
    with pytest.raises(OrderError, match="no line for 'TEA-99'"):
        change_line(an_order(), product_code="TEA-99", quantity=Decimal(1), **BUYER)


@given(
    quantity=st.decimals("0.0001", 10**6, places=4, allow_nan=False),
    cost=st.decimals(0, 10**6, places=4, allow_nan=False),
)
def test_a_line_costs_its_quantity_at_the_price_of_two_decimals_rounded_half_up(quantity, cost):
    line = a_line(quantity=str(quantity), cost=str(cost))
    assert abs(line.sent_price - cost) <= Decimal("0.005")
    assert line.sent_price == line.sent_price.quantize(Decimal("0.01"))
    assert Decimal("-0.005") < line.value - quantity * line.sent_price <= Decimal("0.005")


def test_tries_at_the_same_approval_have_one_key_and_a_new_approval_another():
    tried, again = after("approve"), after("approve", "start")
    assert push_key([tried]) == push_key([again])
    renewed = fold([*history("approve", "start", "failed"), approve(
        after("approve", "start", "failed"), by="a buyer", at=NOON + timedelta(minutes=1))])  # fmt: skip
    assert push_key([renewed]) != push_key([tried])


@pytest.mark.parametrize("module", [events, orders, transitions])
def test_the_examples_hold(module):
    tested = doctest.testmod(module)
    assert (tested.attempted > 0, tested.failed) == (True, 0)


def test_a_line_is_found_by_its_product_in_any_case():
    order = fold([a_draft("20260302-AAAAAA", *TWO_LINES)])
    assert change_line(order, product_code=" tea-01", quantity=Decimal(7), **BUYER).product_code == "TEA-01"
    with pytest.raises(OrderError, match="has no line for 'tea-03'"):
        change_line(order, product_code="tea-03", quantity=Decimal(7), **BUYER)
