"""The first border of trust: each rule finds its fault in what Xero answered, and nothing where there is none."""

import importlib
import itertools
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from pipelines.expectations.known_findings import known_findings
from pipelines.expectations.raw_rules import RULES, check_pass
from pipelines.expectations.validate import (
    BlockedError,
    BorderRule,
    CheckCouldNotRunError,
    frame_fingerprint,
    stop_where_blocked,
    validate,
)
from pipelines.landing.load import land_load, read_load
from pipelines.storage.tables import XERO_INVOICES, XERO_ITEMS, XERO_ORGANISATION
from pipelines.storage.warehouse import read_table, replace_table
from pipelines.store.engine import open_store
from tests.pipelines.landing.loading import EVERYTHING, loading
from tests.xero_sandbox.sandbox_builders import (
    a_bill,
    a_contact,
    a_credit_note,
    a_line,
    a_purchase_order,
    a_world,
    an_invoice,
    an_item,
    guid,
)
from xero_sandbox.behaviour.faults import Fault

PASSES = itertools.count()
GOOD = (an_item("TEA-02"), an_invoice(), a_bill(), a_credit_note(), a_purchase_order())
TEA, SECOND = guid("item TEA-01"), guid("item TEA-02")
INVOICE, BILL = guid("ACCREC INV-0001"), guid("ACCPAY BILL-1")


def answered(path, pattern, replacement, count=0):
    """What Xero answers to a list, with something in it that is not as it should be."""
    return Fault(kind="rewrite", path=path, pattern=pattern, replacement=replacement, count=count, times=0)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def passing(store, tmp_path):
    """Hold aside a pass over everything in a Xero of good data and of what is planted in it."""

    @contextmanager
    def held_aside(*things, faults=(), change=lambda _world: None):
        world = a_world(*GOOD, *things)
        change(world)
        with loading(world, tmp_path, store=store) as at, at.warehouse() as warehouse:
            at.pass_time(minutes=2 * next(PASSES))  # the allowance of calls a minute is the store's
            at.sandbox.sandbox.faults.plan(list(faults))
            kept, read = read_load(warehouse, at.at_hand, refresh=EVERYTHING)
            yield warehouse, read, lambda: land_load(warehouse, at.at_hand, kept, read)

    return held_aside


def broken(findings):
    return {finding.rule.name: finding for finding in findings if not finding.is_met}


def test_nothing_is_found_in_good_data_and_every_rule_is_checked(passing):
    with passing() as (warehouse, read, _):
        findings = check_pass(warehouse, read)
    assert broken(findings) == {}
    assert [finding.rule.name for finding in findings] == [rule.name for rule in RULES]
    stop_where_blocked(findings)


