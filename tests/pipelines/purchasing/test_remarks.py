"""What a person should know about an order."""

from decimal import Decimal

from pipelines.purchasing.events import PushFailed
from pipelines.purchasing.orders import Order, apply_event
from pipelines.purchasing.remarks import remarks
from pipelines.purchasing.transitions import approve, reject, start_push
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
