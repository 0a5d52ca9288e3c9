"""What `stocktrim orders` says of orders that wait, that Xero refused, and of which it is not known what became."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import msgspec
import pytest

from pipelines.identities import ContactState
from pipelines.organisations.open_organisation import OpenOrganisation, open_organisation
from pipelines.purchasing.events import Drafted
from pipelines.purchasing.orders import OrderState
from pipelines.purchasing.transitions import approve
from pipelines.settings import read_settings
from pipelines.store.identity_history import remember_identities
from pipelines.store.setting_ledger.setting_changes import SettingChange, set_settings
from stocktrim_assets.home import dagster_instance
from stocktrim_assets.partitions import organisations
from stocktrim_assets.sensors import approved_orders
from tests.end_to_end.conftest import Command, in_a_line
from tests.pipelines.purchasing.purchasing_builders import SUPPLIER, a_draft, a_line, a_supplied_world
from tests.xero_sandbox.sandbox_builders import guid
from xero_sandbox.app.testing import RunningSandbox, running_sandbox
from xero_sandbox.behaviour.edits import Merge
from xero_sandbox.behaviour.faults import Fault


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox([a_supplied_world()]) as running:
        yield running


@pytest.fixture
def opened(stocktrim: Command, sandbox: RunningSandbox) -> Iterator[OpenOrganisation]:
    assert stocktrim.connect(sandbox).code == 0
    found = open_organisation(read_settings(), "demo")
    yield found
    found.store.close()


def fresh(order_id: str, *lines: Any, **more: Any) -> Drafted:
    """A draft of data that were loaded a moment ago."""
    now = datetime.now(UTC)
    return a_draft(order_id, *lines, at=now, data_loaded_at=now, **more)


def approved(opened: OpenOrganisation, *drafts: Drafted) -> None:
    for draft in drafts:
        opened.ledger.append(approve(opened.ledger.append(draft), by="a buyer", at=opened.now()))


def listed(stocktrim: Command, *options: str) -> dict[str, dict[str, Any]]:
    return {one["order_id"]: one for one in stocktrim("orders", "list", "--json", *options).json()}


def look(instance: dg.DagsterInstance) -> dg.SensorResult:
    """What the sensor finds now."""
    result = approved_orders(dg.build_sensor_context(instance))
    assert isinstance(result, dg.SensorResult)
    return result


def test_an_unknown_outcome_has_its_own_exit_code_and_the_next_run_finds_out(
    stocktrim: Command, opened: OpenOrganisation, sandbox: RunningSandbox
) -> None:
    approved(opened, fresh("20260302-AAAAAA"))
    sandbox.fault(Fault(kind="drop_after", method="PUT"))
    result = stocktrim("orders", "send")
    assert result.code == 5
    assert "It is not yet known whether Xero accepted 1 of 1 orders. Do not enter them by hand" in in_a_line(result.err)
    assert "not sent" not in result.out + result.err
    assert "not yet known" in listed(stocktrim)["20260302-AAAAAA"]["remarks"][0]
    with dagster_instance(read_settings()) as instance:
        key = dg.AssetKey(["purchase_orders", "sent_orders"])
        made = instance.get_latest_materialization_event(key)
        assert made is not None
        (checked,) = instance.get_records_for_run(
            made.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
    assert made.asset_materialization is not None
    assert made.asset_materialization.metadata["unknown"].value == 1
    evaluation = checked.event_log_entry.asset_check_evaluation
    assert evaluation is not None
    assert (evaluation.passed, "Do not enter it by hand" in str(evaluation.metadata["sentence"].value)) == (False, True)

    assert stocktrim("orders", "send").code == 0
    assert listed(stocktrim) == {}
    (sent,) = listed(stocktrim, "--state", "sent").values()
    assert (sent["state"], sent["status_in_xero"], sent["remarks"]) == (
        "sent", "DRAFT", ["RP-20260302-AAAAAA reached Xero"])  # fmt: skip
    assert len(sandbox.worlds[0].purchase_orders) == 1


def test_while_xero_cannot_be_reached_orders_stay_approved_and_can_be_withdrawn(
    stocktrim: Command, opened: OpenOrganisation, sandbox: RunningSandbox
) -> None:
    approved(opened, fresh("20260302-AAAAAA"))
    sandbox.fault(Fault(kind="rate_limit", method="PUT", retry_after=7200, problem="day"))
    result = stocktrim("orders", "send")
    assert (result.code, "load" in result.err) == (5, False)
    assert "Xero accepts no more calls for now" in in_a_line(result.err)
    (order,) = listed(stocktrim).values()
    assert (order["state"], order["failure"]) == ("approved", "")
    assert stocktrim("orders", "reject", "20260302-AAAAAA").code == 0


def test_a_refused_order_is_approved_again_only_while_its_goods_are_on_no_newer_order(
    stocktrim: Command, opened: OpenOrganisation, sandbox: RunningSandbox
) -> None:
    item = sandbox.worlds[0].items.pop(guid("item TEA-03"))
    approved(opened, fresh("20260302-AAAAAA", a_line("TEA-03")))
    result = stocktrim("orders", "send")
    assert (result.code, "1 of 1 orders were not sent" in result.err) == (1, True)
    assert listed(stocktrim)["20260302-AAAAAA"]["remarks"] == ["Xero refused it: Item code 'TEA-03' is not valid"]
    sandbox.worlds[0].items[item.item_id] = item

    opened.ledger.append(fresh("20260302-BBBBBB", a_line("TEA-03"), a_line("TEA-01")))
    refused = stocktrim("orders", "approve", "20260302-AAAAAA")
    assert refused.code == 2
    assert "would order products twice" in in_a_line(refused.err)
    assert "RP-20260302-BBBBBB (draft)" in in_a_line(refused.err)
    assert stocktrim("orders", "reject", "20260302-BBBBBB").code == 0
    assert stocktrim("orders", "approve", "20260302-AAAAAA").code == 0
    assert stocktrim("orders", "send").code == 0


def test_an_approved_order_of_old_data_starts_no_run_and_says_what_to_do(
    stocktrim: Command, opened: OpenOrganisation
) -> None:
    old = datetime.now(UTC) - timedelta(days=9)
    approved(opened, a_draft("20260302-AAAAAA", data_loaded_at=old))
    with dagster_instance(read_settings()) as instance:
        waiting = look(instance)
        assert waiting.run_requests == []
        assert waiting.skip_reason is not None
        assert "1 approved orders of demo are not sent, because their data are old" in str(waiting.skip_reason)
        assert "approve it again although they are old" in listed(stocktrim)["20260302-AAAAAA"]["remarks"][0]
        assert stocktrim("orders", "approve", "20260302-AAAAAA", "--even-if-stale").code == 0
        assert listed(stocktrim)["20260302-AAAAAA"]["remarks"] == []
        (request,) = look(instance).run_requests or ()
        assert request.partition_key == "demo"
        assert instance.has_dynamic_partition(str(organisations.name), "demo")


def test_each_line_shows_when_it_is_expected_and_xero_gets_the_latest_date(
    stocktrim: Command, opened: OpenOrganisation, sandbox: RunningSandbox
) -> None:
    soon, late = datetime(2026, 12, 10, tzinfo=UTC).date(), datetime(2026, 12, 31, tzinfo=UTC).date()
    approved(opened, fresh("20260302-AAAAAA", a_line("TEA-01", arrival=soon), a_line("TEA-02", arrival=late)))
    shown = stocktrim("orders", "show", "20260302-AAAAAA", "--json").json()
    assert [line["expected_arrival_date"] for line in shown["lines"]] == ["2026-12-10", "2026-12-31"]
    assert "2026-12-10" in stocktrim("orders", "show", "20260302-AAAAAA").out
    assert stocktrim("orders", "send").code == 0
    (held,) = sandbox.worlds[0].purchase_orders.values()
    assert (held.expected_arrival_date, held.delivery_date) == (late, None)


@pytest.mark.parametrize("has_decimals", [True, False])
def test_a_price_below_a_cent_is_sent_with_its_decimals_and_rounding_by_xero_is_reported(
    stocktrim: Command, opened: OpenOrganisation, sandbox: RunningSandbox, *, has_decimals: bool
) -> None:
    sandbox.sandbox.switches.orders_have_unit_decimals = has_decimals
    bags = a_line("TEA-01", "10631", "0.0040", price_decimals=4)
    opened.ledger.append(fresh("20260302-AAAAAA", bags))
    (draft,) = listed(stocktrim).values()
    assert (draft["value"], draft["lines"][0]["sent_price"]) == ("42.52", "0.0040")
    (remark,) = draft["remarks"]
    assert "its value there would be 0.00 GBP instead of 42.52" in remark
    assert stocktrim("orders", "approve", "20260302-AAAAAA").code == 0
    result = stocktrim("orders", "send")
    assert result.code == 0
    (held,) = sandbox.worlds[0].purchase_orders.values()
    assert held.lines[0].unit_amount == (Decimal("0.0040") if has_decimals else 0)
    (sent,) = listed(stocktrim, "--all").values()
    assert Decimal(sent["value_in_xero"]) == (Decimal("42.52") if has_decimals else 0)
    assert ("its value there is 0.00 GBP instead of 42.52" in result.out) == (not has_decimals)
    assert opened.ledger.order("20260302-AAAAAA").state is OrderState.SENT


def a_change_in_xero(sandbox: RunningSandbox, what: str) -> None:
    world = sandbox.worlds[0]
    if what == "merged":
        sandbox.edit(Merge(contact=SUPPLIER, into=guid("contact Supplier 02")))
    elif what == "gone":
        del world.contacts[SUPPLIER]
    else:
        world.contacts[SUPPLIER] = msgspec.structs.replace(world.contacts[SUPPLIER], status=what)


@pytest.mark.parametrize("what", ["ARCHIVED", "GDPRREQUEST", "gone"])
def test_an_order_to_a_supplier_that_xero_has_closed_is_not_approved_until_the_contact_is_restored(
    stocktrim: Command, opened: OpenOrganisation, sandbox: RunningSandbox, what: str
) -> None:
    """Approval asks Xero, so that a closed contact is found before the next load."""
    supplier = sandbox.worlds[0].contacts[SUPPLIER]
    opened.ledger.append(fresh("20260302-AAAAAA"))
    a_change_in_xero(sandbox, what)
    result = stocktrim("orders", "approve", "20260302-AAAAAA")
    assert result.code == 2
    assert "its supplier Supplier 01 is archived or deleted in Xero: restore the contact there" in in_a_line(result.err)
    assert opened.ledger.order("20260302-AAAAAA").state is OrderState.DRAFT
    sandbox.worlds[0].contacts[SUPPLIER] = supplier
    assert stocktrim("orders", "approve", "20260302-AAAAAA").code == 0


def test_the_doctor_names_the_drafts_to_a_supplier_that_the_last_load_found_archived(
    stocktrim: Command, opened: OpenOrganisation
) -> None:
    opened.ledger.append(fresh("20260302-AAAAAA"))
    check = {check["check"]: check for check in stocktrim("doctor", "--json").json()["checks"]}["open orders"]
    assert (check["is_ok"], check["finding"]) == (True, "1 open")
    archived = ContactState("Supplier 01", None, is_archived=True, seen_at=opened.now())
    remember_identities(opened.store, opened.key, items={}, contacts={SUPPLIER: archived}, at=opened.now())
    check = {check["check"]: check for check in stocktrim("doctor", "--json").json()["checks"]}["open orders"]
    assert not check["is_ok"]
    assert "RP-20260302-AAAAAA: its supplier Supplier 01 is archived or deleted in Xero" in check["finding"]


def test_an_order_to_a_merged_supplier_goes_to_the_contact_that_is_left_and_says_so(
    stocktrim: Command, opened: OpenOrganisation, sandbox: RunningSandbox
) -> None:
    opened.ledger.append(fresh("20260302-AAAAAA"))
    a_change_in_xero(sandbox, "merged")
    result = stocktrim("orders", "approve", "20260302-AAAAAA")
    assert (result.code, "into another contact, which gets the order" in in_a_line(result.err)) == (
        0, True)  # fmt: skip
    assert stocktrim("orders", "send").code == 0
    (held,) = sandbox.worlds[0].purchase_orders.values()
    assert held.contact_id == guid("contact Supplier 02")


def test_an_order_to_a_merged_supplier_has_the_minimum_of_the_contact_that_is_left(
    stocktrim: Command, opened: OpenOrganisation
) -> None:
    opened.ledger.append(fresh("20260302-AAAAAA"))
    minimum = SettingChange("supplier", SUPPLIER, "minimum_order_value", "4000", "a buyer", opened.now())
    set_settings(opened.store, opened.key, [minimum])
    merged = ContactState("Supplier 01", guid("contact Supplier 02"), is_archived=True, seen_at=opened.now())
    remember_identities(opened.store, opened.key, items={}, contacts={SUPPLIER: merged}, at=opened.now())
    below = "below the supplier's minimum order value of 4,000.00 GBP"
    assert below in " ".join(listed(stocktrim)["20260302-AAAAAA"]["remarks"])
    result = stocktrim("orders", "approve", "20260302-AAAAAA")
    assert (result.code, below in in_a_line(result.err)) == (2, True)
    assert stocktrim("orders", "approve", "20260302-AAAAAA", "--even-if-below-minimum").code == 0


def test_while_xero_cannot_be_looked_up_an_approval_goes_by_the_last_load_and_says_so(
    stocktrim: Command, opened: OpenOrganisation, sandbox: RunningSandbox
) -> None:
    opened.ledger.append(fresh("20260302-AAAAAA"))
    sandbox.fault(Fault(kind="answer", method="GET", path="/Contacts", status=503, body="offline"))
    result = stocktrim("orders", "approve", "20260302-AAAAAA")
    assert (result.code, "so its state of the last load is used" in in_a_line(result.err)) == (0, True)
