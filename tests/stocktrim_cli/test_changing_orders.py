"""A buyer makes, changes, merges, splits, approves and exports orders, and reads what happened to them."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from pipelines.organisations.open_organisation import open_organisation
from pipelines.purchasing.orders import OrderState
from pipelines.settings import read_settings
from tests.end_to_end.conftest import Command, Planned, in_a_line

SUPPLIER = "--supplier"


@pytest.fixture
def stocktrim(planned: Planned) -> Command:
    """The command in a home with a plan and its drafts."""
    return planned.stocktrim


def orders(stocktrim: Command, *options: str) -> list[dict[str, Any]]:
    return list(stocktrim("orders", "list", "--json", *options).json())


def largest(stocktrim: Command) -> dict[str, Any]:
    """The draft with the most lines."""
    return max(orders(stocktrim), key=lambda order: len(order["lines"]))


def units_of(found: list[dict[str, Any]]) -> dict[str, Decimal]:
    """The units of each product on drafts."""
    units: dict[str, Decimal] = {}
    for order in found:
        for line in order["lines"] if order["state"] == "draft" else ():
            units[line["product_code"]] = units.get(line["product_code"], Decimal(0)) + Decimal(line["quantity"])
    return units


def test_a_draft_is_changed_split_and_merged_and_every_step_is_told(stocktrim: Command) -> None:
    order = largest(stocktrim)
    number, (first, second) = order["order_id"], order["lines"][:2]
    code = first["product_code"]
    changed = stocktrim("orders", "change", number, code, "7", "--cost", "2.5", "--reason", "a season", "--json").json()
    assert (changed["version"], changed["is_edited"]) == (order["version"] + 1, True)
    assert [line["quantity"] for line in changed["plan_would_change"]] == ["7"]
    assert stocktrim("orders", "change", number, "--note", "side door", "--json").json()["note"] == "side door"
    before = units_of(orders(stocktrim))
    _, new = stocktrim("orders", "split", number, f"{code}=3", second["product_code"], "--json").json()
    assert (new["made_from"], units_of(orders(stocktrim))) == ([number], before)
    merged, ended = stocktrim("orders", "merge", number, new["order_id"], "--json").json()
    assert (ended["state"], ended["replaced_by"], units_of(orders(stocktrim))) == ("superseded", number, before)
    assert stocktrim("orders", "drop", number, second["product_code"]).code == 0
    sentences = [event["sentence"] for event in stocktrim("orders", "history", number, "--json").json()]
    moved = f"{Decimal(second['quantity']):f} of {second['product_code']}"
    cost = f"{Decimal(first['unit_cost']).normalize():f}"
    assert sentences[1] == (
        f"a buyer changed {code}: quantity {Decimal(first['quantity']):f} → 7, cost {cost} → 2.5: a season."
    )
    assert sentences[2:4] == [
        "a buyer changed the note none → “side door”.",
        f"a buyer moved 3 of {code}, {moved} to RP-{new['order_id']}.",
    ]
    shown = in_a_line(stocktrim("orders", "show", number).out)
    assert f"a buyer merged RP-{new['order_id']} into it" in shown
    assert merged["purchase_order_number"] in in_a_line(stocktrim("orders", "history").out)


def test_orders_are_created_from_a_part_of_the_plan_and_a_new_plan_keeps_them_and_every_other_id(
    stocktrim: Command,
) -> None:
    drafts, before = orders(stocktrim), units_of(orders(stocktrim))
    order = largest(stocktrim)
    code = order["lines"][0]["product_code"]
    rest, made = sorted(stocktrim("orders", "create", code, "--json").json(), key=lambda one: one["is_edited"])
    assert (rest["order_id"], made["made_from"]) == (order["order_id"], [order["order_id"]])
    assert units_of(orders(stocktrim)) == before
    refused = stocktrim("orders", "create", code)
    assert (refused.code, f"{code} is on the draft {made['purchase_order_number']}" in in_a_line(refused.err)) == (
        2, True,
    )  # fmt: skip
    other = next(one for one in orders(stocktrim) if not one["is_edited"] and one["order_id"] != order["order_id"])
    changed = other["lines"][0]["product_code"]
    assert stocktrim("settings", "set", "minimum_order_quantity", "5000", "--product", changed).code == 0
    again = stocktrim("plan")
    assert again.code == 0, again.err
    said = in_a_line(again.err)
    assert f"RP-{other['order_id']} is replaced by RP-" in said
    assert f"{changed} {Decimal(other['lines'][0]['quantity']):,f} → 5,000" in said
    after = {one["order_id"]: one for one in orders(stocktrim)}
    assert {one["order_id"] for one in drafts} - after.keys() == {other["order_id"]}
    assert (after[made["order_id"]]["lines"], after[rest["order_id"]]["version"]) == (
        made["lines"], rest["version"] + 1,
    )  # fmt: skip


def test_an_empty_order_is_filled_by_hand_and_a_product_is_drafted_twice_only_on_purpose(stocktrim: Command) -> None:
    order = largest(stocktrim)
    code = order["lines"][0]["product_code"]
    made = stocktrim("orders", "create", "--empty", SUPPLIER, order["supplier_name"], "--json").json()
    assert (made["lines"], made["currency"]) == ([], order["currency"])
    twice = stocktrim("orders", "add", made["order_id"], code, "5")
    assert (twice.code, f"{code} is on the draft RP-{order['order_id']} too" in in_a_line(twice.err)) == (2, True)
    added = stocktrim("orders", "add", made["order_id"], code, "5", "--even-if-drafted", "--json").json()
    assert [line["quantity"] for line in added["lines"]] == ["5"]
    for quantity, why in (("0.1", "only comes in whole units"), ("-1", "not a valid"), ("nan", "not a valid")):
        refused = stocktrim("orders", "change", made["order_id"], code, quantity)
        assert (refused.code, why in in_a_line(refused.err)) == (2, True)
    assert stocktrim("orders", "create", "--empty", SUPPLIER, "Nobody").code == 2
    assert "no lines left" in in_a_line(
        stocktrim("orders", "approve", stocktrim(
            "orders", "create", "--empty", SUPPLIER, order["supplier_name"], "--json").json()["order_id"]).err
    )  # fmt: skip


def test_many_drafts_are_approved_at_once_or_none_is(stocktrim: Command) -> None:
    name = orders(stocktrim)[0]["supplier_name"]
    asked = stocktrim("orders", "approve", SUPPLIER, name)
    assert (asked.code, "add --yes" in in_a_line(asked.err)) == (2, True)
    number = largest(stocktrim)["order_id"]
    for line in largest(stocktrim)["lines"]:
        stocktrim("orders", "drop", number, line["product_code"])
    none = stocktrim("orders", "approve", "--all", "--yes", number)
    assert "Name orders, or choose drafts" in in_a_line(none.err)
    some = [order["order_id"] for order in orders(stocktrim)]
    refused = stocktrim("orders", "approve", *some, "--yes")
    assert (refused.code, f"1 of {len(some)} orders cannot be approved, so none is" in in_a_line(refused.err)) == (
        2, True,
    )  # fmt: skip
    assert {order["state"] for order in orders(stocktrim)} == {"draft"}
    assert stocktrim("orders", "reject", number, "--reason", "emptied").code == 0
    assert stocktrim("orders", "approve", "--all", "--yes").code == 0
    assert {order["state"] for order in orders(stocktrim)} == {"approved"}
    assert stocktrim("orders", "reopen", some[0] if some[0] != number else some[1]).code == 0
    assert sorted({order["state"] for order in orders(stocktrim)}) == ["approved", "draft"]


def test_orders_are_listed_created_and_approved_by_group(stocktrim: Command) -> None:
    order = largest(stocktrim)
    code = order["lines"][0]["product_code"]
    added = stocktrim("groups", "add", "Tea", code)
    assert added.code == 0, added.err
    assert [one["order_id"] for one in orders(stocktrim, "--group", "Tea")] == [order["order_id"]]
    made = [one for one in stocktrim("orders", "create", "--group", "Tea", "--json").json() if one["made_from"]]
    assert [line["product_code"] for line in made[0]["lines"]] == [code]
    assert stocktrim("orders", "approve", "--group", "Nothing", "--yes").code == 2
    assert stocktrim("orders", "approve", "--group", "Tea", "--yes", "--even-if-below-minimum").code == 0
    assert [one["state"] for one in orders(stocktrim, "--group", "Tea")] == ["approved"]


def test_above_the_limit_a_second_different_person_approves(stocktrim: Command) -> None:
    number = largest(stocktrim)["order_id"]
    limited = stocktrim("settings", "set", "approval_limit", "0.01")
    assert (limited.code, "It holds at once." in limited.out, "Next: " in limited.out) == (0, True, False)
    first = stocktrim("orders", "approve", number, "--by", "Anna")
    assert (first.code, "approved by one" in first.out) == (0, True)
    assert "approved by Anna, a second person must approve it too" in in_a_line(first.err)
    again = stocktrim("orders", "approve", number, "--by", "anna")
    assert (again.code, "a second person must approve it too" in in_a_line(again.err)) == (2, True)
    assert "approved by Anna" in stocktrim("orders", "show", number, "--json").json()["remarks"][-1]
    done = stocktrim("orders", "approve", number, "--by", "Ben", "--json").json()
    assert (done["state"], done["first_approved_by"], done["approved_by"]) == ("approved", "Anna", "Ben")
    other = next(one for one in orders(stocktrim, "--state", "draft"))["order_id"]
    assert stocktrim("settings", "unset", "approval_limit").code == 0
    assert "Next: " in stocktrim("orders", "approve", other).out
    assert stocktrim("settings", "set", "approval_limit", "0.01").code == 0
    later = stocktrim("orders", "approve", other, "--even-if-stale", "--by", "Ben")
    assert ("approved, again by one" in later.out, "Next: " in later.out) == (True, False)
    assert "approved again by Ben, a second person must approve it too" in in_a_line(later.err)
    assert "again by Ben" in in_a_line(stocktrim("orders", "list").out)


def test_whoever_decides_on_an_old_version_is_told_what_changed(stocktrim: Command) -> None:
    order = largest(stocktrim)
    number, version = order["order_id"], str(order["version"])
    code = order["lines"][0]["product_code"]
    assert stocktrim("orders", "drop", number, code, "--by", "Anna", "--if-version", version).code == 0
    late = stocktrim("orders", "approve", number, "--by", "Ben", "--if-version", version)
    assert late.code == 2
    assert f"Anna removed {code}" in in_a_line(late.err)
    assert "nothing was changed now" in in_a_line(late.err)


def test_an_export_is_safe_in_a_spreadsheet_and_a_dry_run_is_what_is_sent(stocktrim: Command, planned: Planned) -> None:
    order = largest(stocktrim)
    number, code = order["order_id"], order["lines"][0]["product_code"]
    stocktrim("orders", "change", number, code, "--note", '=HYPERLINK("x")')
    rows = list(csv.DictReader(io.StringIO(stocktrim("orders", "export", number).out)))
    assert (len(rows), rows[0]["note"]) == (len(order["lines"]), '\'=HYPERLINK("x")')
    (document,) = stocktrim("orders", "export", number, "--dry-run").json()
    assert document["PurchaseOrderNumber"] == f"RP-{number}"
    assert stocktrim("orders", "approve", number, "--even-if-below-minimum").code == 0
    assert stocktrim("orders", "send").code == 0
    held = next(one for one in planned.sandbox.worlds[0].purchase_orders.values() if one.number == f"RP-{number}")
    sent = json.loads(json.dumps(document))
    assert [(line.item_code, float(line.quantity)) for line in held.lines] == [
        (line["ItemCode"], line["Quantity"]) for line in sent["LineItems"]
    ]
    opened = open_organisation(read_settings(), "demo")
    assert opened.ledger.order(number).state is OrderState.SENT
    opened.store.close()
    assert stocktrim("orders", "reopen", number).code == 2
