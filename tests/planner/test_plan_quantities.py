"""Quantities typed in the plan: on the draft that has the product, seen by everybody, refused with a sentence."""

import html
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.purchasing.orders import OrderState
from pipelines.purchasing.transitions import reject
from pipelines.store.order_ledger import OrderLedger
from tests.planner.conftest import KEY, Visitor
from tests.planner.plan_writes import PLAN, held, orders_of, own_home, save, signed_in
from tests.planner.test_plan_screen import codes


@pytest.fixture
def buyer(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    with signed_in(own_home(desk_home, tmp_path)) as visitor:
        yield visitor


def line_of(visitor: Visitor, *conditions: pl.Expr) -> dict:
    plan = visitor.desk.views.view(visitor.desk.organisations()[0].key).order_plan
    return plan.filter(pl.col("supplier_id").is_not_null(), *conditions).row(0, named=True)


def ordered(visitor: Visitor) -> tuple[str, str]:
    line = line_of(visitor, pl.col("order_quantity") > 1)
    return line["product_code"], f"{line['order_quantity']:g}"


def test_a_typed_quantity_is_on_the_draft_that_has_the_product(buyer: Visitor) -> None:
    code, planned = ordered(buyer)
    status, answer = save(buyer, (code, "77", planned), address=f"?search={code}")
    assert status == 200
    ((draft, line),) = held(buyer, code)
    assert (line.quantity, draft.is_edited, draft.state) == (77, True, OrderState.DRAFT)
    assert f"Saved. {code}: 77. The draft {draft.purchase_order_number} to {draft.supplier_name}" in answer["said"]
    assert f"{line.value:,.2f}" in answer["total"]
    (result,) = answer["results"]
    assert (result["quantity"], result["value"], result["mark"]) == ("77", f"{line.value:,.2f}", f"plan: {planned}")
    assert 'value="77"' in buyer.text(f"{PLAN}?search={code}")
    assert f"plan: {planned}" in buyer.text(f"{PLAN}?search={code}")


def test_nothing_takes_a_product_off_its_draft_and_a_quantity_puts_it_back(buyer: Visitor) -> None:
    code, planned = ordered(buyer)
    assert save(buyer, (code, "0", planned))[0] == 200
    assert held(buyer, code) == []
    assert save(buyer, (code, "5", "0"))[0] == 200
    ((_, line),) = held(buyer, code)
    assert line.quantity == 5


def test_a_product_that_the_plan_does_not_order_joins_its_suppliers_draft(buyer: Visitor) -> None:
    drafts = {order.supplier_id: order.order_id for order in orders_of(buyer)}
    line = line_of(buyer, pl.col("order_quantity") == 0, pl.col("supplier_id").is_in(list(drafts)))
    assert save(buyer, (line["product_code"], "12", "0"))[0] == 200
    ((draft, added),) = held(buyer, line["product_code"])
    assert (draft.order_id, added.quantity, added.unit_cost) == (drafts[line["supplier_id"]], 12, line["unit_cost"])


def test_without_a_draft_of_the_supplier_one_is_made(buyer: Visitor) -> None:
    ledger = OrderLedger(buyer.desk.store, KEY)
    for order in orders_of(buyer):
        ledger.append(reject(order, by="anna", at=order.drafted_at))
    code = line_of(buyer, pl.col("order_quantity") == 0)["product_code"]
    assert save(buyer, (code, "3", "0"))[0] == 200
    ((draft, line),) = held(buyer, code)
    assert (draft.is_by_person, draft.lines, line.quantity) == (True, (line,), 3)


def test_who_comes_second_reads_both_values_and_changes_nothing(buyer: Visitor) -> None:
    code, planned = ordered(buyer)
    save(buyer, (code, "77", planned))
    status, answer = save(buyer, (code, "88", planned))
    assert status == 409
    assert "Changed to 77 by anna at " in answer["results"][0]["sentence"]
    assert answer["results"][0]["sentence"].endswith(f"after you saw {planned}. You typed 88.")
    assert held(buyer, code)[0][1].quantity == 77
    assert save(buyer, (code, "88", "77"))[0] == 200


def test_two_people_on_two_products_of_one_draft_both_save(buyer: Visitor) -> None:
    draft = max(orders_of(buyer), key=lambda order: len(order.lines))
    for line in draft.lines[:2]:
        assert save(buyer, (line.product_code, f"{line.quantity + 1:f}", f"{line.quantity:f}"))[0] == 200


ODD_QUANTITIES = (
    "-1", "1e12", "NaN", "inf", "9" * 400, "0.1", "", "ten", "1.00001", "\N{MINUS SIGN}1", "1e9999999", "=1+1", "\x00",
)  # fmt: skip


def test_what_is_no_quantity_is_refused_with_a_sentence(buyer: Visitor) -> None:
    code, planned = ordered(buyer)
    for typed in ODD_QUANTITIES:
        status, answer = save(buyer, (code, typed, planned))
        sentence = answer["results"][0]["sentence"]
        assert (status, sentence[-1]) == (422, "."), typed
        assert "stocktrim" not in sentence
        assert len(sentence) < 400
    assert held(buyer, code)[0][1].quantity == Decimal(planned)


def test_of_many_quantities_each_is_saved_or_says_why_not(buyer: Visitor) -> None:
    draft = max(orders_of(buyer), key=lambda order: len(order.lines))
    one, other = draft.lines[:2]
    status, answer = save(
        buyer, (one.product_code, "9", f"{one.quantity:f}"), (other.product_code, "x", f"{other.quantity:f}"),
        ("nope", "3", "0"),
    )  # fmt: skip
    assert status == 200
    assert [result["outcome"] for result in answer["results"]] == ["saved", "refused", "refused"]
    assert held(buyer, one.product_code)[0][1].quantity == 9


def test_a_product_without_supplier_says_what_to_do(buyer: Visitor) -> None:
    plan = buyer.desk.views.view("acme").order_plan
    code = plan.filter(pl.col("supplier_id").is_null())["product_code"][0]
    status, answer = save(buyer, (code, "3", f"{plan.filter(product_code=code)['order_quantity'][0]:g}"))
    assert status == 422
    assert "preferred supplier" in answer["results"][0]["sentence"]


def test_a_write_without_the_pages_word_or_fields_is_refused(buyer: Visitor) -> None:
    assert buyer.client.post(f"{PLAN}/quantities", data={"product": "P"}).status_code == 403
    answer = buyer.client.post(f"{PLAN}/quantities", data={"product": "P"}, headers=buyer.word)
    assert answer.status_code == 400
    assert "reload" in answer.text


def test_what_is_sorted_added_up_and_exported_is_what_the_drafts_hold(buyer: Visitor) -> None:
    code, planned = ordered(buyer)
    save(buyer, (code, "99999", planned))
    assert codes(buyer.text(f"{PLAN}?sort=-order_quantity"))[0] == html.escape(code)
    assert "99999" in buyer.text(f"{PLAN}/export.csv?search={code}")
