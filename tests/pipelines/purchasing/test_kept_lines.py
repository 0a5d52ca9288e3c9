"""Which drafts a plan counts with as they are: those that people touched, and those that wait for a second person."""

from decimal import Decimal
from typing import Any

from pipelines.purchasing.kept_lines import kept_order_lines
from pipelines.purchasing.order_changes.line_edits import drop_line
from pipelines.purchasing.order_changes.second_person import ApprovalRule, approve_in_turn
from pipelines.purchasing.orders import Order, apply_event
from pipelines.purchasing.transitions import approve, reject
from pipelines.replenishment.plan.plan_summary import hash_inputs
from tests.pipelines.planning_builders import AS_OF, a_product, in_stock, inputs, kept
from tests.pipelines.purchasing.purchasing_builders import NOON, a_draft, a_line, an_order

ANN: dict[str, Any] = {"by": "Ann", "at": NOON}


def rows(*orders: Order) -> list[tuple[Any, ...]]:
    frame = kept_order_lines(orders, base_currency="GBP")
    return frame.select("product_code", "quantity", "value", "is_base_currency").rows()


def test_a_draft_that_a_person_changed_is_kept_with_what_was_taken_out_of_it():
    order = an_order(a_draft("20260302-AAAAAA", a_line(), a_line("CUP", "4", "1.50")))
    changed = apply_event(order, drop_line(order, product_code="TEA-01", **ANN))
    assert rows(order) == []
    assert rows(changed) == [("CUP", Decimal(4), Decimal("6.00"), True), ("TEA-01", Decimal(0), Decimal(0), True)]


def test_a_draft_that_waits_for_a_second_person_is_kept_and_an_approved_one_is_supply():
    order = an_order(a_draft("20260302-AAAAAA", currency="USD"))
    waiting = apply_event(order, approve_in_turn(order, ApprovalRule(Decimal(1), "USD"), **ANN))
    assert rows(waiting) == [("TEA-01", Decimal(12), Decimal("30.00"), False)]
    assert rows(apply_event(order, approve(order, **ANN)), apply_event(waiting, reject(waiting, **ANN))) == []


def test_without_a_kept_draft_a_plan_has_the_name_that_it_had_before_they_were_counted():
    shop = (a_product(), in_stock(5))
    without, beside = inputs(*shop).inputs, inputs(*shop, kept(4)).inputs
    before = {name: frame for name, frame in vars(without).items() if name != "kept_order_lines"}
    names = [hash_inputs(frames, as_of=AS_OF, code_version="1")
             for frames in (before, without.that_count, beside.that_count)]  # fmt: skip
    assert names[0] == names[1] != names[2]