PLANTED: dict[str, tuple[dict[str, Any], dict[str, set[Any]]]] = {
    "pass_is_complete": (
        {"faults": [answered("Invoices", '"itemCount": 2', '"itemCount": 5')]},
        {"list": {"Invoices"}, "expected": {5}, "came": {2}},
    ),
    "dates_and_quantities_are_readable": (
        {"faults": [answered("Items", '"QuantityOnHand": 100.0+', '"QuantityOnHand": "many"', 1)]},
        {"list": {"Items"}, "is_vital": {True}},
    ),
    "records_are_readable": (
        {"faults": [answered("Contacts", '"Name": "Supplier 01"', '"Name": []')]},
        {"list": {"Contacts"}, "record_id": {guid("contact Supplier 01")}},
    ),
    "items_have_an_id": (
        {"faults": [answered("Items", f'"ItemID": "{SECOND}"', '"ItemID": null')]}, {"code": {"TEA-02"}},
    ),
    "item_ids_are_unique": (
        {"faults": [answered("Items", SECOND, TEA)]}, {"code": {"TEA-01", "TEA-02"}},
    ),
    "items_have_a_code": (
        {"faults": [answered("Items", '"Code": "TEA-02"', '"Code": " "')]}, {"item_id": {SECOND}},
    ),
    "item_codes_are_unique": (
        {"things": [an_item("TEA-02", item_id=guid("another"))]}, {"code": {"TEA-02"}},
    ),
    "item_codes_differ_by_more_than_case": ({"things": [an_item("tea-02")]}, {"code": {"TEA-02", "tea-02"}}),
    "items_have_a_readable_quantity": (
        {"faults": [answered("Items", '"QuantityOnHand": 100.0+', '"QuantityOnHand": null')]},
        {"code": {"TEA-01", "TEA-02"}},
    ),
    "documents_have_an_id": (
        {"faults": [answered("Invoices", f'"InvoiceID": "{BILL}"', '"InvoiceID": null')]}, {"number": {"BILL-1"}},
    ),
    "document_ids_are_unique": (
        {"faults": [answered("Invoices", BILL, INVOICE)]}, {"document_id": {INVOICE}},
    ),
    "documents_have_a_readable_date": (
        {"faults": [answered("CreditNotes", '"Date(String)?": "[^"]*"', '"Date": "soon"')]}, {"number": {"CN-0001"}},
    ),
    "lines_have_a_readable_quantity": (
        {"faults": [answered("PurchaseOrders", '"Quantity": [0-9.]+', '"Quantity": null')]},
        {"item_code": {"TEA-01"}, "list": {"PurchaseOrders"}},
    ),
    "statuses_are_known": (
        {"faults": [answered("PurchaseOrders", '"Status": "AUTHORISED"', '"Status": "FORGOTTEN"')]},
        {"number": {"PO-0001"}, "status": {"FORGOTTEN"}},
    ),
    "types_are_known": (
        {"faults": [answered("Invoices", '"Type": "ACCPAY"', '"Type": "BARTER"')]}, {"number": {"BILL-1"}},
    ),
    "contact_statuses_are_known": (
        {"faults": [answered("Contacts", '"ContactStatus": "ACTIVE"', '"ContactStatus": "ON_LEAVE"', 1)]},
        {"contact_status": {"ON_LEAVE"}},
    ),
    "contacts_have_an_id": (
        {"things": [a_contact("Nameless")],
         "faults": [answered("Contacts", f'"ContactID": "{guid("contact Nameless")}"', '"ContactID": null')]},
        {"name": {"Nameless"}},
    ),
    "sales_lines_name_a_product": (
        {"things": [an_invoice("INV-0002", a_line(""))]}, {"invoice_number": {"INV-0002"}},
    ),
    "stock_is_not_negative": ({"things": [an_item("TEA-03", on_hand=-3)]}, {"quantity_on_hand": {-3.0}}),
    "sold_items_are_tracked": ({"things": [an_item("CARRIAGE", is_tracked=False)]}, {"code": {"CARRIAGE"}}),
}  # fmt: skip


@pytest.mark.parametrize("rule", PLANTED)
def test_a_rule_finds_the_fault_that_it_is_for_and_names_the_rows(passing, rule):
    planted, rows = PLANTED[rule]
    with passing(*planted.get("things", ()), faults=planted.get("faults", ())) as (warehouse, read, _):
        found = broken(check_pass(warehouse, read))
    assert found.keys() >= {rule}
    for column, values in rows.items():
        assert set(found[rule].rows[column]) == values  # a list that did not come whole is read again
    assert "{" not in found[rule].sentence


@pytest.mark.parametrize("rule", PLANTED)
def test_a_rule_stops_a_load_only_if_a_wrong_plan_would_follow(rule):
    warns = {"records_are_readable", "types_are_known", "contact_statuses_are_known",
             "item_codes_differ_by_more_than_case", "statuses_are_known", "sales_lines_name_a_product",
             "stock_is_not_negative", "sold_items_are_tracked"}  # fmt: skip
    (found,) = (known for known in RULES if known.name == rule)
    assert found.is_blocking is (rule not in warns)


def test_the_answers_of_another_organisation_are_refused(passing):
    with passing() as (warehouse, read, _):
        ours = read.organisation.with_columns(organisation_id=pl.lit("the one before"))
        replace_table(warehouse, XERO_ORGANISATION, ours)
        found = broken(check_pass(warehouse, read))
        with pytest.raises(BlockedError, match="another organisation"):
            stop_where_blocked(list(found.values()))
    assert found.keys() == {"organisation_is_the_same"}


def test_an_organisation_without_items_learns_what_to_do(passing):
    with passing(change=lambda world: world.items.clear()) as (warehouse, read, _):
        found = broken(check_pass(warehouse, read))
    assert "tracked inventory" in found["there_are_items"].sentence
    assert found["there_are_items"].rule.is_blocking


