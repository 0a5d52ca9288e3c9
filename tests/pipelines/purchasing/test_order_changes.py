"""What people change on orders: no unit is lost or counted twice, and each change is shown in a sentence."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.purchasing.events import Event, PushFailed, read, written
from pipelines.purchasing.order_changes.exchange_rates import Rates
from pipelines.purchasing.order_changes.line_edits import add_line, change_header, change_line, drop_line
from pipelines.purchasing.order_changes.merging import merge
from pipelines.purchasing.order_changes.plan_differences import plan_differences
from pipelines.purchasing.order_changes.second_person import ApprovalRule, approve_in_turn, is_same_person
from pipelines.purchasing.order_changes.splitting import split
from pipelines.purchasing.order_history import history_of
from pipelines.purchasing.orders import OrderError, OrderState, apply_event, body_hash, fold
from pipelines.purchasing.sending.push import order_body
from pipelines.purchasing.transitions import approve, push_not_reached, reject, reopen, start_push
from tests.pipelines.purchasing.purchasing_builders import AS_OF, NOON, a_draft, a_line, an_order, planned

ANNA: dict[str, Any] = {"by": "anna", "at": NOON}
CODES = ("TEA-01", "TEA-02", '"=1+1", 🍵', "0042")
quantities = st.decimals("0.0001", 10**6, places=4)
line_sets = st.dictionaries(st.sampled_from(CODES), quantities, min_size=1)


def drafted(order_id, quantities):
    return a_draft(order_id, *(a_line(code, str(units)) for code, units in quantities.items()))


def units(*orders):
    """The units of each product on orders that are not over."""
    found: dict[str, Decimal] = {}
    for order in orders:
        for line in order.lines if order.state is OrderState.DRAFT else ():
            found[line.product_code] = found.get(line.product_code, Decimal(0)) + line.quantity
    return found


def sentences(*events: Event):
    return [entry.sentence for entry in history_of(read(written(event)) for event in events)]


def failed(order, **more):
    return PushFailed(order_id=order.order_id, sequence=order.sequence + 1, **ANNA, reason="no", **more)


@given(st.lists(line_sets, min_size=2, max_size=4))
def test_merging_loses_no_unit_and_counts_none_twice(sets):
    orders = [an_order(drafted(f"20260302-{number:06d}", lines)) for number, lines in enumerate(sets)]
    events = merge(orders[0], orders[1:], **ANNA)
    after = [apply_event(order, event) for order, event in zip(orders, events, strict=True)]
    assert units(*after) == units(*orders)
    assert [order.state for order in after] == [OrderState.DRAFT, *[OrderState.SUPERSEDED] * (len(orders) - 1)]
    assert after[0].made_from == tuple(order.order_id for order in orders[1:])


@given(line_sets, st.data())
def test_splitting_loses_no_unit_and_counts_none_twice(lines, data):
    order = an_order(drafted("20260302-AAAAAA", lines))
    moves = {
        code: data.draw(st.one_of(st.none(), st.decimals("0.0001", quantity, places=4)))
        for code, quantity in lines.items() if data.draw(st.booleans())
    }  # fmt: skip
    if not moves or all(moves.get(code, Decimal(0)) in {None, quantity} for code, quantity in lines.items()):
        with pytest.raises(OrderError, match=r"Nothing would stay|which products"):
            split(order, moves, new_id="20260302-BBBBBB", **ANNA)
        return
    staying, new = split(order, moves, new_id="20260302-BBBBBB", **ANNA)
    after, made = apply_event(order, staying), fold([new])
    assert units(after, made) == units(order)
    assert (made.made_from, made.reference) == (("20260302-AAAAAA",), "order 20260302-BBBBBB")
    assert after.reference != made.reference


def test_every_change_is_a_sentence_with_who_old_new_and_why():
    past: list[Event] = [a_draft()]

    def then(change, **more):
        past.append(change(fold(past), **ANNA, **more))

    then(change_line, product_code="tea-01", quantity=Decimal(18), unit_cost=Decimal("2.4"), reason="season")
    then(add_line, line=a_line("TEA-02", "3", "1.25"), is_divisible=False)
    then(drop_line, product_code="TEA-02", reason="too dear")
    then(change_header, expected_arrival_date=AS_OF + timedelta(days=20), note="side door")
    then(change_line, product_code="TEA-01", note="packed by 6")
    then(approve)
    then(reopen, reason="one more")
    then(reject)
    assert sentences(*past) == [
        "Plan plan of 20260302-AAAAAA suggests 1 line worth 30.00 GBP to Supplier 01.",
        "anna changed TEA-01: quantity 12 → 18, cost 2.5 → 2.4: season.",
        "anna added TEA-02: 3 at 1.25 a unit.",
        "anna removed TEA-02 (3 → none): too dear.",
        "anna changed the expected date 2026-03-16 → 2026-03-22, the note none → “side door”.",
        "anna changed TEA-01: note none → “packed by 6”.",
        "anna approved it.",
        "anna reopened it (approved → draft): one more.",
        "anna rejected it.",
    ]  # fmt: skip


def test_a_merger_and_a_split_say_where_lines_come_from_and_go_to():
    one, other = a_draft("20260302-AAAAAA"), a_draft("20260302-BBBBBB", a_line("TEA-01", "3"), a_line("TEA-02"))
    merged, ended = merge(fold([one]), [fold([other])], **ANNA, reason="one parcel")
    staying, new = split(fold([one, merged]), {"TEA-01": Decimal(5)}, new_id="20260302-CCCCCC", **ANNA)
    assert sentences(one, merged, staying)[1:] == [
        "anna merged RP-20260302-BBBBBB into it, which has 2 lines now: one parcel.",
        "anna moved 5 of TEA-01 to RP-20260302-CCCCCC.",
    ]
    assert sentences(other, ended)[-1] == "anna merged it into RP-20260302-AAAAAA, which has its lines: one parcel."
    assert sentences(new) == ["anna created it from RP-20260302-AAAAAA, 1 line worth 12.50 GBP to Supplier 01."]


def test_orders_of_two_suppliers_currencies_or_costs_are_not_merged():
    order = an_order()
    for more, why in (
        ({"supplier_id": "s-2", "supplier_name": "Mill"}, "goes to Mill and .* same supplier"),
        ({"currency": "EUR"}, "is in EUR and .* same currency"),
    ):
        with pytest.raises(OrderError, match=why):
            merge(order, [an_order(a_draft("20260302-BBBBBB", **more))], **ANNA)
    dearer = an_order(a_draft("20260302-BBBBBB", a_line(cost="2.60")))
    with pytest.raises(OrderError, match=r"TEA-01 costs 2\.60 on RP-20260302-BBBBBB and 2\.50 on another"):
        merge(order, [dearer], **ANNA)
    with pytest.raises(OrderError, match="two or more different orders"):
        merge(order, [order], **ANNA)
    with pytest.raises(OrderError, match="is approved and cannot be merged"):
        merge(
            order, [fold([a_draft("20260302-BBBBBB"), approve(an_order(a_draft("20260302-BBBBBB")), **ANNA)])], **ANNA
        )


def test_no_order_is_split_until_nothing_is_left_or_more_is_moved_than_there_is():
    order = an_order()
    with pytest.raises(OrderError, match="Nothing would stay"):
        split(order, {"TEA-01": None}, new_id="x", **ANNA)
    for units_moved in ("13", "0", "-1", "NaN"):
        with pytest.raises(OrderError, match="cannot be moved: RP-20260302-AAAAAA has 12"):
            split(order, {"TEA-01": Decimal(units_moved)}, new_id="x", **ANNA)


@pytest.mark.parametrize("text", ["-1", "1e12", "nan", "inf", "0.00001"])
def test_a_quantity_that_is_none_is_refused_wherever_it_is_typed(text):
    with pytest.raises(OrderError, match="not a valid quantity"):
        add_line(an_order(), a_line("TEA-02", text), **ANNA, is_divisible=True)
    with pytest.raises(OrderError, match="not a valid quantity"):
        change_line(an_order(), product_code="TEA-01", quantity=Decimal(text), **ANNA)
    with pytest.raises(OrderError, match=r"not a valid cost|not a valid quantity"):
        change_line(an_order(), product_code="TEA-01", unit_cost=Decimal(text), **ANNA)


@pytest.mark.parametrize("codes", [("TEA-01", "tea-01"), ("TEA-01", " TEA-01")])
def test_a_product_that_is_named_twice_is_not_split_by_the_last_word(codes):
    with pytest.raises(OrderError, match="TEA-01 is named twice"):
        split(an_order(), dict(zip(codes, (Decimal(5), Decimal(3)), strict=True)), new_id="x", **ANNA)


@pytest.mark.parametrize("year", [1, 1926, 2206, 9999])
def test_a_day_in_another_century_is_asked_about(year):
    day = date(year, 3, 3)
    with pytest.raises(OrderError, match=r"is (?:it|the year) right\?"):
        change_header(an_order(), order_date=day, expected_arrival_date=day, **ANNA)
    with pytest.raises(OrderError, match=r"is the year right\?|before the order date"):
        change_line(an_order(), product_code="TEA-01", expected_arrival_date=day, **ANNA)


def test_notes_that_are_too_long_together_are_not_cut_in_silence():
    one, other = (a_draft(f"20260302-{letter * 6}", note=letter * 300) for letter in "AB")
    with pytest.raises(OrderError, match="602 characters together"):
        merge(an_order(one), [an_order(other)], **ANNA)
    same = merge(an_order(one), [an_order(a_draft("20260302-BBBBBB", note="A" * 300))], **ANNA)
    assert fold([one, same[0]]).note == "A" * 300


def test_a_fraction_of_a_unit_that_only_comes_whole_is_refused():
    with pytest.raises(OrderError, match=r"0\.1 is a fraction, and TEA-01 only comes in whole units"):
        change_line(an_order(), product_code="TEA-01", quantity=Decimal("0.1"), **ANNA, is_divisible=False)
    assert change_line(an_order(), product_code="TEA-01", quantity=Decimal("0.1"), **ANNA).quantity == Decimal("0.1")


def test_a_change_that_changes_nothing_is_refused():
    with pytest.raises(OrderError, match="it is so already"):
        change_line(an_order(), product_code="TEA-01", quantity=Decimal("12.0"), **ANNA)
    with pytest.raises(OrderError, match="nothing is given"):
        change_header(an_order(), **ANNA)


def test_an_order_that_may_be_in_xero_is_not_reopened():
    past: list[Event] = [a_draft(), approve(an_order(), **ANNA)]
    past.append(start_push(fold(past), **ANNA))
    for state in (fold(past), fold([*past, failed(fold(past))])):
        with pytest.raises(OrderError, match=r"may be in Xero|cannot be reopened"):
            reopen(state, **ANNA)
    refused = fold([*past, failed(fold(past), is_nothing_in_xero=True)])
    assert apply_event(refused, reopen(refused, **ANNA)).state is OrderState.DRAFT
    unreached = fold([*past, push_not_reached(fold(past), **ANNA)])
    assert apply_event(unreached, reopen(unreached, **ANNA)).is_edited


def test_a_refusal_after_an_unknown_outcome_is_not_sure():
    past: list[Event] = [a_draft(), approve(an_order(), **ANNA)]
    past.append(start_push(fold(past), **ANNA))
    past.append(start_push(fold(past), **ANNA))
    with pytest.raises(OrderError, match="may be in Xero"):
        reopen(fold([*past, failed(fold(past), is_nothing_in_xero=True)]), **ANNA)


LIMIT = ApprovalRule(Decimal(29), "GBP", Rates({}, {"USD": Decimal("1.25")}))


def test_above_the_limit_two_different_people_approve():
    past: list[Event] = [a_draft()]
    past.append(approve_in_turn(fold(past), LIMIT, **ANNA))
    waiting = fold(past)
    assert (waiting.state, waiting.is_edited) == (OrderState.DRAFT, True)
    assert LIMIT.remark(waiting) == (
        "approved by anna, a second person must approve it too: 30.00 GBP is above the approval limit of 29.00"
    )
    with pytest.raises(OrderError, match=r"anna has approved .* a second person"):
        approve_in_turn(waiting, LIMIT, by=" ANNA ", at=NOON)
    past.append(approve_in_turn(waiting, LIMIT, by="ben", at=NOON))
    assert (fold(past).state, fold(past).approved_by) == (OrderState.APPROVED, "ben")
    assert body_hash(fold(past)) == fold(past).approved_hash


def test_what_two_people_approved_and_is_approved_again_needs_two_again():
    past: list[Event] = [a_draft()]
    for by in ("anna", "ben"):
        past.append(approve_in_turn(fold(past), LIMIT, by=by, at=NOON))
    past.append(approve_in_turn(fold(past), LIMIT, by="ben", at=NOON, is_stale_accepted=True))
    waiting = fold(past)
    assert (waiting.state, waiting.is_stale_accepted) == (OrderState.APPROVED, False)
    assert LIMIT.remark(waiting).startswith("approved again by ben, a second person must approve it too")
    with pytest.raises(OrderError, match=r"ben has approved .* a second person"):
        approve_in_turn(waiting, LIMIT, by="ben", at=NOON, is_stale_accepted=True)
    past.append(approve_in_turn(waiting, LIMIT, by="anna", at=NOON, is_stale_accepted=True))
    assert fold(past).is_stale_accepted


@pytest.mark.parametrize(
    "spelled", ["zoë  bell", "Zoe\u0308 Bell", "Zoë\u00a0Bell", "Zoë\u200bBell", "Ｚｏë Bell", "Zoë-Bell.", "ZOË BELL"]
)
def test_a_name_in_another_form_is_no_second_person(spelled):
    past: list[Event] = [a_draft()]
    past.append(approve_in_turn(fold(past), LIMIT, by="Zoë Bell", at=NOON))
    with pytest.raises(OrderError, match="a second person"):
        approve_in_turn(fold(past), LIMIT, by=spelled, at=NOON)
    assert not is_same_person("राम", "रमा")
    assert not is_same_person("?", "!")


def test_an_order_is_not_split_to_avoid_the_second_person():
    staying, new = split(an_order(), {"TEA-01": Decimal(6)}, new_id="20260302-BBBBBB", **ANNA)
    halves = fold([a_draft(), staying]), fold([new])
    limit = ApprovalRule(Decimal(29), "GBP", orders=halves)
    assert limit.why_two(halves[1]) == (
        "30.00 GBP, together with RP-20260302-AAAAAA, is above the approval limit of 29.00"
    )
    assert limit.why_two(halves[0])
    over = fold([a_draft(), staying, reject(halves[0], **ANNA)])
    assert ApprovalRule(Decimal(29), "GBP", orders=(over, halves[1])).why_two(halves[1]) == ""


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        ({}, True),
        ({"plan_id": "later"}, True),
        ({"at": NOON + timedelta(days=1)}, True),
        ({"plan_id": "later", "at": NOON + timedelta(days=1)}, False),
        ({"is_by_person": False}, True),
        ({"currency": "EUR"}, False),
        ({"supplier_id": "s-2"}, False),
    ],
)
def test_two_orders_in_place_of_a_rejected_one_count_together(other, counts):
    made = {"is_by_person": True, "plan_id": "p"}
    first = an_order(a_draft("20260302-BBBBBB", a_line("TEA-01", "6"), **made))
    second = an_order(a_draft("20260302-CCCCCC", a_line("TEA-02", "6"), **(made | other)))
    limit = ApprovalRule(Decimal(29), "GBP", Rates({}, {"EUR": Decimal(1)}), (first, second))
    assert bool(limit.why_two(first)) is bool(limit.why_two(second)) is counts
    over = fold([a_draft("20260302-CCCCCC", **made), reject(second, **ANNA)])
    assert not ApprovalRule(Decimal(29), "GBP", orders=(first, over)).why_two(first)


def test_a_plans_own_orders_do_not_count_together():
    plans = [an_order(a_draft(number, a_line("TEA-01", "6"), plan_id=number)) for number in ("1", "2")]
    assert not ApprovalRule(Decimal(29), "GBP", orders=plans).why_two(plans[0])


def test_what_is_changed_between_two_approvals_is_approved_by_two_again():
    past: list[Event] = [a_draft()]
    past.append(approve_in_turn(fold(past), LIMIT, **ANNA))
    past.append(change_line(fold(past), product_code="TEA-01", quantity=Decimal(13), **ANNA))
    assert type(approve_in_turn(fold(past), LIMIT, by="ben", at=NOON)).__name__ == "FirstApproved"


def test_an_approved_order_that_is_approved_again_waits_for_the_second_person_too():
    past: list[Event] = [a_draft(), approve(an_order(), **ANNA)]
    assert not fold(past).awaits_second_approval
    again: dict[str, Any] = {"is_stale_accepted": True}
    past.append(approve_in_turn(fold(past), LIMIT, by="ben", at=NOON, **again))
    assert (fold(past).state, fold(past).awaits_second_approval) == (OrderState.APPROVED, True)
    assert LIMIT.remark(fold(past)).startswith("approved again by ben, a second person must approve it too: 30.00")
    assert ApprovalRule().remark(fold(past)).endswith("one is enough now: approve it again")
    past.append(approve_in_turn(fold(past), LIMIT, **ANNA, **again))
    assert (fold(past).awaits_second_approval, fold(past).is_stale_accepted) == (False, True)


def test_of_several_rates_the_suppliers_own_that_gives_the_largest_value_counts():
    rows = [("s-1", "USD", "1.30"), ("s-1", "USD", "1.10"), ("s-2", "USD", "1.05"), (None, "USD", "1.40")]
    table = pl.DataFrame(
        [(supplier, currency, Decimal(rate)) for supplier, currency, rate in rows],
        schema={"supplier_id": pl.String, "currency": pl.String, "currency_rate": pl.Decimal(18, 6)}, orient="row",
    )  # fmt: skip
    rule = ApprovalRule(Decimal(4500), "GBP", Rates.of([table, table.reverse()]))
    order = an_order(a_draft("1", a_line("TEA-01", "5400", "1"), currency="USD", supplier_id="s-1"))
    assert rule.base_value(order) == Decimal("4909.09")
    assert rule.why_two(order)
    unknown = an_order(a_draft("1", a_line("TEA-01", "1050", "1"), currency="USD", supplier_id="s-3"))
    assert rule.base_value(unknown) == 1000


@pytest.mark.parametrize(
    ("currency", "why"),
    [("GBP", "30.00 GBP is above"), ("USD", ""), ("EUR", "there is no exchange rate of EUR")],
)
def test_the_limit_is_in_base_currency_and_without_a_rate_two_people_approve(currency, why):
    found = LIMIT.why_two(an_order(a_draft(currency=currency)))
    assert (found.startswith(why), bool(found)) == (True, bool(why))


OLD = """\
{"event":"Drafted","order_id":"1","sequence":1,"at":"2026-03-02T12:00:00Z","by":"plan","plan_id":"p","supplier_id":"s",\
"supplier_name":"S","currency":"GBP","order_date":"2026-03-02","expected_arrival_date":"2026-03-16",\
"lines":[{"product_code":"TEA-01","product_name":"Tea","quantity":"12","unit_cost":"2.50"},\
{"product_code":"TEA-02","product_name":"Tea","quantity":"1","unit_cost":"1"}]}
{"event":"LineChanged","order_id":"1","sequence":2,"at":"2026-03-02T12:00:00Z","by":"anna",\
"product_code":"TEA-01","quantity":"18"}
{"event":"LineChanged","order_id":"1","sequence":3,"at":"2026-03-02T12:00:00Z","by":"anna",\
"product_code":"TEA-02","quantity":"0"}
{"event":"Approved","order_id":"1","sequence":4,"at":"2026-03-02T12:00:00Z","by":"anna","body_hash":"4f8f"}
{"event":"PushStarted","order_id":"1","sequence":5,"at":"2026-03-02T12:00:00Z","by":"x","attempt":1}
{"event":"PushFailed","order_id":"1","sequence":6,"at":"2026-03-02T12:00:00Z","by":"x","reason":"no"}
{"event":"Superseded","order_id":"1","sequence":7,"at":"2026-03-02T12:00:00Z","by":"x","plan_id":"q"}
"""


def test_a_ledger_from_before_orders_could_be_changed_folds_to_the_same_order():
    past = [read(text) for text in OLD.splitlines()]
    order = fold(past[:3])
    assert [(line.product_code, line.quantity) for line in order.lines] == [("TEA-01", Decimal(18))]
    assert (order.reference, order.taken_out, order.is_edited) == ("plan p", frozenset({"TEA-02"}), True)
    assert body_hash(order) == "30a0dbb208a074081338100be35e2e8821d90a23369f0efaf8f47976625c3597"
    assert fold(past[:6]).state is OrderState.FAILED
    assert not fold(past[:6]).is_surely_not_in_xero
    assert fold(past).state is OrderState.SUPERSEDED
    assert [json.loads(written(event))["sequence"] for event in past] == [1, 2, 3, 4, 5, 6, 7]


def test_notes_are_sent_and_part_of_what_was_approved():
    order = an_order()
    noted = apply_event(order, change_header(order, note="side door", **ANNA))
    assert "DeliveryInstructions" not in order_body(order, push_status="DRAFT")
    assert order_body(noted, push_status="DRAFT")["DeliveryInstructions"] == "side door"
    assert body_hash(noted) != body_hash(order)


@pytest.mark.parametrize(
    ("moved", "planned_units", "of_the_first", "of_the_second"),
    [("4", "12", [], []), (None, "12", [], []), ("4", "5", [(8, 1)], [(4, None)]), ("4", "20", [(8, 16)], [(4, 12)])],
)
def test_what_a_plan_orders_is_wanted_once_of_orders_that_were_split(moved, planned_units, of_the_first, of_the_second):
    """Each of two drafts needs what the other does not have, so that doing what one says is enough."""
    order = an_order(drafted("20260302-AAAAAA", {"TEA-01": 12, "TEA-02": 12}))
    kept, made = split(order, {"TEA-01": Decimal(moved) if moved else None}, new_id="20260302-BBBBBB", **ANNA)
    both = [apply_event(order, kept), an_order(made)]
    plan = planned({"product_code": "TEA-01", "order_quantity": float(planned_units)}, {"product_code": "TEA-02"})
    first, second = (
        [(row.old_quantity, row.new_quantity) for row in plan_differences(one, plan, both)] for one in both
    )
    assert (first, second) == (of_the_first, of_the_second)
