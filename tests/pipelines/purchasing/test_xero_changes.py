"""What changed in Xero about an order since its draft is shown before anybody approves it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines.identities import CodeSeen, ContactState, Identities
from pipelines.purchasing.current_names import waits_as_renamed, with_current_names
from pipelines.purchasing.drafts import drafted_orders
from pipelines.purchasing.order_changes.line_edits import change_line
from pipelines.purchasing.orders import OrderError, OrderState, body_hash, fold
from pipelines.purchasing.remarks import check_not_ordered_twice, remarks
from pipelines.purchasing.sending.push import PushResult, order_body
from pipelines.purchasing.transitions import approve
from pipelines.purchasing.xero_changes import changes_in_xero, check_can_be_approved
from tests.pipelines.purchasing.purchasing_builders import (
    AS_OF,
    NO_TERMS,
    NOON,
    SUPPLIER,
    a_draft,
    a_line,
    an_order,
    approved,
    planned,
    push,
)

BEFORE, SINCE = NOON - timedelta(days=30), NOON + timedelta(days=1)
DRAFT = a_draft("20260302-AAAAAA", a_line("TEA-01"), a_line("TEA-02"))
KNOWN = (CodeSeen("i-1", "TEA-01", BEFORE), CodeSeen("i-2", "TEA-02", BEFORE))


def closed(name, merged_into=None):
    return ContactState(name, merged_into, is_archived=True, seen_at=SINCE)


def changes(*, codes=(), contacts=None, untracked=()):
    return changes_in_xero(an_order(DRAFT), Identities((*KNOWN, *codes), contacts or {}), untracked=untracked)


def test_an_order_unchanged_in_xero_is_approved_as_it_is():
    found = changes()
    assert (found.remarks, found.supplier, found.renamed_products) == ([], None, {})
    check_can_be_approved(an_order(DRAFT), found)


def test_a_renamed_product_is_reported_and_ordered_under_its_present_code():
    found = changes(codes=[CodeSeen("i-1", "TEA-2027", SINCE)])
    assert found.remarks == ["Xero renamed the item TEA-01 to TEA-2027: it is ordered as TEA-2027"]
    event = approve(an_order(DRAFT), by="a buyer", at=SINCE, renamed_products=found.renamed_products)
    order = fold([DRAFT, event])
    lines: Any = order_body(order, push_status="DRAFT")["LineItems"]
    assert [line["ItemCode"] for line in lines] == ["TEA-2027", "TEA-02"]
    assert body_hash(order) == order.approved_hash


def test_a_code_that_another_item_had_before_names_the_item_that_was_approved():
    """Two items change codes: TEA-01 is called TEA-02 now, and TEA-02 is called TEA-03."""
    swapped = Identities((*KNOWN, CodeSeen("i-2", "TEA-03", SINCE), CodeSeen("i-1", "TEA-02", SINCE)))
    draft = a_draft("20260302-AAAAAA", a_line("TEA-01"))
    found = changes_in_xero(an_order(draft), swapped)
    order = fold([draft, approve(an_order(draft), by="a buyer", at=SINCE, renamed_products=found.renamed_products)])
    assert [line.product_code for line in order.lines] == ["TEA-02"]
    assert changes_in_xero(order, swapped).renamed_products == {}
    assert [line.product_code for line in with_current_names(order, swapped).lines] == ["TEA-02"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"codes": [CodeSeen("i-1", None, SINCE)]}, "Xero no longer has the item TEA-01"),
        ({"contacts": {SUPPLIER: closed("Old")}}, "its supplier Old is archived or deleted in Xero"),
        (
            {"contacts": {
                SUPPLIER: closed("Old", "new"), "new": closed("New")}},
            "its supplier New is archived or deleted in Xero",
        ),
    ],
    ids=["an item was deleted", "its supplier was archived", "its supplier was merged into one that was archived"],
)  # fmt: skip
def test_an_order_that_xero_would_refuse_is_not_approved_and_its_draft_says_why(more, sentence):
    found = changes(**more)
    with pytest.raises(OrderError, match=sentence):
        check_can_be_approved(an_order(DRAFT), found)
    assert sentence in remarks(an_order(DRAFT), is_stale=lambda _: False, changes=found)[0]
    known = Identities((*KNOWN, *more.get("codes", ())), more.get("contacts", {}))
    assert sentence in drafted_orders([an_order(DRAFT)], known)["remark"][0]


def test_an_item_made_again_under_its_code_is_ordered_and_an_untracked_item_is_reported():
    made_again = [CodeSeen("i-1", None, SINCE), CodeSeen("i-9", "TEA-01", SINCE)]
    assert changes(codes=made_again).remarks == []
    assert changes(untracked={"TEA-02"}).notes == ("Xero no longer tracks stock of TEA-02",)


def test_a_merged_supplier_is_reported_and_the_order_goes_to_the_surviving_contact():
    found = changes(contacts={SUPPLIER: closed("Old", "new")})
    assert (found.obstacles, found.supplier) == ((), ("new", ""))
    order = fold([DRAFT, approve(an_order(DRAFT), by="a buyer", at=SINCE, supplier=found.supplier)])
    assert order_body(order, push_status="DRAFT")["Contact"] == {"ContactID": "new"}
    assert body_hash(order) == order.approved_hash


SWAPPED = Identities((*KNOWN, CodeSeen("i-1", "TEA-02", SINCE), CodeSeen("i-2", "TEA-01", SINCE)))


def test_an_order_whose_products_changed_codes_after_its_approval_is_not_sent_for_the_other_product(ledger, xero):
    order, other = approved(ledger, a_draft("20260302-AAAAAA"), a_draft("20260302-BBBBBB", a_line("TEA-03")))
    outcomes = push(ledger, xero, [order, other], is_renamed=lambda order: waits_as_renamed(order, SWAPPED))
    assert {outcome.order_id: outcome.result for outcome in outcomes} == {
        order.order_id: PushResult.RENAMED, other.order_id: PushResult.SENT,
    }  # fmt: skip
    assert "Approve it again" in next(outcome.sentence for outcome in outcomes if outcome.result is PushResult.RENAMED)
    found = changes_in_xero(order, SWAPPED)
    assert found.remarks == ["Xero renamed the item TEA-01 to TEA-02: approve the order again to send it as TEA-02"]
    again = ledger.append(approve(order, by="a buyer", at=SINCE, renamed_products=found.renamed_products))
    assert [
        outcome.result
        for outcome in push(ledger, xero, [again], is_renamed=lambda order: waits_as_renamed(order, SWAPPED))
    ]
    assert [line.item_code for line in xero.orders[-1].lines] == ["TEA-02"]


def test_a_renamed_product_of_a_draft_that_a_person_changed_is_not_drafted_again_under_its_new_code(ledger):
    order = ledger.append(a_draft("20260302-AAAAAA", a_line("TEA-01"), a_line("TEA-03")))
    order = ledger.append(change_line(order, product_code="TEA-01", quantity=Decimal(7), by="a buyer", at=NOON))
    ledger.append(change_line(order, product_code="TEA-03", quantity=Decimal(0), by="a buyer", at=NOON))
    known = Identities((*SWAPPED.codes, CodeSeen("i-3", "TEA-03", BEFORE), CodeSeen("i-3", "LEAF", SINCE)))
    plan = planned({"product_code": "TEA-01"}, {"product_code": "TEA-02"}, {"product_code": "LEAF"})
    change = ledger.redraft(plan, plan_id="p", as_of=AS_OF, at=SINCE, data_loaded_at=SINCE, terms=NO_TERMS, known=known)
    assert [[line.product_code for line in one.lines] for one in change.drafted] == [["TEA-01"]]


def test_a_refused_order_is_not_approved_again_once_its_goods_are_on_another_order_under_their_new_code():
    refused = replace(an_order(DRAFT), state=OrderState.FAILED, approved_at=NOON)
    newer = an_order(a_draft("20260304-BBBBBB", a_line("TEA-2027"), at=SINCE))
    known = Identities((*KNOWN, CodeSeen("i-1", "TEA-2027", SINCE)))
    with pytest.raises(OrderError, match="would order products twice"):
        check_not_ordered_twice(*(with_current_names(refused, known), [with_current_names(newer, known)]))
