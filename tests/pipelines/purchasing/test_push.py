"""What is sent to Xero, what Xero makes of it, and what is never sent: against the sandbox on its bad days too."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import SignInError, XeroError
from pipelines.purchasing.drafts import Terms, redraft, xero_price_decimals
from pipelines.purchasing.orders import OrderError, OrderState
from pipelines.purchasing.sending.push import PushResult, order_body
from pipelines.purchasing.sending.xero_matching import is_same_order
from pipelines.purchasing.transitions import approve, reject
from pipelines.xero.client import XeroClient
from pipelines.xero.xero_errors import RateLimitError, UnreadableAnswerError, XeroUnreachableError
from tests.pipelines.purchasing.purchasing_builders import (
    AS_OF,
    NOON,
    SUPPLIER,
    TENANT_ID,
    a_draft,
    a_line,
    an_order,
    approved,
    planned,
    push,
)
from tests.xero_sandbox.sandbox_builders import a_contact, guid
from xero_sandbox.behaviour.faults import Fault

NUMBER = "RP-20260302-AAAAAA"


def many(count):
    return [a_draft(f"20260302-{n:06d}") for n in range(count)]


def results_of(outcomes):
    return [outcome.result for outcome in outcomes]


def test_an_order_arrives_as_it_was_approved(ledger, xero):
    lines = a_line("TEA-01", "12", "2.345"), a_line("TEA-02", "0.5", "0.01")
    (order,) = approved(ledger, a_draft("20260302-AAAAAA", *lines))
    (outcome,) = push(ledger, xero, [order])
    (held,) = xero.orders
    assert (outcome.result, ledger.order(order.order_id).purchase_order_id) == (PushResult.SENT, held.document_id)
    assert (held.number, held.contact_id, held.date, held.reference, held.status) == (
        NUMBER, SUPPLIER, order.order_date, f"plan {order.plan_id}", "DRAFT")  # fmt: skip
    assert (held.expected_arrival_date, held.delivery_date) == (order.expected_arrival_date, None)
    assert [(line.item_code, line.quantity, line.unit_amount) for line in held.lines] == [
        ("TEA-01", 12, Decimal("2.35")), ("TEA-02", Decimal("0.5"), Decimal("0.01"))]  # fmt: skip


def test_a_line_shows_the_suppliers_own_code_before_the_products_name(ledger, xero):
    lines = a_line("TEA-01", supplier_code="4711"), a_line("TEA-02")
    push(ledger, xero, approved(ledger, a_draft("20260302-AAAAAA", *lines)))
    (held,) = xero.orders
    assert [(line.item_code, line.description) for line in held.lines] == [
        ("TEA-01", "4711 — Name of TEA-01"), ("TEA-02", "Name of TEA-02")]  # fmt: skip


def test_an_order_whose_descriptions_a_person_changed_in_xero_is_found_and_not_sent_again(ledger, xero):
    (order,) = approved(ledger, a_draft("20260302-AAAAAA", a_line(supplier_code="4711")))
    xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"))
    assert results_of(push(ledger, xero, [order])) == [PushResult.UNKNOWN]
    (held,) = xero.orders
    held.lines[0].description = "green tea"
    assert results_of(push(ledger, xero, [ledger.order(order.order_id)])) == [PushResult.ADOPTED]
    assert len(xero.orders) == len(xero.puts()) == 1


def test_the_value_of_an_order_is_xeros_total_to_the_cent(ledger, xero):
    awkward = [a_line("TEA-01", "0.5", "0.01"), a_line("TEA-02", "1.5", "2.345"), a_line("TEA-03", "3", "1.005")]
    (order,) = approved(ledger, a_draft("20260302-AAAAAA", *awkward))
    push(ledger, xero, [order])
    held = xero.client.purchase_order_by_number(NUMBER)
    assert held is not None
    assert Decimal(str(held["SubTotal"])) == order.value == Decimal("6.57")  # 0.01 + 3.53 + 3.03


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED", "AUTHORISED"])
def test_an_order_gets_the_status_of_the_setting_and_no_other(ledger, xero, status):
    push(ledger, xero, approved(ledger), push_status=status)
    assert [one.status for one in xero.orders] == [status]


@given(
    name=st.builds(str.__mul__, st.text(max_size=30), st.integers(1, 300)),
    price=st.decimals(0, 10**6, places=4, allow_nan=False),
)
def test_any_product_name_gives_a_description_that_xero_accepts(name, price):
    order = an_order(a_draft("20260302-AAAAAA", msgspec.structs.replace(a_line(cost=str(price)), product_name=name)))
    body: dict[str, Any] = order_body(order, push_status="DRAFT")
    (line,) = body["LineItems"]
    assert 0 < len(line["Description"]) <= 4000
    assert not any(ord(char) < 32 and char not in "\t\n\r" for char in line["Description"])
    assert line["UnitAmount"] == round(line["UnitAmount"], 2)
    assert "DeliveryDate" not in body


def test_a_note_for_the_supplier_is_kept_beside_a_name_of_any_length():
    long = msgspec.structs.replace(a_line(), product_name="x" * 4100, note="in blue")
    body: dict[str, Any] = order_body(an_order(a_draft("20260302-AAAAAA", long)), push_status="DRAFT")
    (line,) = body["LineItems"]
    assert (len(line["Description"]), line["Description"][-10:]) == (4000, " — in blue")


def test_orders_travel_fifty_a_call(ledger, xero):
    outcomes = push(ledger, xero, approved(ledger, *many(120)))
    assert (set(results_of(outcomes)), len(xero.orders), len(xero.puts())) == ({PushResult.SENT}, 120, 3)
    assert len({one["idempotency_key"] for one in xero.puts()}) == 3
    assert all(len(one["idempotency_key"]) <= 128 for one in xero.puts())


def test_calls_stay_below_xeros_size_limit(ledger, xero):
    long = msgspec.structs.replace(a_line(), product_name="é" * 4000)
    outcomes = push(ledger, xero, approved(ledger, *(a_draft(f"20260302-{n:06d}", *[long] * 40) for n in range(5))))
    assert (set(results_of(outcomes)), len(xero.orders), len(xero.puts())) == ({PushResult.SENT}, 5, 2)


def test_one_order_that_is_too_large_fails_in_words_and_holds_up_no_other(ledger, xero):
    long = msgspec.structs.replace(a_line(), product_name="x" * 4000)
    large = a_draft("20260302-LARGER", *[long] * 900)
    outcomes = push(ledger, xero, approved(ledger, large, a_draft()))
    assert results_of(outcomes) == [PushResult.FAILED, PushResult.SENT]
    assert "3.5 MB" in ledger.order("20260302-LARGER").failure


def test_in_a_batch_the_refused_order_fails_with_xeros_words_and_the_others_are_sent(ledger, xero):
    unknown = a_draft("20260302-BBBBBB", a_line("TEA-99"))
    outcomes = push(ledger, xero, approved(ledger, a_draft("20260302-AAAAAA"), unknown, a_draft("20260302-CCCCCC")))
    assert results_of(outcomes) == [PushResult.SENT, PushResult.FAILED, PushResult.SENT]
    failed = ledger.order("20260302-BBBBBB")
    assert (failed.state, failed.failure) == (OrderState.FAILED, "Item code 'TEA-99' is not valid")
    assert [one.number for one in xero.orders] == ["RP-20260302-AAAAAA", "RP-20260302-CCCCCC"]


@pytest.mark.parametrize("supplier", ["Archived", "Nobody knows"])
def test_an_order_to_a_closed_contact_fails_until_the_contact_is_restored(ledger, xero, supplier):
    contact = a_contact("Archived", status="ARCHIVED")
    xero.world.contacts[contact.contact_id] = contact
    (order,) = approved(ledger, a_draft(supplier_id=guid(f"contact {supplier}")))
    assert results_of(push(ledger, xero, [order])) == [PushResult.FAILED]
    failed = ledger.order(order.order_id)
    assert "contact details" in failed.failure
    xero.world.contacts[order.supplier_id] = msgspec.structs.replace(
        contact, contact_id=order.supplier_id, status="ACTIVE"
    )
    again = ledger.append(approve(failed, by="a buyer", at=NOON))
    assert results_of(push(ledger, xero, [again])) == [PushResult.SENT]
    assert len(xero.orders) == 1


def test_a_call_that_is_refused_as_a_whole_is_made_for_each_order_alone(ledger, xero):
    xero.on_a_bad_day(Fault(kind="answer", method="PUT", status=400, body='{"Message": "cannot be read"}'))
    outcomes = push(ledger, xero, approved(ledger, *many(3)))
    assert (results_of(outcomes), len(xero.orders), len(xero.puts())) == ([PushResult.SENT] * 3, 3, 4)


def test_a_refusal_without_xeros_words_is_reported_as_it_came(ledger, xero):
    xero.on_a_bad_day(Fault(kind="answer", method="PUT", status=400, body="<html>Blocked by the proxy</html>"))
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.FAILED]
    assert "Blocked by the proxy" in ledger.order(NUMBER).failure


def test_an_unapproved_order_is_never_sent(ledger, xero):
    draft = ledger.append(a_draft("20260302-AAAAAA"))
    tampered = replace(approved(ledger, a_draft("20260302-BBBBBB"))[0], lines=(a_line(quantity="1200"),))
    emptied = replace(approved(ledger, a_draft("20260302-CCCCCC"))[0], lines=())
    outcomes = push(ledger, xero, [draft, tampered, emptied])
    assert results_of(outcomes) == [PushResult.FAILED] * 3
    assert (xero.puts(), xero.orders) == ([], [])


def test_an_order_withdrawn_before_its_turn_is_not_sent(ledger, xero):
    (order,) = approved(ledger)
    ledger.append(reject(order, by="a buyer", at=NOON))
    push(ledger, xero, [order])
    assert (xero.puts(), xero.orders) == ([], [])


def test_each_order_has_one_outcome_even_after_a_withdrawal_and_a_refused_call(ledger, xero):
    withdrawn, other = approved(ledger, *many(2))
    ledger.append(reject(withdrawn, by="a buyer", at=NOON))
    xero.on_a_bad_day(Fault(kind="answer", method="PUT", status=400, body='{"Message": "no"}'))
    outcomes = push(ledger, xero, [withdrawn, other])
    assert [(outcome.order_id, outcome.result) for outcome in outcomes] == [
        (withdrawn.order_id, PushResult.FAILED), (other.order_id, PushResult.FAILED)]  # fmt: skip
    assert ledger.order(withdrawn.order_id).state is OrderState.REJECTED


def test_an_approval_cannot_be_withdrawn_while_the_order_is_being_sent(ledger, xero):
    xero.on_a_bad_day(Fault(kind="drop_before", method="PUT"))
    push(ledger, xero, approved(ledger))
    with pytest.raises(OrderError, match="is sending and cannot be rejected"):
        reject(ledger.order(NUMBER), by="a buyer", at=NOON)


def test_an_order_of_old_data_needs_a_deliberate_approval(ledger, xero):
    old, fresh = approved(ledger, a_draft("20260302-AAAAAA"), a_draft("20260302-BBBBBB"))
    stale = {"is_stale": lambda order: order.order_id == old.order_id}
    outcomes = push(ledger, xero, [old, fresh], **stale)
    assert results_of(outcomes) == [PushResult.STALE, PushResult.SENT]
    assert "approve it again although they are old" in outcomes[0].sentence
    again = ledger.append(approve(ledger.order(old.order_id), by="a buyer", at=NOON, is_stale_accepted=True))
    assert results_of(push(ledger, xero, [again], **stale)) == [PushResult.SENT]


def test_nothing_is_read_or_written_in_xero_if_there_is_nothing_to_send(ledger, xero):
    assert push(ledger, xero, []) == []
    assert (xero.puts(), xero.gets()) == ([], [])


# An outcome that is not known.
DONE = [
    Fault(kind="drop_after", method="PUT"),
    Fault(kind="answer", method="PUT", status=500, body="oops", is_after_commit=True),
    Fault(kind="answer", method="PUT", status=502, body="<html>Bad gateway</html>", is_after_commit=True),
    Fault(kind="answer", method="PUT", status=200, body="<html>Welcome</html>", is_after_commit=True),
    Fault(kind="truncate", method="PUT", keep_bytes=80),
    Fault(kind="truncate", method="PUT", keep_bytes=80, is_cut=True),
    Fault(kind="rewrite", method="PUT", pattern='"PurchaseOrders"', replacement='"Nothing"'),
]
NOT_DONE = [Fault(kind="drop_before", method="PUT"), Fault(kind="answer", method="PUT", status=503, body="offline")]


def fault_name(fault):
    return f"{fault.kind}-{fault.status if fault.kind == 'answer' else ''}{'-cut' if fault.is_cut else ''}"


@pytest.mark.parametrize("fault", DONE, ids=fault_name)
def test_an_order_that_xero_accepted_without_an_answer_is_found_and_not_sent_again(ledger, xero, fault):
    xero.on_a_bad_day(msgspec.structs.replace(fault))
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.UNKNOWN]
    assert ledger.order(NUMBER).state is OrderState.SENDING
    assert results_of(push(ledger, xero, [ledger.order(NUMBER)])) == [PushResult.ADOPTED]
    assert (len(xero.orders), len(xero.puts())) == (1, 1)


@pytest.mark.parametrize("fault", NOT_DONE, ids=fault_name)
def test_an_order_that_did_not_reach_xero_is_looked_up_and_sent_again_with_another_key(ledger, xero, fault):
    xero.on_a_bad_day(msgspec.structs.replace(fault))
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.UNKNOWN]
    assert results_of(push(ledger, xero, [ledger.order(NUMBER)])) == [PushResult.SENT]
    first, second = xero.puts()
    assert first["idempotency_key"] != second["idempotency_key"]
    assert (len(xero.orders), len(xero.gets()), ledger.order(NUMBER).attempt) == (1, 1, 2)


def test_the_minute_limit_is_waited_out_with_the_same_key(ledger, xero):
    xero.on_a_bad_day(Fault(kind="rate_limit", method="PUT", retry_after=0))
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.SENT]
    assert len({one["idempotency_key"] for one in xero.puts()}) == 1


class NoToken:
    """Tokens that do not come."""

    def __init__(self, trouble):
        self.trouble = trouble

    def current(self):
        raise self.trouble

    def renewed(self):
        raise self.trouble

    def lost(self):
        """Nothing is noted."""


def without_a_token(trouble):
    return XeroClient(api_url="http://127.0.0.1:9", tenant_id=TENANT_ID, tokens=NoToken(trouble))


class FixedToken(NoToken):
    """A token that never changes."""

    def current(self):
        return self.trouble

    renewed = current


UNREACHED = {
    "no token": lambda: without_a_token(SignInError("Connect again.")),
    "the sign-in broke": lambda: without_a_token(XeroUnreachableError("The sign-in broke.")),
    "the sign-in makes no sense": lambda: without_a_token(UnreadableAnswerError("It gave no token.")),
    "connection refused": lambda: XeroClient(
        api_url="http://127.0.0.1:9", tenant_id=TENANT_ID, tokens=FixedToken("token")
    ),
    "no such host": lambda: XeroClient(api_url="http://xero.invalid", tenant_id=TENANT_ID, tokens=FixedToken("token")),
}


@pytest.mark.parametrize("why", UNREACHED)
def test_a_call_that_surely_did_not_reach_xero_leaves_the_orders_approved_and_they_can_be_withdrawn(ledger, why):
    orders = approved(ledger, *many(2))
    with pytest.raises(XeroError):
        push(ledger, UNREACHED[why](), orders)
    for order in ledger.orders():
        assert (order.state, order.failure) == (OrderState.APPROVED, "")
        assert ledger.append(reject(order, by="a buyer", at=NOON)).state is OrderState.REJECTED


def test_an_order_that_may_be_in_xero_stays_so_when_a_later_call_does_not_reach_xero(ledger, xero):
    xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"))
    push(ledger, xero, approved(ledger))
    with pytest.raises(XeroError):
        push(ledger, UNREACHED["connection refused"](), [ledger.order(NUMBER)])
    assert ledger.order(NUMBER).state is OrderState.SENDING
    assert results_of(push(ledger, xero, [ledger.order(NUMBER)])) == [PushResult.ADOPTED]
    assert len(xero.orders) == 1


def test_the_daily_limit_ends_the_push_and_the_next_push_sends(ledger, xero):
    xero.on_a_bad_day(Fault(kind="rate_limit", method="PUT", retry_after=7200, problem="day"))
    with pytest.raises(RateLimitError):
        push(ledger, xero, approved(ledger))
    assert (xero.orders, ledger.order(NUMBER).state) == ([], OrderState.APPROVED)
    xero.sandbox.clock.advance(7200)
    assert results_of(push(ledger, xero, ledger.orders())) == [PushResult.SENT]


def test_nothing_is_sent_again_while_the_lookup_fails(ledger, xero):
    xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"), Fault(kind="answer", method="GET", status=503, times=3))
    push(ledger, xero, approved(ledger))
    with pytest.raises(XeroUnreachableError, match="not available"):
        push(ledger, xero, [ledger.order(NUMBER)])
    assert (len(xero.puts()), ledger.order(NUMBER).state) == (1, OrderState.SENDING)
    assert results_of(push(ledger, xero, [ledger.order(NUMBER)])) == [PushResult.ADOPTED]


def test_a_token_that_ends_during_the_push_is_renewed(ledger, xero):
    xero.on_a_bad_day(Fault(kind="expire_tokens", method="PUT"))
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.SENT]


def test_a_lookup_that_does_not_see_the_order_yet_makes_no_second_order(ledger, xero):
    xero.on_a_bad_day(
        Fault(kind="drop_after", method="PUT"), Fault(kind="stale_read", method="GET", seconds=600, times=2)
    )
    push(ledger, xero, approved(ledger))
    assert results_of(push(ledger, xero, [ledger.order(NUMBER)])) == [PushResult.UNKNOWN]
    assert results_of(push(ledger, xero, [ledger.order(NUMBER)])) == [PushResult.ADOPTED]
    assert (len(xero.orders), len(xero.puts())) == (1, 2)


def test_an_order_that_breaks_every_call_holds_up_no_other(ledger, xero):
    """The first call carries all and breaks; then each goes alone."""
    xero.on_a_bad_day(Fault(kind="answer", method="PUT", status=500, times=2))
    push(ledger, xero, approved(ledger, *many(3)))
    outcomes = push(ledger, xero, ledger.orders())
    assert results_of(outcomes) == [PushResult.UNKNOWN, PushResult.SENT, PushResult.SENT]


# A number that somebody else took.
def test_an_order_number_that_a_person_used_for_other_goods_waits_for_a_person(ledger, xero):
    theirs = xero.person_makes(NUMBER)
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.FAILED]
    failed = ledger.order(NUMBER)
    assert "Xero has another order with its number" in failed.failure
    assert xero.orders == [theirs]

    again = ledger.append(approve(failed, by="a buyer", at=NOON))
    assert results_of(push(ledger, xero, [again])) == [PushResult.FAILED]
    assert len(xero.puts()) == 1

    theirs.number = "PO-0042"
    again = ledger.append(approve(ledger.order(NUMBER), by="a buyer", at=NOON))
    assert results_of(push(ledger, xero, [again])) == [PushResult.SENT]
    assert sorted(one.number for one in xero.orders) == ["PO-0042", NUMBER]


def test_an_order_that_xero_holds_with_the_same_lines_is_adopted(ledger, xero):
    theirs = xero.person_makes(NUMBER, code="TEA-01", quantity=12)
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.ADOPTED]
    assert ledger.order(NUMBER).purchase_order_id == theirs.document_id


@pytest.mark.parametrize(
    "other",
    [{"contact": "Supplier 02"}, {"code": "TEA-02"}, {"quantity": 13}],
    ids=["another supplier", "another product", "another quantity"],
)
def test_an_order_that_differs_in_anything_bought_is_not_adopted(ledger, xero, other):
    xero.person_makes(NUMBER, **({"code": "TEA-01", "quantity": 12} | other))
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.FAILED]


@pytest.mark.parametrize("has_decimals", [True, False])
@pytest.mark.parametrize("price", ["0.0040", "1.2345", "2.5", "0.00404", "13.005"])
def test_a_price_of_any_decimals_is_found_again_in_xero_whether_xero_rounds_it_or_not(
    ledger, xero, price, has_decimals
):
    xero.sandbox.sandbox.switches.orders_have_unit_decimals = has_decimals
    (order,) = approved(ledger, a_draft("20260302-AAAAAA", a_line("TEA-01", "10631", price, price_decimals=4)))
    xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"))
    push(ledger, xero, [order])
    assert results_of(push(ledger, xero, [ledger.order(NUMBER)])) == [PushResult.ADOPTED]
    sent = ledger.order(NUMBER)
    assert not sent.pushed.is_changed
    exact = (10631 * Decimal(price)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert sent.pushed.value == sent.value_at(4 if has_decimals else 2)
    assert (sent.remark != "") == (sent.pushed.value != exact)


def test_once_an_order_has_shown_that_xero_rounds_prices_the_next_drafts_are_worth_what_xero_will_hold(ledger, xero):
    for has_decimals in (False, True):
        xero.sandbox.sandbox.switches.orders_have_unit_decimals = has_decimals
        order_id = f"20260302-SEEN{has_decimals:d}"
        push(ledger, xero, approved(ledger, a_draft(order_id, a_line("TEA-01", "100", "0.0140", price_decimals=4))))
        seen = xero_price_decimals([ledger.order(order_id)])
        plan = planned({"product_code": "TEA-02", "unit_cost": Decimal("0.0040"), "order_quantity": 10631.0})
        (drafted,) = redraft(
            plan, [], plan_id="p", as_of=AS_OF, at=NOON, data_loaded_at=NOON, terms=Terms({}, {}, seen)
        ).drafted
        draft = an_order(drafted)
        ledger.append(drafted)
        push(ledger, xero, [ledger.append(approve(draft, by="a buyer", at=NOON))])
        assert ledger.order(draft.order_id).pushed.value == draft.value == Decimal("42.52" if has_decimals else "0.00")
        assert ("rounded: its value in Xero is 0.00 GBP instead of 42.52" in draft.remark) == (not has_decimals)


def test_the_order_of_lines_and_the_way_numbers_are_written_make_no_difference():
    order = an_order(a_draft("20260302-AAAAAA", a_line("TEA-01", "10"), a_line("TEA-02", "1.5")))
    held = {
        "Contact": {"ContactID": SUPPLIER.upper()},
        "LineItems": [
            {"ItemCode": "TEA-02", "Quantity": 1.5, "UnitAmount": 2.5},
            {"ItemCode": "TEA-01", "Quantity": 10.0, "UnitAmount": 2.50},
        ],
    }
    assert is_same_order(order, held)


def test_an_order_that_a_person_renumbered_before_it_was_read_back_is_found_and_not_sent_again(ledger, xero):
    xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"))
    push(ledger, xero, approved(ledger))
    (held,) = xero.orders
    held.number = "PO-0042"
    (outcome,) = push(ledger, xero, [ledger.order(NUMBER)])
    assert (outcome.result, outcome.sentence) == (PushResult.ADOPTED, f"{NUMBER} reached Xero as PO-0042.")
    assert ledger.order(NUMBER).purchase_order_id == held.document_id
    assert (len(xero.orders), len(xero.puts())) == (1, 1)


def test_an_order_that_a_person_changed_before_it_was_read_back_counts_as_xero_holds_it(ledger, xero):
    """To send it again under any number would order the goods twice."""
    xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"))
    push(ledger, xero, approved(ledger))
    (held,) = xero.orders
    held.lines[0].quantity = Decimal(7)
    (outcome,) = push(ledger, xero, [ledger.order(NUMBER)])
    assert outcome.result is PushResult.ADOPTED
    assert "changed there: Xero's version counts" in outcome.sentence
    assert (len(xero.orders), len(xero.puts()), ledger.order(NUMBER).state) == (1, 1, OrderState.SENT)


def test_the_advice_on_a_number_that_is_taken_never_makes_a_second_order(ledger, xero):
    """A person changed the order and what it says of itself: rejected here, what Xero holds is the one order."""
    xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"))
    push(ledger, xero, approved(ledger))
    (held,) = xero.orders
    held.lines[0].quantity, held.reference = Decimal(7), "for the fair"
    (outcome,) = push(ledger, xero, [ledger.order(NUMBER)])
    assert outcome.result is PushResult.FAILED
    assert "reject it" in outcome.sentence
    assert "approve" not in outcome.sentence
    ledger.append(reject(ledger.order(NUMBER), by="a buyer", at=NOON))
    push(ledger, xero, ledger.orders(OrderState.APPROVED, OrderState.SENDING))
    assert len(xero.orders) == 1


def test_an_order_deleted_in_xero_before_it_was_read_back_counts_as_deleted(ledger, xero):
    xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"))
    (unknown,) = push(ledger, xero, approved(ledger))
    assert (unknown.result, "Do not enter it by hand" in unknown.sentence) == (PushResult.UNKNOWN, True)
    (held,) = xero.orders
    held.status = "DELETED"
    (outcome,) = push(ledger, xero, [ledger.order(NUMBER)])
    assert (outcome.result, "deleted there" in outcome.sentence) == (PushResult.DELETED, True)
    assert ledger.order(NUMBER).is_deleted_in_xero


@pytest.mark.parametrize("when", ["sent", "sending"])
def test_an_order_that_a_person_deletes_in_xero_is_never_sent_again_automatically(ledger, xero, when):
    if when == "sending":
        xero.on_a_bad_day(Fault(kind="drop_after", method="PUT"))
    push(ledger, xero, approved(ledger))
    (held,) = xero.orders
    held.status = "DELETED"
    push(ledger, xero, ledger.orders(OrderState.APPROVED, OrderState.SENDING))
    assert ledger.order(NUMBER).state is OrderState.SENT
    assert [one.status for one in xero.orders] == ["DELETED"]


def test_an_order_that_xero_holds_with_changes_waits_for_a_person(ledger, xero):
    xero.on_a_bad_day(Fault(kind="rewrite", method="PUT", pattern='"Quantity": 12.0+', replacement='"Quantity": 11.0'))
    assert results_of(push(ledger, xero, approved(ledger))) == [PushResult.FAILED]
    assert "other lines than were sent" in ledger.order(NUMBER).failure
