"""What a person should know about an order."""

from datetime import timedelta
from decimal import Decimal

from pipelines.purchasing.drafts import drafted_orders
from pipelines.purchasing.events import PushFailed
from pipelines.purchasing.orders import Order, apply_event
from pipelines.purchasing.remarks import remarks
from pipelines.purchasing.transitions import approve, reject, reopen, start_push
from tests.pipelines.purchasing.purchasing_builders import NOON, a_draft, a_line, an_order


def an_order_refused(reason: str) -> Order:
    order = an_order(a_draft("20260302-AAAAAA"))
    order = apply_event(order, approve(order, by="a buyer", at=NOON))
    order = apply_event(order, start_push(order, by="stocktrim", at=NOON))
    refusal = PushFailed(order_id=order.order_id, sequence=order.sequence + 1, at=NOON, by="stocktrim", reason=reason)
    return apply_event(order, refusal)


def remarks_on(order: Order) -> list[str]:
    return remarks(order, is_stale=lambda _: False)


def test_xeros_sentences_are_joined_without_their_full_stops():
    assert remarks_on(an_order_refused("The contact is archived.")) == ["Xero refused it: The contact is archived"]


def test_the_sent_value_of_an_order_is_shown_only_while_it_may_be_sent():
    order = an_order(a_draft("20260302-AAAAAA", a_line(), minimum_order_value=Decimal(999)))
    assert remarks_on(order) != []
    assert remarks_on(apply_event(order, reject(order, by="a buyer", at=NOON))) == []


def test_a_draft_below_the_minimum_names_the_other_drafts_to_its_supplier():
    order = an_order(a_draft("20260302-AAAAAA", a_line("CUP"), minimum_order_value=Decimal(50)))
    other, abroad = an_order(a_draft("20260302-BBBBBB")), an_order(a_draft("20260302-CCCCCC", currency="EUR"))
    found = remarks(order, is_stale=lambda _: False, others=[order, other, abroad])
    assert found == [
        "below the supplier's minimum order value of 50.00 GBP",
        "with RP-20260302-BBBBBB to the same supplier it comes to 60.00 GBP: merged they are one order",
    ]
    assert remarks(order, is_stale=lambda _: False, others=[order, abroad]) == found[:1]
    assert remarks(other, is_stale=lambda _: False, others=[order, other]) == []


def test_a_draft_that_was_rejected_and_is_suggested_again_says_when_by_whom_and_why():
    draft = an_order(a_draft("20260302-AAAAAA", a_line(), a_line("CUP")))
    over = apply_event(draft, reject(draft, by="Ann", at=NOON, reason="enough on hand"))
    again = an_order(a_draft("20260303-BBBBBB", at=NOON + timedelta(days=1)))
    said = "1 of its products was on RP-20260302-AAAAAA, rejected on 2026-03-02 by Ann: enough on hand"
    assert remarks(again, is_stale=lambda _: False, others=[over, again]) == [said]
    assert drafted_orders([again], others=[over])["remark"].to_list() == [said]
    reopened = apply_event(over, reopen(over, by="Ann", at=NOON))
    assert remarks(again, is_stale=lambda _: False, others=[reopened]) == []


def test_a_rejection_is_forgotten_once_an_order_of_the_same_product_is_approved_and_never_said_of_what_people_make():
    draft = an_order(a_draft("20260302-AAAAAA"))
    over = apply_event(draft, reject(draft, by="Ann", at=NOON))
    bought = an_order(a_draft("20260303-BBBBBB"))
    bought = apply_event(bought, approve(bought, by="Ben", at=NOON + timedelta(days=2)))
    later = an_order(a_draft("20260310-CCCCCC", at=NOON + timedelta(days=8)))
    assert remarks(later, is_stale=lambda _: False, others=[over])[0].endswith("by Ann, without a reason")
    assert remarks(later, is_stale=lambda _: False, others=[over, bought]) == []
    own = an_order(a_draft("20260310-DDDDDD", is_by_person=True))
    assert remarks(own, is_stale=lambda _: False, others=[over]) == []
