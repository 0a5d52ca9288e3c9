"""A new plan replaces the drafts that nobody touched, and drafts nothing twice."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identities import Identities
from pipelines.purchasing.drafts import Terms, drafted_orders, drafts_frame, redraft, terms_of, with_current_minimum
from pipelines.purchasing.events import Drafted, PushFailed, read, written
from pipelines.purchasing.kept_lines import as_the_plan_alone
from pipelines.purchasing.order_changes.creating import PlanSource, create_from_plan
from pipelines.purchasing.order_changes.line_edits import change_line
from pipelines.purchasing.order_changes.splitting import split
from pipelines.purchasing.order_history import sentence_of
from pipelines.purchasing.orders import OrderState, apply_event, body_hash, fold
from pipelines.purchasing.sending.push import order_body
from pipelines.purchasing.transitions import approve, reject, start_push
from pipelines.storage.tables import PLANNING_SETTINGS, PURCHASE_ORDER_DRAFTS
from tests.pipelines.purchasing.purchasing_builders import (
    AS_OF,
    NO_TERMS,
    NOON,
    SUPPLIER,
    a_draft,
    a_line,
    an_order,
    dated,
    planned,
)

BUYER: dict[str, Any] = {"by": "a buyer", "at": NOON}


def redrafted(plan, *orders, terms=NO_TERMS, counted=None):
    return redraft(
        plan, orders, plan_id="a newer one", as_of=AS_OF, at=NOON, data_loaded_at=NOON, terms=terms, counted=counted
    )


def changed(order, code, quantity):
    event = change_line(order, product_code=code, quantity=Decimal(quantity), **BUYER)
    return fold([a_draft(order.order_id, *order.lines), event])


def products_of(change):
    return [[line.product_code for line in draft.lines] for draft in change.drafted]


def test_one_draft_per_supplier_and_currency():
    plan = planned(
        {"product_code": "TEA-01"},
        {"product_code": "TEA-02", "supplier_id": "s-2", "supplier_name": "A second one"},
        {"product_code": "TEA-03", "currency": "EUR"},
        {"product_code": "TEA-04"},
    )
    change = redrafted(plan)
    assert products_of(change) == [["TEA-02"], ["TEA-03"], ["TEA-01", "TEA-04"]]
    assert len({draft.order_id for draft in change.drafted}) == 3


def test_products_without_need_or_supplier_are_in_no_draft():
    plan = planned(
        {"product_code": "TEA-01", "order_quantity": 0.0},
        {"product_code": "TEA-02", "supplier_id": None},
        {"product_code": "TEA-03", "order_quantity": 0.00004},
    )
    assert redrafted(plan).drafted == ()


def test_each_line_of_a_draft_is_expected_after_its_own_lead_time_and_the_order_when_its_last_line_is():
    slow = {"product_code": "TEA-02", "expected_arrival_date": AS_OF + timedelta(days=35)}
    (draft,) = redrafted(planned({"product_code": "TEA-01"}, slow)).drafted
    assert (draft.order_date, draft.expected_arrival_date) == (AS_OF, AS_OF + timedelta(days=35))
    assert [line.expected_arrival_date - AS_OF for line in draft.lines] == [timedelta(days=14), timedelta(days=35)]
    without_slow = fold([draft, change_line(fold([draft]), product_code="TEA-02", quantity=Decimal(0), **BUYER)])
    assert without_slow.expected_arrival_date == AS_OF + timedelta(days=14)
    assert order_body(fold([draft]), push_status="DRAFT")["ExpectedArrivalDate"] == "2026-04-06"


def test_the_lines_of_an_order_from_before_lines_had_dates_are_expected_when_the_order_is():
    old = json.loads(written(a_draft()))
    for name in ("expected_arrival_date", "price_decimals"):
        del old["lines"][0][name]
    order = fold([read(json.dumps(old))])
    assert [order.arrival_of(line) for line in order.lines] == [order.expected_arrival_date]
    assert order.expected_arrival_date == AS_OF + timedelta(days=14)


def test_an_order_approved_after_the_plan_read_the_orders_is_not_drafted_again():
    known, since = (fold([draft, approve(fold([draft]), **BUYER)]) for draft in (a_draft("A"), a_draft("B")))
    assert products_of(redrafted(planned({"product_code": "TEA-01"}), known, counted={"A"})) == [["TEA-01"]]
    assert products_of(redrafted(planned({"product_code": "TEA-01"}), known, since, counted={"A"})) == []


def test_an_order_of_an_older_plan_is_not_dated_in_the_past():
    today, later = AS_OF + timedelta(days=2), AS_OF + timedelta(days=5)
    plan = planned({"product_code": "TEA-01"}, {"product_code": "TEA-02", "supplier_id": "S2", "order_on_date": later})
    source = PlanSource("p", NOON, NOON, NO_TERMS)
    made = create_from_plan(plan, [], source, order_date=today, by="anna", at=NOON).events
    assert sorted(draft.order_date for draft in made if isinstance(draft, Drafted)) == [today, later]


def test_the_products_of_a_refused_order_are_drafted_again():
    approved = fold([a_draft("A"), approve(fold([a_draft("A")]), **BUYER)])
    sending = apply_event(approved, start_push(approved, **BUYER))
    refused = apply_event(sending, PushFailed(order_id="A", sequence=sending.sequence + 1, **BUYER, reason="no"))
    assert products_of(redrafted(planned({"product_code": "TEA-01"}), refused, counted=set())) == [["TEA-01"]]


def test_a_draft_shows_when_its_data_were_loaded():
    (draft,) = redrafted(planned({"product_code": "TEA-01"})).drafted
    assert fold([draft]).data_loaded_at == NOON


def test_a_draft_carries_its_suppliers_minimum_order_value_and_its_products_codes():
    plan = planned(
        {"product_code": "TEA-01"}, {"product_code": "TEA-02"}, {"product_code": "TEA-03", "supplier_id": "S2"}
    )
    terms = Terms({"S2": Decimal("250.00"), "nobody": Decimal(9)}, {"TEA-02": "4711"})
    first, second = sorted(redrafted(plan, terms=terms).drafted, key=lambda draft: -len(draft.lines))
    assert (first.minimum_order_value, fold([second]).minimum_order_value) == (0, Decimal("250.00"))
    assert [line.supplier_product_code for line in first.lines] == ["", "4711"]


def test_the_terms_are_what_people_set_for_suppliers_and_products():
    """What only looks like them at another level is no term."""
    rows = [
        ("supplier", "S2", "minimum_order_value", "250.5"), ("global", "", "minimum_order_value", "9"),
        ("supplier", "S2", "lead_time_days", "30"), ("product", "TEA-02", "supplier_product_code", "4711"),
    ]  # fmt: skip
    settings = pl.DataFrame([(*row, "", NOON) for row in rows], schema=PLANNING_SETTINGS.schema, orient="row")
    assert terms_of(settings) == Terms({"S2": Decimal("250.5")}, {"TEA-02": "4711"})
    assert terms_of(settings.clear()) == NO_TERMS


def test_a_new_plan_replaces_the_drafts_that_nobody_touched():
    change = redrafted(
        planned({"product_code": "TEA-01", "order_quantity": 18.0}), an_order(a_draft("20260301-OLDOLD"))
    )
    assert [(event.order_id, event.plan_id, event.by) for event in change.superseded] == [
        ("20260301-OLDOLD", "a newer one", "plan")
    ]
    assert products_of(change) == [["TEA-01"]]


def test_a_replaced_draft_says_by_what_and_the_new_one_says_which_it_replaces():
    old = a_draft("20260301-OLDOLD", a_line("TEA-01"), a_line("TEA-02", "5"))
    plan = planned({"product_code": "TEA-01", "order_quantity": 18.0}, {"product_code": "TEA-03"})
    change = redrafted(plan, an_order(old))
    (ended,), (draft,) = change.superseded, change.drafted
    assert sentence_of(ended, an_order(old)) == (
        f"Plan a newer one replaced it by RP-{draft.order_id} (TEA-01 12 → 18, TEA-02 5 → none, TEA-03 none → 12)."
    )
    assert sentence_of(draft, None) == (
        "Plan a newer one suggests 2 lines worth 75.00 GBP to Supplier 01, in place of RP-20260301-OLDOLD."
    )


def test_an_untouched_draft_whose_lines_do_not_change_keeps_its_id_and_gets_the_newer_dates():
    old = an_order(a_draft("20260301-OLDOLD", data_loaded_at=NOON - timedelta(days=1)))
    change = redraft(
        planned({"product_code": "TEA-01", **dated(AS_OF + timedelta(days=1))}), [old], plan_id="a newer one",
        as_of=AS_OF + timedelta(days=1), at=NOON, data_loaded_at=NOON, terms=NO_TERMS,
    )  # fmt: skip
    assert (change.superseded, change.drafted) == ((), ())
    kept = apply_event(old, change.confirmed[0])
    assert (kept.order_id, kept.plan_id, kept.data_loaded_at) == ("20260301-OLDOLD", "a newer one", NOON)
    assert (kept.order_date - AS_OF, kept.expected_arrival_date - AS_OF) == (timedelta(days=1), timedelta(days=15))
    assert (kept.is_edited, approve(kept, **BUYER).body_hash) == (False, body_hash(kept))


def test_planning_again_without_a_new_plan_writes_nothing():
    order = an_order(a_draft("20260301-OLDOLD", plan_id="a newer one"))
    change = redrafted(planned({"product_code": "TEA-01"}), order)
    assert (change.superseded, change.drafted, change.confirmed) == ((), (), ())


def test_a_new_plan_that_orders_nothing_takes_the_old_drafts_away():
    change = redrafted(planned(), an_order())
    assert (len(change.superseded), change.drafted) == (1, ())


def test_a_draft_that_a_person_changed_stays_and_its_products_are_in_no_new_draft():
    edited = changed(an_order(a_draft("20260301-EDITED", a_line("TEA-01"), a_line("TEA-02"))), "TEA-01", 7)
    change = redrafted(planned({"product_code": "TEA-01"}, {"product_code": "TEA-03"}), edited)
    assert change.superseded == ()
    assert products_of(change) == [["TEA-03"]]


def test_a_product_that_a_person_took_out_does_not_come_back_while_the_draft_is_open():
    edited = changed(an_order(a_draft("20260301-EDITED", a_line("TEA-01"), a_line("TEA-02"))), "TEA-02", 0)
    plan = planned({"product_code": "TEA-01"}, {"product_code": "TEA-02"})
    assert redrafted(plan, edited).drafted == ()
    assert products_of(redrafted(plan, replace(edited, state=OrderState.REJECTED))) == [["TEA-01", "TEA-02"]]


def test_decided_orders_are_left_alone():
    approved = fold([a_draft(), approve(an_order(), **BUYER)])
    sending = fold([a_draft(), approve(an_order(), **BUYER), start_push(approved, **BUYER)])
    rejected = fold([a_draft(), reject(an_order(), **BUYER)])
    assert redrafted(planned(), approved, sending, rejected).superseded == ()


@given(st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from(["s-1", "s-2", None]),
                          st.floats(0, 1e6)), unique_by=lambda row: row[0]))  # fmt: skip
def test_every_product_to_order_that_has_a_supplier_is_drafted_once_with_its_quantity(rows):
    plan = planned(*({"product_code": code, "supplier_id": supplier, "order_quantity": quantity}
                     for code, supplier, quantity in rows))  # fmt: skip
    drafted = {line.product_code: line.quantity for draft in redrafted(plan).drafted for line in draft.lines}
    assert len(drafted) == sum(len(draft.lines) for draft in redrafted(plan).drafted)
    wanted = {code: quantity for code, supplier, quantity in rows if supplier and quantity >= 0.00005}
    assert drafted.keys() == wanted.keys()
    assert all(abs(float(drafted[code]) - quantity) <= 0.00005 + 1e-9 for code, quantity in wanted.items())


def test_the_table_of_drafts_has_one_row_per_line_of_an_open_draft():
    approved = fold([a_draft("20260302-BBBBBB"), approve(an_order(a_draft("20260302-BBBBBB")), **BUYER)])
    frame = drafts_frame([an_order(a_draft("20260302-AAAAAA", a_line(), a_line("TEA-02", "3", "1.005"))), approved])
    assert frame.schema == pl.Schema(PURCHASE_ORDER_DRAFTS.schema)
    assert frame.select("purchase_order_number", "line_number", "product_code", "value", "supplier_id").rows() == [
        ("RP-20260302-AAAAAA", 1, "TEA-01", Decimal("30.00"), SUPPLIER),
        ("RP-20260302-AAAAAA", 2, "TEA-02", Decimal("3.03"), SUPPLIER),
    ]


def test_what_a_plan_orders_is_shown_once_over_the_drafts_of_a_split():
    order = an_order(a_draft("20260302-AAAAAA"))
    staying, made = split(order, {"TEA-01": Decimal(4)}, new_id="20260302-BBBBBB", **BUYER)
    halves = [apply_event(order, staying), an_order(made)]
    for units, shown in ((12.0, [8, 4]), (20.0, [16, 12]), (3.0, [0, 0])):
        plan = planned({"product_code": "TEA-01", "order_quantity": units})
        assert drafts_frame(halves, plan)["planned_quantity"].to_list() == shown


def test_a_kept_product_is_compared_with_what_the_plan_would_order_alone():
    plan = planned({"product_code": "TEA-01", "order_quantity": 40.0, "quantity_after_cap": 18.0,
                    "binding_rule": "kept_draft"})  # fmt: skip
    assert drafts_frame([an_order()], plan)["planned_quantity"].to_list() == [18]
    assert as_the_plan_alone(plan).select("order_quantity", "order_value").row(0) == (18, Decimal("45.00"))


def test_a_draft_below_its_suppliers_minimum_says_so_in_both_tables():
    """Thirty is what the line comes to: below forty, and not below thirty."""
    small = an_order(a_draft("20260302-BBBBBB", minimum_order_value=Decimal(40)))
    enough = an_order(a_draft("20260302-AAAAAA", a_line(), a_line("TEA-02"), minimum_order_value=Decimal(60)))
    lines = drafts_frame([small, enough]).select("minimum_order_value", "is_below_minimum").rows()
    assert lines == [(Decimal(40), True), (Decimal(60), False), (Decimal(60), False)]
    assert drafted_orders([small, enough]).rows() == [
        ("RP-20260302-AAAAAA", "Supplier 01", 2, 60.0, "GBP", ""),
        ("RP-20260302-BBBBBB", "Supplier 01", 1, 30.0, "GBP",
         "below the supplier's minimum order value of 40.00 GBP"),
    ]  # fmt: skip
    assert drafted_orders([]).is_empty()


def test_an_open_order_has_its_suppliers_minimum_of_now_and_a_decided_one_that_it_was_decided_with():
    draft = an_order(a_draft(minimum_order_value=Decimal(40)))
    sent = replace(draft, state=OrderState.SENT)
    assert [
        with_current_minimum(order, terms, Identities()).minimum_order_value
        for order in (draft, sent)
        for terms in ({}, {draft.supplier_id: Decimal(400)})
    ] == [0, 400, 40, 40]
