"""Products ticked in the plan become orders, with the quantities that were shown, and nothing is ordered twice."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.purchasing.orders import Order
from pipelines.store.setting_ledger.setting_changes import explicit_settings
from tests.planner.conftest import KEY, Visitor
from tests.planner.plan_writes import PLAN, create, held, orders_of, own_home, save, signed_in


@pytest.fixture
def buyer(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    with signed_in(own_home(desk_home, tmp_path)) as visitor:
        yield visitor


def largest(visitor: Visitor) -> Order:
    return max(orders_of(visitor), key=lambda order: (len(order.lines), order.order_id))


def units(visitor: Visitor) -> dict[str, float]:
    return {line.product_code: float(line.quantity) for order in orders_of(visitor) for line in order.lines}


def test_ticked_products_move_to_an_order_of_ones_own(buyer: Visitor) -> None:
    draft, before = largest(buyer), units(buyer)
    codes = [line.product_code for line in draft.lines[:3]]
    status, text = create(buyer, *codes)
    assert status == 200
    ((made, _),) = held(buyer, codes[0])
    assert ([line.product_code for line in made.lines], made.is_by_person) == (codes, True)
    assert made.purchase_order_number in text
    assert f"{made.value:,.2f}" in text
    assert units(buyer) == before


def test_a_quantity_that_was_raised_and_one_that_was_lowered_are_on_the_order(buyer: Visitor) -> None:
    one, two, three, *_ = largest(buyer).lines
    save(buyer, (one.product_code, f"{one.quantity + 5:f}", f"{one.quantity:f}"))
    save(buyer, (two.product_code, "1", f"{two.quantity:f}"))
    before = units(buyer)
    assert create(buyer, one.product_code, two.product_code)[0] == 200
    ((made, line),) = held(buyer, one.product_code)
    assert {made_line.product_code for made_line in made.lines} == {one.product_code, two.product_code}
    assert line.quantity == one.quantity + 5
    assert held(buyer, three.product_code)[0][0].order_id != made.order_id
    assert units(buyer) == before


def test_the_same_again_makes_no_second_order(buyer: Visitor) -> None:
    codes = [line.product_code for line in largest(buyer).lines[:2]]
    create(buyer, *codes)
    before = orders_of(buyer)
    status, text = create(buyer, *codes)
    assert (status, orders_of(buyer)) == (200, before)
    assert held(buyer, codes[0])[0][0].purchase_order_number in text


def test_more_products_join_the_order_that_has_the_others(buyer: Visitor) -> None:
    lines = largest(buyer).lines
    save(buyer, (lines[0].product_code, "0", f"{lines[0].quantity:f}"))
    create(buyer, lines[1].product_code, lines[2].product_code)
    before = units(buyer)
    create(buyer, *(line.product_code for line in lines[1:4]))
    ((made, _),) = held(buyer, lines[3].product_code)
    assert {line.product_code for line in made.lines} == {line.product_code for line in lines[1:4]}
    assert units(buyer) == before


def test_all_that_the_filter_finds_without_ticking_each(buyer: Visitor) -> None:
    supplier = largest(buyer).supplier_name
    before = units(buyer)
    status, text = create(buyer, all="1", supplier=supplier, report="all")
    assert status == 200
    assert [order.is_by_person for order in orders_of(buyer) if order.supplier_name == supplier] == [True]
    assert units(buyer) == before
    assert "nothing to order" in text


def test_nothing_ticked_and_nothing_to_order_say_so(buyer: Visitor) -> None:
    assert create(buyer)[0] == 422
    assert "tick the products first" in create(buyer)[1]
    line = largest(buyer).lines[0]
    save(buyer, (line.product_code, "0", f"{line.quantity:f}"))
    status, text = create(buyer, line.product_code)
    assert (status, "No order is created" in text) == (422, True)


def test_a_product_without_supplier_is_named(buyer: Visitor) -> None:
    plan = buyer.desk.views.view("acme").order_plan
    code = plan.filter(plan["supplier_id"].is_null() & (plan["order_quantity"] > 0))["product_code"].to_list()
    status, text = create(buyer, *code, largest(buyer).lines[0].product_code)
    assert (status, all(one in text for one in code)) == (200, True)


def test_a_change_of_many_quantities_is_shown_before_it_is_made(buyer: Visitor) -> None:
    draft = largest(buyer)
    one = draft.lines[0]
    before = units(buyer)
    form = {"product": [one.product_code], "how": "raise", "amount": "50", "unit": "percent"}
    text = buyer.client.post(f"{PLAN}/change/quantities", data=form, headers=buyer.word).text
    new = -(-one.quantity * 3 // 2)
    assert f'name="quantity" value="{new:f}"' in text
    assert f'name="seen" value="{one.quantity:f}"' in text
    assert f"+{(new - one.quantity) * one.unit_cost:,.2f} GBP" in text
    assert units(buyer) == before


def test_a_change_that_is_none_says_why(buyer: Visitor) -> None:
    code = largest(buyer).lines[0].product_code
    for amount in ("", "ten", "-5", "inf", "1e12", "9" * 400):
        form = {"product": [code], "how": "raise", "amount": amount, "unit": "units"}
        answer = buyer.client.post(f"{PLAN}/change/quantities", data=form, headers=buyer.word)
        assert (answer.status_code, 'role="alert"' in answer.text) == (200, True), amount


def test_a_setting_of_many_products_is_shown_saved_and_taken_back(buyer: Visitor) -> None:
    codes = [line.product_code for line in largest(buyer).lines[:3]]
    path, form = f"{PLAN}/change/settings", {"product": codes, "name": "service_level", "value": "98", "action": "set"}

    def post(step: str, **fields: str) -> tuple[int, str]:
        answer = buyer.client.post(f"{path}{step}", data={**form, **fields}, headers=buyer.word)
        return answer.status_code, answer.text

    assert "Show what it changes" in buyer.client.post(path, data={"product": codes}, headers=buyer.word).text
    text = post("")[1]
    assert "Save for 3 products" in text
    assert "98%" in text
    assert 'role="alert"' in post("", value="140")[1]
    status, text = post("/save", version="0")
    assert (status, "Saved" in text) == (200, True)
    batch = re.search(r'name="batch" value="(\d+)"', text)
    assert batch is not None
    in_force = explicit_settings(buyer.desk.store, KEY)
    assert sorted(in_force.filter(name="service_level")["subject"]) == sorted(codes)
    assert post("/save", version="0", value="97")[0] == 409
    assert post("/undo", batch=batch[1])[0] == 200
    assert explicit_settings(buyer.desk.store, KEY).filter(name="service_level").is_empty()


def to_order(visitor: Visitor) -> tuple[int, int]:
    """How many products the plan still has to order, and how many a person decided on, as the API has it."""
    answer = visitor.client.get(f"/api/v1/organisations/{KEY}/plan?limit=1").json()
    return answer["products_to_order"], answer["products_decided"]


def test_what_is_on_a_draft_of_a_person_is_no_longer_to_be_ordered_on_any_screen(buyer: Visitor) -> None:
    codes = [line.product_code for line in largest(buyer).lines[:2]]
    before, _ = to_order(buyer)
    urgent = buyer.text(f"{PLAN}?report=most_urgent")
    create(buyer, *codes)
    number = held(buyer, codes[0])[0][0].purchase_order_number
    assert to_order(buyer) == (before - 2, 2)
    assert f"{before - 2:,} products to order for" in buyer.text(f"/o/{KEY}/")
    assert "Decided since this plan: 2 in drafts that wait for approval." in buyer.text(f"/o/{KEY}/")
    rows = buyer.text(f"{PLAN}?status=in_draft")
    assert all(f'value="{code}"' in rows for code in codes)
    assert rows.count(f"order={number}") == 2
    assert f'value="{codes[0]}"' in urgent
    assert f'value="{codes[0]}"' not in buyer.text(f"{PLAN}?report=most_urgent")


def preview(visitor: Visitor, *codes: str, whole: str = "") -> str:
    form = {"product": list(codes), **({"whole": whole} if whole else {})}
    answer = visitor.client.post(f"{PLAN}/orders/preview", data=form, headers=visitor.word)
    assert answer.status_code == 200
    return answer.text


def test_before_orders_are_made_each_supplier_says_what_becomes_of_its_draft(buyer: Visitor) -> None:
    draft, before = largest(buyer), orders_of(buyer)
    codes = [line.product_code for line in draft.lines]
    some = preview(buyer, *codes[:2])
    assert f"They leave the draft {draft.purchase_order_number}, which keeps {len(codes) - 2} other products." in some
    assert f'name="whole" value="{draft.order_id}"' in some
    assert f"A new draft in place of {draft.purchase_order_number}." in preview(buyer, *codes)
    assert orders_of(buyer) == before
    create(buyer, *codes[:2], whole=draft.order_id)
    ((made, _),) = held(buyer, codes[0])
    assert {line.product_code for line in made.lines} == set(codes)
    assert "has exactly these products" in preview(buyer, *codes)
