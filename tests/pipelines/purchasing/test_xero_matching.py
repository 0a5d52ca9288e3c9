"""Whatever an answer looks like, no order takes another order's element, and what it does not say stays unknown."""

import doctest
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from pipelines.purchasing.orders import Order, OrderState
from pipelines.purchasing.sending import xero_matching
from pipelines.purchasing.sending.gateway import PurchaseOrderGateway
from pipelines.purchasing.sending.push import PushResult
from pipelines.purchasing.sending.xero_matching import ZERO_ID, elements_of
from tests.pipelines.purchasing.purchasing_builders import SUPPLIER, a_draft, an_order, approved, push
from tests.xero_sandbox.sandbox_builders import guid

A, B, C = (an_order(a_draft(f"20260302-{name * 6}")) for name in "ABC")


def an_id(order: Order) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, order.order_id))


def created(order: Order) -> dict[str, object]:
    return {
        "PurchaseOrderNumber": order.purchase_order_number, "PurchaseOrderID": an_id(order),
        "Contact": {"ContactID": SUPPLIER}, "Status": "DRAFT", "SubTotal": 30.0,
        "LineItems": [{"ItemCode": "TEA-01", "Quantity": 12.0, "UnitAmount": 2.5}],
    }  # fmt: skip


def refused(order: Order) -> dict[str, object]:
    errors = [{"Message": "Item code 'TEA-01' is not valid"}]
    return {"PurchaseOrderNumber": order.purchase_order_number, "PurchaseOrderID": ZERO_ID, "ValidationErrors": errors}


@st.composite
def answers(draw):
    """To a call of three orders: what Xero made of each, in any order, some lost, doubled or without a number."""
    made = {order.order_id: draw(st.booleans()) for order in (A, B, C)}
    elements = []
    for order in draw(st.lists(st.sampled_from([A, B, C]), max_size=5)):
        element = created(order) if made[order.order_id] else refused(order)
        spelling = draw(st.sampled_from([str, str.lower, str.upper, lambda text: f" {text}", lambda _: ""]))
        element["PurchaseOrderNumber"] = spelling(str(element["PurchaseOrderNumber"]))
        elements.append(element if element["PurchaseOrderNumber"] else {**element, "PurchaseOrderNumber": None})
    return elements


@given(elements=answers())
def test_no_order_takes_an_element_with_another_orders_number_or_without_a_number(elements):
    for order, element in zip((A, B, C), elements_of([A, B, C], elements), strict=True):
        if element is not None:
            assert str(element["PurchaseOrderNumber"]).strip().upper() == order.purchase_order_number
            assert element["PurchaseOrderID"] in {ZERO_ID, an_id(order)}


@given(elements=answers())
def test_an_order_whose_number_is_in_the_answer_is_not_left_unknown(elements):
    bears = {str(element["PurchaseOrderNumber"]).strip().upper() for element in elements}
    for order, element in zip((A, B, C), elements_of([A, B, C], elements), strict=True):
        assert (element is not None) == (order.purchase_order_number in bears)


def test_an_id_that_an_answer_gives_to_two_orders_belongs_to_neither():
    elements = [created(A), {**created(B), "PurchaseOrderID": an_id(A)}]
    assert elements_of([A, B], elements) == [None, None]


def test_an_order_with_two_ids_in_an_answer_has_an_unknown_outcome():
    assert elements_of([A, B], [created(A), {**created(A), "PurchaseOrderID": an_id(B)}]) == [None, None]


def test_a_single_element_without_a_number_answers_a_call_with_a_single_order():
    element = {**refused(A), "PurchaseOrderNumber": None}
    assert elements_of([A], [element]) == [element]
    assert elements_of([A], [created(B)]) == [None]


@dataclass(frozen=True)
class Garbling:
    """Xero's client, with an answer to a PUT that was garbled on its way."""

    client: PurchaseOrderGateway
    garble: Callable[[list[dict[str, object]]], list[dict[str, object]]]

    def put_purchase_orders(self, orders, *, idempotency_key):
        return self.garble(self.client.put_purchase_orders(orders, idempotency_key=idempotency_key))

    def purchase_order_by_number(self, number):
        return self.client.purchase_order_by_number(number)

    def purchase_orders_changed_since(self, instant):
        return self.client.purchase_orders_changed_since(instant)


def test_of_two_equal_orders_the_created_is_sent_and_the_refused_without_a_number_is_unknown(ledger, xero):
    """The answer is [B made, A refused without its number]: A has never B's id."""
    nobody = guid("contact Nobody knows")
    orders = approved(ledger, a_draft("20260302-AAAAAA", supplier_id=nobody), a_draft("20260302-BBBBBB"))
    garbled = Garbling(xero.client, lambda made: [made[1], {**made[0], "PurchaseOrderNumber": None}])
    outcomes = push(ledger, garbled, orders)
    assert [outcome.result for outcome in outcomes] == [PushResult.UNKNOWN, PushResult.SENT]
    first, second = ledger.orders()
    assert (first.state, first.purchase_order_id) == (OrderState.SENDING, "")
    assert (second.state, [second.purchase_order_id]) == (OrderState.SENT, [one.document_id for one in xero.orders])
    assert [outcome.result for outcome in push(ledger, xero, [first])] == [PushResult.FAILED]


def test_the_examples_hold():
    tested = doctest.testmod(xero_matching)
    assert (tested.attempted > 0, tested.failed) == (True, 0)