def test_every_rule_has_a_fault_that_it_is_tested_with():
    elsewhere = {"organisation_is_the_same", "there_are_items", "stock_stood_still"}  # the last with the loads
    assert PLANTED.keys() | elsewhere == {rule.name for rule in RULES}


def test_a_blocked_load_leaves_what_was_landed(passing):
    with passing() as (warehouse, _, land):
        land()
        before = [read_table(warehouse, table) for table in (XERO_ITEMS, XERO_INVOICES)]
    faults = [answered("Items", '"Code": "TEA-02"', '"Code": " "')]
    with passing(an_invoice("INV-0002"), faults=faults) as (warehouse, read, _):
        with pytest.raises(BlockedError, match="no code"):
            stop_where_blocked(check_pass(warehouse, read))
        after = [read_table(warehouse, table) for table in (XERO_ITEMS, XERO_INVOICES)]
    assert all(old.equals(new) for old, new in zip(before, after, strict=True))


def test_a_load_of_one_list_is_checked_by_the_rules_of_that_list(passing):
    with passing() as (warehouse, read, _):
        items = tuple(came for came in read.lists if came.reading.endpoint.name == "Items")
        checked = {finding.rule.frame for finding in check_pass(warehouse, replace(read, lists=items))}
    assert checked == {"organisation", "lists", "unreadable", "items"}


@pytest.fixture(scope="module")
def expectations():
    """Those of the border by their rules; Great Expectations is imported when a test asks for them."""
    return importlib.import_module("pipelines.expectations.raw_suite").EXPECTATIONS


def test_every_rule_has_its_expectation_and_no_other_is_there(expectations):
    assert expectations.keys() == {rule.name for rule in RULES}


def test_a_check_that_breaks_says_so_and_nothing_about_the_data(expectations):
    (rule,) = (rule for rule in RULES if rule.name == "items_have_an_id")
    with pytest.raises(CheckCouldNotRunError, match="'items_have_an_id' could not run"):
        validate([rule], lambda: expectations, {"items": pl.DataFrame({"no such": ["TEA-01"]})})


def test_many_offending_rows_are_counted_and_the_first_ten_shown(expectations):
    rule = BorderRule("items_have_a_code", "items", "Every item has a code.", "{count} items have no code.")
    frame = pl.DataFrame({"code": [None] * 25, "name": range(25)}, schema={"code": pl.String, "name": pl.Int64})
    (found,) = validate([rule], lambda: expectations, {"items": frame})
    assert (found.sentence, found.rows["name"].to_list()) == ("25 items have no code.", list(range(10)))


def test_rows_that_were_checked_before_are_not_checked_again_and_the_same_is_said_of_them(passing):
    planted = [answered("Items", '"QuantityOnHand": 100.0+', '"QuantityOnHand": -7')]
    with passing(faults=planted) as (warehouse, read, _):
        with known_findings(warehouse, "acme", RULES, name="checks") as known:
            first = check_pass(warehouse, read, known=known)
        with known_findings(warehouse, "acme", RULES, name="checks") as known:
            frames = len(known)
            second = check_pass(warehouse, read, known=known)
        with known_findings(warehouse, "another", RULES, name="checks") as strangers:
            assert strangers == {}
    assert frames == len(known) == len({finding.rule.frame for finding in first})
    assert [(found.rule, found.is_met, found.count, found.sentence) for found in second] == [
        (found.rule, found.is_met, found.count, found.sentence) for found in first
    ]
    assert all(new.rows.equals(old.rows) for new, old in zip(second, first, strict=True))


def test_rows_of_another_order_type_or_value_are_checked_again():
    frame = pl.DataFrame({"code": ["A", None], "quantity": [1, 2]})
    others = [
        frame.reverse(), frame.with_columns(pl.col("quantity").cast(pl.Int32)), frame.fill_null(""), frame.head(1),
        frame.rename({"code": "name"}),
    ]  # fmt: skip
    keys = [frame_fingerprint("items", one) for one in (frame, *others)] + [frame_fingerprint("lists", frame)]
    assert len(set(keys)) == len(keys)
    assert frame_fingerprint("items", frame.clone()) == keys[0]
